//! Label selectors, as JSON (SEL).

use serde_json::{Map, Value, json};

use super::tape::Tape;
use super::words::{LABELS, NAMESPACE_LABELS, NAMESPACES, REMOTE_CLUSTER, SERVICE_ACCOUNTS};

/// A key as it is written, and values that it may be compared with.
pub(super) type Key = (String, Vec<&'static str>);

/// Returns a selector over the keys that `key` chooses.
pub(super) fn selector(tape: &mut Tape<'_>, key: impl Fn(&mut Tape<'_>) -> Key) -> Value {
    let mut selector = Map::new();
    match tape.below(6) {
        0 => {}
        1 | 2 => match_labels(tape, &key, &mut selector),
        3 | 4 => match_expressions(tape, &key, &mut selector),
        _ => {
            match_labels(tape, &key, &mut selector);
            match_expressions(tape, &key, &mut selector);
        }
    }
    Value::Object(selector)
}

fn match_labels(
    tape: &mut Tape<'_>,
    key: impl Fn(&mut Tape<'_>) -> Key,
    selector: &mut Map<String, Value>,
) {
    let pairs = tape.list(1, 2, |tape| {
        let (key, values) = key(tape);
        (key, Value::from(*tape.pick(&values)))
    });
    selector.insert("matchLabels".to_owned(), Value::Object(pairs.into_iter().collect()));
}

fn match_expressions(
    tape: &mut Tape<'_>,
    key: impl Fn(&mut Tape<'_>) -> Key,
    selector: &mut Map<String, Value>,
) {
    let expressions = tape.list(1, 2, |tape| {
        let (key, values) = key(tape);
        let operator = *tape.pick(&["In", "NotIn", "Exists", "DoesNotExist"]);
        if operator.ends_with("In") {
            let values = tape.list(1, 2, |tape| *tape.pick(&values));
            json!({"key": key, "operator": operator, "values": values})
        } else {
            json!({"key": key, "operator": operator})
        }
    });
    selector.insert("matchExpressions".to_owned(), Value::Array(expressions));
}

/// Chooses a key of a CiliumNetworkPolicy's subject.
pub(super) fn subject_key(tape: &mut Tape<'_>) -> Key {
    match tape.below(10) {
        0..=6 => pod_key(tape),
        7 => reserved_key(tape),
        _ => derived_key(tape),
    }
}

/// Chooses a key of a CiliumNetworkPolicy's peer.
pub(super) fn peer_key(tape: &mut Tape<'_>) -> Key {
    match tape.below(10) {
        0..=4 => pod_key(tape),
        5 => reserved_key(tape),
        _ => derived_key(tape),
    }
}

fn pod_key(tape: &mut Tape<'_>) -> Key {
    let (key, values) = label(tape, &LABELS);
    // The last is no source but part of the key (SEL-2).
    let source = *tape.pick(&["", "", "k8s:", "any:", "k8s."]);
    (format!("{source}{key}"), values)
}

fn reserved_key(tape: &mut Tape<'_>) -> Key {
    let key = tape.text(&[
        "reserved:host",
        "reserved:world",
        "reserved:health",
        "reserved:init",
        "reserved:remote-node",
        "reserved:kube-apiserver",
        "reserved:ingress",
        "reserved.host",
        "reserved:unmanaged",
        "reserved:world-ipv4",
    ]);
    (key, vec!["", "x"])
}

/// Chooses a key of the labels that are made from something else than a pod's own (LBL-7).
fn derived_key(tape: &mut Tape<'_>) -> Key {
    let source = *tape.pick(&["k8s:", "", "any:"]);
    let (key, values) = match tape.below(6) {
        0 | 1 => ("io.kubernetes.pod.namespace".to_owned(), NAMESPACES.to_vec()),
        2 => {
            let (key, values) = label(tape, &NAMESPACE_LABELS);
            (format!("io.cilium.k8s.namespace.labels.{key}"), values)
        }
        3 => (
            "io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name".to_owned(),
            NAMESPACES.to_vec(),
        ),
        4 => ("io.cilium.k8s.policy.cluster".to_owned(), vec![REMOTE_CLUSTER, "default", "paris"]),
        _ => ("io.cilium.k8s.policy.serviceaccount".to_owned(), SERVICE_ACCOUNTS.to_vec()),
    };
    (format!("{source}{key}"), values)
}

/// Chooses a key of a Kubernetes selector: no sources there.
pub(super) fn plain_key(
    from: &'static [(&'static str, &'static [&'static str])],
) -> impl Fn(&mut Tape<'_>) -> Key {
    |tape| {
        let (key, values) = label(tape, from);
        (key.to_owned(), values)
    }
}

fn label(
    tape: &mut Tape<'_>,
    from: &[(&'static str, &'static [&'static str])],
) -> (&'static str, Vec<&'static str>) {
    let (key, values) = tape.pick(from);
    (key, values.to_vec())
}
