//! Redirected connections: what a reader says about requests and names on them.

#![expect(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

use std::net::IpAddr;

use netpol::{
    Direction, DnsAnswer, Endpoint, Engine, Header, HeaderChange, HttpRequest, L7Handle, Packet,
    Reader, Source, Timestamp,
};

const WEB: [u8; 4] = [10, 0, 0, 1];
const API: [u8; 4] = [10, 0, 0, 2];
const DNS: [u8; 4] = [10, 0, 0, 3];

/// Returns an engine in which web has the policy `spec`.
fn engine(spec: &str) -> Engine {
    let mut engine = Engine::new();
    for (app, ip) in [("web", WEB), ("api", API), ("dns", DNS)] {
        engine.add_endpoint(Endpoint::pod("default", app).label("app", app).ip(ip)).unwrap();
    }
    apply(&mut engine, spec);
    engine
}

fn apply(engine: &mut Engine, spec: &str) {
    let text = format!(
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: web}}\n\
         spec:\n  endpointSelector: {{matchLabels: {{app: web}}}}\n{spec}"
    );
    engine.apply(&Source::named("web.yaml", &text)).unwrap();
    engine.publish();
}

fn handle(reader: &mut Reader, direction: Direction, packet: Packet) -> L7Handle {
    reader.verdict(&packet).side(direction).redirect().unwrap()
}

/// Requests of api to web, whose policy has these HTTP rules.
fn http(rules: &str) -> (Engine, Reader, L7Handle) {
    let engine = engine(&format!(
        "  ingress:
    - fromEndpoints: [{{matchLabels: {{app: api}}}}]
      toPorts:
        - ports: [{{port: \"80\", protocol: TCP}}]
          rules:
            http: {rules}
"
    ));
    let mut reader = engine.reader();
    let handle = handle(&mut reader, Direction::Ingress, Packet::tcp(API, WEB, 80));
    (engine, reader, handle)
}

#[test]
fn header_actions_change_a_request_that_is_allowed() {
    let (_engine, mut reader, handle) = http(
        "[{path: \"/.*\"}, {method: GET, headerMatches: \
        [{name: X-A, value: \"1\", mismatch: ADD}]}, {method: GET, path: \"/.*\", headerMatches: \
        [{name: X-A, value: \"2\", mismatch: REPLACE}]}]",
    );
    // The worked example of HM-9.
    let answer = reader.http_effects(&handle, &HttpRequest::new("GET", "/"));
    assert!(answer.verdict.is_allowed());
    assert_eq!(
        answer.verdict.rule().unwrap().to_string(),
        "cnp:default/web ingress[0] (web.yaml:7)"
    );
    let (name, value) = ("x-a".to_owned(), |text: &str| text.as_bytes().to_vec());
    assert_eq!(
        answer.changes,
        [
            HeaderChange::Append { name: name.clone(), value: value("1") },
            HeaderChange::Set { name: name.clone(), value: value("2") },
        ]
    );
    assert_eq!(answer.missing, [(name.clone(), value("1")), (name.clone(), value("2"))]);
    assert_eq!(answer.rejected, [(name, value("1"))]);
    let answer = reader.http_effects(&handle, &HttpRequest::new("POST", "/"));
    assert!(answer.verdict.is_allowed() && answer.changes.is_empty());
}

#[test]
fn a_header_that_must_match_denies_and_is_logged() {
    let (_engine, mut reader, handle) =
        http("[{headerMatches: [{name: X-A, value: \"1\"}, {name: X-B, mismatch: LOG}]}]");
    let headers = [Header::new("X-A", "1")];
    let request = HttpRequest::new("GET", "/").headers(&headers);
    let answer = reader.http_effects(&handle, &request);
    assert!(answer.verdict.is_allowed());
    assert_eq!(answer.missing, [("x-b".to_owned(), Vec::new())]);
    assert!(!reader.http_effects(&handle, &HttpRequest::new("GET", "/")).verdict.is_allowed());
    assert!(!reader.http(&handle, &HttpRequest::new("GET", "/")).is_allowed());
}

#[test]
fn requests_are_judged_by_the_rules_of_the_moment() {
    let (mut engine, mut reader, handle) = http("[{path: /docs}]");
    let request = HttpRequest::new("GET", "/docs");
    assert!(reader.http(&handle, &request).is_allowed());
    // What no policy redirects any more is allowed or denied as the connection is (HTTPD-5, L7E-6).
    apply(&mut engine, "  ingress: [{fromEndpoints: [{matchLabels: {app: dns}}]}]\n");
    assert!(!reader.http(&handle, &request).is_allowed());
    assert!(!reader.sni(&handle, "a.example").is_allowed());
    assert!(!reader.dns(&handle, "a.example").is_allowed());
    apply(&mut engine, "  ingress: [{fromEndpoints: [{matchLabels: {app: api}}]}]\n");
    assert!(reader.http_effects(&handle, &request).verdict.is_allowed());
    apply(&mut engine, "  ingressDeny: [{fromEndpoints: [{}]}]\n");
    assert!(!reader.http_effects(&handle, &request).verdict.is_allowed());
}

#[test]
fn rules_that_cannot_be_compiled_are_refused_with_their_place() {
    let (mut engine, mut reader, handle) = http("[{path: /docs}]");
    for path in ["/docs(", "/docs(?=x)", "(a{1000}){1000}", &"a".repeat(1 << 20)] {
        let text = format!(
            "apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {{name: web}}
spec:
  endpointSelector: {{}}
  ingress:
    - toPorts:
        - ports: [{{port: \"80\", protocol: TCP}}]
          rules:
            http: [{{path: \"{path}\"}}]
"
        );
        let report = engine.apply(&Source::named("web.yaml", &text)).unwrap_err();
        let problem = report.to_string();
        assert!(problem.starts_with("web.yaml:10:"), "{:.200}", problem);
    }
    engine.publish();
    assert!(reader.http(&handle, &HttpRequest::new("GET", "/docs")).is_allowed());
    assert!(!reader.http(&handle, &HttpRequest::new("GET", "/")).is_allowed());
}

#[test]
fn rules_that_cannot_be_evaluated_deny() {
    // L7Q-1, L7Q-2: the documents are valid, but there is no such secret, and the host is no expression.
    let rules = [
        "{host: \"a(\"}",
        "{headerMatches: [{name: X-A, secret: {name: gone, namespace: default}}]}",
        "{headerMatches: [{name: X-A, secret: {name: gone, namespace: default}, mismatch: LOG}]}",
    ];
    let headers = [Header::new("x-a", "1")];
    let request = HttpRequest::new("GET", "/").host("a(").headers(&headers);
    for rule in rules {
        let (_engine, mut reader, handle) = http(&format!("[{rule}]"));
        assert!(!reader.http(&handle, &request).is_allowed(), "{rule}");
        let (_engine, mut reader, handle) = http(&format!("[{rule}, {{path: /docs}}]"));
        assert!(!reader.http(&handle, &request).is_allowed(), "{rule}");
        let docs = HttpRequest { path: b"/docs", ..request };
        assert!(reader.http(&handle, &docs).is_allowed(), "{rule}");
    }
}

#[test]
fn requests_to_an_endpoint_that_is_gone_are_denied() {
    let (mut engine, mut reader, handle) = http("[{path: /docs}]");
    assert!(engine.remove_endpoint(engine.endpoint_at(WEB.into()).unwrap()));
    engine.publish();
    assert!(!reader.http(&handle, &HttpRequest::new("GET", "/docs")).is_allowed());
}

const SITE: [u8; 4] = [192, 0, 2, 80];

/// A policy that lets web reach some names by HTTP and by TLS.
const NAMES: &str = "  egress:
    - toFQDNs: [{matchPattern: \"*.example\"}]
      toPorts:
        - ports: [{port: \"80\", protocol: TCP}]
          rules: {http: [{}]}
        - ports: [{port: \"443\", protocol: TCP}]
          serverNames: [a.example, b.example]
    - toEndpoints: [{matchLabels: {app: dns}}]
      toPorts:
        - ports: [{port: \"53\", protocol: UDP}]
          rules: {dns: [{matchPattern: \"*\"}]}
";

fn learn(engine: &mut Engine, name: &str, at: u64) {
    let web = engine.endpoint_at(WEB.into()).unwrap();
    let answer = DnsAnswer::new(name, [SITE.into()], 30);
    engine.learn(web, &answer, Timestamp::from_unix_secs(at));
    engine.publish();
}

#[test]
fn a_bound_connection_may_claim_only_names_of_its_address() {
    let mut engine = engine(NAMES);
    learn(&mut engine, "a.example", 0);
    let mut reader = engine.reader();
    let address: IpAddr = SITE.into();
    let http = handle(&mut reader, Direction::Egress, Packet::tcp(WEB, SITE, 80));
    let mut ask = |handle: &L7Handle, host: Option<&str>| {
        let host = host.map(str::as_bytes);
        let request = HttpRequest { host, ..HttpRequest::new("GET", "/") };
        let verdict = reader.http(handle, &request);
        assert_eq!(reader.http_effects(handle, &request).verdict, verdict);
        verdict.is_allowed()
    };
    for host in ["a.example", "A.example.:80", "a.example:8080"] {
        assert!(ask(&http, Some(host)) && ask(&http.bound_to(address), Some(host)), "{host}");
    }
    for host in ["b.example", "x.a.example", "192.0.2.80", "192.0.2.80:80", "[2001:db8::1]", ""] {
        assert!(ask(&http, Some(host)) && !ask(&http.bound_to(address), Some(host)), "{host}");
    }
    assert!(ask(&http, None) && !ask(&http.bound_to(address), None));
    assert!(!ask(&http.bound_to([192, 0, 2, 81].into()), Some("a.example")), "another address");

    let tls = handle(&mut reader, Direction::Egress, Packet::tcp(WEB, SITE, 443));
    assert!(reader.sni(&tls.bound_to(address), "a.example").is_allowed());
    assert!(reader.sni(&tls, "b.example").is_allowed());
    assert!(!reader.sni(&tls.bound_to(address), "b.example").is_allowed());
    assert!(!reader.sni(&tls.bound_to(address), "").is_allowed());
    let dns = handle(&mut reader, Direction::Egress, Packet::udp(WEB, DNS, 53));
    assert!(reader.dns(&dns.bound_to(DNS.into()), "b.example").is_allowed());
}

#[test]
fn names_of_addresses_come_and_go_with_revisions() {
    let mut engine = engine(NAMES);
    let mut reader = engine.reader();
    let web = engine.endpoint_at(WEB.into()).unwrap();
    let answer = DnsAnswer::new("a.example", [SITE.into()], 30);
    engine.learn(web, &answer, Timestamp::ZERO);
    assert!(engine.name_binds("a.example", SITE.into()));
    assert!(!reader.name_binds("a.example", SITE.into()), "not published");
    engine.publish();
    assert!(reader.name_binds("A.Example", SITE.into()));
    learn(&mut engine, "b.other", 20);
    assert_eq!(reader.names(SITE.into()).collect::<Vec<_>>(), ["a.example.", "b.other."]);
    for at in [40, 41, 42].map(Timestamp::from_unix_secs) {
        engine.connections_marked(at);
        engine.expire_names(at);
    }
    engine.publish();
    assert_eq!(reader.names(SITE.into()).collect::<Vec<_>>(), ["b.other."]);
}
