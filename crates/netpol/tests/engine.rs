//! The write side: what it takes, what it refuses, and what stays in force then.

#![expect(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

use std::net::IpAddr;

use netpol::{
    ClusterId, Decision, Direction, DnsAnswer, Endpoint, EndpointId, Engine, EngineLimits,
    IdentityId, IdentityRange, Options, Packet, Source, Timestamp,
};

const WEB: [u8; 4] = [10, 0, 0, 1];
const API: [u8; 4] = [10, 0, 0, 2];

fn policy(name: &str, spec: &str) -> Source {
    let text = format!(
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: {name}}}\n\
         spec:\n  endpointSelector: {{matchLabels: {{app: web}}}}\n  {spec}\n"
    );
    Source::named("policy.yaml", &text)
}

fn pod(app: &str, ip: [u8; 4]) -> Endpoint {
    Endpoint::pod("default", app).label("app", app).ip(ip)
}

fn engine_with(engine: &mut Engine) {
    engine.add_endpoint(pod("web", WEB)).unwrap();
    engine.add_endpoint(pod("api", API)).unwrap();
}

fn ingress(engine: &mut Engine, port: u16) -> &'static str {
    engine.publish();
    engine.reader().verdict(&Packet::tcp(API, WEB, port)).ingress.as_str()
}

const HTTP: &str =
    "ingress: [{fromEndpoints: [{matchLabels: {app: api}}], toPorts: [{ports: [{port: \"80\"}]}]}]";

#[test]
fn nothing_of_a_source_with_an_error_is_applied() {
    let mut engine = Engine::new();
    engine_with(&mut engine);
    let good = policy("good", HTTP);
    let text = format!("{}---\nkind: CiliumNetworkPolicy\n", good.text());
    let report = engine.apply(&Source::named("both.yaml", &text)).unwrap_err();
    assert!(report.has_errors());
    assert_eq!(ingress(&mut engine, 22), "unenforced");
}

#[test]
fn a_replaced_policy_leaves_nothing_of_the_old_one() {
    let mut engine = Engine::new();
    engine_with(&mut engine);
    engine.apply(&policy("p", HTTP)).unwrap();
    assert_eq!(ingress(&mut engine, 80), "allow");
    engine.apply(&policy("p", &HTTP.replace("80", "81"))).unwrap();
    assert_eq!(ingress(&mut engine, 80), "default-deny");
    assert_eq!(ingress(&mut engine, 81), "allow");
    assert_eq!(engine.delete(&policy("p", HTTP)).unwrap(), 1);
    assert_eq!(ingress(&mut engine, 22), "unenforced");
}

#[test]
fn readers_see_nothing_before_publication() {
    let mut engine = Engine::new();
    engine_with(&mut engine);
    engine.publish();
    let mut reader = engine.reader();
    engine.apply(&policy("p", HTTP)).unwrap();
    let packet = Packet::tcp(API, WEB, 22);
    assert_eq!(reader.verdict(&packet).ingress.as_str(), "unenforced");
    let before = reader.revision();
    engine.publish();
    assert_eq!(reader.verdict(&packet).ingress.as_str(), "default-deny");
    assert!(before < reader.revision());
}

#[test]
fn a_reader_outlives_its_engine() {
    let mut engine = Engine::new();
    engine_with(&mut engine);
    engine.apply(&policy("p", HTTP)).unwrap();
    engine.publish();
    let mut reader = engine.reader();
    drop(engine);
    assert!(reader.verdict(&Packet::tcp(API, WEB, 80)).is_allowed());
}

#[test]
fn rules_in_conflict_keep_the_last_good_policy() {
    let mut engine = Engine::new();
    engine_with(&mut engine);
    engine.apply(&policy("p", HTTP)).unwrap();
    assert_eq!(ingress(&mut engine, 80), "allow");
    let conflict = "ingress: [{fromEndpoints: [{}], authentication: {mode: required}}, \
        {fromEndpoints: [{}], authentication: {mode: disabled}}]";
    engine.apply(&policy("q", conflict)).unwrap();
    assert_eq!(ingress(&mut engine, 80), "allow");
    assert_eq!(ingress(&mut engine, 22), "default-deny");
    let web = engine.endpoint_at(WEB.into()).unwrap();
    let error = engine.endpoint_error(web).unwrap().to_string();
    assert!(error.contains("ingress[0]") && error.contains("ingress[1]"), "{error}");
    engine.delete(&policy("q", conflict)).unwrap();
    engine.publish();
    assert!(engine.endpoint_error(web).is_none());
}

#[test]
fn the_last_good_policy_denies_who_comes_together_with_a_conflict() {
    let mut engine = Engine::new();
    engine_with(&mut engine);
    let deny = "ingressDeny: [{fromEndpoints: [{matchLabels: {app: bad}}]}]\n  \
        ingress: [{fromEntities: [all]}]";
    engine.apply(&policy("p", deny)).unwrap();
    assert_eq!(ingress(&mut engine, 80), "allow");
    let conflict = "ingress: [{fromEndpoints: [{}], authentication: {mode: required}}, \
        {fromEndpoints: [{}], authentication: {mode: disabled}}]";
    engine.apply(&policy("q", conflict)).unwrap();
    engine.add_endpoint(pod("bad", [10, 0, 0, 3])).unwrap();
    engine.publish();
    let verdict = engine.reader().verdict(&Packet::tcp([10, 0, 0, 3], WEB, 80));
    assert_eq!(verdict.ingress.as_str(), "deny");
}

#[test]
fn an_endpoint_whose_first_policy_is_in_conflict_is_closed() {
    let mut engine = Engine::new();
    engine_with(&mut engine);
    let conflict = "ingress: [{fromEndpoints: [{}], authentication: {mode: required}}, \
        {fromEndpoints: [{}], authentication: {mode: disabled}}]";
    engine.apply(&policy("q", conflict)).unwrap();
    assert_eq!(ingress(&mut engine, 80), "deny");
}

#[test]
fn more_policies_than_the_limit_are_refused() {
    let mut limits = EngineLimits::default();
    limits.policies = 1;
    let mut engine = Engine::builder().limits(limits).build();
    engine.apply(&policy("p", HTTP)).unwrap();
    engine.apply(&policy("p", HTTP)).unwrap(); // the same one again
    let report = engine.apply(&policy("q", HTTP)).unwrap_err();
    let problem = &report.problems()[0];
    assert_eq!(problem.message(), "more than 1 policies in force");
    assert_eq!((problem.place().line, problem.code().0), (1, "limit"));
}

#[test]
fn more_rules_or_peers_than_the_limit_are_refused() {
    let mut limits = EngineLimits::default();
    (limits.rules_per_policy, limits.peers_per_policy) = (1, 2);
    let mut engine = Engine::builder().limits(limits).build();
    let peers = "ingress: [{fromCIDR: [10.0.0.0/8, 11.0.0.0/8, 12.0.0.0/8]}]";
    let report = engine.apply(&policy("p", peers)).unwrap_err();
    assert_eq!(report.problems()[0].message(), "more than 2 peers in one policy");
    let text = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p}\nspecs:\n\
        - {endpointSelector: {}, ingress: [{}]}\n- {endpointSelector: {}, ingress: [{}]}\n";
    let report = engine.apply(&Source::named("p.yaml", text)).unwrap_err();
    let first = report.errors().next().unwrap();
    assert_eq!(first.message(), "more than 1 rules in one policy");
}

#[test]
fn more_endpoints_than_the_limit_are_refused() {
    let mut limits = EngineLimits::default();
    limits.endpoints = 2;
    let mut engine = Engine::builder().limits(limits).build();
    engine_with(&mut engine);
    let error = engine.add_endpoint(pod("third", [10, 0, 0, 3])).unwrap_err();
    assert_eq!(error.to_string(), "more than 2 endpoints");
    let web = engine.endpoint_at(WEB.into()).unwrap();
    assert!(engine.remove_endpoint(web));
    engine.add_endpoint(pod("third", [10, 0, 0, 3])).unwrap();
}

/// Returns an engine in which `web` may reach what `*.example.com` is found to be.
fn engine_with_names(limits: EngineLimits) -> (Engine, EndpointId) {
    let mut engine = Engine::builder().limits(limits).build();
    engine_with(&mut engine);
    engine.apply(&policy("p", "egress: [{toFQDNs: [{matchPattern: '*.example.com'}]}]")).unwrap();
    engine.publish();
    let web = engine.endpoint_at(WEB.into()).unwrap();
    (engine, web)
}

#[test]
fn of_a_long_dns_answer_the_first_addresses_count() {
    let mut limits = EngineLimits::default();
    limits.addresses_per_name = 2;
    let (mut engine, web) = engine_with_names(limits);
    let addresses = || [[192, 0, 2, 1], [192, 0, 2, 2], [192, 0, 2, 3]].map(IpAddr::from);
    engine.learn(web, &DnsAnswer::new("a.example.com", addresses(), 60), Timestamp::ZERO);
    engine.publish();
    let mut reader = engine.reader();
    let reached = addresses().map(|ip| reader.verdict(&Packet::tcp(WEB, ip, 443)).is_allowed());
    assert_eq!(reached, [true, true, false]);
    let error = engine.learn_name("b.example.com", addresses()).unwrap_err();
    assert_eq!(error.to_string(), "more than 2 addresses of one name");
}

#[test]
fn an_endpoint_is_told_of_so_many_names() {
    let mut limits = EngineLimits::default();
    limits.names_per_endpoint = 2;
    let (mut engine, web) = engine_with_names(limits);
    for (n, ttl) in [(1, 900), (2, 60), (3, 900), (4, 60), (5, 60)] {
        let answer = DnsAnswer::new(&format!("{n}.example.com"), [[192, 0, 2, n].into()], ttl);
        engine.learn(web, &answer, Timestamp::ZERO);
    }
    // Those that expire first leave first, once it is certain that no connection needs them (ZMB-4).
    for now in (60..=600).step_by(60).map(Timestamp::from_unix_secs) {
        engine.connections_marked(now);
        engine.expire_names(now);
    }
    let names = engine.name_snapshot();
    let names = names.endpoints.values().flat_map(|endpoint| &endpoint.history);
    let names: Vec<&str> = names.map(|lookup| lookup.fqdn.as_str()).collect();
    assert_eq!(names, ["1.example.com.", "3.example.com."]);
    let (mut engine, _) = engine_with_names(limits);
    let mut learn = |name| engine.learn_name(name, [[192, 0, 2, 1].into()]);
    assert!(learn("1.example.com").is_ok() && learn("2.example.com").is_ok());
    assert_eq!(learn("3.example.com").unwrap_err().to_string(), "more than 2 names");
}

#[test]
fn a_map_over_its_limit_is_refused_as_a_whole_and_names_the_culprits() {
    let mut limits = EngineLimits::default();
    limits.map_entries = 8;
    let mut engine = Engine::builder().limits(limits).build();
    engine_with(&mut engine);
    engine.apply(&policy("small", HTTP)).unwrap();
    assert_eq!(ingress(&mut engine, 80), "allow");
    let large = "ingress: [{toPorts: [{ports: [{port: \"1\", endPort: 65534, protocol: TCP}]}]}]";
    engine.apply(&policy("large", large)).unwrap();
    assert_eq!(ingress(&mut engine, 22), "default-deny", "the last good map stays");
    let web = engine.endpoint_at(WEB.into()).unwrap();
    let error = engine.endpoint_error(web).unwrap();
    assert!(error.is_overflow() && error.to_string().contains("large"), "{error}");
}

#[test]
fn identities_that_come_to_a_full_map_are_denied_everything() {
    let mut limits = EngineLimits::default();
    limits.map_entries = 6;
    let mut options = Options::default();
    options.allow_localhost = netpol::AllowLocalhost::Policy;
    let mut engine = Engine::builder().options(options).limits(limits).build();
    engine.add_endpoint(pod("web", WEB)).unwrap();
    let spec = "ingress: [{fromEndpoints: [{}]}]";
    engine.apply(&policy("p", spec)).unwrap();
    let last = (2..12).map(|n| [10, 0, 1, n]).inspect(|ip| {
        let name = format!("peer-{}", ip[3]);
        engine.add_endpoint(pod(&name, *ip)).unwrap();
        engine.publish();
    });
    let last = last.last().unwrap();
    let verdict = engine.reader().verdict(&Packet::tcp(last, WEB, 80));
    assert_eq!(verdict.ingress.as_str(), "deny");
    let web = engine.endpoint_at(WEB.into()).unwrap();
    assert!(engine.endpoint_error(web).unwrap().is_overflow());
}

#[test]
fn an_endpoint_is_refused_when_no_identity_is_left() {
    let range = IdentityRange::new(256, 257).unwrap();
    let mut engine = Engine::builder().identities(range).build();
    engine_with(&mut engine);
    let error = engine.add_endpoint(pod("third", [10, 0, 0, 3])).unwrap_err();
    assert_eq!(error.to_string(), "no cluster-wide identity is left");
    assert!(engine.endpoint_at([10, 0, 0, 3].into()).is_none());
    // The same labels need no new identity.
    let twin = Endpoint::pod("default", "twin").label("app", "web").ip([10, 0, 0, 4]);
    engine.add_endpoint(twin).unwrap();
}

#[test]
fn identities_of_a_mesh_are_in_the_range_of_the_cluster() {
    let range = IdentityRange::of_cluster(ClusterId::new(2).unwrap());
    let mut engine = Engine::builder().identities(range).build();
    engine_with(&mut engine);
    let web = engine.endpoint_at(WEB.into()).unwrap();
    assert_eq!(engine.endpoint_identity(web), Some(IdentityId::new(131_072)));
}

#[test]
fn an_address_belongs_to_one_endpoint() {
    let mut engine = Engine::new();
    engine_with(&mut engine);
    let error = engine.add_endpoint(pod("thief", WEB)).unwrap_err();
    assert_eq!(error.to_string(), "address `10.0.0.1` belongs to `default/web` already");
}

#[test]
fn pods_alike_but_for_labels_that_no_policy_looks_at_share_an_identity() {
    let mut options = Options::default();
    options.policy_relevant_labels = true;
    let mut engine = Engine::builder().options(options).build();
    for n in 0..10_u8 {
        let name = format!("web-{n}");
        let pod = Endpoint::pod("default", &name).label("app", "web").label("release", &name);
        engine.add_endpoint(pod.ip([10, 0, 2, n])).unwrap();
    }
    engine.publish();
    assert_eq!(engine.identity_count(), 1, "no policy looks at any label");
    engine.apply(&policy("p", HTTP)).unwrap();
    engine.publish();
    assert!(engine.policy_relevant_labels().contains(&"app"));
    assert_eq!(engine.identity_count(), 1);
    let by_release = "ingress: [{fromEndpoints: [{matchLabels: {release: web-3}}]}]";
    engine.apply(&policy("q", by_release)).unwrap();
    engine.publish();
    assert_eq!(engine.identity_count(), 10);
    let verdict = engine.reader().verdict(&Packet::tcp([10, 0, 2, 3], [10, 0, 2, 1], 22));
    assert_eq!(verdict.ingress.as_str(), "allow");
    engine.delete(&policy("q", by_release)).unwrap();
    engine.publish();
    assert_eq!(engine.identity_count(), 1);
}

#[test]
fn a_relabelled_pod_gets_another_policy_and_its_old_identity_goes() {
    let mut engine = Engine::new();
    engine_with(&mut engine);
    engine.apply(&policy("p", HTTP)).unwrap();
    assert_eq!(ingress(&mut engine, 22), "default-deny");
    let web = engine.endpoint_at(WEB.into()).unwrap();
    engine.update_endpoint(web, pod("other", WEB)).unwrap();
    assert_eq!(ingress(&mut engine, 22), "unenforced");
    assert_eq!(engine.identity_count(), 2);
    assert!(engine.remove_endpoint(web));
    engine.publish();
    assert_eq!(engine.identity_count(), 1);
}

#[test]
fn fragmentation_needed_passes_even_a_deny() {
    let mut engine = Engine::new();
    engine_with(&mut engine);
    engine.apply(&policy("p", "ingressDeny: [{fromEntities: [all]}]")).unwrap();
    engine.publish();
    let mut reader = engine.reader();
    assert!(reader.verdict(&Packet::icmp(API, WEB, 3, 4)).is_allowed()); // ICMP-4
    assert!(!reader.verdict(&Packet::icmp(API, WEB, 3, 3)).is_allowed());
}

#[test]
fn the_verdict_names_the_rule_with_file_and_line() {
    let mut engine = Engine::new();
    engine_with(&mut engine);
    engine.apply(&policy("p", HTTP)).unwrap();
    engine.publish();
    let packet = Packet::tcp(API, WEB, 80);
    let verdict = engine.reader().verdict(&packet);
    let [_, ingress] = engine.explain(&packet, &verdict);
    let text = "ingress: allowed by cnp:default/p ingress[0] (policy.yaml:6)";
    assert_eq!(ingress.to_string(), text);
    let packet = Packet::tcp(API, WEB, 22);
    let verdict = engine.reader().verdict(&packet);
    assert_eq!(verdict.ingress.verdict().unwrap().decision(), Decision::DefaultDeny);
    assert_eq!(verdict.denied_at(), Some(Direction::Ingress));
    let [_, ingress] = engine.explain(&packet, &verdict);
    let text = "ingress: denied by default by cnp:default/p; \
        nearest: cnp:default/p ingress[0] (policy.yaml:6), for other ports";
    assert_eq!(ingress.to_string(), text);
}
