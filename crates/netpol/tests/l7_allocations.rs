//! A reader's decisions about requests and names do not allocate after warm-up.

#![expect(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

use std::fmt::Write;

use netpol::{
    Direction, DnsAnswer, Endpoint, Engine, Header, HttpRequest, L7Handle, Packet, Reader, Source,
    Timestamp,
};

/// Returns how often something allocates.
fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

const WEB: [u8; 4] = [10, 0, 0, 1];
const DNS: [u8; 4] = [10, 0, 0, 2];
const SITE: [u8; 4] = [192, 0, 2, 80];

/// A policy with rules of all kinds, a hundred of each.
fn policy() -> String {
    let mut text = "apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress:
    - toFQDNs: [{matchPattern: \"*.example\"}]
      toPorts:
        - ports: [{port: \"80\", protocol: TCP}]
          rules:
            http:\n"
        .to_owned();
    let mut line = |line: String| writeln!(text, "{line}").unwrap();
    for i in 0..100 {
        line(format!("              - {{method: GET, path: \"/docs/{i}/[a-z]+\"}}"));
    }
    line(
        "              - {method: \"PUT|POST\", host: \".*\\\\.example\", headers: [\"X-Key: 1\"]}"
            .into(),
    );
    line("        - ports: [{port: \"443\", protocol: TCP}]\n          serverNames:".into());
    for i in 0..100 {
        line(format!("            - \"*.zone-{i}.example\""));
    }
    line("    - toEndpoints: [{matchLabels: {app: dns}}]".into());
    line("      toPorts:\n        - ports: [{port: \"53\", protocol: UDP}]".into());
    line("          rules:\n            dns:".into());
    for i in 0..100 {
        line(format!("              - matchPattern: \"*.zone-{i}.example\""));
    }
    text
}

/// Returns a reader of an engine in which web may reach a site by name.
fn reader() -> Reader {
    let mut engine = Engine::new();
    engine
        .apply(&Source::named("web.yaml", &policy()))
        .map_err(|report| report.to_string())
        .unwrap();
    let pod = |app: &str, ip| Endpoint::pod("default", app).label("app", app).ip(ip);
    let web = engine.add_endpoint(pod("web", WEB)).unwrap();
    engine.add_endpoint(pod("dns", DNS)).unwrap();
    engine.publish();
    for name in ["a.example", "a.zone-7.example"] {
        engine.learn(web, &DnsAnswer::new(name, [SITE.into()], 30), Timestamp::ZERO);
    }
    engine.publish();
    engine.reader()
}

fn handle(reader: &mut Reader, packet: Packet) -> L7Handle {
    reader.verdict(&packet).side(Direction::Egress).redirect().unwrap()
}

#[test]
fn the_allocator_counts() {
    assert!(allocations(|| drop(std::hint::black_box(vec![1_u8]))) >= 1);
}

#[test]
fn http_decisions_do_not_allocate() {
    let mut reader = reader();
    let handle = handle(&mut reader, Packet::tcp(WEB, SITE, 80));
    let headers = [Header::new("x-key", "1"), Header::new("x-other", "2")];
    let put = HttpRequest::new("PUT", "/").host("a.example").headers(&headers);
    let requests = [
        (HttpRequest::new("GET", "/docs/7/start"), true),
        (HttpRequest::new("GET", "/docs/99/x").host("a.example"), true),
        (HttpRequest::new("GET", "/docs/100/x"), false),
        (HttpRequest::new("DELETE", "/docs/7/start"), false),
        (HttpRequest::new("GET", b"/\xff"), false),
        (put, true),
        (put.headers(&[]), false),
    ];
    // One request warms up for all, whatever they are.
    reader.http(&handle, &HttpRequest::new("GET", "/"));
    let count = allocations(|| {
        for (request, allowed) in &requests {
            assert_eq!(reader.http(&handle, request).is_allowed(), *allowed);
        }
        assert!(reader.http(&handle.bound_to(SITE.into()), &put).is_allowed());
        assert!(!reader.http(&handle.bound_to(DNS.into()), &put).is_allowed());
    });
    assert_eq!(count, 0);
}

#[test]
fn dns_decisions_do_not_allocate() {
    let mut reader = reader();
    let handle = handle(&mut reader, Packet::udp(WEB, DNS, 53));
    let count = allocations(|| {
        assert!(reader.dns(&handle, "WWW.zone-42.example.").is_allowed());
        assert!(!reader.dns(&handle, "a.b.zone-42.example").is_allowed());
        assert!(!reader.dns(&handle, r"\000.zone-1.example.").is_allowed());
    });
    assert_eq!(count, 0);
}

#[test]
fn sni_decisions_do_not_allocate() {
    let mut reader = reader();
    let handle = handle(&mut reader, Packet::tcp(WEB, SITE, 443));
    let bound = handle.bound_to(SITE.into());
    let count = allocations(|| {
        assert!(reader.sni(&handle, "www.zone-42.example").is_allowed());
        assert!(!reader.sni(&handle, "").is_allowed());
        assert!(!reader.sni(&handle, "zone-42.example").is_allowed());
        assert!(reader.sni(&bound, "A.zone-7.example").is_allowed());
        assert!(!reader.sni(&bound, "b.zone-7.example").is_allowed());
        assert!(reader.name_binds("A.EXAMPLE", SITE.into()));
        assert_eq!(reader.names(SITE.into()).count(), 2);
    });
    assert_eq!(count, 0);
}
