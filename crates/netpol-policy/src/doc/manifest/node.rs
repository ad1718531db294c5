//! Nodes of the cluster.

use std::net::IpAddr;
use std::sync::Arc;

use super::Labels;
use super::fields::{address, each, mapping, text};
use crate::Place;
use crate::doc::decode::{Context, Path};
use crate::doc::metadata::Metadata;
use crate::doc::node::Node as Tree;

/// A Node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: Arc<str>,
    /// Its labels.
    pub labels: Labels,
    /// Its internal and external addresses, in order.
    pub addresses: Vec<IpAddr>,
    /// Where the document begins.
    pub place: Place,
}

pub(super) fn node(
    cx: &mut Context<'_>,
    root: &Tree,
    path: &Path<'_>,
    meta: &Metadata,
) -> Option<Node> {
    let fields = cx.any_fields(root, path)?;
    let status = mapping(cx, fields, path, "status");
    let path = path.field("status");
    let addresses = each(cx, status, &path, "addresses", |cx, node, path| {
        let fields = cx.any_fields(node, path)?;
        // The others are names.
        if !matches!(text(cx, fields, path, "type"), Some("InternalIP" | "ExternalIP")) {
            return None;
        }
        let value = cx.required(fields, node, path, "address")?;
        address(cx, value, &path.field("address"))
    });
    Some(Node {
        name: Arc::clone(&meta.name),
        labels: super::labels(meta),
        addresses,
        place: meta.place.clone(),
    })
}
