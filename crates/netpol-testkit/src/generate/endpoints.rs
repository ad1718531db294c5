use std::collections::BTreeMap;

use super::tape::Tape;
use super::words::{
    LABELS, NAMESPACE_LABELS, NAMESPACES, PORT_NAMES, REMOTE_CLUSTER, SERVICE_ACCOUNTS,
};
use crate::world::{Config, ContainerPort, Endpoint, Namespace, Reserved};

/// Kinds of endpoints that are no pods.
const KINDS: [&[Reserved]; 9] = [
    &[Reserved::Host],
    &[Reserved::RemoteNode],
    &[Reserved::RemoteNode, Reserved::KubeApiserver],
    &[Reserved::KubeApiserver],
    &[Reserved::Health],
    &[Reserved::Ingress],
    &[Reserved::Init],
    &[Reserved::Unmanaged],
    &[Reserved::Host, Reserved::KubeApiserver],
];

/// Returns the endpoint in a place; its name and addresses are those of the place.
pub(super) fn endpoint(tape: &mut Tape<'_>, place: usize, config: &Config) -> Endpoint {
    if tape.below(8) < 5 {
        return pod(tape, place, config);
    }
    let reserved = tape.pick(&KINDS).to_vec();
    // The identity of a node depends on its address, so one with two has two.
    let addresses = [format!("172.18.0.{}", place + 1), format!("2001:db8:18::{}", place + 1)];
    let one = addresses[usize::from(!config.ipv4)].clone();
    Endpoint {
        name: format!("e{place}"),
        namespace: "default".to_owned(),
        labels: labels(tape, &LABELS[..3]),
        ips: vec![one],
        service_account: None,
        ports: Vec::new(),
        cluster: reserved.contains(&Reserved::RemoteNode).then(|| cluster(tape)).flatten(),
        reserved,
    }
}

fn pod(tape: &mut Tape<'_>, place: usize, config: &Config) -> Endpoint {
    let namespace = tape.text(&NAMESPACES);
    let mut labels = labels(tape, &LABELS[..2]);
    if tape.once_in(4) {
        labels.extend(self::labels(tape, &LABELS[2..]));
    }
    let addresses =
        [(config.ipv4, format!("10.0.{place}.1")), (config.ipv6, format!("fd00::{}:1", place + 1))];
    let enabled = addresses.into_iter().filter(|(is_enabled, _)| *is_enabled);
    Endpoint {
        name: format!("e{place}"),
        namespace,
        labels,
        ips: enabled.map(|(_, address)| address).collect(),
        ports: ports(tape),
        service_account: tape.once_in(4).then(|| tape.text(&SERVICE_ACCOUNTS)),
        cluster: cluster(tape),
        reserved: Vec::new(),
    }
}

fn cluster(tape: &mut Tape<'_>) -> Option<String> {
    tape.once_in(6).then(|| REMOTE_CLUSTER.to_owned())
}

/// Returns named ports, for some names other numbers than most pods have (PORT-9).
fn ports(tape: &mut Tape<'_>) -> Vec<ContainerPort> {
    let count = tape.below(PORT_NAMES.len() + 1);
    let port = |name: &&str| {
        let (usual, protocol) = match *name {
            "http" => (80, "TCP"),
            "dns" => (53, "UDP"),
            _ => (9001, "TCP"),
        };
        let port = if tape.once_in(8) { 8080 } else { usual };
        let protocol = if tape.once_in(8) { "SCTP" } else { protocol };
        ContainerPort { name: (*name).to_owned(), port, protocol: protocol.to_owned() }
    };
    PORT_NAMES.iter().take(count).map(port).collect()
}

/// Returns labels of a namespace.
pub(super) fn namespace(tape: &mut Tape<'_>) -> Namespace {
    Namespace { labels: labels(tape, &NAMESPACE_LABELS) }
}

/// Returns labels: each key is there or not.
pub(super) fn labels(tape: &mut Tape<'_>, from: &[(&str, &[&str])]) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for (key, values) in from {
        let choice = tape.below(values.len() + 2);
        if let Some(value) = values.get(choice) {
            labels.insert((*key).to_owned(), (*value).to_owned());
        }
    }
    labels
}
