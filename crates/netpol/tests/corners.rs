//! Corners of the policy map that random worlds found: one test for each.

#![expect(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

use netpol::{
    Direction, Endpoint, Engine, HttpRequest, IdentityId, Options, Packet, Protocol, Source,
    Unsupported,
};

const POD: [u8; 4] = [10, 0, 0, 1];
const PEER: [u8; 4] = [10, 0, 0, 2];
const HOST: [u8; 4] = [172, 18, 0, 1];

/// Returns an engine with a pod whose port 80 has a name, a peer, and a policy for the pod.
fn engine(options: Options, lists: &str) -> Engine {
    let mut engine = Engine::builder().options(options).build();
    engine.add_endpoint(Endpoint::host("node").ip(HOST)).unwrap();
    let pod = Endpoint::pod("ns", "pod").label("app", "pod").ip(POD);
    engine.add_endpoint(pod.port("http", Protocol::TCP, 80)).unwrap();
    engine.add_endpoint(Endpoint::pod("ns", "peer").ip(PEER)).unwrap();
    let text = format!(
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: ns}}\n\
         spec:\n  endpointSelector: {{matchLabels: {{app: pod}}}}\n  {lists}\n"
    );
    engine.apply(&Source::named("p.yaml", &text)).unwrap();
    engine.publish();
    engine
}

/// Returns the pod's entries for one identity, as `protocol port decision`.
fn entries(engine: &Engine, direction: Direction, identity: IdentityId) -> Vec<String> {
    let map = engine.policy_map(engine.endpoint_at(POD.into()).unwrap()).unwrap();
    let of_identity =
        map.iter().filter(|(key, _)| (key.direction(), key.identity()) == (direction, identity));
    let words = of_identity.map(|(key, entry)| {
        let decision = if entry.deny { "deny" } else { "allow" };
        format!("{} {} {decision}", key.protocol(), key.port())
    });
    words.collect()
}

fn peer(engine: &Engine) -> IdentityId {
    engine.endpoint_identity(engine.endpoint_at(PEER.into()).unwrap()).unwrap()
}

#[test]
fn an_entry_from_port_0_on_is_repeated_for_each_peer() {
    let lists = "ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: '0', endPort: 100, protocol: TCP}]}]}, \
        {toPorts: [{ports: [{port: '0', endPort: 100, protocol: TCP}]}]}]";
    let engine = engine(Options::default(), lists);
    let of_peer = entries(&engine, Direction::Ingress, peer(&engine));
    assert!(!of_peer.is_empty());
    assert_eq!(of_peer, entries(&engine, Direction::Ingress, IdentityId::ANY));
}

#[test]
fn authentication_counts_where_its_port_has_no_number() {
    let lists = "ingress: [{authentication: {mode: required}, toPorts: [{ports: [{port: dns}]}]}, \
        {toPorts: [{ports: [{port: '8080', protocol: TCP}], rules: {http: [{}]}}]}]";
    let engine = engine(Options::default(), lists);
    // AUTH-3: a wildcard's redirect does not cover the entry that lets the local node pass.
    let of_host = entries(&engine, Direction::Ingress, IdentityId::HOST);
    assert!(of_host.iter().any(|entry| entry == "TCP 8080/16 allow"), "{of_host:?}");
}

#[test]
fn a_deny_that_another_one_covers_takes_nothing_away() {
    let lists = "egress: [{authentication: {mode: test-always-fail}, toEndpoints: [{}], toPorts: [{ports: [{port: http}]}]}]\n  \
        egressDeny: [{toPorts: [{ports: [{port: '0', endPort: 100}, {port: '0'}]}]}]";
    let engine = engine(Options::default(), lists);
    let of_peer = entries(&engine, Direction::Egress, peer(&engine));
    assert_eq!(of_peer, ["TCP 80/16 allow"]);
}

#[test]
fn server_names_beside_rules_of_a_generic_parser_are_a_conflict() {
    let mut options = Options::default();
    options.unsupported = Unsupported::Delegate;
    let lists = "egress: [{toPorts: [{ports: [{port: '1', protocol: TCP}], rules: {l7proto: test, l7: [{a: b}]}}, \
        {ports: [{port: '1', protocol: TCP}], serverNames: [www.example.com]}, \
        {ports: [{port: '1', protocol: TCP}]}]}]";
    let engine = engine(options, lists);
    let error = engine.endpoint_error(engine.endpoint_at(POD.into()).unwrap()).unwrap();
    assert!(error.to_string().contains("server names"), "{error}");
}

#[test]
fn a_redirect_of_everybody_lets_the_local_node_pass_rules_that_name_it() {
    let lists = "ingress: [{fromEntities: [host], toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{path: /a}]}}]}, \
        {toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{path: /b}]}}]}]";
    let engine = engine(Options::default(), lists);
    let mut reader = engine.reader();
    let mut allows = |from: [u8; 4]| {
        let redirect = reader.verdict(&Packet::tcp(from, POD, 80)).ingress.redirect().unwrap();
        let request = HttpRequest::new("GET", "/c");
        reader.http(&redirect, &request).is_allowed()
    };
    assert!(allows(HOST));
    assert!(!allows(PEER));
}

#[test]
fn a_deny_beside_a_redirect_still_lets_the_local_node_have_its_entry() {
    let lists = "ingress: [{toPorts: [{ports: [{port: http, protocol: TCP}], rules: {http: [{}]}}]}, \
        {authentication: {mode: required}, toPorts: [{ports: [{port: '8080'}]}]}]\n  \
        ingressDeny: [{toPorts: [{ports: [{port: HTTP}]}]}]";
    let engine = engine(Options::default(), lists);
    let of_host = entries(&engine, Direction::Ingress, IdentityId::HOST);
    assert!(of_host.iter().any(|entry| entry == "TCP 80/16 allow"), "{of_host:?}");
    // The deny wins all the same.
    let verdict = engine.reader().verdict(&Packet::tcp(HOST, POD, 80));
    assert!(!verdict.is_allowed());
}
