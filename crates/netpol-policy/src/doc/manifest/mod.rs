//! Kubernetes objects that are no policies: the facts that policies are about.
//!
//! Fields that are not read may be anything, for these objects are not ours to check. What is read
//! must have its type. A null counts as absent, as in Kubernetes.

mod backends;
mod fields;
mod node;
mod pod;
mod service;
mod workload;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::decode::{Context, Path};
use super::kind::Kind;
use super::metadata::Metadata;
use super::node::Node as Tree;
use super::read::Object;
use crate::Place;

pub use backends::Endpoints;
pub use node::Node;
pub use pod::{ContainerPort, Pod, PodTemplate};
pub use service::{Service, ServiceKind, ServicePort, TargetPort};
pub use workload::{Workload, WorkloadKind};

/// The labels of an object: key and value.
pub type Labels = BTreeMap<Arc<str>, Arc<str>>;

/// A Namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Its name.
    pub name: Arc<str>,
    /// Its labels, with the one that Kubernetes gives every namespace:
    /// `kubernetes.io/metadata.name` (NP-8).
    pub labels: Labels,
    /// Where the document begins.
    pub place: Place,
}

impl Namespace {
    /// Key of the label that holds a namespace's own name.
    pub const NAME_LABEL: &'static str = "kubernetes.io/metadata.name";

    fn new(meta: &Metadata) -> Self {
        let mut labels = labels(meta);
        labels.insert(Self::NAME_LABEL.into(), Arc::clone(&meta.name));
        Self { name: Arc::clone(&meta.name), labels, place: meta.place.clone() }
    }
}

/// Returns the object that a document describes, or `None` after reporting what is wrong with it.
pub(super) fn object(cx: &mut Context<'_>, root: &Tree, meta: &Metadata) -> Option<Object> {
    let path = Path::Root;
    match meta.kind {
        Kind::Namespace => Some(Object::Namespace(Namespace::new(meta))),
        Kind::Pod => pod::pod(cx, root, &path, meta).map(Object::Pod),
        Kind::Workload(kind) => {
            workload::workload(cx, root, &path, meta, kind).map(Object::Workload)
        }
        Kind::Service => service::service(cx, root, &path, meta).map(Object::Service),
        Kind::Endpoints => backends::endpoints(cx, root, &path, meta).map(Object::Endpoints),
        Kind::EndpointSlice => backends::slice(cx, root, &path, meta).map(Object::Endpoints),
        Kind::Node => node::node(cx, root, &path, meta).map(Object::Node),
        Kind::CiliumNetworkPolicy
        | Kind::CiliumClusterwideNetworkPolicy
        | Kind::CiliumCidrGroup
        | Kind::NetworkPolicy
        | Kind::List => None,
    }
}

/// Returns the labels of an object.
fn labels(meta: &Metadata) -> Labels {
    meta.labels.iter().cloned().collect()
}

/// Returns the namespace of an object of a namespaced kind.
fn namespace(meta: &Metadata) -> Arc<str> {
    meta.namespace.clone().unwrap_or_else(|| "".into())
}
