//! The two definitions of a verdict against each other: all rules at once (ORA-1), and entry after
//! entry with a lookup (MAP, LKP). And worked examples that the vectors do not cover.

use std::path::Path;

use serde_json::{Value, json};

use super::dump::OracleMap;
use super::element::Direction;
use super::judge::Oracle;
use crate::decision::{AuthMode, Decision, SideDecision};
use crate::scenario::{self, FlowScenario};
use crate::world::{AllowLocalhost, Document, Flow, World};

#[test]
fn the_map_and_the_rules_agree_on_every_flow_of_the_vectors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/conformance");
    let suite = scenario::load(&folder).unwrap();
    let compared: usize = suite.flows.iter().map(compare).sum();
    assert!(compared > 20_000, "{compared}");
}

fn compare(scenario: &FlowScenario) -> usize {
    let Ok(oracle) = Oracle::new(&scenario.world) else {
        return 0;
    };
    let sides = |flow: &Flow| {
        let decision = oracle.decide(flow).unwrap();
        [
            (oracle.looked_up(flow, Direction::Egress), decision.egress),
            (oracle.looked_up(flow, Direction::Ingress), decision.ingress),
        ]
    };
    let mut compared = 0;
    for case in &scenario.flows {
        for (looked_up, side) in sides(&case.flow) {
            let Some((decision, proxy)) = looked_up else {
                continue;
            };
            let place = format!("{} {:?}", scenario.name, case.flow);
            assert_eq!(decision, side.decision, "{place}");
            assert_eq!(proxy, side.proxy, "{place}");
            compared += usize::from(decision != SideDecision::Unenforced);
        }
    }
    compared
}

/// Pods `a`, the subject, and `b`, with one rule for `a`.
fn world(rule: &Value) -> World {
    let mut world = World::default();
    world.config.allow_localhost = AllowLocalhost::Policy;
    for name in ["a", "b"] {
        let pod = json!({"name": name, "labels": {"app": name}});
        world.endpoints.push(serde_json::from_value(pod).unwrap());
    }
    let mut spec = rule.clone();
    spec["endpointSelector"] = json!({"matchLabels": {"app": "a"}});
    let policy = json!({"kind": "CiliumNetworkPolicy", "metadata": {"name": "p"}, "spec": spec});
    world.policies.push(Document::from_value(policy));
    world
}

fn from_b(port: Option<&str>, auth: Option<&str>) -> Value {
    element(json!({"fromEndpoints": [{"matchLabels": {"app": "b"}}]}), port, auth)
}

fn element(mut element: Value, port: Option<&str>, auth: Option<&str>) -> Value {
    if let Some(port) = port {
        element["toPorts"] = json!([{"ports": [{"port": port, "protocol": "TCP"}]}]);
    }
    if let Some(mode) = auth {
        element["authentication"] = json!({"mode": mode});
    }
    element
}

fn map_of_a(rule: &Value) -> OracleMap {
    let world = world(rule);
    let maps = Oracle::new(&world).unwrap().maps();
    maps.into_iter().find(|(name, _)| name == "a").unwrap().1
}

/// The ingress entries as (peer is `b`, port and length, auth type, explicit).
fn ingress_auth(elements: &[Value]) -> Vec<(bool, (u16, u8), u8, bool)> {
    let map = map_of_a(&json!({"ingress": elements}));
    assert_eq!(map.error, None);
    let ingress = map.entries.iter().filter(|entry| entry.ingress);
    let mut rows: Vec<_> = ingress
        .map(|entry| {
            let port = (entry.port, entry.length);
            (entry.peer.is_some(), port, entry.auth, entry.auth_explicit)
        })
        .collect();
    rows.sort_unstable();
    rows
}

/// EX-17
#[test]
fn authentication_is_inherited_by_narrower_entries_of_the_same_peer() {
    let required = from_b(None, Some("required"));
    let everyone = element(json!({}), Some("80"), Some("required"));
    let mut other_selector = from_b(None, Some("disabled"));
    other_selector["fromEndpoints"] = json!([{"matchLabels": {"k8s:app": "b"}}]);
    let all = (true, (0, 0), 1, true);
    let rows = [
        (vec![required.clone()], vec![all]),
        (vec![required.clone(), from_b(Some("80"), None)], vec![all, (true, (80, 16), 1, false)]),
        (
            vec![required.clone(), from_b(Some("80"), Some("disabled"))],
            vec![all, (true, (80, 16), 0, true)],
        ),
        (
            vec![everyone, from_b(None, None)],
            vec![(false, (80, 16), 1, true), (true, (0, 0), 0, false)],
        ),
        (vec![required.clone(), from_b(None, None)], vec![all]),
        (vec![required, other_selector], vec![all]),
    ];
    for (elements, expected) in rows {
        assert_eq!(ingress_auth(&elements), expected, "{elements:?}");
    }
}

#[test]
fn two_modes_for_one_selector_are_a_conflict_unless_it_is_denied() {
    let modes = [from_b(None, Some("required")), from_b(None, Some("disabled"))];
    assert!(map_of_a(&json!({"ingress": modes})).error.is_some());
    let denied = json!({"ingress": modes, "ingressDeny": [from_b(None, None)]});
    assert_eq!(map_of_a(&denied).error, None);
}

fn decide(rule: &Value) -> Decision {
    let world = world(rule);
    let flow = json!({"from": "b", "to": "a", "protocol": "TCP", "port": 80});
    Oracle::new(&world).unwrap().decide(&serde_json::from_value(flow).unwrap()).unwrap()
}

/// EX-16: the kernel's rule, AUTH-6.
#[test]
fn the_chosen_entry_takes_the_authentication_of_the_other_one() {
    let http = json!({"toPorts": [{"ports": [{"port": "80", "protocol": "TCP"}],
        "rules": {"http": [{}]}}]});
    let side = decide(&json!({"ingress": [from_b(None, Some("required")), http]})).ingress;
    assert_eq!((side.decision, side.auth), (SideDecision::Redirect, Some(AuthMode::Spire)));
}

/// EX-5, with netpol's answers for QUIRK-5.
#[test]
fn absent_and_empty_peers_differ() {
    let ports = json!([{"ports": [{"port": "80", "protocol": "TCP"}]}]);
    let b = json!([{"matchLabels": {"app": "b"}}]);
    let rows = [
        (json!({}), false),
        (json!({"fromEndpoints": b}), true),
        (json!({"fromEndpoints": [], "fromEntities": ["all"]}), false),
        (json!({"fromEntities": []}), false),
        (json!({"toPorts": ports}), true),
        (json!({"fromEndpoints": [], "toPorts": ports}), false),
        (json!({"fromEndpoints": null, "toPorts": ports}), true),
        (json!({"fromEndpoints": b, "toPorts": []}), true),
        (json!({"fromEndpoints": b, "toPorts": [{}]}), false),
        (json!({"icmps": [{"fields": []}]}), false),
    ];
    for (element, is_allowed) in rows {
        let decision = decide(&json!({"ingress": [element]})).ingress.decision;
        let expected = if is_allowed { SideDecision::Allow } else { SideDecision::DefaultDeny };
        assert_eq!(decision, expected, "{element}");
    }
    for key in ["toFQDNs", "toServices"] {
        let map = map_of_a(&json!({"egress": [{key: [], "toPorts": ports}]}));
        assert!(map.entries.iter().all(|entry| entry.ingress), "{key}");
    }
}

#[test]
fn what_netpol_refuses_names_the_document() {
    let ports = json!([{"ports": [{"port": "80", "protocol": "TCP"}]}]);
    let octal = json!([{"ports": [{"port": "010", "protocol": "TCP"}]}]);
    let service = json!([{"k8sService": {"serviceName": "s"}}]);
    let rules = [
        json!({"ingress": [{"fromRequires": [{}]}]}),
        json!({"ingress": [{"toPorts": octal}]}),
        json!({"ingress": [{"fromEndpoint": [], "toPorts": ports}]}),
        json!({"ingress": [{"authentication": {"mode": "bogus"}}]}),
        json!({"egressDeny": [{"toServices": service}]}),
        json!({"egressDeny": [{"toFQDNs": [{"matchName": "a.com"}]}]}),
    ];
    for rule in rules {
        let world = world(&rule);
        let refused = Oracle::new(&world).map(|_| ()).map_err(|error| error.document());
        assert_eq!(refused, Err(Some(0)), "{rule}");
    }
}
