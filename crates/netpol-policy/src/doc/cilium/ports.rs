//! Which ports an element is about: `toPorts` and `icmps`.

use std::sync::Arc;

use super::super::codes;
use super::super::decode::{Context, Fields, Path};
use super::super::node::Node;
use super::fields::{Hints, check_number, each, key_span, known_fields, list_field};
use super::port::{self, WrittenPort};
use super::scope::ListScope;
use super::{icmp, l7, listener, tls};
use crate::rule::{PortRule, Ports};

/// Decodes `toPorts` and `icmps` of an element; empty lists are as if absent (PORTV-10).
pub(super) fn ports(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    scope: &ListScope<'_>,
) -> Ports {
    let rules =
        each(cx, fields, path, "toPorts", |cx, node, path| port_rule(cx, node, path, scope));
    let types = icmp::rules(cx, fields, path, scope);
    let n_rules = fields.items("toPorts").len();
    let n_types = fields.items("icmps").len();
    if let (Some(key), true) = (fields.key("icmps"), n_rules > 0 && n_types > 0) {
        // ENTRY-4
        let message = "`icmps` cannot stand beside `toPorts` in one element";
        let help = "begin a new element with `- icmps:`";
        cx.error_help(codes::MIXED_PORTS, key.span, path, message, help);
    }
    match (n_rules, n_types) {
        (0, 0) => Ports::All,
        (0, _) => Ports::AnyOf(types),
        _ => Ports::AnyOf(rules),
    }
}

const FIELDS: [&str; 6] =
    ["ports", "rules", "serverNames", "terminatingTLS", "originatingTLS", "listener"];

const HINTS: Hints<'static> = &[
    ("port", "write `ports: [{port: ...}]`"),
    ("protocol", "it belongs into an item of `ports`, beside `port`"),
    ("endPort", "it belongs into an item of `ports`, beside `port`"),
    ("http", "write `rules: {http: [...]}`"),
    ("dns", "write `rules: {dns: [...]}`"),
];

const DENY_HINTS: Hints<'static> = &[
    (
        "rules",
        "what is denied cannot be looked into: without the field the whole port would be denied; \
         allow the requests that are wanted instead",
    ),
    ("serverNames", DENIES_ALL),
    ("terminatingTLS", DENIES_ALL),
    ("originatingTLS", DENIES_ALL),
    ("listener", DENIES_ALL),
    ("port", "write `ports: [{port: ...}]`"),
    ("protocol", "it belongs into an item of `ports`, beside `port`"),
    ("endPort", "it belongs into an item of `ports`, beside `port`"),
];

const DENIES_ALL: &str = "deny elements have `ports` only: without the field the whole port would be \
                          denied; remove it if that is meant";

/// Decodes an item of `toPorts`.
fn port_rule(
    cx: &mut Context<'_>,
    node: &Node,
    path: &Path<'_>,
    scope: &ListScope<'_>,
) -> Option<PortRule> {
    let deny = scope.list.is_deny();
    let known = if deny { &FIELDS[..1] } else { &FIELDS[..] };
    let hints = if deny { DENY_HINTS } else { HINTS };
    let fields = known_fields(cx, node, path, known, hints)?;
    let written = written_ports(cx, node, fields, path, scope);
    let mut rule = PortRule {
        ports: written.iter().flat_map(WrittenPort::expand).collect(),
        ..PortRule::default()
    };
    rule.ports.shrink_to_fit();
    if deny {
        return Some(rule);
    }
    rule.l7 = l7::rules(cx, fields, path, scope, &written);
    rule.server_names = tls::server_names(cx, fields, path, scope, &written);
    rule.terminating_tls = tls::context(cx, fields, path, "terminatingTLS").map(Arc::new);
    rule.originating_tls = tls::context(cx, fields, path, "originatingTLS").map(Arc::new);
    rule.listener = listener::listener(cx, fields, path, scope).map(Arc::new);
    l7::check_companions(cx, fields, path);
    Some(rule)
}

fn written_ports(
    cx: &mut Context<'_>,
    node: &Node,
    fields: Fields<'_>,
    path: &Path<'_>,
    scope: &ListScope<'_>,
) -> Vec<WrittenPort> {
    const MOST: usize = 40; // LIM-1
    let items = list_field(cx, fields, path, "ports").unwrap_or_default();
    let path = path.field("ports");
    check_number(cx, items, &path, MOST, "make a second item of `toPorts`");
    if items.is_empty() {
        // PORT-2
        let message = "without ports this matches nothing";
        let help = "list ports; to mean all of them, leave `toPorts` out";
        let span = key_span(fields, "ports", node);
        cx.warning(codes::MATCHES_NOTHING, span, &path, message, help);
    }
    let port = |(index, item)| port::port(cx, item, &path.index(index), scope.options());
    items.iter().enumerate().filter_map(port).collect()
}
