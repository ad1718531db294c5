//! CiliumCIDRGroup (CGV, CG-1).

use std::sync::Arc;

use netpol_core::{Label, LabelSource};

use super::cilium::prefix::prefix;
use super::decode::{Context, Path};
use super::metadata::Metadata;
use super::node::Node;
use crate::rule::CidrGroup;

/// Returns the group that a document describes, or `None` after reporting what is wrong with it.
///
/// Cilium leaves out prefixes that it cannot read (CGV-3), so that less is selected than was
/// written; here they are errors.
pub(super) fn cidr_group(cx: &mut Context<'_>, root: &Node, meta: &Metadata) -> Option<CidrGroup> {
    let path = Path::Root;
    let fields = cx.fields(root, &path, &["apiVersion", "kind", "metadata", "spec", "status"])?;
    let spec = cx.required(fields, root, &path, "spec")?;
    let path = path.field("spec");
    let fields = cx.fields(spec, &path, &["externalCIDRs"])?;
    let list = cx.required(fields, spec, &path, "externalCIDRs")?;
    let path = path.field("externalCIDRs");
    let items = cx.list(list, &path)?;
    let prefixes: Vec<_> = items
        .iter()
        .enumerate()
        .filter_map(|(index, item)| prefix(cx, item, &path.index(index)))
        .map(|written| written.prefix)
        .collect();
    let labels = meta.labels.iter();
    let labels = labels.map(|(key, value)| Label::new(LabelSource::CidrGroup, key, value));
    Some(CidrGroup {
        name: Arc::clone(&meta.name),
        labels: labels.collect(),
        prefixes,
        place: meta.place.clone(),
    })
}
