//! CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy.
//!
//! What either of Cilium's two gates refuses is refused here (DIV-22), every problem of a
//! document is reported, and what is accepted becomes a [`Policy`]. Decoders report what is
//! wrong and go on with what is left; a document with an error gives no policy at all (OBJ-11).

mod auth;
pub(in crate::doc) mod cidr;
mod element;
mod endpoints;
mod entities;
mod fields;
mod fqdn;
mod groups;
mod header;
mod http;
mod icmp;
mod kafka;
mod l7;
pub(in crate::doc) mod lint;
mod listener;
mod peers;
mod port;
mod ports;
pub(in crate::doc) mod prefix;
mod rule;
mod scope;
mod services;
mod subject;
mod tls;

use std::sync::Arc;

use super::codes;
use super::decode::{Context, Fields, Path};
use super::kind::Kind;
use super::metadata::Metadata;
use super::node::{Node, Value};
use crate::Options;
use crate::rule::{Policy, PolicyKind, PolicyName};
use fields::{key_span, known_fields};
use rule::Decoded;
use scope::Document;

/// Returns the policy that a document describes, or `None` after reporting what is wrong with it.
pub(crate) fn policy(
    cx: &mut Context<'_>,
    root: &Node,
    meta: &Metadata,
    options: &Options,
) -> Option<Policy> {
    let before = cx.report.problems().len();
    let fields = known_fields(cx, root, &Path::Root, &FIELDS, &HINTS)?;
    let name = Arc::new(name(meta));
    let document = Document { options, policy: &name };
    warn_of_status(cx, fields);
    let decoded = rules(cx, root, fields, &document);
    lint::rules(cx, &decoded);
    let waits = groups::used(&decoded);
    if waits {
        groups::warn(cx, root);
    }
    let problems = cx.report.problems().iter().skip(before);
    if problems.into_iter().any(crate::Problem::is_error) {
        return None;
    }
    let rules = decoded.into_iter().filter_map(|decoded| decoded.rule);
    Some(Policy {
        name,
        // GRP-1
        rules: if waits { Vec::new() } else { rules.collect() },
        place: meta.place.clone(),
    })
}

const FIELDS: [&str; 6] = ["apiVersion", "kind", "metadata", "spec", "specs", "status"];

const HINTS: [(&str, &str); 5] = [
    ("endpointSelector", BELONGS_IN_SPEC),
    ("ingress", BELONGS_IN_SPEC),
    ("egress", BELONGS_IN_SPEC),
    ("ingressDeny", BELONGS_IN_SPEC),
    ("egressDeny", BELONGS_IN_SPEC),
];

const BELONGS_IN_SPEC: &str = "it belongs under `spec`: indent it";

fn name(meta: &Metadata) -> PolicyName {
    let kind = match meta.kind {
        Kind::CiliumClusterwideNetworkPolicy => PolicyKind::Clusterwide,
        _ => PolicyKind::Cilium,
    };
    PolicyName { kind, namespace: meta.namespace.clone(), name: Arc::clone(&meta.name) }
}

fn warn_of_status(cx: &mut Context<'_>, fields: Fields<'_>) {
    let (Some(key), Some(node)) = (fields.key("status"), fields.get("status")) else {
        return;
    };
    if node.value == Value::Mapping(Vec::new()) {
        return;
    }
    // OBJ-12, IGN-8
    let path = Path::Root.field("status");
    let message = "`status` is written by Cilium and never read";
    cx.warning(codes::NO_EFFECT, key.span, &path, message, "remove it");
}

/// Decodes `spec`, then `specs` in order (OBJ-5).
fn rules<'n>(
    cx: &mut Context<'_>,
    root: &Node,
    fields: Fields<'n>,
    document: &Document<'_>,
) -> Vec<Decoded<'n>> {
    let mut rules = Vec::new();
    if let Some(node) = fields.get("spec") {
        let path = Path::Root.field("spec");
        rules.extend(rule::rule(cx, node, &path, document, None));
    }
    if let Some(node) = fields.get("specs") {
        let path = Path::Root.field("specs");
        let items = cx.list(node, &path).unwrap_or_default();
        for (index, item) in items.iter().enumerate() {
            let number = u32::try_from(index).ok();
            rules.extend(rule::rule(cx, item, &path.index(index), document, number));
        }
        warn_of_no_rules(cx, fields, items);
    }
    if fields.get("spec").is_none() && fields.get("specs").is_none() {
        // OBJ-7
        let span = key_span(fields, "kind", root);
        let help = "add `spec` with a subject and `ingress` or `egress`";
        let message = "the policy has neither `spec` nor `specs`";
        cx.error_help(codes::EMPTY_POLICY, span, &Path::Root, message, help);
    }
    rules
}

fn warn_of_no_rules(cx: &mut Context<'_>, fields: Fields<'_>, items: &[Node]) {
    if let Some(key) = fields.key("specs")
        && items.is_empty()
        && fields.get("spec").is_none()
    {
        // OBJ-8
        let path = Path::Root.field("specs");
        let message = "the policy has no rules: it applies to nothing";
        let help = "add a rule, or remove the policy";
        cx.warning(codes::NO_EFFECT, key.span, &path, message, help);
    }
}
