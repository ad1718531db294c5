//! Peers that are entities: built-in names for classes of identities.

use netpol_core::{LabelSource, SelectKey, keys};

use super::super::decode::{Context, Path};
use super::super::node::Node;
use super::fields::word;
use crate::Options;
use crate::rule::{LabelSelector, Selector};

/// An entity (ENTV-1). `world-ipv4` and `world-ipv6` exist, but the schema refuses them (ENTV-2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entity {
    All,
    Cluster,
    World,
    /// Whoever has the reserved label of this name.
    Reserved(&'static str),
}

const ENTITIES: [(&str, Entity); 11] = [
    ("all", Entity::All),
    ("world", Entity::World),
    ("cluster", Entity::Cluster),
    ("host", Entity::Reserved("host")),
    ("init", Entity::Reserved("init")),
    ("ingress", Entity::Reserved("ingress")),
    ("unmanaged", Entity::Reserved("unmanaged")),
    ("remote-node", Entity::Reserved("remote-node")),
    ("health", Entity::Reserved("health")),
    ("none", Entity::Reserved("none")),
    ("kube-apiserver", Entity::Reserved("kube-apiserver")),
];

/// The members of `world` (ENT-1).
const WORLD: [&str; 3] = ["world", "world-ipv4", "world-ipv6"];

/// The members of `cluster` beside the pods (ENT-1).
const CLUSTER: [&str; 7] =
    ["host", "remote-node", "init", "ingress", "health", "unmanaged", "kube-apiserver"];

/// Decodes the items of `fromEntities` or `toEntities` to the selectors that they stand for.
/// Repetitions add nothing.
pub(super) fn entities(
    cx: &mut Context<'_>,
    items: &[Node],
    path: &Path<'_>,
    options: &Options,
) -> Vec<Selector> {
    let mut entities: Vec<Entity> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let entity = word(cx, item, &path.index(index), &ENTITIES);
        entities.extend(entity.filter(|entity| !entities.contains(entity)));
    }
    let selectors = |entity| selectors(entity, options);
    entities.into_iter().flat_map(selectors).collect()
}

fn selectors(entity: Entity, options: &Options) -> Vec<Selector> {
    match entity {
        Entity::All => vec![Selector::any()],
        Entity::World => WORLD.map(reserved).into(),
        Entity::Reserved(name) => vec![reserved(name)],
        Entity::Cluster => {
            let mut selectors: Vec<Selector> = CLUSTER.map(reserved).into();
            // ENT-6: the local cluster, whatever the default for endpoints is.
            let cluster = SelectKey::new(LabelSource::K8s, keys::CLUSTER);
            let name = options.cluster_name.clone();
            selectors.push(Selector::Labels(LabelSelector::new([(cluster, name)], [])));
            selectors
        }
    }
}

/// Returns the selector of a reserved label.
fn reserved(name: &str) -> Selector {
    let key = SelectKey::new(LabelSource::Reserved, name);
    Selector::Labels(LabelSelector::new([(key, "".into())], []))
}
