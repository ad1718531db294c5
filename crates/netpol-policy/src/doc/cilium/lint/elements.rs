//! Elements that mean something else than they look like.

use netpol_core::Direction;

use super::super::super::codes;
use super::super::super::decode::{Context, Path};
use super::super::super::node::{Node, Value};
use super::super::fields::{fields_of, is_filled};
use super::super::peers::PeerKind;
use crate::Span;
use crate::rule::ElementList;

/// Reports odd elements of a list; `default_deny` is the rule's for their direction.
pub(super) fn elements(
    cx: &mut Context<'_>,
    elements: &[Node],
    path: &Path<'_>,
    list: ElementList,
    default_deny: bool,
) {
    for (index, item) in elements.iter().enumerate() {
        warn_if_empty(cx, item, &path.index(index), list, default_deny);
    }
    for (index, pair) in elements.windows(2).enumerate() {
        if let [before, item] = pair
            && has_peers_only(before, list)
            && has_ports_only(item)
            && !(is_filled(fields_of(before), "toFQDNs") && has_dns_rules(item))
        {
            warn_of_dash(cx, item, &path.index(index + 1), list);
        }
    }
}

/// Reports elements with neither peers nor ports, which match nothing (ENTRY-5, DD-3, PEER-12).
fn warn_if_empty(
    cx: &mut Context<'_>,
    item: &Node,
    path: &Path<'_>,
    list: ElementList,
    default_deny: bool,
) {
    let fields = fields_of(item);
    let restricts =
        |key: &str| key != "authentication" && (is_peers(key, list) || is_filled(fields, key));
    let is_mapping = matches!(item.value, Value::Mapping(_));
    if !is_mapping || fields.0.iter().any(|(key, _)| restricts(&key.text)) {
        return;
    }
    let verb = if list.is_deny() { "denies" } else { "allows" };
    let effect = if default_deny { "and switches default deny on" } else { "and has no effect" };
    let message = format!("an element without peers and ports {verb} nothing {effect}");
    let peers = match list.direction() {
        Direction::Ingress => "fromEntities: [all]",
        Direction::Egress => "toEntities: [all]",
    };
    let help = if list.is_deny() {
        format!("to deny everything write `{peers}`")
    } else {
        format!(
            "to allow everything write `{peers}`; only in a NetworkPolicy `{{}}` allows everything"
        )
    };
    cx.warning(codes::EMPTY_ELEMENT, item.span, path, message, help);
}

fn has_peers_only(item: &Node, list: ElementList) -> bool {
    let fields = fields_of(item);
    let mut keys = fields.0.iter().map(|(key, _)| key.text.as_str());
    keys.clone().any(|key| is_peers(key, list) && is_filled(fields, key))
        && keys.all(|key| is_peers(key, list) || key == "authentication")
}

fn has_ports_only(item: &Node) -> bool {
    let fields = fields_of(item);
    is_filled(fields, "toPorts") && fields.0.len() == 1
}

/// Tells whether an element lets DNS be seen. Names are hardly meant to be DNS servers, so behind
/// an element with names it stands for itself.
fn has_dns_rules(item: &Node) -> bool {
    let rules = fields_of(item).items("toPorts").iter();
    rules.filter_map(|rule| rule.get("rules")).any(|rules| is_filled(fields_of(rules), "dns"))
}

fn is_peers(key: &str, list: ElementList) -> bool {
    let mut kinds = PeerKind::ALL.iter();
    kinds.any(|kind| kind.field(list) == Some(key))
}

/// Reports a dash too many: the element has ports and no peers, directly behind one with peers
/// and no ports (PEER-10).
fn warn_of_dash(cx: &mut Context<'_>, item: &Node, path: &Path<'_>, list: ElementList) {
    let who = match (list.direction(), list.is_deny()) {
        (Direction::Ingress, false) => "everybody may reach these ports",
        (Direction::Ingress, true) => "nobody may reach these ports",
        (Direction::Egress, false) => "these ports may be reached everywhere",
        (Direction::Egress, true) => "these ports may be reached nowhere",
    };
    let message = format!(
        "this is an element of its own: {who}, and the element before it is about all ports"
    );
    let help = "remove the dash and indent `toPorts` like the field above it, if these ports are \
                meant for those peers";
    let span = dash(cx.source.text(), item.span).unwrap_or(item.span);
    cx.warning(codes::DASH_TRAP, span, path, message, help);
}

/// Returns the place of the dash in front of a list's item, if there is one on the same line.
fn dash(text: &str, item: Span) -> Option<Span> {
    let before = text.get(..item.start)?;
    let start = before.trim_end_matches(' ').strip_suffix('-')?.len();
    let back = u32::try_from(item.start - start).ok()?;
    Some(Span { start, end: start + 1, line: item.line, column: item.column.checked_sub(back)? })
}
