//! CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy, as JSON.

use serde_json::{Map, Value, json};

use super::tape::Tape;
use super::words::NAMESPACES;
use super::{peers, ports, selectors};
use crate::world::Config;

/// Which list of a rule an element is for, and what the rule is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    pub(super) is_egress: bool,
    pub(super) is_deny: bool,
    /// Whether the subject is the local node.
    pub(super) is_node: bool,
}

pub(super) fn namespaced(tape: &mut Tape<'_>, config: &Config, name: &str) -> Value {
    let namespace = tape.text(&NAMESPACES);
    let mut policy = json!({
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
    });
    add_rules(tape, config, &mut policy, Subjects::Pods);
    policy
}

pub(super) fn clusterwide(tape: &mut Tape<'_>, config: &Config, name: &str) -> Value {
    let mut policy = json!({
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumClusterwideNetworkPolicy",
        "metadata": {"name": name},
    });
    add_rules(tape, config, &mut policy, Subjects::PodsAndNodes);
    policy
}

/// What the rules of a policy may be about (OBJ-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subjects {
    Pods,
    PodsAndNodes,
}

fn add_rules(tape: &mut Tape<'_>, config: &Config, policy: &mut Value, subjects: Subjects) {
    if tape.once_in(6) {
        policy["specs"] = json!(tape.list(1, 2, |tape| rule(tape, config, subjects)));
    } else {
        policy["spec"] = rule(tape, config, subjects);
    }
}

fn rule(tape: &mut Tape<'_>, config: &Config, subjects: Subjects) -> Value {
    let is_node = subjects == Subjects::PodsAndNodes && tape.once_in(4);
    let mut rule = Map::new();
    let subject = selectors::selector(tape, selectors::subject_key);
    rule.insert(if is_node { "nodeSelector" } else { "endpointSelector" }.to_owned(), subject);
    let lists = tape.pick::<&[_]>(&[
        &["ingress"],
        &["egress"],
        &["ingress", "egress"],
        &["ingress", "ingressDeny"],
        &["egress", "egressDeny"],
        &["ingressDeny"],
        &["egressDeny"],
        &["ingress", "ingressDeny", "egress", "egressDeny"],
    ]);
    for name in *lists {
        let list = List {
            is_egress: name.starts_with("egress"),
            is_deny: name.ends_with("Deny"),
            is_node,
        };
        let elements = tape.list(1, 3, |tape| element(tape, config, list));
        rule.insert((*name).to_owned(), Value::Array(elements));
    }
    if tape.once_in(3) {
        rule.insert("enableDefaultDeny".to_owned(), default_deny(tape));
    }
    Value::Object(rule)
}

fn default_deny(tape: &mut Tape<'_>) -> Value {
    match tape.below(4) {
        0 => json!({"ingress": false, "egress": false}),
        1 => json!({"ingress": false}),
        2 => json!({"egress": false}),
        _ => json!({"ingress": true, "egress": false}),
    }
}

fn element(tape: &mut Tape<'_>, config: &Config, list: List) -> Value {
    let mut element = Map::new();
    peers::add(tape, config, list, &mut element);
    ports::add(tape, config, list, &mut element);
    if !list.is_deny && tape.once_in(8) {
        let mode = *tape.pick(&["required", "disabled", "test-always-fail"]);
        element.insert("authentication".to_owned(), json!({"mode": mode}));
    }
    Value::Object(element)
}
