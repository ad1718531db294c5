//! `toPorts` and `icmps` of an element (PORT, ICMP).

use serde_json::Value;

use super::Policy;
use crate::oracle::element::{L7, Listener, Port, PortRule};
use crate::oracle::error::Unsupported;
use crate::oracle::http::HttpRule;
use crate::oracle::json::{self, Object};
use crate::oracle::name::NamePattern;

const ICMP: u8 = 1;
const ICMPV6: u8 = 58;

/// PORT-6 without ICMP.
const PROTOCOLS: [(&str, u8); 5] =
    [("TCP", 6), ("UDP", 17), ("SCTP", 132), ("VRRP", 112), ("IGMP", 2)];

/// Names of ICMP types for IPv4 (ICMPV).
const ICMP_TYPES: [(&str, u16); 14] = [
    ("EchoReply", 0),
    ("DestinationUnreachable", 3),
    ("Redirect", 5),
    ("Echo", 8),
    ("EchoRequest", 8),
    ("RouterAdvertisement", 9),
    ("RouterSelection", 10),
    ("TimeExceeded", 11),
    ("ParameterProblem", 12),
    ("Timestamp", 13),
    ("TimestampReply", 14),
    ("Photuris", 40),
    ("ExtendedEchoRequest", 42),
    ("ExtendedEchoReply", 43),
];

/// Names of ICMP types for IPv6 (ICMPV).
const ICMPV6_TYPES: [(&str, u16); 25] = [
    ("DestinationUnreachable", 1),
    ("PacketTooBig", 2),
    ("TimeExceeded", 3),
    ("ParameterProblem", 4),
    ("EchoRequest", 128),
    ("EchoReply", 129),
    ("MulticastListenerQuery", 130),
    ("MulticastListenerReport", 131),
    ("MulticastListenerDone", 132),
    ("RouterSolicitation", 133),
    ("RouterAdvertisement", 134),
    ("NeighborSolicitation", 135),
    ("NeighborAdvertisement", 136),
    ("RedirectMessage", 137),
    ("RouterRenumbering", 138),
    ("ICMPNodeInformationQuery", 139),
    ("ICMPNodeInformationResponse", 140),
    ("InverseNeighborDiscoverySolicitation", 141),
    ("InverseNeighborDiscoveryAdvertisement", 142),
    ("HomeAgentAddressDiscoveryRequest", 144),
    ("HomeAgentAddressDiscoveryReply", 145),
    ("MobilePrefixSolicitation", 146),
    ("MobilePrefixAdvertisement", 147),
    ("DuplicateAddressRequestCodeSuffix", 157),
    ("DuplicateAddressConfirmationCodeSuffix", 158),
];
const ICMPV6_EXTENDED_TYPES: [(&str, u16); 2] =
    [("ExtendedEchoRequest", 160), ("ExtendedEchoReply", 161)];

/// Returns the port rules, or nothing if the element restricts neither ports nor ICMP types.
pub(super) fn read(
    policy: &Policy<'_>,
    entry: &Object,
    deny: bool,
) -> Result<Option<Vec<PortRule>>, Unsupported> {
    let to_ports = json::items(entry, "toPorts")?;
    let icmps = json::items(entry, "icmps")?;
    if to_ports.is_empty() && icmps.is_empty() {
        return Ok(None); // PORT-1, PORTV-10
    }
    let mut rules = Vec::new();
    for item in to_ports {
        rules.extend(port_item(policy, json::as_object(item)?, deny)?);
    }
    for item in icmps {
        for field in json::items(json::as_object(item)?, "fields")? {
            rules.push(icmp_field(json::as_object(field)?)?);
        }
    }
    Ok(Some(rules))
}

/// The one port rule of an element without ports (PORT-1).
pub(super) fn everything() -> Vec<PortRule> {
    vec![PortRule { protocol: None, port: Port::Number(0, 0), l7: L7::default() }]
}

/// Returns the rules of a port for each protocol it means (PORT-4).
pub(super) fn expand(protocol: &str, port: &Port, l7: &L7) -> Result<Vec<PortRule>, Unsupported> {
    let numbers: Vec<u8> = match protocol {
        "ANY" => vec![6, 17, 132],
        word => {
            PROTOCOLS.iter().filter(|(name, _)| *name == word).map(|(_, number)| *number).collect()
        }
    };
    if numbers.is_empty() {
        return Err(Unsupported::new(format!("unknown protocol `{protocol}`")));
    }
    let rule = |number| PortRule { protocol: Some(number), port: port.clone(), l7: l7.clone() };
    Ok(numbers.into_iter().map(rule).collect())
}

/// PORTV-3, decimal only (QUIRK-16). Names compare in lower case (PORT-9).
pub(super) fn parse_port(text: &str, end_port: u16) -> Result<Port, Unsupported> {
    let is_decimal = text == "0" || !text.starts_with(['0', '+']);
    if let Some(number) = text.parse().ok().filter(|_| is_decimal) {
        return Ok(Port::Number(number, end_port));
    }
    let is_name = text.len() <= 15
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--");
    if !is_name {
        return Err(Unsupported::new(format!("`{text}` is no port")));
    }
    Ok(Port::Name(text.to_ascii_lowercase(), end_port))
}

fn port_item(policy: &Policy<'_>, item: &Object, deny: bool) -> Result<Vec<PortRule>, Unsupported> {
    let allowed = ["ports", "terminatingTLS", "originatingTLS", "serverNames", "listener", "rules"]
        .as_slice();
    json::only_keys(item, if deny { &["ports"] } else { allowed })?;
    let l7 = l7(policy, item)?;
    let mut rules = Vec::new();
    for port in json::items(item, "ports")? {
        let port = json::as_object(port)?;
        json::only_keys(port, &["port", "endPort", "protocol"])?;
        // PORTV-2
        let text = json::text(port, "port")?.filter(|text| !text.is_empty()).unwrap_or("0");
        let end_port = json::number(port, "endPort")?.unwrap_or(0);
        let protocol =
            json::text(port, "protocol")?.filter(|text| !text.is_empty()).unwrap_or("ANY");
        rules.extend(expand(protocol, &parse_port(text, end_port)?, &l7)?);
    }
    Ok(rules)
}

/// ICMP-1
fn icmp_field(field: &Object) -> Result<PortRule, Unsupported> {
    json::only_keys(field, &["family", "type"])?;
    let (protocol, names) = match json::text(field, "family")?.unwrap_or("IPv4") {
        "IPv4" => (ICMP, ICMP_TYPES.to_vec()),
        "IPv6" => (ICMPV6, [ICMPV6_TYPES.as_slice(), &ICMPV6_EXTENDED_TYPES].concat()),
        word => return Err(Unsupported::new(format!("unknown family `{word}`"))),
    };
    let written = json::member(field, "type").ok_or_else(|| Unsupported::new("no ICMP type"))?;
    let number = icmp_type(written, &names).filter(|number| *number <= 255); // ICMPV-5
    let number = number.ok_or_else(|| Unsupported::new(format!("`{written}` is no ICMP type")))?;
    Ok(PortRule { protocol: Some(protocol), port: Port::IcmpType(number), l7: L7::default() })
}

/// TYP-4
fn icmp_type(written: &Value, names: &[(&str, u16)]) -> Option<u16> {
    let Some(text) = written.as_str() else {
        return written.as_u64()?.try_into().ok();
    };
    let named = names.iter().find(|(name, _)| *name == text).map(|(_, number)| *number);
    named.or_else(|| text.parse().ok())
}

fn l7(policy: &Policy<'_>, item: &Object) -> Result<L7, Unsupported> {
    let mut l7 = L7 {
        server_names: json::texts(item, "serverNames")?,
        terminating_tls: json::member(item, "terminatingTLS").cloned(),
        originating_tls: json::member(item, "originatingTLS").cloned(),
        listener: json::object(item, "listener")?.map(listener).transpose()?,
        ..L7::default()
    };
    let Some(rules) = json::object(item, "rules")? else {
        return Ok(l7);
    };
    json::only_keys(rules, &["http", "kafka", "dns", "l7proto", "l7"])?;
    for rule in json::items(rules, "http")? {
        l7.http.push(HttpRule::read(json::as_object(rule)?, &policy.world.secrets)?);
    }
    for rule in json::items(rules, "dns")? {
        l7.dns.push(NamePattern::read(json::as_object(rule)?, policy.world.config.repeated_stars)?);
    }
    l7.kafka = !json::items(rules, "kafka")?.is_empty();
    let has_rules = !json::items(rules, "l7")?.is_empty();
    l7.generic = json::text(rules, "l7proto")?.map(|word| (word.to_owned(), has_rules));
    Ok(l7)
}

/// LSTV-2, LSTV-3
fn listener(written: &Object) -> Result<Listener, Unsupported> {
    let config = json::object(written, "envoyConfig")?;
    let config = config.ok_or_else(|| Unsupported::new("no `envoyConfig`"))?;
    Ok(Listener {
        clusterwide: json::text(config, "kind")? == Some("CiliumClusterwideEnvoyConfig"),
        config: json::text(config, "name")?.unwrap_or_default().to_owned(),
        name: json::text(written, "name")?.unwrap_or_default().to_owned(),
        priority: json::number(written, "priority")?.unwrap_or(0),
    })
}
