//! TLS contexts, secrets and server names.

use std::collections::HashSet;
use std::sync::Arc;

use netpol_core::Protocol;

use super::super::codes;
use super::super::decode::{Context, Fields, Path};
use super::super::node::Node;
use super::fields::{known_fields, list_field, text_field};
use super::fqdn::server_name_problem;
use super::port::WrittenPort;
use super::scope::ListScope;
use crate::rule::{SecretRef, TlsContext};

/// Decodes `terminatingTLS` or `originatingTLS`.
pub(super) fn context(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    name: &str,
) -> Option<TlsContext> {
    let node = fields.get(name)?;
    let path = path.field(name);
    let known = ["secret", "trustedCA", "certificate", "privateKey"];
    let fields = known_fields(cx, node, &path, &known, &[])?;
    let trusted_ca = item(cx, fields, &path, "trustedCA");
    let certificate = item(cx, fields, &path, "certificate");
    let private_key = item(cx, fields, &path, "privateKey");
    let secret_node = cx.required(fields, node, &path, "secret")?;
    Some(TlsContext {
        secret: secret(cx, secret_node, &path.field("secret"))?,
        trusted_ca,
        certificate,
        private_key,
    })
}

fn item(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>, name: &str) -> Option<Arc<str>> {
    let text = text_field(cx, fields, path, name)?;
    (!text.is_empty()).then(|| text.into())
}

/// Decodes a reference to a secret, whose name must be there.
pub(super) fn secret(cx: &mut Context<'_>, node: &Node, path: &Path<'_>) -> Option<SecretRef> {
    let fields = known_fields(cx, node, path, &["namespace", "name"], &[])?;
    let namespace = text_field(cx, fields, path, "namespace").unwrap_or_default();
    let name = cx.required(fields, node, path, "name")?;
    Some(SecretRef {
        namespace: namespace.into(),
        name: cx.string(name, &path.field("name"))?.into(),
    })
}

/// Decodes `serverNames` (TLSV-3).
pub(super) fn server_names(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    scope: &ListScope<'_>,
    ports: &[WrittenPort],
) -> Vec<Arc<str>> {
    let Some(items) = list_field(cx, fields, path, "serverNames") else {
        return Vec::new();
    };
    let path = path.field("serverNames");
    if let (Some(key), true) = (fields.key("serverNames"), items.is_empty()) {
        let message = format!("`{path}` is empty");
        let help = "list names, or remove it";
        cx.error_help(codes::INVALID_VALUE, key.span, &path, message, help);
    }
    warn_of_place(cx, fields, &path, scope, ports);
    let mut names: Vec<Arc<str>> = Vec::with_capacity(items.len());
    let mut seen = HashSet::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let path = path.index(index);
        let Some(name) = server_name(cx, item, &path) else {
            continue;
        };
        if !seen.insert(Arc::clone(&name)) {
            let message = format!("`{name}` stands twice in the list");
            cx.error(codes::INVALID_VALUE, item.span, &path, message);
        }
        names.push(name);
    }
    names
}

fn server_name(cx: &mut Context<'_>, node: &Node, path: &Path<'_>) -> Option<Arc<str>> {
    let text = cx.string(node, path)?;
    if let Some(wrong) = server_name_problem(text) {
        let message = format!("`{text}` is no server name: it {wrong}");
        let help = "a star may only stand in front, as in `*.example.com` or `**.example.com`";
        cx.error_help(codes::INVALID_DNS_NAME, node.span, path, message, help);
        return None;
    }
    Some(text.into())
}

/// TLSV-4
fn warn_of_place(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    scope: &ListScope<'_>,
    ports: &[WrittenPort],
) {
    if let (Some(key), true) = (fields.key("serverNames"), scope.is_ingress()) {
        let message = "`serverNames` are meant for `egress`";
        let help = "put them under `egress` of the clients";
        cx.warning(codes::ODD_SERVER_NAMES, key.span, path, message, help);
    }
    for port in ports.iter().filter(|port| port.protocol != Protocol::TCP) {
        let protocol = port.protocol;
        let message = format!("server names are read from TLS over TCP, and this is {protocol}");
        let help = "write protocol: TCP";
        cx.warning(codes::ODD_SERVER_NAMES, port.protocol_span, path, message, help);
    }
}
