//! Peers that are endpoints or nodes, and the scoping of their selectors.

use std::sync::Arc;

use netpol_core::{LabelSource, SelectKey, keys};

use super::super::codes;
use super::super::decode::{Context, Path};
use super::super::node::{Key, Node};
use super::super::pod_keys;
use super::super::selector::{KeyRule, label_selector};
use super::lint;
use super::scope::ListScope;
use crate::Options;
use crate::rule::{LabelSelector, Requirement, Selector};

/// Decodes an item of `fromEndpoints` or `toEndpoints`.
pub(super) fn endpoint(
    cx: &mut Context<'_>,
    node: &Node,
    path: &Path<'_>,
    scope: &ListScope<'_>,
) -> Option<Selector> {
    let mut selector = label_selector(cx, node, path, KeyRule::Cilium)?;
    lint::labels(cx, node, path);
    // PEER-3
    if !selector.mentions(|key| *key.source() == LabelSource::Reserved) {
        add_namespace(&mut selector, scope);
        add_cluster(&mut selector, scope.options());
    }
    Some(Selector::Labels(selector))
}

/// Decodes an item of `fromNodes` or `toNodes` (NODE-1).
pub(super) fn node(
    cx: &mut Context<'_>,
    node: &Node,
    path: &Path<'_>,
    options: &Options,
) -> Option<Selector> {
    let mut selector = label_selector(cx, node, path, KeyRule::Cilium)?;
    let remote = SelectKey::new(LabelSource::Reserved, "remote-node");
    selector.add_expression(Requirement::exists(remote));
    add_cluster(&mut selector, options);
    Some(Selector::Labels(selector))
}

/// Reports peers that are nodes, unless they are switched on (NODEV-2).
pub(super) fn check_nodes_enabled(
    cx: &mut Context<'_>,
    key: &Key,
    path: &Path<'_>,
    options: &Options,
) {
    if !options.node_selector_labels {
        let message = format!("`{}` is switched off", key.text);
        let help = "switch node selector labels on, or use the entities `host` and `remote-node`";
        cx.error_help(codes::DISABLED, key.span, path, message, help);
    }
}

/// PEER-4, PEER-5
fn add_namespace(selector: &mut LabelSelector, scope: &ListScope<'_>) {
    if selector.mentions(|key| of_pods(key) && key.key() == keys::NAMESPACE) {
        return;
    }
    let key = pod_keys::namespace();
    match &scope.policy().namespace {
        Some(namespace) if !selector.mentions(is_namespace_label) => {
            selector.set_label(key, Arc::clone(namespace));
        }
        None if !scope.rule.init => selector.add_expression(Requirement::exists(key)),
        _ => {}
    }
}

/// PEER-6
fn add_cluster(selector: &mut LabelSelector, options: &Options) {
    let is_cluster = |key: &SelectKey| of_pods(key) && key.key() == keys::CLUSTER;
    if options.default_local_cluster && !selector.mentions(is_cluster) {
        let key = pod_keys::cluster();
        selector.set_label(key, Arc::clone(&options.cluster_name));
    }
}

fn is_namespace_label(key: &SelectKey) -> bool {
    of_pods(key) && key.key().starts_with(keys::NAMESPACE_LABELS)
}

/// Tells whether a key asks for labels that come from Kubernetes, among others maybe (PEER-4).
fn of_pods(key: &SelectKey) -> bool {
    matches!(key.source(), LabelSource::K8s | LabelSource::Any)
}
