//! The text between the parentheses of a line (SUM).

pub(crate) mod dns;
mod icmp;

use crate::{
    Dns, Http, Icmp, Igmp, Ip, Kafka, L7Kind, L7Protocol, Layer4, Layer7, Tcp, TcpFlags, Vrrp,
};

/// Returns the summary of a packet, by the last layer that is known (SUM-2).
pub(crate) fn of_packet(ip: &Ip, layer4: Option<&Layer4>) -> String {
    match layer4 {
        None | Some(Layer4::Unknown) => ip.version.to_string(),
        Some(Layer4::Tcp(Tcp { flags: Some(flags), .. })) => {
            format!("TCP Flags: {}", set_flags(flags).join(", "))
        }
        // NPL
        Some(Layer4::Tcp(Tcp { flags: None, .. })) => "TCP".into(),
        Some(Layer4::Udp(_)) => "UDP".into(),
        Some(Layer4::Sctp(_)) => "SCTP".into(),
        Some(Layer4::Icmpv4(Icmp { kind, code })) => {
            format!("ICMPv4 {}", icmp::name(icmp::ICMPV4, *kind, *code))
        }
        Some(Layer4::Icmpv6(Icmp { kind, code })) => {
            format!("ICMPv6 {}", icmp::name(icmp::ICMPV6, *kind, *code))
        }
        Some(Layer4::Vrrp(Vrrp { kind, .. })) => format!("VRRP {}", vrrp_name(*kind)),
        Some(Layer4::Igmp(Igmp { kind, .. })) => format!("IGMP {}", igmp_name(*kind)),
    }
}

fn set_flags(flags: &TcpFlags) -> Vec<&'static str> {
    let TcpFlags { fin, syn, rst, psh, ack, urg, ece, cwr, ns } = *flags;
    let flags = [
        (syn, "SYN"),
        (ack, "ACK"),
        (rst, "RST"),
        (fin, "FIN"),
        (psh, "PSH"),
        (urg, "URG"),
        (ece, "ECE"),
        (cwr, "CWR"),
        (ns, "NS"),
    ];
    flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect()
}

fn vrrp_name(kind: u32) -> &'static str {
    if kind == 1 { "VRRPv2 Advertisement" } else { "" }
}

fn igmp_name(kind: u32) -> &'static str {
    match kind {
        0x11 => "IGMP Membership Query",
        0x12 => "IGMPv1 Membership Report",
        0x16 => "IGMPv2 Membership Report",
        0x17 => "Leave Group",
        0x22 => "IGMPv3 Membership Report",
        _ => "",
    }
}

/// Returns the summary of a request or response; empty for other records and unknown protocols.
pub(crate) fn of_l7(layer7: &Layer7) -> String {
    let Layer7 { kind, latency_ns, protocol } = layer7;
    match (*kind, protocol) {
        (L7Kind::REQUEST, Some(L7Protocol::Http(http))) => http_request(http),
        (L7Kind::RESPONSE, Some(L7Protocol::Http(http))) => http_response(http, *latency_ns),
        (L7Kind::REQUEST, Some(L7Protocol::Dns(dns))) => dns_request(dns),
        (L7Kind::RESPONSE, Some(L7Protocol::Dns(dns))) => dns_response(dns),
        (L7Kind::REQUEST, Some(L7Protocol::Kafka(kafka))) => kafka_text("request", kafka),
        (L7Kind::RESPONSE, Some(L7Protocol::Kafka(kafka))) => {
            format!("{} return code {}", kafka_text("response", kafka), kafka.error_code)
        }
        _ => String::new(),
    }
}

// L7F-1
fn http_request(Http { method, url, protocol, .. }: &Http) -> String {
    format!("{protocol} {method} {url}")
}

fn http_response(Http { code, method, url, protocol, .. }: &Http, latency_ns: u64) -> String {
    // L7F-5
    let ms = latency_ns / 1_000_000;
    format!("{protocol} {code} {ms}ms ({method} {url})")
}

// L7F-7
fn dns_request(Dns { query, qtypes, .. }: &Dns) -> String {
    format!("DNS Query {query} {}", qtypes.join(","))
}

// L7F-8
fn dns_response(dns: &Dns) -> String {
    let Dns { query, ttl, observation_source, qtypes, .. } = dns;
    let source = if observation_source == "proxy" { "Proxy" } else { "Query" };
    let answer = dns_answer(dns);
    format!("DNS Answer {answer} TTL: {ttl} ({source} {query} {})", qtypes.join(","))
}

fn dns_answer(Dns { ips, cnames, rcode, .. }: &Dns) -> String {
    if *rcode != 0 {
        return format!("RCode: {}", dns::rcode_name(*rcode));
    }
    let ips = (!ips.is_empty()).then(|| format!("\"{}\"", ips.join(",")));
    let cnames = (!cnames.is_empty()).then(|| format!("CNAMEs: \"{}\"", cnames.join(",")));
    ips.into_iter().chain(cnames).collect::<Vec<_>>().join(" ")
}

// L7F-12
fn kafka_text(kind: &str, Kafka { api_key, correlation_id, topic, .. }: &Kafka) -> String {
    format!("Kafka {kind} {api_key} correlation id {correlation_id} topic '{topic}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_without_a_known_transport_are_their_family() {
        let ip = Ip::new([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        assert_eq!(of_packet(&ip, None), "IPv4");
        let ip = Ip::new("fd00::1".parse().unwrap(), "fd00::2".parse().unwrap());
        assert_eq!(of_packet(&ip, Some(&Layer4::Unknown)), "IPv6");
    }

    #[test]
    fn flags_that_are_not_known_are_not_invented() {
        let ip = Ip::new([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        assert_eq!(of_packet(&ip, Some(&Layer4::tcp(1, 2, None))), "TCP");
        let none = TcpFlags::default();
        assert_eq!(of_packet(&ip, Some(&Layer4::tcp(1, 2, Some(none)))), "TCP Flags: ");
        let all = TcpFlags { ns: true, ..TcpFlags::from_byte(0xff) };
        let text = "TCP Flags: SYN, ACK, RST, FIN, PSH, URG, ECE, CWR, NS";
        assert_eq!(of_packet(&ip, Some(&Layer4::tcp(1, 2, Some(all)))), text);
    }

    #[test]
    fn answers_that_no_proxy_saw_say_query() {
        let dns = Dns { observation_source: String::new(), ..Dns::query("a.", 1).answer(0) };
        let text = "DNS Answer  TTL: 4294967295 (Query a. A)";
        assert_eq!(of_l7(&Layer7::dns_response(dns)), text);
    }
}
