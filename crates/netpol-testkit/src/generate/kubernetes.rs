//! Kubernetes NetworkPolicy, as JSON (NP, NPV).

use serde_json::{Map, Value, json};

use super::peers::{self, Excepts};
use super::selectors;
use super::tape::Tape;
use super::words::{LABELS, NAMESPACE_LABELS, NAMESPACES, PORT_NAMES, PORTS};

pub(super) fn policy(tape: &mut Tape<'_>, name: &str) -> Value {
    let mut spec = json!({"podSelector": pods(tape)});
    let types = tape.pick::<&[&str]>(&[&[], &["Ingress"], &["Egress"], &["Ingress", "Egress"]]);
    if !types.is_empty() {
        spec["policyTypes"] = json!(types);
    }
    for (key, peers) in [("ingress", "from"), ("egress", "to")] {
        if tape.below(3) > 0 {
            spec[key] = json!(tape.list(0, 2, |tape| rule(tape, peers)));
        }
    }
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": tape.text(&NAMESPACES)},
        "spec": spec,
    })
}

fn rule(tape: &mut Tape<'_>, key: &str) -> Value {
    let mut rule = Map::new();
    if tape.below(4) > 0 {
        rule.insert(key.to_owned(), json!(tape.list(0, 2, peer)));
    }
    if tape.below(2) > 0 {
        rule.insert("ports".to_owned(), json!(tape.list(0, 2, port)));
    }
    Value::Object(rule)
}

fn peer(tape: &mut Tape<'_>) -> Value {
    match tape.below(5) {
        0 | 1 => json!({"podSelector": pods(tape)}),
        2 => json!({"namespaceSelector": namespaces(tape)}),
        3 => json!({"podSelector": pods(tape), "namespaceSelector": namespaces(tape)}),
        _ => json!({"ipBlock": peers::cidr_rule(tape, Excepts::Strict)}),
    }
}

fn pods(tape: &mut Tape<'_>) -> Value {
    selectors::selector(tape, selectors::plain_key(&LABELS))
}

fn namespaces(tape: &mut Tape<'_>) -> Value {
    selectors::selector(tape, |tape| match tape.below(3) {
        0 => ("kubernetes.io/metadata.name".to_owned(), NAMESPACES.to_vec()),
        _ => selectors::plain_key(&NAMESPACE_LABELS)(tape),
    })
}

fn port(tape: &mut Tape<'_>) -> Value {
    let mut port = match tape.below(6) {
        0 => json!({}),
        1 => json!({"port": tape.text(&PORT_NAMES)}),
        _ => numeric_port(tape),
    };
    match tape.below(4) {
        0 => {}
        choice => port["protocol"] = json!(["TCP", "UDP", "SCTP"][choice - 1]),
    }
    port
}

/// NPV-7, NPV-8
fn numeric_port(tape: &mut Tape<'_>) -> Value {
    let (text, end) = tape.pick(&PORTS);
    match text.parse::<u16>().unwrap_or(0) {
        0 => json!({"port": 80}),
        port if *end >= port => json!({"port": port, "endPort": end}),
        port => json!({"port": port}),
    }
}
