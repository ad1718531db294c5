//! Peers that are Kubernetes services.

use std::sync::Arc;

use super::super::codes;
use super::super::decode::{Context, Fields, Path};
use super::super::node::{Key, Node};
use super::super::selector::{KeyRule, label_selector};
use super::fields::{known_fields, text_field};
use crate::rule::{LabelSelector, ServiceSelector};

/// Decodes an item of `toServices` (SVCV-1).
pub(super) fn service(
    cx: &mut Context<'_>,
    node: &Node,
    path: &Path<'_>,
) -> Option<ServiceSelector> {
    let fields = known_fields(cx, node, path, &["k8sService", "k8sServiceSelector"], &[])?;
    let selector =
        ServiceSelector { name: by_name(cx, fields, path), labels: by_labels(cx, fields, path) };
    if fields.0.is_empty() {
        let message = "no service is named: this selects nothing";
        let help = "write `k8sService: {serviceName: ..., namespace: ...}`";
        cx.warning(codes::MATCHES_NOTHING, node.span, path, message, help);
    }
    Some(selector)
}

/// Reports services under `egressDeny`, which Cilium never resolves (SVC-7, QUIRK-6, IGN-10).
pub(super) fn refuse_deny(cx: &mut Context<'_>, key: &Key, path: &Path<'_>) {
    let message =
        "`toServices` is not supported under `egressDeny`: services are never resolved there";
    let help = "deny the service's pods with `toEndpoints`, or its addresses with `toCIDR`";
    cx.error_help(codes::UNSUPPORTED, key.span, path, message, help);
}

fn by_name(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
) -> Option<(Arc<str>, Arc<str>)> {
    let node = fields.get("k8sService")?;
    let path = path.field("k8sService");
    let fields = known_fields(cx, node, &path, &["serviceName", "namespace"], &[])?;
    let namespace = text_field(cx, fields, &path, "namespace").unwrap_or_default();
    let name = text_field(cx, fields, &path, "serviceName").unwrap_or_default();
    if name.is_empty() {
        let message = "no service is named: this selects nothing";
        let help = "add `serviceName`";
        cx.warning(codes::MATCHES_NOTHING, node.span, &path, message, help);
        return None;
    }
    Some((name.into(), namespace.into()))
}

fn by_labels(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
) -> Option<(LabelSelector, Arc<str>)> {
    let node = fields.get("k8sServiceSelector")?;
    let path = path.field("k8sServiceSelector");
    let fields = known_fields(cx, node, &path, &["selector", "namespace"], &[])?;
    let namespace = text_field(cx, fields, &path, "namespace").unwrap_or_default();
    let selector = cx.required(fields, node, &path, "selector")?;
    // SELV-8
    let selector = label_selector(cx, selector, &path.field("selector"), KeyRule::Plain)?;
    Some((selector, namespace.into()))
}
