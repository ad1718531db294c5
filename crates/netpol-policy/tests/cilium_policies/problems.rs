//! What is refused, where exactly, and what to write instead.

use netpol_policy::{Options, Unsupported};

use crate::read::{ccnp, cnp, elements, line, read};

/// A rule of the specification, a text, and the beginning and the end of every problem wanted.
type Case<'a> = (&'a str, String, &'a [(&'a str, &'a str)]);

fn check(cases: &[Case<'_>]) {
    check_with(&Options::default(), cases);
}

/// Checks that errors are exactly these. Warnings are left alone.
fn check_with(options: &Options, cases: &[Case<'_>]) {
    for (id, text, wanted) in cases {
        let (policies, report) = read(text, options);
        assert!(policies.is_empty(), "{id} is accepted\n{text}");
        let found: Vec<String> = report.errors().map(line).collect();
        assert_eq!(found.len(), wanted.len(), "{id}\n{text}\n{found:#?}");
        for (line, (begin, end)) in found.iter().zip(*wanted) {
            assert!(
                line.starts_with(begin) && line.ends_with(end),
                "{id}: {line}\nis not {begin} ... {end}"
            );
        }
    }
}

/// A case about one element, which begins in line 7, column 5.
fn element<'a>(id: &'a str, list: &str, text: &str, wanted: &'a [(&'a str, &'a str)]) -> Case<'a> {
    (id, elements(list, &format!("- {text}")), wanted)
}

/// A case about one item of `ports` under `ingress`.
fn port<'a>(id: &'a str, port: &str, wanted: &'a [(&'a str, &'a str)]) -> Case<'a> {
    let text = elements("ingress", &format!("- toPorts:\n  - ports:\n    - {port}"));
    (id, text, wanted)
}

/// A case about more fields of an item of `toPorts` with port 443/TCP.
fn beside<'a>(id: &'a str, list: &str, more: &str, wanted: &'a [(&'a str, &'a str)]) -> Case<'a> {
    let ports = "- toPorts:\n  - ports: [{port: \"443\", protocol: TCP}]";
    (id, elements(list, &format!("{ports}\n    {more}")), wanted)
}

#[test]
fn objects() {
    let head = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p}\n";
    check(&[
        ("OBJ-7", head.to_owned(), &[("2:1 empty-policy", "`ingress` or `egress`)")]),
        (
            "OBJ-11",
            format!(
                "{head}specs:\n- {{endpointSelector: {{}}, ingress: [{{}}]}}\n- {{endpointSelector: {{}}}}\n"
            ),
            &[("6:3 empty-policy", "`egress: [{}]`)")],
        ),
        ("TYP-6", format!("{head}spec: null\n"), &[("4:7 wrong-type", "a mapping, not null")]),
        (
            "QUIRK-8",
            format!(
                "{head}specification: {{}}\nspec: {{endpointSelector: {{}}, ingress: [{{}}]}}\n"
            ),
            &[("4:1 unknown-field", "spec, specs, status)")],
        ),
        (
            "QUIRK-8",
            format!("{head}spec: {{endpointSelector: {{}}, ingress: [{{}}]}}\negress: []\n"),
            &[("5:1 unknown-field", "(it belongs under `spec`: indent it)")],
        ),
    ]);
}

#[test]
fn rules_and_subjects() {
    check(&[
        (
            "RULE-1",
            cnp("endpointSelector: {}\ningress: []"),
            &[("6:3 empty-policy", "`egress: [{}]`)")],
        ),
        (
            "RULE-2",
            cnp("ingress: [{}]"),
            &[("5:3 subject the rule has no subject", "means all endpoints)")],
        ),
        (
            "RULE-2",
            ccnp("endpointSelector: {}\nnodeSelector: {}\ningress: [{}]"),
            &[("6:3 subject", "(write two rules under `specs`)")],
        ),
        (
            "OBJ-10",
            cnp("nodeSelector: {}\ningress: [{}]"),
            &[("5:3 subject", "the kind CiliumClusterwideNetworkPolicy)")],
        ),
        (
            "TYP-6",
            cnp("endpointSelector: null\ningress: [null]\negress: null"),
            &[
                ("5:21 wrong-type", "a mapping, not null"),
                ("6:13 wrong-type", "a mapping, not null"),
                ("7:11 wrong-type", "a list, not null"),
            ],
        ),
        (
            "TYP-8",
            cnp(
                "endpointSelector: {}\nlabels: [\"k8s:a=b\", {value: x}, {key: \"\"}]\ningress: [{}]",
            ),
            &[
                ("6:12 wrong-type", "(write {key: k8s:a=b}, with `value` and `source` if needed)"),
                ("6:23 missing-field", "is missing"),
                ("6:41 invalid-value", "is empty"),
            ],
        ),
        (
            "TYP-9",
            cnp(
                "endpointSelector: {}\nlog: {value: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\\txx\"}\ningress: [{}]",
            ),
            &[
                ("6:16 invalid-value", "has 33 bytes, at most 32"),
                ("6:16 invalid-value", "cannot be printed"),
            ],
        ),
        (
            "RULE-4",
            cnp(
                "endpointSelector: {}\nenableDefaultDeny: {ingress: \"false\", out: true}\ningress: [{}]",
            ),
            &[
                ("6:41 unknown-field", "(fields here: ingress, egress)"),
                ("6:32 wrong-type", "a boolean, not a string"),
            ],
        ),
        (
            "TRN-1",
            cnp("endpointSelector: {}\npriority: 1\ningress: [{}]"),
            &[("6:3 unknown-field", "every deny wins over all of them)")],
        ),
    ]);
}

#[test]
fn peers() {
    check(&[
        element(
            "ENTRY-1",
            "egress",
            "toFQDNs: [{matchName: a.b}]\n  toCIDR: [10.0.0.0/8]",
            &[(
                "8:5 mixed-peers `toCIDR` cannot stand beside `toFQDNs`",
                "(begin a new element with `- toCIDR:`)",
            )],
        ),
        element(
            "ENTRY-1",
            "ingress",
            "fromCIDR: [10.0.0.0/8]\n  fromEndpoints: [{}]\n  fromEntities: [all]",
            &[
                ("8:5 mixed-peers", "`- fromEndpoints:`)"),
                ("9:5 mixed-peers", "`- fromEntities:`)"),
            ],
        ),
        element(
            "ENTRY-6",
            "ingress",
            "fromRequires: [{matchLabels: {a: b}}]",
            &[("7:5 unsupported `fromRequires` is not supported: Cilium 1.19 removed it", ")")],
        ),
        element(
            "QUIRK-8",
            "ingress",
            "fromEndpoint: [{}]",
            &[(
                "7:5 unknown-field unknown field `spec.ingress[0].fromEndpoint`",
                "(did you mean `fromEndpoints`?)",
            )],
        ),
        element(
            "QUIRK-8",
            "ingress",
            "toEndpoints: [{}]",
            &[("7:5 unknown-field", "(under `ingress` it is `fromEndpoints`)")],
        ),
        element(
            "ENTV-2",
            "ingress",
            "fromEntities: [World, moon, world-ipv4, \"\"]",
            &[
                ("7:20 invalid-value", "(write world: the case counts)"),
                ("7:27 invalid-value", "none, kube-apiserver)"),
                ("7:33 invalid-value", "none, kube-apiserver)"),
                ("7:45 invalid-value", "none, kube-apiserver)"),
            ],
        ),
        element(
            "NODEV-2",
            "egress",
            "toNodes: [{}]",
            &[("7:5 disabled `toNodes` is switched off", ")")],
        ),
        element(
            "GRPV-2",
            "egress",
            "toGroups: [{aws: {region: x}}]",
            &[("7:5 unsupported `toGroups`", ")")],
        ),
        element(
            "QUIRK-6",
            "egressDeny",
            "toServices: [{k8sService: {serviceName: a}}]",
            &[("7:5 unsupported `toServices`", "or its addresses with `toCIDR`)")],
        ),
        element(
            "SVCV",
            "egress",
            "toServices: [{k8sServiceSelector: {namespace: x}}]",
            &[("7:39 missing-field", "is missing")],
        ),
        element(
            "SELV-2",
            "ingress",
            "fromEndpoints:\n  - matchLabels: {\"a b\": c, d: \"e f\", g: 1}",
            &[
                ("8:21 invalid-label", ")"),
                ("8:34 invalid-label", "at both ends"),
                ("8:44 wrong-type", "(quote it: \"1\")"),
            ],
        ),
    ]);
}

#[test]
fn fields_that_deny_elements_do_not_have() {
    // TYP-5
    check(&[
        element(
            "L7V-5",
            "ingressDeny",
            "toPorts: [{ports: [{port: \"80\"}], rules: {http: [{}]}}]",
            &[("7:39 unknown-field", "allow the requests that are wanted instead)")],
        ),
        element(
            "FQDNV-6",
            "egressDeny",
            "toFQDNs: [{matchName: a.b}]",
            &[("7:5 unknown-field", "or deny prefixes with `toCIDRSet`)")],
        ),
        element(
            "AUTHV",
            "ingressDeny",
            "authentication: {mode: required}",
            &[("7:5 unknown-field", "remove it, or use an allow element)")],
        ),
    ]);
}

#[test]
fn prefixes() {
    check(&[
        element(
            "CIDRV-7",
            "ingress",
            "fromCIDRSet:\n  - cidr: 172.224.3/32",
            &[(
                "8:13 invalid-cidr `172.224.3/32` is no prefix",
                "(an IPv4 address needs four numbers: 172.224.3.0/24 or 172.224.3.x/32)",
            )],
        ),
        element(
            "CIDRV-1",
            "ingress",
            "fromCIDR: [10.0.0.1, 10.0.0.0/33, \"\", 1]",
            &[
                ("7:16 invalid-cidr", "(add the length: 10.0.0.1/32)"),
                ("7:26 invalid-cidr", "(the length is a number from 0 to 32)"),
                ("7:39 invalid-cidr", ")"),
                ("7:43 wrong-type", "(quote it: \"1\")"),
            ],
        ),
        element(
            "CIDRV-3",
            "ingress",
            "fromCIDRSet: [{}, {cidr: 10.0.0.0/8, cidrGroupRef: g}]",
            &[("7:19 missing-field", ")"), ("7:42 mixed-peers", ")")],
        ),
        element(
            "CIDRV-5",
            "ingress",
            "fromCIDRSet: [{cidr: 10.0.0.0/8, except: [11.0.0.0/16, 10.0.0.1, \"::/0\"]}]",
            &[
                ("7:60 invalid-cidr", "(add the length: 10.0.0.1/32)"),
                ("7:47 invalid-cidr `11.0.0.0/16` does not lie inside 10.0.0.0/8", ")"),
                ("7:70 invalid-cidr `::/0` does not lie inside 10.0.0.0/8", ")"),
            ],
        ),
        element(
            "LIM-9",
            "ingress",
            "fromCIDRSet: [{cidrGroupRef: Not_Valid}]",
            &[("7:34 invalid-name", "each part")],
        ),
        element(
            "QUIRK-8",
            "egress",
            "toCIDRSet:\n  - cidr: 10.0.0.0/8\n    toPorts: []",
            &[("9:7 unknown-field", "give it the same indentation)")],
        ),
    ]);
}

#[test]
fn names() {
    check(&[
        element(
            "FQDNV-4",
            "egress",
            "toFQDNs: [{matchName: \"*.a\"}]",
            &[("7:27 invalid-dns-name", "(write `matchPattern: \"*.a\"`)")],
        ),
        element(
            "FQDNV-1",
            "egress",
            "toFQDNs: [{}, {matchName: a, matchPattern: b}]",
            &[("7:15 missing-field", ")"), ("7:34 invalid-value", "(make two items of them)")],
        ),
        element(
            "FQDNV-3",
            "egress",
            "toFQDNs: [{matchName: .a}, {matchPattern: a..b}]",
            &[
                ("7:27 invalid-dns-name", "nothing before it"),
                ("7:47 invalid-dns-name", "nothing before it"),
            ],
        ),
    ]);
}

#[test]
fn ports() {
    let forty_one: Vec<String> = (1..=41).map(|n| format!("{{port: \"{n}\"}}")).collect();
    let too_many = format!("toPorts:\n  - ports: [{}]", forty_one.join(", "));
    let place = too_many.lines().nth(1).unwrap().find("{port: \"41\"").unwrap() + 3;
    let place: &str =
        format!("8:{place} too-many `spec.ingress[0].toPorts[0].ports` has 41 items, at most 40")
            .leak();
    check(&[
        port(
            "TYP-1",
            "port: 443",
            &[("9:15 wrong-type", "must be a string, not an integer (quote it: \"443\")")],
        ),
        port(
            "PORTV-2",
            "protocol: TCP",
            &[("9:9 missing-field", "(to mean all ports write port: \"0\")")],
        ),
        port(
            "PORTV-4",
            "port: \"080\"",
            &[("9:15 invalid-port", "(write \"80\": Cilium reads leading zeros as octal)")],
        ),
        port(
            "QUIRK-16",
            "port: \"0x50\"",
            &[("9:15 invalid-port", "(write the number in decimal)")],
        ),
        port(
            "PORTV-9",
            "port: \"80-90\"",
            &[("9:15 invalid-port", "(write port: \"80\", endPort: 90)")],
        ),
        port(
            "PORTV-6",
            "{port: \"80\", protocol: tcp}",
            &[("9:32 invalid-value", "(write TCP: the case counts)")],
        ),
        port(
            "PORTV-6",
            "{port: \"80\", protocol: ICMP}",
            &[("9:32 invalid-value", "in an element of its own)")],
        ),
        port(
            "PORTV-7",
            "{port: \"80\", protocol: VRRP}",
            &[("9:16 invalid-port VRRP has no ports", ")")],
        ),
        port(
            "TYP-3",
            "{port: \"80\", endPort: \"90\"}",
            &[("9:31 wrong-type", "an integer, not a string")],
        ),
        port("DIV-16", "{port: \"80\", endPort: 65536}", &[("9:31 invalid-port", "0 to 65535")]),
        element("LIM-1", "ingress", &too_many, &[(place, "(make a second item of `toPorts`)")]),
        element("LIM-1", "ingressDeny", &too_many, &[("8:", "(make a second item of `toPorts`)")]),
        element(
            "ENTRY-4",
            "ingress",
            "icmps: [{fields: [{type: 8}]}]\n  toPorts: [{ports: [{port: \"80\"}]}]",
            &[("7:5 mixed-ports", "(begin a new element with `- icmps:`)")],
        ),
        element(
            "QUIRK-8",
            "ingress",
            "toPorts: [{port: \"80\"}]",
            &[("7:16 unknown-field", "(write `ports: [{port: ...}]`)")],
        ),
    ]);
}

#[test]
fn icmp_types() {
    check(&[
        element(
            "ICMPV-4",
            "ingress",
            "icmps: [{fields: [{type: PacketTooBig}]}]",
            &[("7:30 invalid-value", "(add `family: IPv6`)")],
        ),
        element(
            "ICMPV-4",
            "ingress",
            "icmps: [{fields: [{type: echo}]}]",
            &[("7:30 invalid-value", "(write Echo: the case counts)")],
        ),
        element(
            "ICMPV-3",
            "ingress",
            "icmps: [{fields: [{type: 8, family: IPv5}]}]",
            &[("7:41 invalid-value", "(write one of IPv4, IPv6)")],
        ),
        element(
            "ICMPV-6",
            "ingress",
            "icmps: [{fields: [{type: ExtendedEchoReply}, {}]}]",
            &[("7:30 invalid-value", "161 for IPv6)"), ("7:50 missing-field", "is missing")],
        ),
        element(
            "ICMPV-5",
            "ingress",
            "icmps: [{fields: [{type: \"256\"}]}]",
            &[("7:30 invalid-value", ")")],
        ),
    ]);
    let mut options = Options::default();
    options.icmp_rules = false;
    let icmp =
        element("ICMPV-2", "ingress", "icmps: [{fields: [{type: 8}]}]", &[("7:5 disabled", ")")]);
    check_with(&options, &[icmp]);
}

#[test]
fn l7_rules() {
    check(&[
        beside("L7V-1", "ingress", "rules: {}", &[("9:14 invalid-l7", "or remove it)")]),
        beside(
            "L7V-1",
            "ingress",
            "rules: {http: [{}], l7proto: x}",
            &[("9:27 invalid-l7 `l7proto` cannot stand beside `http`", ")")],
        ),
        beside(
            "L7V-8",
            "ingress",
            "rules: {dns: [{matchPattern: \"*\"}]}",
            &[("9:15 invalid-l7", "of those who ask)")],
        ),
        beside(
            "HTTP-4",
            "ingress",
            "rules: {http: [{path: \"/(\"}]}",
            &[("9:29 invalid-regex `/(` cannot be used", ")")],
        ),
        beside(
            "HTTP-3",
            "ingress",
            "rules: {http: [{method: \"(?=a)\"}]}",
            &[("9:31 invalid-regex", ")")],
        ),
        beside(
            "L7V",
            "ingress",
            "rules: {http: [{headerMatches: [{value: x}, {name: a, mismatch: DROP}, {name: b, secret: {name: \"\"}}]}]}",
            &[
                ("9:39 missing-field", "is missing"),
                ("9:71 invalid-value", "REPLACE)"),
                ("9:96 invalid-value", "(add `name`)"),
            ],
        ),
        beside("L7V-12", "ingress", "rules: {kafka: [{topic: t}]}", &[("9:15 unsupported", ")")]),
        beside("GEN-4", "ingress", "rules: {l7proto: x}", &[("9:15 unsupported", ")")]),
        beside(
            "L7V-11",
            "egress",
            "rules: {http: [{}]}\n    serverNames: [a.b]\n    listener: {envoyConfig: {name: c}, name: l}",
            &[("11:7 invalid-l7", ")"), ("10:7 invalid-l7", ")")],
        ),
        element(
            "L7V-6",
            "ingress",
            "toPorts: [{ports: [{port: \"80\"}, {port: \"81\", protocol: UDP}], rules: {http: [{}]}}]",
            &[
                ("7:24 invalid-l7", "(write protocol: TCP)"),
                ("7:61 invalid-l7", "(write protocol: TCP)"),
            ],
        ),
        element(
            "L7V-7",
            "egress",
            "toPorts: [{ports: [{port: \"53\", endPort: 54}, {port: \"0\"}], rules: {dns: [{matchName: a}]}}]",
            &[
                ("7:46 invalid-l7", "(list the ports one by one)"),
                ("7:58 invalid-l7", "(name the ports)"),
            ],
        ),
        element(
            "L7V-8",
            "egress",
            "toPorts: [{rules: {dns: [{matchName: a}]}}]",
            &[("7:24 invalid-l7", "protocol: ANY}]`)")],
        ),
    ]);
    let mut options = Options::default();
    options.l7_proxy = false;
    let http = beside("L7V-9", "ingress", "rules: {http: [{}]}", &[("9:7 disabled", ")")]);
    check_with(&options, &[http]);
}

#[test]
fn l7_rules_of_nodes() {
    // HOSTV-1, HOSTV-2
    let http = "toPorts: [{ports: [{port: \"80\", protocol: TCP}], rules: {http: [{}]}}]";
    for list in ["ingress", "egress"] {
        let text = ccnp(&format!("nodeSelector: {{}}\n{list}:\n- {http}"));
        let (policies, report) = read(&text, &Options::default());
        assert!(policies.is_empty());
        let errors: Vec<_> = report.errors().collect();
        assert_eq!(errors.len(), 1);
        assert_eq!((errors[0].code().0, errors[0].place().column), ("invalid-l7", 62));
    }
}

#[test]
fn tls_and_listeners() {
    check(&[
        beside(
            "TLSV-3",
            "egress",
            "serverNames: [\"\", \"*\", a.b, a.b, \"a.*.b\"]",
            &[
                ("9:21 invalid-dns-name", ")"),
                ("9:25 invalid-dns-name", ")"),
                ("9:35 invalid-value", "stands twice in the list"),
                ("9:40 invalid-dns-name", ")"),
            ],
        ),
        beside("TLSV-3", "egress", "serverNames: []", &[("9:7 invalid-value", ")")]),
        beside(
            "TLSV",
            "egress",
            "terminatingTLS: {certificate: c}",
            &[("9:23 missing-field", "is missing")],
        ),
        beside(
            "LSTV-1",
            "ingress",
            "listener: {envoyConfig: {name: c}, name: l}",
            &[("9:7 invalid-l7", ")")],
        ),
        beside(
            "LSTV",
            "egress",
            "listener: {envoyConfig: {kind: Other, name: \"\"}, name: \"\", priority: 101}",
            &[
                ("9:62 invalid-value", "is empty"),
                ("9:76 invalid-value", ")"),
                ("9:38 invalid-value", ")"),
                ("9:51 invalid-value", "is empty"),
            ],
        ),
        beside("LSTV", "egress", "listener: {name: l}", &[("9:17 missing-field", "is missing")]),
    ]);
}

#[test]
fn authentication() {
    check(&[
        element(
            "AUTHV-1",
            "ingress",
            "authentication: {}",
            &[("7:21 missing-field", "is missing")],
        ),
        element(
            "QUIRK-22",
            "ingress",
            "authentication: {mode: other}",
            &[("7:28 invalid-value", "test-always-fail)")],
        ),
    ]);
}

#[test]
fn wrong_types_deep_inside() {
    check(&[
        element(
            "TYP",
            "ingress",
            "fromCIDR: 10.0.0.0/8",
            &[("7:15 wrong-type", "a list, not a string")],
        ),
        element(
            "TYP",
            "ingress",
            "fromEndpoints: {}",
            &[("7:20 wrong-type", "a list, not a mapping")],
        ),
        element(
            "TYP",
            "ingress",
            "toPorts:\n  - ports:\n    - \"80\"",
            &[("9:9 wrong-type", "a mapping, not a string")],
        ),
        element(
            "TYP",
            "ingress",
            "toPorts:\n  - ports: [{port: [80]}]",
            &[("8:22 wrong-type", "a string, not a list")],
        ),
    ]);
}

#[test]
fn every_problem_of_a_document_is_reported() {
    let text = elements(
        "egress",
        "- toCIDRSet:\n  - cidr: 10.0.0/8\n- toPorts:\n  - ports: [{port: 443}]\n- toEntitie: [world]",
    );
    check(&[(
        "ORD-1",
        text,
        &[
            ("8:13 invalid-cidr", ")"),
            ("10:22 wrong-type", ")"),
            ("11:5 unknown-field", "`toEntities`?)"),
        ],
    )]);
}

#[test]
fn kafka_and_generic_rules_are_checked_where_others_evaluate_them() {
    let mut options = Options::default();
    options.unsupported = Unsupported::Delegate;
    let cases = [
        beside(
            "KFK-2",
            "ingress",
            "rules: {kafka: [{role: produce, apiKey: fetch}, {apiVersion: \"x\", topic: \"a b\"}, {apiKey: y}]}",
            &[
                ("9:39 invalid-value", ")"),
                ("9:68 invalid-value", "here"),
                ("9:80 invalid-value", "here"),
                ("9:97 invalid-value", ")"),
            ],
        ),
        beside(
            "GEN-1",
            "ingress",
            "rules: {l7proto: x, l7: [{\"\": a}]}",
            &[("9:33 invalid-value", "matches nothing")],
        ),
        beside(
            "L7V-4",
            "ingress",
            "rules: {http: [], l7: [{a: b}]}",
            &[("9:25 invalid-l7", "beside it")],
        ),
        element("GRPV-1", "egress", "toGroups: [{aws: {ids: []}}]", &[("7:23 unknown-field", ")")]),
    ];
    check_with(&options, &cases);
}
