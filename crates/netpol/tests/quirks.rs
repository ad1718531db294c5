//! Where Cilium has defects, netpol does what the table of QUIRKs in the specification recommends:
//! one test for each, named after it.

#![expect(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

use std::net::IpAddr;

use netpol::{
    AllowLocalhost, Decision, Direction, Endpoint, Engine, Options, Packet, Protocol, Report,
    Source,
};

const A: [u8; 4] = [10, 1, 0, 1];
const B: [u8; 4] = [10, 1, 0, 2];
const B2: [u8; 4] = [10, 1, 0, 3];
const OUTSIDE: [u8; 4] = [10, 77, 0, 1];

/// `a` and `b` in `ns1`, another `b` in `ns2`.
struct World {
    engine: Engine,
}

impl World {
    fn new() -> Self {
        Self::with(options())
    }

    fn with(options: Options) -> Self {
        let mut engine = Engine::builder().options(options).build();
        let pod =
            |namespace, app, ip: [u8; 4]| Endpoint::pod(namespace, app).label("app", app).ip(ip);
        for endpoint in [pod("ns1", "a", A), pod("ns1", "b", B), pod("ns2", "b", B2)] {
            engine.add_endpoint(endpoint).unwrap();
        }
        Self { engine }
    }

    fn add(&mut self, endpoint: Endpoint) {
        self.engine.add_endpoint(endpoint).unwrap();
    }

    /// Applies a CiliumNetworkPolicy for `app: a` in `ns1` with these lists.
    fn policy(&mut self, name: &str, lists: &str) -> Result<(), Report> {
        let text = format!(
            "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n\
             metadata: {{name: {name}, namespace: ns1}}\n\
             spec:\n  endpointSelector: {{matchLabels: {{app: a}}}}\n  {lists}\n"
        );
        self.document(&text)
    }

    fn document(&mut self, text: &str) -> Result<(), Report> {
        self.engine.apply(&Source::named("policy.yaml", text)).map(|_| ())
    }

    fn ask(&mut self, packet: &Packet, direction: Direction) -> &'static str {
        self.engine.publish();
        self.engine.reader().verdict(packet).side(direction).as_str()
    }

    fn ingress(&mut self, from: impl Into<IpAddr>, port: u16) -> &'static str {
        self.ask(&Packet::tcp(from, A, port), Direction::Ingress)
    }

    fn egress(&mut self, to: impl Into<IpAddr>, port: u16) -> &'static str {
        self.ask(&Packet::tcp(A, to, port), Direction::Egress)
    }

    /// Returns the protocols, port blocks and decisions of `a`'s policy map for any peer.
    fn wildcard_entries(&mut self, direction: Direction) -> Vec<String> {
        self.engine.publish();
        let a = self.engine.endpoint_at(A.into()).unwrap();
        let map = self.engine.policy_map(a).unwrap();
        let any = map.iter().filter(|(key, _)| {
            key.identity() == netpol::IdentityId::ANY && key.direction() == direction
        });
        any.map(|(key, entry)| {
            let decision = if entry.deny { "deny" } else { "allow" };
            format!("{} {} {decision}", key.protocol(), key.port())
        })
        .collect()
    }
}

fn options() -> Options {
    let mut options = Options::default();
    options.allow_localhost = AllowLocalhost::Policy;
    options
}

fn first_message(result: Result<(), Report>) -> String {
    result.unwrap_err().problems().first().unwrap().message().to_owned()
}

#[test]
fn quirk_1_ip_block_does_not_admit_the_pods_of_the_namespace() {
    let mut world = World::new();
    let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
        metadata: {name: np, namespace: ns1}\n\
        spec: {podSelector: {matchLabels: {app: a}}, ingress: [{from: [{ipBlock: {cidr: 10.77.0.0/16}}]}]}\n";
    world.document(policy).unwrap();
    assert_eq!(world.ingress(OUTSIDE, 80), "allow");
    assert_eq!(world.ingress(B, 80), "default-deny");
}

#[test]
fn quirk_2_a_pod_label_named_host_does_not_switch_enforcement_off() {
    let mut world = World::new();
    let ip = [10, 1, 0, 9];
    world.add(Endpoint::pod("ns1", "odd").labels([("app", "odd"), ("host", "foo")]).ip(ip));
    let policy = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n\
        metadata: {name: odd, namespace: ns1}\n\
        spec: {endpointSelector: {matchLabels: {app: odd}}, ingress: [{}], egress: [{}]}\n";
    world.document(policy).unwrap();
    assert_eq!(world.ask(&Packet::tcp(B, ip, 80), Direction::Ingress), "default-deny");
    assert_eq!(world.ask(&Packet::tcp(ip, B, 80), Direction::Egress), "default-deny");
}

#[test]
fn quirk_2_a_pod_label_named_init_does_not_force_default_deny() {
    let mut world = World::new();
    let ip = [10, 1, 0, 9];
    world.add(Endpoint::pod("ns1", "odd").label("init", "foo").ip(ip));
    assert_eq!(world.ask(&Packet::tcp(B, ip, 80), Direction::Ingress), "unenforced");
}

#[test]
fn quirk_3_icmp_type_0_is_that_type_only() {
    let mut world = World::new();
    world.policy("p", "egress: [{icmps: [{fields: [{type: EchoReply}]}]}]").unwrap();
    let echo_reply = Packet::icmp(A, OUTSIDE, 0, 0);
    assert_eq!(world.ask(&echo_reply, Direction::Egress), "allow");
    assert_eq!(world.ask(&Packet::icmp(A, OUTSIDE, 8, 0), Direction::Egress), "default-deny");
    assert_eq!(world.wildcard_entries(Direction::Egress), ["ICMP 0/16 allow"]);
}

#[test]
fn quirk_4_a_range_from_port_0_does_not_open_every_port() {
    let mut world = World::new();
    let ports = "egress: [{toPorts: [{ports: [{port: \"0\", endPort: 100, protocol: TCP}]}]}]";
    world.policy("p", ports).unwrap();
    assert_eq!(world.egress(OUTSIDE, 100), "allow");
    assert_eq!(world.egress(OUTSIDE, 101), "default-deny");
}

#[test]
fn quirk_5_services_that_do_not_exist_are_nobody_not_everybody() {
    let mut world = World::new();
    let peers = "egress: [{toServices: [{k8sService: {serviceName: nosuch}}], \
        toPorts: [{ports: [{port: \"80\", protocol: TCP}]}]}]";
    world.policy("p", peers).unwrap();
    assert_eq!(world.egress(OUTSIDE, 80), "default-deny");
}

#[test]
fn quirk_5_an_empty_list_of_names_is_nobody_not_everybody() {
    let mut world = World::new();
    let peers = "egress: [{toFQDNs: [], toPorts: [{ports: [{port: \"80\", protocol: TCP}]}]}]";
    world.policy("p", peers).unwrap();
    assert_eq!(world.egress(OUTSIDE, 80), "default-deny");
}

#[test]
fn quirk_6_services_in_a_deny_rule_are_refused() {
    let mut world = World::new();
    let peers = "egressDeny: [{toServices: [{k8sService: {serviceName: s}}], \
        toPorts: [{ports: [{port: \"80\", protocol: TCP}]}]}]";
    assert!(first_message(world.policy("p", peers)).contains("toServices"));
}

#[test]
fn quirk_7_selectors_of_services_may_have_dots_in_their_keys() {
    let mut world = World::new();
    let ip = [10, 1, 0, 9];
    let key = "app.kubernetes.io/name";
    world.add(Endpoint::pod("ns1", "x").label(key, "x").ip(ip));
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: ns1}\n\
        spec: {selector: {app.kubernetes.io/name: x}, ports: [{port: 80}]}\n";
    world.document(service).unwrap();
    world.policy("p", "egress: [{toServices: [{k8sService: {serviceName: s}}]}]").unwrap();
    assert_eq!(world.egress(ip, 80), "allow");
    assert_eq!(world.egress(B, 80), "default-deny");
}

#[test]
fn quirk_8_unknown_fields_are_errors() {
    let mut world = World::new();
    let names_in_deny =
        "egressDeny: [{toFQDNs: [{matchName: a.com}], toPorts: [{ports: [{port: \"443\"}]}]}]";
    assert!(first_message(world.policy("p", names_in_deny)).contains("toFQDNs"));
    let misspelt = "ingress: [{fromEndpoint: [{}], toPorts: [{ports: [{port: \"80\"}]}]}]";
    assert!(first_message(world.policy("p", misspelt)).contains("fromEndpoint"));
}

#[test]
fn quirk_9_one_bad_element_refuses_the_policy_and_the_old_one_stays() {
    let mut world = World::new();
    world.policy("p", "ingress: [{fromEndpoints: [{matchLabels: {app: b}}]}]").unwrap();
    let half_bad = "ingress: [{fromEntities: [all]}, {fromEntities: [nosuch]}]";
    world.policy("p", half_bad).unwrap_err();
    assert_eq!(world.ingress(B, 80), "allow");
    assert_eq!(world.ingress(OUTSIDE, 80), "default-deny");
}

#[test]
fn quirk_10_an_empty_selector_of_cidr_groups_means_groups_only() {
    let mut world = World::new();
    let group = "apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: {name: g}\n\
        spec: {externalCIDRs: [10.77.0.0/16]}\n";
    world.document(group).unwrap();
    world.policy("p", "ingress: [{fromCIDRSet: [{cidrGroupSelector: {}}]}]").unwrap();
    assert_eq!(world.ingress(OUTSIDE, 80), "allow");
    assert_eq!(world.ingress(B, 80), "default-deny");
    assert_eq!(world.ingress([192, 0, 2, 1], 80), "default-deny");
}

#[test]
fn quirk_11_long_label_keys_do_not_make_a_network_policy_void() {
    let mut world = World::new();
    let (ip, key) = ([10, 1, 0, 9], "k".repeat(60));
    world.add(Endpoint::pod("ns1", "long").label(&key, "x").ip(ip));
    let policy = format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: np, namespace: ns1}}\n\
         spec: {{podSelector: {{matchLabels: {{{key}: x}}}}, ingress: []}}\n"
    );
    world.document(&policy).unwrap();
    assert_eq!(world.ask(&Packet::tcp(B, ip, 80), Direction::Ingress), "default-deny");
}

#[test]
fn quirk_12_the_zero_prefix_of_an_unused_family_adds_nothing() {
    let mut options = options();
    options.ipv6 = false;
    let mut world = World::with(options);
    world.policy("p", "ingress: [{fromCIDRSet: [{cidr: \"::/0\"}]}]").unwrap();
    assert_eq!(world.ingress(OUTSIDE, 80), "default-deny");
}

#[test]
fn quirk_13_addresses_in_capital_letters_are_normalised() {
    let mut world = World::new();
    world.policy("p", "ingress: [{fromCIDR: [\"2001:DB8::1/128\"]}]").unwrap();
    let from: IpAddr = "2001:db8::1".parse().unwrap();
    let a6: IpAddr = "fd00::1".parse().unwrap();
    world.add(Endpoint::pod("ns1", "a6").label("app", "a").ip(a6));
    assert_eq!(world.ask(&Packet::tcp(from, a6, 80), Direction::Ingress), "allow");
}

#[test]
fn quirk_14_a_named_port_with_and_without_end_are_two_ports() {
    let mut world = World::new();
    let ip = [10, 1, 0, 9];
    world.add(Endpoint::pod("ns1", "named").label("app", "n").ip(ip).port(
        "http",
        Protocol::TCP,
        80,
    ));
    let policy = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n\
        metadata: {name: n, namespace: ns1}\n\
        spec:\n  endpointSelector: {matchLabels: {app: n}}\n  ingress:\n  \
        - toPorts: [{ports: [{port: http}]}]\n  \
        - {fromEndpoints: [{matchLabels: {app: b}}], toPorts: [{ports: [{port: http, endPort: 90}]}]}\n";
    world.document(policy).unwrap();
    let ask = |world: &mut World, from: [u8; 4], port| {
        world.ask(&Packet::tcp(from, ip, port), Direction::Ingress)
    };
    assert_eq!(ask(&mut world, OUTSIDE, 80), "allow");
    assert_eq!(ask(&mut world, OUTSIDE, 85), "default-deny");
    assert_eq!(ask(&mut world, B, 85), "allow");
}

#[test]
fn quirk_15_requires_is_refused() {
    let mut world = World::new();
    let requires = "ingress: [{fromRequires: [{matchLabels: {app: b}}]}]";
    assert!(first_message(world.policy("p", requires)).contains("fromRequires"));
}

#[test]
fn quirk_16_ports_are_plain_decimal() {
    let mut world = World::new();
    for port in ["010", "8_0", "080"] {
        let ports = format!("ingress: [{{toPorts: [{{ports: [{{port: \"{port}\"}}]}}]}}]");
        assert!(first_message(world.policy("p", &ports)).contains(port), "{port}");
    }
}

#[test]
fn quirk_17_server_names_and_http_without_tls_termination_always_conflict() {
    let names = "{toPorts: [{ports: [{port: \"443\", protocol: TCP}], serverNames: [x.com]}]}";
    let http = "{toPorts: [{ports: [{port: \"443\", protocol: TCP}], rules: {http: [{path: /}]}}]}";
    for (first, second) in [(names, http), (http, names)] {
        let mut world = World::new();
        world.policy("p", &format!("egress: [{first}, {second}]")).unwrap();
        world.engine.publish();
        let a = world.engine.endpoint_at(A.into()).unwrap();
        let error = world.engine.endpoint_error(a).unwrap();
        assert_eq!(error.origins().len(), 2, "both rules are named: {error}");
    }
}

#[test]
fn quirk_18_authentication_is_raised_as_the_kernel_does() {
    let mut world = World::new();
    let lists = "ingress:\n  \
        - {fromEndpoints: [{matchLabels: {app: b}}], authentication: {mode: required}}\n  \
        - toPorts: [{ports: [{port: \"80\", protocol: TCP}], rules: {http: [{}]}}]";
    world.policy("p", lists).unwrap();
    world.engine.publish();
    let verdict = world.engine.reader().verdict(&Packet::tcp(B, A, 80));
    let side = verdict.ingress.verdict().unwrap();
    assert_eq!(side.decision(), Decision::Redirect);
    assert_eq!(side.auth(), netpol::AuthType::Spire);
}

#[test]
fn quirk_19_each_endpoint_resolves_a_name_by_its_own_ports() {
    let mut world = World::new();
    let (one, two) = ([10, 1, 0, 9], [10, 1, 0, 10]);
    for (name, ip, port) in [("one", one, 80), ("two", two, 8080)] {
        let pod = Endpoint::pod("ns1", name).label("app", "n").ip(ip);
        world.add(pod.port("http", Protocol::TCP, port));
    }
    let policy = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n\
        metadata: {name: n, namespace: ns1}\n\
        spec: {endpointSelector: {matchLabels: {app: n}}, \
        ingress: [{fromEndpoints: [{matchLabels: {app: late}}], toPorts: [{ports: [{port: http}]}]}]}\n";
    world.document(policy).unwrap();
    world.engine.publish();
    let late = [10, 1, 0, 11];
    world.add(Endpoint::pod("ns1", "late").label("app", "late").ip(late));
    assert_eq!(world.ask(&Packet::tcp(late, one, 80), Direction::Ingress), "allow");
    assert_eq!(world.ask(&Packet::tcp(late, two, 80), Direction::Ingress), "default-deny");
    assert_eq!(world.ask(&Packet::tcp(late, two, 8080), Direction::Ingress), "allow");
}

#[test]
fn quirk_20_l7_rules_without_default_deny_filter_when_another_rule_brings_it() {
    let http = "enableDefaultDeny: {ingress: false}\n  ingress: [{fromEndpoints: [{matchLabels: {app: b}}], \
        toPorts: [{ports: [{port: \"80\", protocol: TCP}], rules: {http: [{path: /a}]}}]}]";
    let mut world = World::new();
    world.policy("soft", http).unwrap();
    assert!(asks_http(&mut world, "/b"), "no default deny: every request passes");
    world.policy("hard", "ingress: [{fromEndpoints: [{matchLabels: {app: a}}]}]").unwrap();
    assert!(!asks_http(&mut world, "/b"));
    assert!(asks_http(&mut world, "/a"));
}

fn asks_http(world: &mut World, path: &str) -> bool {
    world.engine.publish();
    let mut reader = world.engine.reader();
    let verdict = reader.verdict(&Packet::tcp(B, A, 80));
    let handle = verdict.ingress.redirect().unwrap();
    reader.http(&handle, &netpol::HttpRequest::new("GET", path)).is_allowed()
}

#[test]
fn quirk_21_deny_rules_alone_close_the_direction() {
    let mut world = World::new();
    world.policy("p", "ingressDeny: [{fromEndpoints: [{matchLabels: {app: b}}]}]").unwrap();
    assert_eq!(world.ingress(B, 80), "deny");
    assert_eq!(world.ingress(OUTSIDE, 80), "default-deny");
}

#[test]
fn quirk_22_unknown_authentication_modes_are_refused() {
    let mut world = World::new();
    let auth = "ingress: [{fromEndpoints: [{}], authentication: {mode: bogus}}]";
    assert!(first_message(world.policy("p", auth)).contains("bogus"));
}

#[test]
fn quirk_23_an_except_wider_than_its_prefix_leaves_nothing() {
    let mut world = World::new();
    let peers = "ingress: [{fromCIDRSet: [{cidr: 10.77.0.0/16, except: [10.77.0.0/8]}]}]";
    let text = format!(
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: ns1}}\n\
         spec:\n  endpointSelector: {{matchLabels: {{app: a}}}}\n  {peers}\n"
    );
    let applied = world.engine.apply(&Source::named("policy.yaml", &text)).unwrap();
    assert!(applied.report.warnings().next().is_some(), "it is accepted with a warning");
    assert_eq!(world.ingress(OUTSIDE, 80), "default-deny");
}
