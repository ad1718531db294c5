//! Elements: the items of `ingress`, `ingressDeny`, `egress` and `egressDeny`.

use std::sync::Arc;

use netpol_core::Direction;

use super::super::codes;
use super::super::decode::{Context, Fields, Path};
use super::super::node::Node;
use super::fields::{Hints, is_filled, known_fields};
use super::peers::{self, PeerKind};
use super::scope::ListScope;
use super::{auth, ports};
use crate::rule::{Element, ElementList, Origin};

/// Decodes an element. Parts that are wrong have been reported and are left out.
pub(super) fn element(
    cx: &mut Context<'_>,
    node: &Node,
    path: &Path<'_>,
    scope: &ListScope<'_>,
    index: u32,
) -> Option<Element> {
    let fields = known_fields(cx, node, path, &known(scope.list), hints(scope.list))?;
    check_requires(cx, fields, path, scope);
    check_exclusive(cx, fields, path, scope);
    let direction = scope.list.direction();
    Some(Element {
        direction,
        deny: scope.list.is_deny(),
        default_deny: scope.rule.default_deny.of(direction),
        peers: peers::peers(cx, fields, path, scope),
        ports: ports::ports(cx, fields, path, scope),
        auth: auth::auth(cx, fields, path, scope),
        origin: Arc::new(Origin {
            policy: Arc::clone(scope.policy()),
            spec: scope.rule.spec,
            list: scope.list,
            index: Some(index),
            place: cx.source.place(node.span),
        }),
    })
}

/// Returns the names of the fields that elements of a list have (ENTRY).
fn known(list: ElementList) -> Vec<&'static str> {
    let peers = PeerKind::ALL.iter();
    let mut names: Vec<_> = peers.filter_map(|kind| kind.field(list)).collect();
    names.extend([requires(list), "toPorts", "icmps"]);
    if !list.is_deny() {
        names.push("authentication");
    }
    names
}

const fn requires(list: ElementList) -> &'static str {
    match list.direction() {
        Direction::Ingress => "fromRequires",
        Direction::Egress => "toRequires",
    }
}

/// What to say about fields in the wrong place (TYP-5).
fn hints(list: ElementList) -> Hints<'static> {
    match list {
        ElementList::Ingress => INGRESS_HINTS,
        ElementList::IngressDeny => INGRESS_DENY_HINTS,
        ElementList::Egress => EGRESS_HINTS,
        ElementList::EgressDeny => EGRESS_DENY_HINTS,
    }
}

const NO_AUTH: (&str, &str) = (
    "authentication",
    "what is denied cannot be authenticated: remove it, or use an allow element",
);
const AUTH: (&str, &str) = ("auth", "write `authentication: {mode: ...}`");
const PORTS: (&str, &str) = ("ports", "write `toPorts: [{ports: [...]}]`");
const RULES: (&str, &str) = ("rules", "it belongs into an item of `toPorts`, beside `ports`");
const LABELS: (&str, &str) =
    ("matchLabels", "it belongs into an item of `fromEndpoints` or `toEndpoints`");

const INGRESS_HINTS: Hints<'static> = &[
    AUTH,
    PORTS,
    RULES,
    LABELS,
    ("from", "only a NetworkPolicy has it; write `fromEndpoints`"),
    ("toEndpoints", "under `ingress` it is `fromEndpoints`"),
    ("toEntities", "under `ingress` it is `fromEntities`"),
    ("toCIDR", "under `ingress` it is `fromCIDR`"),
    ("toCIDRSet", "under `ingress` it is `fromCIDRSet`"),
    ("fromPorts", "ports are always `toPorts`"),
    ("toFQDNs", "names can only be peers under `egress`"),
    ("toServices", "services can only be peers under `egress`"),
];
const INGRESS_DENY_HINTS: Hints<'static> = &[
    NO_AUTH,
    PORTS,
    RULES,
    LABELS,
    ("toEndpoints", "under `ingressDeny` it is `fromEndpoints`"),
    ("toEntities", "under `ingressDeny` it is `fromEntities`"),
    ("toCIDR", "under `ingressDeny` it is `fromCIDR`"),
    ("toCIDRSet", "under `ingressDeny` it is `fromCIDRSet`"),
    ("fromPorts", "ports are always `toPorts`"),
];
const EGRESS_HINTS: Hints<'static> = &[
    AUTH,
    PORTS,
    RULES,
    LABELS,
    ("to", "only a NetworkPolicy has it; write `toEndpoints`"),
    ("fromEndpoints", "under `egress` it is `toEndpoints`"),
    ("fromEntities", "under `egress` it is `toEntities`"),
    ("fromCIDR", "under `egress` it is `toCIDR`"),
    ("fromCIDRSet", "under `egress` it is `toCIDRSet`"),
];
const EGRESS_DENY_HINTS: Hints<'static> = &[
    NO_AUTH,
    PORTS,
    RULES,
    LABELS,
    (
        "toFQDNs",
        "names cannot be denied: without the field everybody would be denied; allow the names that \
         are wanted under `egress`, or deny prefixes with `toCIDRSet`",
    ),
    ("fromEndpoints", "under `egressDeny` it is `toEndpoints`"),
    ("fromEntities", "under `egressDeny` it is `toEntities`"),
    ("fromCIDR", "under `egressDeny` it is `toCIDR`"),
    ("fromCIDRSet", "under `egressDeny` it is `toCIDRSet`"),
];

/// ENTRY-6, TRN-3, QUIRK-15
fn check_requires(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    scope: &ListScope<'_>,
) {
    let name = requires(scope.list);
    let (Some(key), Some(node)) = (fields.key(name), fields.get(name)) else {
        return;
    };
    let path = path.field(name);
    if cx.list(node, &path).is_none_or(<[Node]>::is_empty) {
        return;
    }
    let message = format!("`{name}` is not supported: Cilium 1.19 removed it");
    let help = "name the labels in the peers of each element, or deny what lacks them";
    cx.error_help(codes::UNSUPPORTED, key.span, &path, message, help);
}

/// Reports peers of several kinds in one element (ENTRY-1, ENTRY-2).
fn check_exclusive(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    scope: &ListScope<'_>,
) {
    let kinds = PeerKind::ALL.iter();
    let names = kinds.filter_map(|kind| kind.field(scope.list));
    let filled = names.filter(|name| is_filled(fields, name));
    // In the order in which they are written, so that the later one is to blame.
    let mut keys: Vec<_> = filled.filter_map(|name| fields.key(name)).collect();
    keys.sort_by_key(|key| key.span.start);
    let Some((first, others)) = keys.split_first() else {
        return;
    };
    for other in others {
        let path = path.field(&other.text);
        let message =
            format!("`{}` cannot stand beside `{}` in one element", other.text, first.text);
        let help = format!("begin a new element with `- {}:`", other.text);
        cx.error_help(codes::MIXED_PEERS, other.span, &path, message, help);
    }
}
