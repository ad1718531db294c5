//! What accepted policies mean.

use netpol_core::LabelSet;
use netpol_policy::rule::{ElementList, L7Rules, Mismatch, Peer, Peers, PolicyKind, Ports};
use netpol_policy::{Options, Unsupported};

use crate::describe;
use crate::read::{ccnp, cnp, elements, policy};

/// The peer scope of a CiliumNetworkPolicy in `default`.
const HERE: &str =
    "k8s:io.cilium.k8s.policy.cluster=default,k8s:io.kubernetes.pod.namespace=default";

fn described(text: &str, options: &Options) -> Vec<String> {
    describe::elements(&policy(text, options))
}

/// Checks what single elements of a list mean.
fn check(list: &str, cases: &[(&str, &str)]) {
    check_with(&Options::default(), list, cases);
}

fn check_with(options: &Options, list: &str, cases: &[(&str, &str)]) {
    for (element, wanted) in cases {
        let text = elements(list, &format!("- {element}"));
        assert_eq!(described(&text, options), [*wanted], "{element}");
    }
}

#[test]
fn spec_comes_before_specs_and_every_element_knows_its_place() {
    // OBJ-5, OBJ-14
    let text = cnp(
        "endpointSelector: {}\negress:\n- toEntities: [host]\ningress:\n- {fromEntities: [host]}\n- {}",
    ) + "specs:\n- endpointSelector: {}\n  ingressDeny: [{fromEntities: [world]}]\n";
    let policy = policy(&text, &Options::default());
    assert_eq!(policy.name.to_string(), "cnp:default/p");
    assert_eq!(policy.name.kind, PolicyKind::Cilium);
    let elements = policy.rules.iter().flat_map(|rule| &rule.elements);
    let origins: Vec<String> = elements.map(|element| element.origin.to_string()).collect();
    let wanted = [
        "cnp:default/p ingress[0] (p.yaml:9)",
        "cnp:default/p ingress[1] (p.yaml:10)",
        "cnp:default/p egress[0] (p.yaml:7)",
        "cnp:default/p specs[0] ingressDeny[0] (p.yaml:13)",
    ];
    assert_eq!(origins, wanted);
    let deny = &policy.rules[1].elements[0];
    assert!(deny.deny);
    assert_eq!(deny.origin.list, ElementList::IngressDeny);
}

#[test]
fn subjects_of_a_namespace_stay_in_it() {
    // SUBJ-2, SUBJ-4, SUBJ-5
    let key = "k8s:io.kubernetes.pod.namespace";
    let cases = [
        ("{}", format!("{key}=default")),
        ("{matchLabels: {a: b}}", format!("any:a=b,{key}=default")),
        ("{matchLabels: {\"k8s:io.kubernetes.pod.namespace\": other}}", format!("{key}=default")),
        (
            "{matchLabels: {io.kubernetes.pod.namespace: other}}",
            format!("any:io.kubernetes.pod.namespace=other,{key}=default"),
        ),
    ];
    for (selector, wanted) in cases {
        let spec = format!("endpointSelector: {selector}\ningress: [{{}}]");
        let policy_ = policy(&cnp(&spec), &Options::default());
        let subject = &policy_.rules[0].subject;
        assert_eq!(subject.selector.to_string(), wanted, "{selector}");
        assert!(!subject.node);
    }
    let everywhere = policy(&ccnp("endpointSelector: {}\ningress: [{}]"), &Options::default());
    assert!(everywhere.rules[0].subject.selector.is_wildcard());
    let nodes = policy(&ccnp("nodeSelector: {}\ningress: [{}]"), &Options::default());
    assert!(nodes.rules[0].subject.node);
}

#[test]
fn peers_of_a_namespace_are_scoped() {
    // PEER-1 to PEER-6, EX-4
    let cluster = "k8s:io.cilium.k8s.policy.cluster=default";
    let cases = [
        ("{}", HERE.to_owned()),
        ("{matchLabels: {app: b}}", format!("any:app=b,{HERE}")),
        ("{matchLabels: {\"reserved:host\": \"\"}}", "reserved:host=".to_owned()),
        (
            "{matchExpressions: [{key: \"reserved:host\", operator: DoesNotExist}]}",
            "!reserved:host".to_owned(),
        ),
        (
            "{matchExpressions: [{key: io.kubernetes.pod.namespace, operator: Exists}]}",
            format!("{cluster},any:io.kubernetes.pod.namespace"),
        ),
        (
            "{matchLabels: {\"k8s:io.cilium.k8s.namespace.labels.team\": y}}",
            format!("k8s:io.cilium.k8s.namespace.labels.team=y,{cluster}"),
        ),
        (
            "{matchLabels: {io.cilium.k8s.policy.cluster: remote}}",
            "any:io.cilium.k8s.policy.cluster=remote,k8s:io.kubernetes.pod.namespace=default"
                .to_owned(),
        ),
    ];
    for (selector, wanted) in cases {
        let text = elements("ingress", &format!("- fromEndpoints: [{selector}]"));
        let wanted = format!("allow from [{wanted}] on all");
        assert_eq!(described(&text, &Options::default()), [wanted], "{selector}");
    }
}

#[test]
fn peers_of_a_clusterwide_policy_are_pods() {
    // PEER-4
    let ingress = "ingress: [{fromEndpoints: [{}]}]";
    let cluster = "k8s:io.cilium.k8s.policy.cluster=default";
    let text = ccnp(&format!("endpointSelector: {{}}\n{ingress}"));
    let wanted = format!("allow from [{cluster},k8s:io.kubernetes.pod.namespace] on all");
    assert_eq!(described(&text, &Options::default()), [wanted]);

    let init = "endpointSelector: {matchLabels: {\"reserved:init\": \"\"}}";
    let text = ccnp(&format!("{init}\n{ingress}"));
    let wanted = format!("allow from [{cluster}] on all");
    assert_eq!(described(&text, &Options::default()), [wanted]);

    let mut options = Options::default();
    options.default_local_cluster = false;
    assert_eq!(described(&text, &options), ["allow from [*] on all"]);
}

#[test]
fn entities_stand_for_selectors() {
    // ENT-1
    let cluster = "reserved:host=; reserved:remote-node=; reserved:init=; reserved:ingress=; \
                   reserved:health=; reserved:unmanaged=; reserved:kube-apiserver=; \
                   k8s:io.cilium.k8s.policy.cluster=default";
    let world = "reserved:world=; reserved:world-ipv4=; reserved:world-ipv6=";
    let cases = [
        ("all", "*".to_owned()),
        ("world", world.to_owned()),
        ("cluster", cluster.to_owned()),
        ("none", "reserved:none=".to_owned()),
        ("host, host, health", "reserved:host=; reserved:health=".to_owned()),
    ];
    for (entities, wanted) in cases {
        let text = elements("egress", &format!("- toEntities: [{entities}]"));
        let wanted = format!("allow to [{wanted}] on all");
        assert_eq!(described(&text, &Options::default()), [wanted]);
    }
}

#[test]
fn prefixes_are_selectors_of_cidr_labels() {
    // CIDR-2 to CIDR-5, QUIRK-13
    check(
        "ingress",
        &[
            ("fromCIDR: [10.1.2.3/8]", "allow from [cidr:10.0.0.0/8] on all"),
            ("fromCIDR: [\"2001:DB8::/32\"]", "allow from [cidr:2001-db8--0/32] on all"),
            ("fromCIDR: [0.0.0.0/0]", "allow from [cidr:0.0.0.0/0; reserved:world-ipv4=] on all"),
            ("fromCIDR: [\"::/0\"]", "allow from [cidr:0--0/0; reserved:world-ipv6=] on all"),
            ("fromCIDR: [10.0.0.0/0]", "allow from [cidr:0.0.0.0/0] on all"),
            (
                "fromCIDRSet: [{cidr: 10.0.0.0/0}]",
                "allow from [cidr:0.0.0.0/0; reserved:world-ipv4=] on all",
            ),
            (
                "fromCIDRSet: [{cidr: 10.0.0.0/8, except: [10.96.0.1/12, 10.0.0.0/4]}]",
                "allow from [cidr:10.0.0.0/8,!cidr:10.96.0.0/12,!cidr:0.0.0.0/4] on all",
            ),
            (
                "fromCIDRSet: [{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}]",
                "allow from [cidr:0.0.0.0/0,!cidr:10.0.0.0/8; \
                 reserved:world-ipv4=,!cidr:10.0.0.0/8] on all",
            ),
        ],
    );
}

#[test]
fn the_outside_of_a_family_that_is_off_is_nobody() {
    // CIDR-5, QUIRK-12
    let mut v4 = Options::default();
    v4.ipv6 = false;
    check_with(
        &v4,
        "ingress",
        &[
            ("fromCIDR: [0.0.0.0/0]", "allow from [cidr:0.0.0.0/0; reserved:world=] on all"),
            ("fromCIDR: [\"::/0\"]", "allow from [cidr:0--0/0] on all"),
            ("fromCIDRSet: [{cidr: \"::/0\"}]", "allow from [cidr:0--0/0] on all"),
        ],
    );
    let mut v6 = Options::default();
    v6.ipv4 = false;
    check_with(
        &v6,
        "ingress",
        &[
            ("fromCIDRSet: [{cidr: 0.0.0.0/0}]", "allow from [cidr:0.0.0.0/0] on all"),
            ("fromCIDRSet: [{cidr: \"::/0\"}]", "allow from [cidr:0--0/0; reserved:world=] on all"),
        ],
    );
}

#[test]
fn cidr_groups_are_selectors_of_their_labels() {
    // CG-2, CG-3, CG-6, QUIRK-10
    let any_group = "cidrgroup:io.cilium.policy.cidrgroupname/*";
    let negative = format!("{any_group},cidrgroup:a notin (b)");
    let absent = format!("{any_group},!cidrgroup:a");
    let cases = [
        ("cidrGroupRef: g", "cidrgroup:io.cilium.policy.cidrgroupname/g"),
        ("cidrGroupSelector: {matchLabels: {a: b}}", "cidrgroup:a=b"),
        (
            "cidrGroupSelector: {matchLabels: {a: b}}, except: [10.0.0.0/8]",
            "cidrgroup:a=b,!cidr:10.0.0.0/8",
        ),
        ("cidrGroupSelector: {}", any_group),
        (
            "cidrGroupSelector: {matchExpressions: [{key: a, operator: NotIn, values: [b]}]}",
            &negative,
        ),
        ("cidrGroupSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}", &absent),
    ];
    for (member, wanted) in cases {
        let text = elements("ingress", &format!("- fromCIDRSet: [{{{member}}}]"));
        let wanted = format!("allow from [{wanted}] on all");
        assert_eq!(described(&text, &Options::default()), [wanted], "{member}");
    }
}

#[test]
fn negative_group_selectors_match_members_of_groups_only() {
    // QUIRK-10
    let expression = "{key: zone, operator: NotIn, values: [b]}";
    let item = format!("{{cidrGroupSelector: {{matchExpressions: [{expression}]}}}}");
    let text = elements("ingress", &format!("- fromCIDRSet: [{item}]"));
    let policy = policy(&text, &Options::default());
    let Peers::AnyOf(peers) = &policy.rules[0].elements[0].peers else {
        panic!("no peers");
    };
    let Peer::Selector(selector) = &peers[0] else {
        panic!("no selector");
    };
    assert!(!selector.is_wildcard());
    let member = "cidrgroup:io.cilium.policy.cidrgroupname/g=;";
    for (labels, wanted) in [
        (format!("{member}reserved:world-ipv4=;"), true),
        (format!("{member}cidrgroup:zone=a;"), true),
        (format!("{member}cidrgroup:zone=b;"), false),
        ("k8s:app=a;".to_owned(), false),
        ("k8s:io.cilium.policy.cidrgroupname/g=;".to_owned(), false),
        ("cidr:10.0.0.0/8=;reserved:world-ipv4=;".to_owned(), false),
    ] {
        let found = selector.matches(&LabelSet::from_canonical(&labels));
        assert_eq!(found, wanted, "{labels}");
    }
}

#[test]
fn names_nodes_and_services_are_peers() {
    // FQDN-1, NODE-1, SVC-2
    let mut options = Options::default();
    options.node_selector_labels = true;
    check_with(
        &options,
        "egress",
        &[
            (
                "toFQDNs: [{matchName: A.com}, {matchPattern: \"*.b\"}]",
                "allow to [fqdn:A.com; fqdn:*.b] on all",
            ),
            (
                "toNodes: [{matchLabels: {a: b}}]",
                "allow to [any:a=b,k8s:io.cilium.k8s.policy.cluster=default,reserved:remote-node] on all",
            ),
            (
                "toServices: [{k8sService: {serviceName: s, namespace: n}}, {k8sService: {serviceName: t}}]",
                "allow to [service n/s; service /t] on all",
            ),
            (
                "toServices: [{k8sServiceSelector: {selector: {matchLabels: {a.b/c: d}}, namespace: n}}]",
                "allow to [service n/any:a.b/c=d] on all",
            ),
        ],
    );
}

#[test]
fn absent_and_empty_are_not_the_same() {
    // PEER-8 to PEER-12, EX-5, PORT-2, QUIRK-5
    check(
        "ingress",
        &[
            ("{}", "allow from unrestricted on all"),
            ("fromEndpoints: []", "allow from nobody on all"),
            ("{fromCIDR: [], fromEntities: [world]}", "allow from nobody on all"),
            ("{fromNodes: [], toPorts: []}", "allow from nobody on all"),
            ("{fromRequires: []}", "allow from unrestricted on all"),
            (
                "toPorts: [{ports: [{port: \"80\", protocol: TCP}]}]",
                "allow from unrestricted on [TCP 80]",
            ),
            ("{fromEntities: [all], toPorts: []}", "allow from [*] on all"),
            ("{fromEntities: [all], toPorts: [{}]}", "allow from [*] on []"),
            ("{fromEntities: [all], icmps: []}", "allow from [*] on all"),
            ("{icmps: [{fields: []}]}", "allow from unrestricted on []"),
            ("{icmps: [{}]}", "allow from unrestricted on []"),
        ],
    );
    check(
        "egress",
        &[
            (
                "{toFQDNs: [], toPorts: [{ports: [{port: \"80\", protocol: TCP}]}]}",
                "allow to [] on [TCP 80]",
            ),
            ("{toServices: []}", "allow to [] on all"),
            ("{toServices: [{}]}", "allow to [service ] on all"),
            ("{toFQDNs: [], toEntities: [host]}", "allow to [reserved:host=] on all"),
        ],
    );
    check(
        "ingressDeny",
        &[
            ("{}", "deny from unrestricted on all"),
            ("{fromGroups: []}", "deny from unrestricted on all"),
        ],
    );
}

#[test]
fn ports_are_expanded_and_kept_as_written() {
    // PORT-3, PORT-4, PORTV-3, PORTV-8
    let cases = [
        ("{port: \"80\"}", "TCP 80 + UDP 80 + SCTP 80"),
        ("{port: \"80\", protocol: ANY}", "TCP 80 + UDP 80 + SCTP 80"),
        ("{port: \"0\", protocol: UDP}", "UDP 0"),
        ("{port: \"80\", endPort: 90, protocol: TCP}", "TCP 80-90"),
        ("{port: \"80\", endPort: 70, protocol: TCP}", "TCP 80-70"),
        ("{port: Http-Alt, endPort: 90, protocol: TCP}", "TCP http-alt-90"),
        ("{port: \"1e3\", protocol: SCTP}", "SCTP 1e3"),
        ("{port: \"0\", protocol: VRRP}", "VRRP 0"),
    ];
    for (port, wanted) in cases {
        let text = elements("ingress", &format!("- toPorts: [{{ports: [{port}]}}]"));
        let wanted = format!("allow from unrestricted on [{wanted}]");
        assert_eq!(described(&text, &Options::default()), [wanted], "{port}");
    }
    let mut options = Options::default();
    options.extended_ip_protocols = true;
    check_with(
        &options,
        "ingress",
        &[("toPorts: [{ports: [{protocol: IGMP}]}]", "allow from unrestricted on [IGMP 0]")],
    );
}

#[test]
fn icmp_types_are_ports_of_their_own() {
    // ICMP-1, ICMPV-3 to ICMPV-5, QUIRK-3
    let cases = [
        ("{type: 8}", "ICMP type 8"),
        ("{type: \"8\"}", "ICMP type 8"),
        ("{type: EchoReply}", "ICMP type 0"),
        ("{type: EchoRequest, family: IPv6}", "ICMPv6 type 128"),
        ("{type: 0, family: IPv6}", "ICMPv6 type 0"),
        ("{type: 256}", ""),
        ("{type: -1}", ""),
    ];
    for (field, wanted) in cases {
        let text = elements("ingress", &format!("- icmps: [{{fields: [{field}]}}]"));
        let wanted = format!("allow from unrestricted on [{wanted}]");
        assert_eq!(described(&text, &Options::default()), [wanted], "{field}");
    }
    check(
        "ingressDeny",
        &[("icmps: [{fields: [{type: -1}, {type: 256}]}]", "deny from unrestricted on [ICMP 0]")],
    );
}

#[test]
fn default_deny_is_a_property_of_elements() {
    // RULE-4, RULE-5, DD-5
    let spec = "endpointSelector: {}\nenableDefaultDeny: {ingress: false}\n\
                ingress: [{}]\ningressDeny: [{}]\negress: [{}]";
    let wanted = [
        "allow from unrestricted on all soft",
        "deny from unrestricted on all soft",
        "allow to unrestricted on all",
    ];
    assert_eq!(described(&cnp(spec), &Options::default()), wanted);
    let mut options = Options::default();
    options.non_default_deny = false;
    let elements = described(&cnp(spec), &options);
    assert!(elements.iter().all(|element| !element.ends_with("soft")), "{elements:?}");
}

#[test]
fn authentication_is_kept() {
    // AUTH-1
    check(
        "ingress",
        &[
            (
                "{fromEntities: [all], authentication: {mode: required}}",
                "allow from [*] on all auth spire",
            ),
            (
                "{fromEntities: [all], authentication: {mode: disabled}}",
                "allow from [*] on all auth disabled",
            ),
            (
                "{fromEntities: [all], authentication: {mode: test-always-fail}}",
                "allow from [*] on all auth test-always-fail",
            ),
        ],
    );
}

#[test]
fn l7_rules_and_what_belongs_to_them_are_kept() {
    let port = "ports: [{port: \"443\", protocol: TCP}]";
    let cases = [
        ("rules: {http: [{}, {path: /a}]}", "TCP 443 + http*2"),
        ("rules: {http: []}", "TCP 443"),
        ("rules: {dns: [{matchPattern: \"*\"}]}", "TCP 443 + dns*1"),
        ("serverNames: [a.b, \"**.c\"]", "TCP 443 + sni a.b|**.c"),
        (
            "terminatingTLS: {secret: {name: s}}, originatingTLS: {secret: {namespace: n, name: t}}",
            "TCP 443 + terminate /s + originate n/t",
        ),
        ("listener: {envoyConfig: {name: c}, name: l}", "TCP 443 + listener cec:c/l:0"),
        (
            "listener: {envoyConfig: {kind: CiliumClusterwideEnvoyConfig, name: c}, name: l, priority: 5}",
            "TCP 443 + listener ccec:c/l:5",
        ),
    ];
    for (more, wanted) in cases {
        let text = elements("egress", &format!("- toPorts: [{{{port}, {more}}}]"));
        let wanted = format!("allow to unrestricted on [{wanted}]");
        assert_eq!(described(&text, &Options::default()), [wanted], "{more}");
    }
}

#[test]
fn http_rules_are_kept_member_by_member() {
    // HTTP-1, HM-1, HM-5
    let rule = "{path: \"/a.*\", method: GET, host: \"\", headers: [\"X-A: b\"], headerMatches: \
                [{name: N, value: v, mismatch: ADD, secret: {namespace: n, name: s}}]}";
    let ports = "ports: [{port: \"80\", protocol: TCP}]";
    let text = elements("ingress", &format!("- toPorts: [{{{ports}, rules: {{http: [{rule}]}}}}]"));
    let policy = policy(&text, &Options::default());
    let Ports::AnyOf(rules) = &policy.rules[0].elements[0].ports else {
        panic!("no ports");
    };
    let L7Rules::Http(rules) = &rules[0].l7 else {
        panic!("no rules");
    };
    let rule = &rules[0];
    assert_eq!(rule.path.as_deref(), Some("/a.*"));
    assert_eq!(rule.method.as_deref(), Some("GET"));
    assert_eq!(rule.host, None);
    assert_eq!(rule.headers, ["X-A: b".into()]);
    let header = &rule.header_matches[0];
    assert_eq!((&*header.name, header.value.as_deref()), ("N", Some("v")));
    assert_eq!(header.mismatch, Mismatch::Add);
    let secret = header.secret.as_ref().unwrap();
    assert_eq!((&*secret.namespace, &*secret.name), ("n", "s"));
}

#[test]
fn a_host_that_is_no_expression_never_matches() {
    // L7Q-2: fail closed, although both gates accept it.
    let ports = "ports: [{port: \"80\", protocol: TCP}]";
    let text = elements(
        "ingress",
        &format!("- toPorts: [{{{ports}, rules: {{http: [{{host: \"(\"}}]}}}}]"),
    );
    let policy = policy(&text, &Options::default());
    let Ports::AnyOf(rules) = &policy.rules[0].elements[0].ports else {
        panic!("no ports");
    };
    let L7Rules::Http(rules) = &rules[0].l7 else {
        panic!("no rules");
    };
    let host = rules[0].host.as_deref().unwrap();
    let regex = regex_automata::meta::Regex::new(host).unwrap();
    for text in ["", "a", "(", "example.com", "\n", "ä"] {
        assert!(!regex.is_match(text), "{text}");
    }
}

#[test]
fn what_others_evaluate_is_delegated_on_demand() {
    // GRP-1, KFK-1, GEN-1
    let mut options = Options::default();
    options.unsupported = Unsupported::Delegate;
    let ports = "ports: [{port: \"80\", protocol: TCP}]";
    let cases = [
        ("kafka: [{apiKey: produce, topic: t}]", "TCP 80 + kafka"),
        ("kafka: []", "TCP 80"),
        ("l7proto: x", "TCP 80 + l7proto x"),
        ("l7proto: x, l7: [{a: b}]", "TCP 80 + l7proto x"),
    ];
    for (rules, wanted) in cases {
        let text = elements("ingress", &format!("- toPorts: [{{{ports}, rules: {{{rules}}}}}]"));
        let wanted = format!("allow from unrestricted on [{wanted}]");
        assert_eq!(described(&text, &options), [wanted], "{rules}");
    }
    let groups =
        elements("egress", "- toGroups: [{aws: {securityGroupsIds: [sg-1]}}]\n- toEntities: [all]");
    assert!(policy(&groups, &options).rules.is_empty());
}

#[test]
fn log_texts_are_kept() {
    let spec = "endpointSelector: {}\nlog: {value: \"grün ✓\"}\ningress: [{}]";
    let policy = policy(&cnp(spec), &Options::default());
    assert_eq!(policy.rules[0].log.as_deref(), Some("grün ✓"));
}
