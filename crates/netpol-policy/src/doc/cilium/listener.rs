//! Custom listeners.

use super::super::codes;
use super::super::decode::{Context, Fields, Path};
use super::super::node::Node;
use super::fields::{known_fields, required_text, word_field};
use super::scope::ListScope;
use crate::rule::Listener;

/// Decodes `listener`.
pub(super) fn listener(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    scope: &ListScope<'_>,
) -> Option<Listener> {
    let (key, node) = (fields.key("listener")?, fields.get("listener")?);
    let path = path.field("listener");
    if scope.is_ingress() {
        // LSTV-1
        let message = "`listener` cannot stand under `ingress`";
        let help = "put it under `egress` of the clients";
        cx.error_help(codes::INVALID_L7, key.span, &path, message, help);
    }
    let known = ["envoyConfig", "name", "priority"];
    let fields = known_fields(cx, node, &path, &known, &[])?;
    let name = required_text(cx, fields, node, &path, "name");
    let priority = priority(cx, fields, &path);
    let config = cx.required(fields, node, &path, "envoyConfig")?;
    let (clusterwide, config) = envoy_config(cx, config, &path.field("envoyConfig"))?;
    Some(Listener {
        clusterwide,
        config: config.into(),
        name: name?.into(),
        priority: priority.unwrap_or(0),
    })
}

/// `false` for the namespaced kind, which is the default (LSTV-3).
const KINDS: [(&str, bool); 2] =
    [("CiliumEnvoyConfig", false), ("CiliumClusterwideEnvoyConfig", true)];

fn envoy_config<'n>(
    cx: &mut Context<'_>,
    node: &'n Node,
    path: &Path<'_>,
) -> Option<(bool, &'n str)> {
    let fields = known_fields(cx, node, path, &["kind", "name"], &[])?;
    let clusterwide = word_field(cx, fields, path, "kind", &KINDS).unwrap_or(false);
    let name = required_text(cx, fields, node, path, "name")?;
    Some((clusterwide, name))
}

/// LSTV-2
fn priority(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>) -> Option<u8> {
    let node = fields.get("priority")?;
    let path = path.field("priority");
    let number = cx.integer(node, &path)?;
    let priority = u8::try_from(number).ok().filter(|number| (1..=100).contains(number));
    if priority.is_none() {
        let message = format!("`{number}` is no priority: priorities are 1 to 100");
        let help = "remove it for the lowest priority";
        cx.error_help(codes::INVALID_VALUE, node.span, &path, message, help);
    }
    priority
}
