//! NetworkPolicies of Kubernetes and CIDR groups, as meant.

use netpol_core::Direction;
use netpol_policy::doc::{self, NetworkPolicyGate, Object, ReadOptions};
use netpol_policy::rule::{Element, Peer, Peers, Policy, Port, PortProtocol, Ports};
use netpol_policy::{Options, Source};

use crate::{objects, problems};

const HEAD: &str =
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: ns1}\n";

/// Returns the policy with this spec, written in one line, which is line 4.
fn policy_with(spec: &str, options: &Options) -> Policy {
    let source = Source::named("t.yaml", &format!("{HEAD}spec: {spec}\n"));
    let read = doc::read(&source, options);
    assert!(read.report.is_empty(), "{spec}\n{}", read.report);
    match read.objects.as_slice() {
        [Object::Policy(policy)] => policy.clone(),
        other => panic!("{other:?}"),
    }
}

fn policy(spec: &str) -> Policy {
    policy_with(spec, &Options::default())
}

/// Returns the elements of a spec as text.
fn elements(spec: &str) -> Vec<String> {
    let policy = policy(spec);
    let [rule] = policy.rules.as_slice() else {
        panic!("{policy:?}");
    };
    rule.elements.iter().map(|element| describe(element)).collect()
}

/// Returns an element as text: direction, peers, ports.
fn describe(element: &Element) -> String {
    assert!(!element.deny && element.default_deny && element.auth.is_none());
    let direction = match element.direction {
        Direction::Ingress => "I",
        Direction::Egress => "E",
    };
    let peers = match &element.peers {
        Peers::Nobody => "nobody".to_owned(),
        Peers::Unrestricted => "unrestricted".to_owned(),
        Peers::AnyOf(peers) => {
            let peers: Vec<String> = peers.iter().map(describe_peer).collect();
            peers.join(" | ")
        }
    };
    let ports = match &element.ports {
        Ports::All => "all".to_owned(),
        Ports::AnyOf(rules) => {
            let ports = rules.iter().flat_map(|rule| &rule.ports);
            let ports: Vec<String> = ports.map(describe_port).collect();
            ports.join(" ")
        }
    };
    format!("{direction} {peers}: {ports}")
}

fn describe_peer(peer: &Peer) -> String {
    match peer {
        Peer::Selector(selector) => selector.to_string(),
        Peer::Service(service) => format!("{service:?}"),
    }
}

fn describe_port(port: &PortProtocol) -> String {
    let PortProtocol { protocol, port } = port;
    match port {
        Port::Number { port, end } => format!("{protocol}/{port}-{end}"),
        Port::Name { name, end } => format!("{protocol}/{name}-{end}"),
        Port::IcmpType(kind) => format!("{protocol}/{kind}"),
    }
}

const CLUSTER: &str = "k8s:io.cilium.k8s.policy.cluster=default";
const NS1: &str = "k8s:io.kubernetes.pod.namespace=ns1";

#[test]
fn directions_follow_the_rules_that_are_there() {
    // EX-21, NP-3
    let cases: [(&str, &[&str]); 10] = [
        ("{podSelector: {}}", &["I nobody: all"]),
        ("{podSelector: {}, ingress: [{}]}", &["I *: all"]),
        ("{podSelector: {}, ingress: []}", &["I nobody: all"]),
        ("{podSelector: {}, ingress: null, policyTypes: []}", &["I nobody: all"]),
        ("{podSelector: {}, egress: [{}]}", &["I nobody: all", "E *: all"]),
        ("{podSelector: {}, policyTypes: [Egress]}", &["E nobody: all"]),
        ("{podSelector: {}, policyTypes: [Ingress, Egress]}", &["I nobody: all", "E nobody: all"]),
        ("{podSelector: {}, policyTypes: [Egress], egress: []}", &["E nobody: all"]),
        ("{podSelector: {}, ingress: [{from: []}]}", &["I *: all"]),
        ("{podSelector: {}, ingress: [{from: null, ports: null}]}", &["I *: all"]),
    ];
    for (spec, wanted) in cases {
        assert_eq!(elements(spec), wanted, "{spec}");
    }
}

#[test]
fn rules_of_unlisted_directions_are_enforced_with_a_warning() {
    // IGN-13
    let spec = "spec: {podSelector: {}, policyTypes: [Egress], ingress: [{}]}\n";
    let read = crate::read(&format!("{HEAD}{spec}"));
    assert_eq!(
        read.report.to_string(),
        "t.yaml:4:48: warning: `spec.policyTypes` does not list Ingress, but `ingress` is enforced \
         (add Ingress to `policyTypes`, or remove `ingress`)",
    );
    let [Object::Policy(policy)] = read.objects.as_slice() else {
        panic!("{:?}", read.objects);
    };
    let elements: Vec<String> =
        policy.rules[0].elements.iter().map(|element| describe(element)).collect();
    assert_eq!(elements, ["I *: all", "E nobody: all"]);
}

#[test]
fn peers_become_elements_of_their_own() {
    // NP-1, NP-6, NP-7
    let spec = "{podSelector: {}, ingress: [{from: [\
                {podSelector: {matchLabels: {app: b}}}, \
                {podSelector: {}}, \
                {namespaceSelector: {}}, \
                {namespaceSelector: {matchLabels: {team: red}}}, \
                {namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [x]}]}, \
                podSelector: {matchLabels: {app: b}}}, \
                {podSelector: {matchLabels: {io.cilium.k8s.policy.cluster: far}}}, \
                {ipBlock: {cidr: 10.1.2.3/8, except: [10.96.0.0/12]}}, \
                {ipBlock: {cidr: \"::/0\"}}\
                ], ports: [{port: 80}]}]}";
    let any_namespace = "k8s:io.kubernetes.pod.namespace";
    let team = "k8s:io.cilium.k8s.namespace.labels.team";
    let wanted = [
        format!("I k8s:app=b,{CLUSTER},{NS1}: TCP/80-0"),
        format!("I {CLUSTER},{NS1}: TCP/80-0"),
        format!("I {CLUSTER},{any_namespace}: TCP/80-0"),
        format!("I {CLUSTER},{team}=red: TCP/80-0"),
        format!("I k8s:app=b,{CLUSTER},{team} notin (x): TCP/80-0"),
        format!("I k8s:io.cilium.k8s.policy.cluster=far,{NS1}: TCP/80-0"),
        "I cidr:10.0.0.0/8,!cidr:10.96.0.0/12: TCP/80-0".to_owned(), // QUIRK-1
        "I cidr:0--0/0 | reserved:world-ipv6=: TCP/80-0".to_owned(),
    ];
    assert_eq!(elements(spec), wanted);
}

#[test]
fn without_the_local_cluster_default_no_cluster_is_added() {
    let mut options = Options::default();
    options.default_local_cluster = false;
    let spec = "{podSelector: {}, egress: [{to: [{podSelector: {}}, {namespaceSelector: {}}]}]}";
    let policy = policy_with(spec, &options);
    let elements: Vec<String> =
        policy.rules[0].elements.iter().skip(1).map(|element| describe(element)).collect();
    assert_eq!(
        elements,
        [format!("E {NS1}: all"), "E k8s:io.kubernetes.pod.namespace: all".into()]
    );
}

#[test]
fn subjects_are_pods_of_the_namespace() {
    // NP-5; QUIRK-11: the key is 60 characters long.
    let key = "k".repeat(60);
    let policy = policy(&format!("{{podSelector: {{matchLabels: {{{key}: v}}}}}}"));
    let subject = &policy.rules[0].subject;
    assert_eq!(subject.selector.to_string(), format!("{NS1},k8s:{key}=v"));
    assert!(!subject.node);
    assert_eq!(policy.name.to_string(), "np:ns1/p");
    let text = HEAD.replace(", namespace: ns1", "") + "spec: {podSelector: {}}\n";
    let mut reading = ReadOptions::default();
    reading.default_namespace = "shop".into();
    let source = Source::named("t.yaml", &text);
    let read = doc::read_all([&source], &Options::default(), &reading);
    let [Object::Policy(policy)] = read.objects.as_slice() else {
        panic!("{}", read.report);
    };
    assert_eq!(policy.name.to_string(), "np:shop/p");
}

#[test]
fn ports_have_protocols_names_and_ends() {
    // NP-2
    let spec = "{podSelector: {}, ingress: [{ports: [{}, {protocol: UDP}, {port: http}, \
                {port: 80, endPort: 90}, {port: 80, endPort: 80, protocol: SCTP}]}, {ports: []}]}";
    let wanted = ["I *: TCP/0-0 UDP/0-0 TCP/http-0 TCP/80-90 SCTP/80-80", "I *: all"];
    assert_eq!(elements(spec), wanted);
}

#[test]
fn elements_know_where_they_come_from() {
    let text = format!(
        "{HEAD}spec:\n  podSelector: {{}}\n  policyTypes: [Ingress, Egress]\n  ingress:\n  - {{}}\n  - from:\n    - podSelector: {{}}\n"
    );
    let objects = objects(&text);
    let [Object::Policy(policy)] = objects.as_slice() else {
        panic!("{objects:?}");
    };
    let origins: Vec<String> =
        policy.rules[0].elements.iter().map(|element| element.origin.to_string()).collect();
    assert_eq!(
        origins,
        [
            "np:ns1/p ingress[0] (t.yaml:8)",
            "np:ns1/p ingress[1] (t.yaml:9)",
            "np:ns1/p egress (t.yaml:4)",
        ],
    );
}

#[test]
fn what_the_api_server_refuses_is_an_error() {
    let cases = [
        (
            "{podSelector: {}, policyTypes: [Ingress, Egress, ingress]}",
            "t.yaml:4:56: error: `ingress` is no policy type (types: Ingress, Egress)\n\
             t.yaml:4:56: error: `spec.policyTypes[2]` is one type too many (list each direction \
             once)",
        ),
        (
            "{podSelector: {}, ingress: [{from: [{}]}]}",
            "t.yaml:4:43: error: `spec.ingress[0].from[0]` names no peer (write `podSelector`, \
             `namespaceSelector` or `ipBlock`)",
        ),
        (
            "{podSelector: {}, ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]}",
            "t.yaml:4:61: error: `ipBlock` cannot stand beside a selector (make it a peer of its \
             own)",
        ),
        (
            "{podSelector: {}, egress: [{to: [{ipBlock: {except: [10.0.0.0/8]}}]}]}",
            "t.yaml:4:50: error: `spec.egress[0].to[0].ipBlock.cidr` is missing",
        ),
        (
            "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0}}]}]}",
            "t.yaml:4:57: error: `10.0.0.0` is no prefix (add the length: 10.0.0.0/32)",
        ),
        (
            "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8, \
             10/8]}}]}]}",
            "t.yaml:4:90: error: `10/8` is no prefix (an IPv4 address needs four numbers: 10.0.0.0/8 \
             or 10.x.x.x/8)\n\
             t.yaml:4:78: error: `10.0.0.0/8` is no part of 10.0.0.0/8 (name a smaller prefix inside \
             of `cidr`)",
        ),
        (
            "{podSelector: {}, ingress: [{ports: [{protocol: ICMP}, {protocol: udp}, {port: \
             \"443\"}, {port: 0}, {port: 65536}]}]}",
            "t.yaml:4:55: error: `ICMP` is no protocol of a NetworkPolicy (protocols: TCP, UDP, \
             SCTP)\n\
             t.yaml:4:73: error: `udp` is no protocol of a NetworkPolicy (write UDP)\n\
             t.yaml:4:86: error: `443` is no name of a port: it has no letter (write the number \
             without quotes: 443)\n\
             t.yaml:4:101: error: `0` is no port (ports are numbers from 1 to 65535; leave the field \
             out for all)\n\
             t.yaml:4:112: error: `65536` is no port (ports are numbers from 1 to 65535; leave the \
             field out for all)",
        ),
        (
            "{podSelector: {}, ingress: [{ports: [{port: 80, endPort: 79}, {endPort: 80}, {port: \
             http, endPort: 80}, {port: 1, endPort: \"2\"}]}]}",
            "t.yaml:4:64: error: `endPort` is less than the port (write the greater number last)\n\
             t.yaml:4:79: error: `endPort` stands without a port (add `port`)\n\
             t.yaml:4:106: error: `endPort` stands beside a name (write the port as a number)\n\
             t.yaml:4:130: error: `spec.ingress[0].ports[3].endPort` must be an integer, not a \
             string",
        ),
        (
            "{podSelector: {matchLabels: {a: \"b c\"}, matchExpressions: [{key: a, operator: in, \
             values: [b]}, {key: a, operator: In}, {key: a/b/c, operator: Exists, values: [x]}]}}",
            "t.yaml:4:39: error: `b c` is no label value: it is not made of letters, digits, `-`, \
             `_` and `.`, with letters or digits at both ends\n\
             t.yaml:4:85: error: `in` is no operator (operators: In, NotIn, Exists, DoesNotExist)\n\
             t.yaml:4:103: error: `In` needs at least one value (add `values: [...]`, or use \
             `Exists`)\n\
             t.yaml:4:133: error: `a/b/c` is no label key: it is not made of letters, digits, `-`, \
             `_` and `.`, with letters or digits at both ends (write `[prefix/]name`, such as \
             `app.kubernetes.io/name`)\n\
             t.yaml:4:158: error: `Exists` takes no values (remove `values`, or use `In` or `NotIn`)",
        ),
        (
            "{podSelector: {}, ingress: [{form: []}]}",
            "t.yaml:4:36: error: unknown field `spec.ingress[0].form` (did you mean `from`?)",
        ),
    ];
    for (spec, wanted) in cases {
        assert_eq!(problems(&format!("{HEAD}spec: {spec}\n")), wanted, "{spec}");
    }
}

#[test]
fn the_agent_alone_lets_more_pass() {
    // NPV-1, NP-10, NP-14
    let cases: [(&str, &[&str]); 6] = [
        ("ingress: [{ports: [{protocol: udp}, {port: \"443\"}]}]", &["I *: UDP/0-0 TCP/443-0"]),
        ("ingress: [{ports: [{protocol: any, port: 53}]}]", &["I *: TCP/53-0 UDP/53-0 SCTP/53-0"]),
        ("ingress: [{from: [{}]}]", &["I : all"]),
        ("ingress: [{from: [{ipBlock: {cidr: 10.0.0}}]}]", &["I : all"]),
        (
            "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/8, x]}}]}]",
            &["I cidr:10.0.0.0/8,!cidr:11.0.0.0/8: all"],
        ),
        ("ingress: [{ports: [{endPort: 5}, {port: 9, endPort: 5}]}]", &["I *: TCP/0-0 TCP/9-5"]),
    ];
    let mut reading = ReadOptions::default();
    reading.gate = NetworkPolicyGate::Agent;
    for (rules, wanted) in cases {
        let text = format!("{HEAD}spec: {{podSelector: {{}}, {rules}}}\n");
        let source = Source::named("t.yaml", &text);
        let read = doc::read_all([&source], &Options::default(), &reading);
        let [Object::Policy(policy)] = read.objects.as_slice() else {
            panic!("{rules}\n{}", read.report);
        };
        let elements: Vec<String> =
            policy.rules[0].elements.iter().map(|element| describe(element)).collect();
        assert_eq!(elements, wanted, "{rules}");
    }
}

#[test]
fn cidr_groups_have_labels_and_prefixes() {
    // CG-1, TRN-8
    let text = "apiVersion: cilium.io/v2alpha1\nkind: CiliumCIDRGroup\n\
                metadata: {name: g, labels: {a: b}}\n\
                spec: {externalCIDRs: [10.1.2.3/8, \"2001:DB8::/32\"]}\n";
    let objects = objects(text);
    let [Object::CidrGroup(group)] = objects.as_slice() else {
        panic!("{objects:?}");
    };
    assert_eq!(&*group.name, "g");
    assert_eq!(group.labels.canonical(), "cidrgroup:a=b;");
    let prefixes: Vec<String> = group.prefixes.iter().map(ToString::to_string).collect();
    assert_eq!(prefixes, ["10.0.0.0/8", "2001:db8::/32"]);
}

#[test]
fn cidr_groups_are_checked() {
    // CGV-1, CGV-3
    let head =
        "apiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: {name: g, namespace: x}\n";
    let cases = [
        ("", "t.yaml:1:1: error: `spec` is missing"),
        ("spec: {}", "t.yaml:4:7: error: `spec.externalCIDRs` is missing"),
        (
            "spec: {externalCIDRs: [10.0.0.1, 10.0.0.0/33, 5], x: y}",
            "t.yaml:4:51: error: unknown field `spec.x` (fields here: externalCIDRs)\n\
             t.yaml:4:24: error: `10.0.0.1` is no prefix (add the length: 10.0.0.1/32)\n\
             t.yaml:4:34: error: `10.0.0.0/33` is no prefix (the length is a number from 0 to 32)\n\
             t.yaml:4:47: error: `spec.externalCIDRs[2]` must be a string, not an integer (quote it: \
             \"5\")",
        ),
    ];
    let warning = "t.yaml:3:32: warning: `CiliumCIDRGroup` objects are in no namespace (remove it)";
    for (spec, wanted) in cases {
        assert_eq!(problems(&format!("{head}{spec}\n")), format!("{warning}\n{wanted}"));
    }
}

#[test]
fn labels_that_no_identity_has_are_pointed_out() {
    // LBL-9
    let spec = "spec: {podSelector: {matchLabels: {pod-template-hash: x}}}\n";
    assert_eq!(
        problems(&format!("{HEAD}{spec}")),
        "t.yaml:4:36: warning: `pod-template-hash` is never part of an identity: nothing is \
         selected by it (select by a label that the pods of one workload share)",
    );
}
