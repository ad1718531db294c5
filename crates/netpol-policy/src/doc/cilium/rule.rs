//! One rule: a subject, and elements in four lists.

use std::sync::{Arc, LazyLock};

use netpol_core::Direction;
use regex_automata::meta::Regex;

use super::super::codes;
use super::super::decode::{Context, Fields, Path};
use super::super::node::{Node, Value};
use super::fields::{Hints, each, is_filled, known_fields, required_text, text_field};
use super::scope::{DefaultDeny, Document, ListScope, RuleScope};
use super::{element, subject};
use crate::rule::{Element, ElementList, Rule, Subject};

/// A rule as meant, if its subject is right, beside the fields that it was written as.
pub(super) struct Decoded<'n> {
    pub(super) rule: Option<Rule>,
    pub(super) fields: Fields<'n>,
    pub(super) spec: Option<u32>,
    pub(super) default_deny: DefaultDeny,
}

/// The four lists in the order in which their elements count.
pub(super) const LISTS: [ElementList; 4] =
    [ElementList::Ingress, ElementList::IngressDeny, ElementList::Egress, ElementList::EgressDeny];

/// Decodes `spec` or an item of `specs`.
pub(super) fn rule<'n>(
    cx: &mut Context<'_>,
    node: &'n Node,
    path: &Path<'_>,
    document: &Document<'_>,
    spec: Option<u32>,
) -> Option<Decoded<'n>> {
    let fields = known_fields(cx, node, path, &FIELDS, HINTS)?;
    let subject = subject::subject(cx, node, fields, path, document);
    let default_deny = default_deny(cx, fields, path, document);
    let scope = RuleScope {
        document,
        spec,
        node: fields.get("nodeSelector").is_some(),
        init: subject.as_ref().is_some_and(mentions_init),
        default_deny,
    };
    let elements = elements(cx, fields, path, &scope);
    check_not_empty(cx, node, fields, path);
    labels(cx, fields, path);
    let log = log(cx, fields, path);
    text_field(cx, fields, path, "description");
    let rule = subject.map(|subject| Rule { subject, elements, log });
    Some(Decoded { rule, fields, spec, default_deny })
}

const FIELDS: [&str; 10] = [
    "endpointSelector",
    "nodeSelector",
    "ingress",
    "ingressDeny",
    "egress",
    "egressDeny",
    "enableDefaultDeny",
    "labels",
    "log",
    "description",
];

const HINTS: Hints<'static> = &[
    ("podSelector", "did you mean `endpointSelector`?"),
    (
        "policyTypes",
        "only a NetworkPolicy has it; here `ingress: [{}]` and `egress: [{}]` switch default deny on",
    ),
    ("priority", NO_ORDER),
    ("order", NO_ORDER),
    ("tier", NO_ORDER),
];

const NO_ORDER: &str =
    "policies have no order: every allow counts, and every deny wins over all of them";

/// PEER-4
fn mentions_init(subject: &Subject) -> bool {
    !subject.node && subject.selector.mentions(subject::is_init)
}

/// Decodes the elements of all lists.
fn elements(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    rule: &RuleScope<'_>,
) -> Vec<Arc<Element>> {
    let mut elements = Vec::new();
    for list in LISTS {
        let scope = ListScope { rule, list };
        let mut index = 0;
        elements.extend(each(cx, fields, path, list.as_str(), |cx, node, path| {
            let element = element::element(cx, node, path, &scope, index);
            index += 1;
            element.map(Arc::new)
        }));
    }
    elements
}

/// RULE-1
fn check_not_empty(cx: &mut Context<'_>, node: &Node, fields: Fields<'_>, path: &Path<'_>) {
    if LISTS.iter().any(|list| is_filled(fields, list.as_str())) {
        return;
    }
    let written = LISTS.iter().find_map(|list| fields.key(list.as_str()));
    let span = written.map_or(node.span, |key| key.span);
    let message = "the rule has no element in `ingress`, `ingressDeny`, `egress` or `egressDeny`";
    let help = "to allow nothing inbound write `ingress: [{}]`, outbound `egress: [{}]`";
    cx.error_help(codes::EMPTY_POLICY, span, path, message, help);
}

/// RULE-4
fn default_deny(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    document: &Document<'_>,
) -> DefaultDeny {
    const ON: DefaultDeny = DefaultDeny { ingress: true, egress: true };
    let Some(node) = fields.get("enableDefaultDeny") else {
        return ON;
    };
    let path = path.field("enableDefaultDeny");
    let Some(switches) = known_fields(cx, node, &path, &["ingress", "egress"], &[]) else {
        return ON;
    };
    let written = [Direction::Ingress, Direction::Egress]
        .map(|direction| switch(cx, switches, fields, &path, direction, document));
    if !document.options.non_default_deny {
        return ON;
    }
    let [ingress, egress] = written;
    DefaultDeny { ingress, egress }
}

fn switch(
    cx: &mut Context<'_>,
    switches: Fields<'_>,
    rule: Fields<'_>,
    path: &Path<'_>,
    direction: Direction,
    document: &Document<'_>,
) -> bool {
    let name = match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    };
    let (Some(node), Some(key)) = (switches.get(name), switches.key(name)) else {
        return true;
    };
    let path = path.field(name);
    let Some(on) = cx.boolean(node, &path) else {
        return true;
    };
    let mut lists = LISTS.iter().filter(|list| list.direction() == direction);
    if !lists.any(|list| is_filled(rule, list.as_str())) {
        // RULE-5, IGN-3
        let message = format!("`{path}` has no effect: the rule has no {name} elements");
        let help = format!("remove it, or add `{name}: [{{}}]`");
        cx.warning(codes::NO_EFFECT, key.span, &path, message, help);
    } else if !on && !document.options.non_default_deny {
        // OPT-12
        let message = format!("`{path}: false` has no effect: the feature is switched off");
        let help = "default deny is on all the same";
        cx.warning(codes::NO_EFFECT, key.span, &path, message, help);
    }
    on
}

/// Checks the labels that name the rule, which mean nothing to verdicts (TYP-8, DIV-15).
fn labels(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>) {
    each(cx, fields, path, "labels", |cx, node, path| {
        if let Value::String(text) = &node.value {
            let message = format!("`{path}` must be a mapping, not a string");
            let help = format!("write {{key: {text}}}, with `value` and `source` if needed");
            cx.error_help(codes::WRONG_TYPE, node.span, path, message, help);
            return None;
        }
        let fields = known_fields(cx, node, path, &["key", "value", "source"], &[])?;
        required_text(cx, fields, node, path, "key");
        text_field(cx, fields, path, "value");
        text_field(cx, fields, path, "source")
    });
}

/// Returns the text for verdict records (TYP-9).
fn log(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>) -> Option<Arc<str>> {
    const MAX_BYTES: usize = 32; // LIM-8
    let node = fields.get("log")?;
    let path = path.field("log");
    let log = known_fields(cx, node, &path, &["value"], &[])?;
    let text = text_field(cx, log, &path, "value")?;
    let span = log.get("value")?.span;
    let path = path.field("value");
    if text.len() > MAX_BYTES {
        let message = format!("`{path}` has {} bytes, at most {MAX_BYTES}", text.len());
        cx.error(codes::INVALID_VALUE, span, &path, message);
    }
    if !is_printable(text) {
        let message = format!("`{path}` holds a character that cannot be printed");
        cx.error(codes::INVALID_VALUE, span, &path, message);
    }
    (!text.is_empty()).then(|| text.into())
}

/// Tells whether no character is of Unicode's category "other".
fn is_printable(text: &str) -> bool {
    static PRINTABLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\A\PC*\z").ok());
    if text.is_ascii() {
        return !text.contains(|c: char| c.is_ascii_control());
    }
    PRINTABLE.as_ref().is_some_and(|regex| regex.is_match(text))
}
