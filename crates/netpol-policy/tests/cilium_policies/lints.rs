//! What is accepted with a warning, and what is not worth one.

use netpol_policy::{Options, Unsupported};

use crate::read::{ccnp, cnp, elements, line, read};

/// Checks that a text is accepted with exactly these warnings, of which the beginnings and ends are
/// given.
fn check_with(options: &Options, id: &str, text: &str, wanted: &[(&str, &str)]) {
    let (policies, report) = read(text, options);
    assert!(!report.has_errors(), "{id}\n{text}\n{report}");
    assert_eq!(policies.len(), 1, "{id}\n{text}");
    let found: Vec<String> = report.warnings().map(line).collect();
    assert_eq!(found.len(), wanted.len(), "{id}\n{text}\n{found:#?}");
    for (line, (begin, end)) in found.iter().zip(wanted) {
        assert!(
            line.starts_with(begin) && line.ends_with(end),
            "{id}: {line}\nis not {begin} ... {end}"
        );
    }
}

fn check(id: &str, text: &str, wanted: &[(&str, &str)]) {
    check_with(&Options::default(), id, text, wanted);
}

fn element(id: &str, list: &str, text: &str, wanted: &[(&str, &str)]) {
    check(id, &elements(list, &format!("- {text}")), wanted);
}

const TRAP: &str = "if these ports are meant for those peers)";

#[test]
fn a_dash_before_ports_is_pointed_at() {
    let ports = "toPorts:\n  - ports: [{port: \"443\", protocol: TCP}]";
    let text = elements("egress", &format!("- toCIDRSet:\n  - cidr: 192.168.1.22/32\n- {ports}"));
    check("PEER-10", &text, &[("9:3 dash-trap", TRAP)]);
    let (_, report) = read(&text, &Options::default());
    let span = report.problems()[0].span();
    assert_eq!(&text[span.start..span.end], "-");

    let text = elements(
        "ingress",
        &format!("- fromEntities: [world]\n-    {}", ports.replace('\n', "\n   ")),
    );
    check("PEER-10", &text, &[("8:3 dash-trap", TRAP)]);
    let text =
        elements("ingress", "- fromEndpoints: [{}]\n-\n  toPorts: [{ports: [{port: \"1\"}]}]");
    check("PEER-10", &text, &[("9:5 dash-trap", TRAP)]);
    let deny = cnp(&format!(
        "endpointSelector: {{}}\ningress: [{{fromEntities: [all]}}]\ningressDeny:\n- fromCIDR: [10.0.0.0/8]\n- {ports}"
    ));
    check("PEER-12", &deny, &[("9:3 dash-trap", TRAP)]);
}

#[test]
fn elements_that_stand_for_themselves_are_no_trap() {
    let ports = "toPorts: [{ports: [{port: \"443\", protocol: TCP}]}]";
    let fine = [
        format!("- toCIDR: [10.0.0.0/8]\n  {ports}\n- {ports}"),
        format!("- {ports}\n- toCIDR: [10.0.0.0/8]"),
        format!("- toCIDR: [10.0.0.0/8]\n- toEntities: [world]\n  {ports}"),
        format!("- toCIDR: [10.0.0.0/8]\n- toEntities: [host]\n- toEntities: [world]\n  {ports}"),
        "- toCIDR: [10.0.0.0/8]\n- icmps: [{fields: [{type: 8}]}]".to_owned(),
    ];
    for items in fine {
        check("PEER-10", &elements("egress", &items), &[]);
    }
}

#[test]
fn names_without_dns_rule_are_pointed_at() {
    let names = "- toFQDNs: [{matchName: a.com}]";
    let dns = "toPorts: [{ports: [{port: \"53\", protocol: ANY}], rules: {dns: [{matchPattern: \"*\"}]}}]";
    let subject = "endpointSelector: {matchLabels: {a: b}}";
    let help = "unless another policy of these endpoints does)";
    element("FQDN-5", "egress", "toFQDNs: [{matchName: a.com}]", &[("7:5 no-dns-rule", help)]);
    check("FQDN-5", &elements("egress", &format!("{names}\n- {dns}")), &[]);
    // Another rule of the document for the same endpoints, or for all of them, will do.
    for other in ["{}", "{matchLabels: {a: b}}"] {
        let text = cnp(&format!("{subject}\negress:\n{names}"))
            + &format!("specs:\n- endpointSelector: {other}\n  egress: [{{{dns}}}]\n");
        check("FQDN-5", &text, &[]);
    }
    let text = cnp(&format!("{subject}\negress:\n{names}"))
        + &format!(
            "specs:\n- endpointSelector: {{matchLabels: {{a: c}}}}\n  egress: [{{{dns}}}]\n"
        );
    check("FQDN-5", &text, &[("7:5 no-dns-rule", help)]);
}

#[test]
fn elements_without_peers_and_ports_are_pointed_at() {
    let k8s = "only in a NetworkPolicy `{}` allows everything)";
    element("ENTRY-5", "ingress", "{}", &[("7:5 empty-element", k8s)]);
    element(
        "ENTRY-5",
        "egress",
        "{toPorts: [], authentication: {mode: required}}",
        &[("7:5 empty-element", k8s)],
    );
    let deny = cnp("endpointSelector: {}\ningress: [{fromEntities: [all]}]\ningressDeny: [{}]");
    check(
        "PEER-12",
        &deny,
        &[("7:17 empty-element", "(to deny everything write `fromEntities: [all]`)")],
    );
}

#[test]
fn policies_that_only_deny_are_pointed_at() {
    let deny = "ingressDeny: [{fromEntities: [world]}]";
    let help = "or list under `ingress` what is allowed)";
    check("DD-6", &cnp(&format!("endpointSelector: {{}}\n{deny}")), &[("6:3 deny-only", help)]);
    let fine = [
        format!("endpointSelector: {{}}\n{deny}\ningress: [{{fromEntities: [all]}}]"),
        format!("endpointSelector: {{}}\nenableDefaultDeny: {{ingress: false}}\n{deny}"),
    ];
    for spec in fine {
        check("DD-6", &cnp(&spec), &[]);
    }
}

#[test]
fn what_has_no_effect_is_pointed_at() {
    let port = "ports: [{port: \"80\", protocol: TCP}]";
    element(
        "IGN-4",
        "ingress",
        "toPorts: [{ports: [{port: \"80\", endPort: 80}]}]",
        &[("7:37 no-effect", ")")],
    );
    element(
        "IGN-5",
        "ingress",
        "fromCIDRSet: [{cidrGroupRef: g, except: [10.0.0.0/8]}]",
        &[("7:37 no-effect", ")")],
    );
    element(
        "IGN-6",
        "ingress",
        &format!("toPorts: [{{{port}, rules: {{http: []}}}}]"),
        &[("7:62 no-effect", "or remove `rules`)")],
    );
    check(
        "IGN-3",
        &cnp(
            "endpointSelector: {}\nenableDefaultDeny: {egress: true}\ningress: [{fromEntities: [all]}]",
        ),
        &[("6:23 no-effect", ")")],
    );
    check(
        "IGN-9",
        &cnp(
            "endpointSelector: {matchLabels: {\"k8s:io.kubernetes.pod.namespace\": x}}\ningress: [{fromEntities: [all]}]",
        ),
        &[("5:36 no-effect", "(put the policy into the other namespace)")],
    );
    check(
        "IGN-8",
        &(elements("ingress", "- fromEntities: [all]") + "status: {conditions: []}\n"),
        &[("8:1 no-effect", "(remove it)")],
    );
    check(
        "OBJ-8",
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p}\nspecs: []\n",
        &[("4:1 no-effect", ")")],
    );
    element(
        "IGN-12",
        "ingress",
        "toPorts: [{ports: [{port: \"0\", protocol: IGMP}]}]",
        &[("7:46 no-effect", ")")],
    );
}

#[test]
fn rules_for_nodes_are_pointed_at_while_the_host_firewall_is_off() {
    let text = ccnp("nodeSelector: {}\ningress: [{fromEntities: [all]}]");
    check("IGN-11", &text, &[("5:3 not-enforced", ")")]);
    let mut options = Options::default();
    options.host_firewall = true;
    check_with(&options, "HOST-8", &text, &[]);
}

#[test]
fn what_matches_nothing_is_pointed_at() {
    element(
        "PORT-2",
        "ingress",
        "{fromEntities: [all], toPorts: [{}]}",
        &[("7:37 matches-nothing", ")")],
    );
    element(
        "QUIRK-23",
        "ingress",
        "fromCIDRSet: [{cidr: 10.0.0.0/8, except: [10.0.0.0/4]}]",
        &[("7:47 matches-nothing", ")")],
    );
    element(
        "CIDRV-7",
        "ingress",
        "fromCIDR: [\"::ffff:10.0.0.0/104\"]",
        &[("7:16 matches-nothing", "itself)")],
    );
    element(
        "ICMPV-5",
        "ingress",
        "icmps: [{fields: [{type: 300}]}]",
        &[("7:30 matches-nothing", "(types are 0 to 255)")],
    );
    element("SVCV-1", "egress", "toServices: [{}]", &[("7:18 matches-nothing", ")")]);
    check(
        "SUBJ-2",
        &cnp(
            "endpointSelector: {matchExpressions: [{key: io.kubernetes.pod.namespace, operator: NotIn, values: [default]}]}\ningress: [{fromEntities: [all]}]",
        ),
        &[("5:41 matches-nothing", ")")],
    );
    element("PEER-8", "ingress", "{fromCIDR: []}", &[("7:6 empty-list", "to mean everybody)")]);
    element(
        "QUIRK-5",
        "egress",
        "{toFQDNs: [], toPorts: [{ports: [{port: \"80\"}]}]}",
        &[("7:6 empty-list", "to mean everybody)")],
    );
}

#[test]
fn labels_that_identities_lack_are_pointed_at() {
    // LBL-9
    element(
        "LBL-9",
        "ingress",
        "fromEndpoints: [{matchLabels: {controller-uid: x}, matchExpressions: [{key: \"k8s:pod-template-hash\", operator: NotIn, values: [z]}]}]",
        &[
            (
                "7:36 filtered-label `controller-uid` is never part of an identity: nothing is selected",
                ")",
            ),
            (
                "7:81 filtered-label `pod-template-hash` is never part of an identity: it counts as absent",
                ")",
            ),
        ],
    );
    element(
        "LBL-8",
        "ingress",
        "fromEndpoints: [{matchLabels: {app.kubernetes.io/name: x, k8s-app: z}}]",
        &[],
    );
}

#[test]
fn odd_subjects_and_groups_are_pointed_at() {
    check(
        "OBJ-15",
        &cnp(
            "endpointSelector: {matchLabels: {\"reserved:init\": \"\"}}\ningress: [{fromEntities: [all]}]",
        ),
        &[("5:21 init-subject", "CiliumClusterwideNetworkPolicy)")],
    );
    element(
        "QUIRK-10",
        "ingress",
        "fromCIDRSet: [{cidrGroupSelector: {}}]",
        &[("7:39 all-cidr-groups", ")")],
    );
    let mut options = Options::default();
    options.unsupported = Unsupported::Delegate;
    check_with(
        &options,
        "GRP-1",
        &elements("egress", "- toGroups: [{}]"),
        &[("2:1 not-enforced", ")")],
    );
}

#[test]
fn odd_l7_rules_are_pointed_at() {
    let port = "ports: [{port: \"80\", protocol: TCP}]";
    let http = |rule: &str| format!("toPorts:\n  - {port}\n    rules: {{http: [{rule}]}}");
    element(
        "HTTP-10",
        "ingress",
        &http("{headers: [\"X-A:b\", \"Host: c\", \"X-A: b\"]}"),
        &[
            ("9:33 odd-header", "(write \"X-A: b\" with a space)"),
            ("9:42 odd-header", "(use `host`)"),
        ],
    );
    element("L7Q-2", "ingress", &http("{host: \"(\"}"), &[("9:29 invalid-regex", ")")]);
    element(
        "TLSV-4",
        "ingress",
        "toPorts:\n  - ports: [{port: \"443\"}]\n    serverNames: [a.b]",
        &[
            ("9:7 odd-server-names", "(put them under `egress` of the clients)"),
            ("8:15 odd-server-names", "(write protocol: TCP)"),
        ],
    );
    let soft = cnp(&format!(
        "endpointSelector: {{}}\nenableDefaultDeny: {{ingress: false}}\ningress:\n- {}",
        http("{}")
    ));
    check("QUIRK-20", &soft, &[("10:7 l7-without-default-deny", ")")]);
    let mut options = Options::default();
    options.unsupported = Unsupported::Delegate;
    let kafka = elements("ingress", &format!("- toPorts: [{{{port}, rules: {{kafka: [{{}}]}}}}]"));
    check_with(&options, "L7V-12", &kafka, &[("7:62 not-evaluated", ")")]);
}

#[test]
fn ordinary_policies_have_no_warnings() {
    let spec = "endpointSelector: {matchLabels: {app: web}}\n\
                description: Web servers.\n\
                labels: [{key: team, value: web}]\n\
                log: {value: web}\n\
                ingress:\n\
                - fromEntities: [world]\n  toPorts: [{ports: [{port: \"443\", protocol: TCP}]}]\n\
                - fromEndpoints: [{matchLabels: {app: probe}}]\n\
                egress:\n\
                - toEndpoints:\n  - matchLabels: {k8s:io.kubernetes.pod.namespace: kube-system, k8s-app: kube-dns}\n\
                \x20 toPorts:\n  - ports: [{port: \"53\", protocol: ANY}]\n    rules: {dns: [{matchPattern: \"*\"}]}\n\
                - toFQDNs: [{matchName: example.com}]\n\
                - toCIDRSet: [{cidr: 10.0.0.0/8, except: [10.96.0.0/12]}]\n\
                egressDeny:\n\
                - toEntities: [host]";
    check("IGN-1", &cnp(spec), &[]);
}
