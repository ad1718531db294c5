//! Peers of an element of a CiliumNetworkPolicy (PEER, ENT, CIDR, CG, NODE, SVC, FQDN).

use serde_json::{Map, Value, json};

use super::cilium::List;
use super::tape::Tape;
use super::words::{
    CIDRS, GROUP_LABELS, GROUPS, LABELS, NAMES, NAMESPACES, PATTERNS, SERVICES, WIDE_EXCEPTS,
};
use super::{selectors, services};
use crate::world::Config;

/// Adds peers of one kind, since two exclude each other (ENTRY-1); sometimes none, and sometimes an
/// empty list of another kind, which silences them (PEER-8).
pub(super) fn add(
    tape: &mut Tape<'_>,
    config: &Config,
    list: List,
    element: &mut Map<String, Value>,
) {
    let direction = if list.is_egress { "to" } else { "from" };
    let mut set = |kind: &str, items: Vec<Value>| {
        element.insert(format!("{direction}{kind}"), Value::Array(items));
    };
    let allows_egress = list.is_egress && !list.is_deny;
    match tape.below(16) {
        0..=3 => set("Endpoints", tape.list(1, 2, endpoint_peer)),
        4 | 5 => set("Entities", tape.list(1, 2, entity)),
        6 => set("CIDR", tape.list(1, 3, |tape| json!(tape.pick(&CIDRS).0))),
        7 | 8 => set("CIDRSet", tape.list(1, 2, |tape| cidr_rule(tape, Excepts::Any))),
        9 | 10 if allows_egress => set("FQDNs", tape.list(1, 2, name)),
        11 if allows_egress => set("Services", tape.list(1, 2, service)),
        12 if config.node_selector_labels => set("Nodes", tape.list(1, 2, node_peer)),
        13 => set("CIDRSet", tape.list(1, 2, group_rule)),
        14 if allows_egress && tape.once_in(2) => set("FQDNs", Vec::new()),
        _ => {}
    }
    if tape.once_in(32) {
        let kind = *tape.pick(&["Endpoints", "Entities", "CIDR", "CIDRSet", "Nodes"]);
        if kind != "Nodes" || config.node_selector_labels {
            element.entry(format!("{direction}{kind}")).or_insert_with(|| json!([]));
        }
    }
}

fn endpoint_peer(tape: &mut Tape<'_>) -> Value {
    selectors::selector(tape, selectors::peer_key)
}

fn node_peer(tape: &mut Tape<'_>) -> Value {
    selectors::selector(tape, |tape| {
        let (key, values) = selectors::plain_key(&LABELS)(tape);
        let source = *tape.pick(&["", "node:", "k8s:"]);
        (format!("{source}{key}"), values)
    })
}

fn entity(tape: &mut Tape<'_>) -> Value {
    let words = [
        "all",
        "world",
        "cluster",
        "host",
        "remote-node",
        "kube-apiserver",
        "init",
        "ingress",
        "unmanaged",
        "health",
        "none",
    ];
    json!(tape.text(&words))
}

/// Which prefixes may be excepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excepts {
    /// All whose address lies inside (CIDRV-5).
    Any,
    /// Only such that are part of the prefix (NPV-5).
    Strict,
}

pub(super) fn cidr_rule(tape: &mut Tape<'_>, excepts: Excepts) -> Value {
    if excepts == Excepts::Any && tape.once_in(16) {
        let (cidr, except) = tape.pick(&WIDE_EXCEPTS);
        return json!({"cidr": cidr, "except": [except]});
    }
    let (cidr, inside) = tape.pick(&CIDRS);
    if inside.is_empty() || tape.below(3) == 0 {
        return json!({"cidr": cidr});
    }
    let except = tape.list(1, 2, |tape| *tape.pick(inside));
    json!({"cidr": cidr, "except": except})
}

/// Chooses CIDR groups by name or by labels; exceptions do not help there (CG-6).
fn group_rule(tape: &mut Tape<'_>) -> Value {
    let mut rule = match tape.below(2) {
        0 => json!({"cidrGroupRef": tape.text(&GROUPS)}),
        _ => {
            let selector = selectors::selector(tape, selectors::plain_key(&GROUP_LABELS));
            json!({"cidrGroupSelector": selector})
        }
    };
    if tape.once_in(4) {
        rule["except"] = json!([tape.pick(&CIDRS[..4]).0]);
    }
    rule
}

/// Returns an item of `toFQDNs` or of `rules.dns`.
pub(super) fn name(tape: &mut Tape<'_>) -> Value {
    match tape.below(2) {
        0 => json!({"matchName": tape.text(&NAMES)}),
        _ => json!({"matchPattern": tape.text(&PATTERNS)}),
    }
}

fn service(tape: &mut Tape<'_>) -> Value {
    let mut item = match tape.below(3) {
        0 | 1 => json!({"k8sService": {"serviceName": tape.text(&SERVICES)}}),
        _ => {
            let key = selectors::plain_key(&services::LABELS);
            json!({"k8sServiceSelector": {"selector": selectors::selector(tape, key)}})
        }
    };
    if tape.once_in(2) {
        for (_, reference) in item.as_object_mut().into_iter().flatten() {
            reference["namespace"] = json!(tape.text(&NAMESPACES));
        }
    }
    item
}
