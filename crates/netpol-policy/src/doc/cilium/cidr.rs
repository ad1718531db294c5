//! Peers that are prefixes and CIDR groups.

use netpol_core::{IpFamily, LabelSource, Prefix, SelectKey, cidr_label, keys, world_label};

use super::super::decode::{Context, Fields, Path};
use super::super::node::Node;
use super::super::selector::{KeyRule, label_selector};
use super::super::{codes, names};
use super::fields::{Hints, each, is_filled, key_span, known_fields};
use super::prefix::{self, Written};
use crate::Options;
use crate::rule::{LabelSelector, Operator, Requirement, Selector};

/// Decodes an item of `fromCIDR` or `toCIDR` to its selector, and that of the outside for a prefix
/// that is written as the whole of a family (CIDR-2, CIDR-5).
pub(super) fn cidr(
    cx: &mut Context<'_>,
    node: &Node,
    path: &Path<'_>,
    options: &Options,
) -> Vec<Selector> {
    let Some(written) = prefix::prefix(cx, node, path) else {
        return Vec::new();
    };
    let mut selectors = vec![inside(&written.prefix, &[])];
    if matches!(node.as_str(), Some("0.0.0.0/0" | "::/0")) {
        selectors.extend(world(written.prefix.family(), &[], options));
    }
    selectors
}

/// Decodes an item of `fromCIDRSet` or `toCIDRSet` (CIDR-4, CG-2, CG-3).
pub(super) fn cidr_rule(
    cx: &mut Context<'_>,
    node: &Node,
    path: &Path<'_>,
    options: &Options,
) -> Vec<Selector> {
    let Some(fields) = known_fields(cx, node, path, &FIELDS, HINTS) else {
        return Vec::new();
    };
    let Some(member) = only_member(cx, node, fields, path) else {
        excepts(cx, fields, path);
        return Vec::new();
    };
    if member == "cidr" {
        return cidr_with_excepts(cx, fields, path, options);
    }
    let excepts = excepts(cx, fields, path);
    warn_of_except(cx, fields, path, member);
    let group = if member == "cidrGroupRef" {
        group_by_name(cx, fields, path)
    } else {
        groups_by_label(cx, fields, path)
    };
    let selector = group.map(|mut selector| {
        // CG-6
        excepts.iter().for_each(|except| {
            selector.add_expression(outside_of(&except.prefix));
        });
        Selector::Labels(selector)
    });
    selector.into_iter().collect()
}

const MEMBERS: [&str; 3] = ["cidr", "cidrGroupRef", "cidrGroupSelector"];
const FIELDS: [&str; 4] = ["cidr", "cidrGroupRef", "cidrGroupSelector", "except"];

const HINTS: Hints<'static> = &[
    ("toPorts", BELONGS_BESIDE),
    ("icmps", BELONGS_BESIDE),
    ("authentication", BELONGS_BESIDE),
    ("excepts", "did you mean `except`?"),
];

const BELONGS_BESIDE: &str =
    "it belongs beside `fromCIDRSet` or `toCIDRSet`: give it the same indentation";

/// Returns the only one of the three members that is there (CIDRV-3).
fn only_member(
    cx: &mut Context<'_>,
    node: &Node,
    fields: Fields<'_>,
    path: &Path<'_>,
) -> Option<&'static str> {
    let mut members = MEMBERS.into_iter().filter(|member| fields.get(member).is_some());
    let help = format!("write one of {}", MEMBERS.join(", "));
    match (members.next(), members.next()) {
        (Some(member), None) => return Some(member),
        (None, _) => {
            let message = format!("`{path}` names no prefix and no group");
            cx.error_help(codes::MISSING_FIELD, node.span, path, message, help);
        }
        (Some(first), Some(second)) => {
            let span = key_span(fields, second, node);
            let path = path.field(second);
            let message = format!("`{second}` cannot stand beside `{first}`");
            cx.error_help(codes::MIXED_PEERS, span, &path, message, help);
        }
    }
    None
}

fn cidr_with_excepts(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    options: &Options,
) -> Vec<Selector> {
    let excepts = excepts(cx, fields, path);
    let field = path.field("cidr");
    let node = fields.get("cidr");
    let Some(written) = node.and_then(|node| prefix::prefix(cx, node, &field)) else {
        return Vec::new();
    };
    check_excepts(cx, fields, path, &written.prefix);
    let mut selectors = vec![inside(&written.prefix, &excepts)];
    // CIDR-5: host bits do not matter here.
    if written.prefix.len() == 0 {
        selectors.extend(world(written.prefix.family(), &excepts, options));
    }
    selectors
}

fn excepts(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>) -> Vec<Written> {
    each(cx, fields, path, "except", prefix::prefix)
}

/// Reports exceptions outside of the prefix, and those that leave nothing of it (CIDRV-5,
/// QUIRK-23). Those that are no prefixes have been reported.
fn check_excepts(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>, outer: &Prefix) {
    let excepts = fields.items("except");
    let path = path.field("except");
    for (index, item) in excepts.iter().enumerate() {
        let Some(written) = item.as_str().and_then(prefix::parse) else {
            continue;
        };
        let path = path.index(index);
        if !outer.contains(written.addr) {
            let message = format!("`{}` does not lie inside {outer}", written.prefix);
            let help = "name a part of the prefix, or remove the exception";
            cx.error_help(codes::INVALID_CIDR, item.span, &path, message, help);
        } else if written.prefix.len() <= outer.len() {
            let message = format!("`{}` leaves nothing of {outer}", written.prefix);
            let help = "name a smaller part of the prefix, or remove it as a whole";
            cx.warning(codes::MATCHES_NOTHING, item.span, &path, message, help);
        }
    }
}

/// Reports exceptions from groups, which are hardly ever prefixes themselves (CIDRV-6, IGN-5).
fn warn_of_except(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>, member: &str) {
    if let Some(key) = fields.key("except")
        && is_filled(fields, "except")
    {
        let path = path.field("except");
        let message = format!("`except` beside `{member}` has no effect on the group's prefixes");
        let help = "leave the addresses out of the group, or deny them";
        cx.warning(codes::NO_EFFECT, key.span, &path, message, help);
    }
}

/// CG-2
fn group_by_name(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
) -> Option<LabelSelector> {
    let node = fields.get("cidrGroupRef")?;
    let path = path.field("cidrGroupRef");
    let name = cx.string(node, &path)?;
    if let Err(wrong) = names::subdomain(name) {
        let message = format!("`{name}` is no name of a CIDR group: it {wrong}");
        cx.error(codes::INVALID_NAME, node.span, &path, message);
        return None;
    }
    let key = format!("{}{name}", keys::CIDR_GROUP_NAME);
    let key = SelectKey::new(LabelSource::CidrGroup, &key);
    Some(LabelSelector::new([], [Requirement::exists(key)]))
}

/// CG-3. A selector that a label can be missing for would match pods and nodes too, so it is
/// restricted to the members of groups (QUIRK-10).
fn groups_by_label(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
) -> Option<LabelSelector> {
    let node = fields.get("cidrGroupSelector")?;
    let path = path.field("cidrGroupSelector");
    let keys = KeyRule::Prefixed(LabelSource::CidrGroup);
    let mut selector = label_selector(cx, node, &path, keys)?;
    let is_negative = |requirement: &Requirement| {
        matches!(requirement.operator, Operator::NotIn | Operator::DoesNotExist)
    };
    if selector.requirements().iter().all(is_negative) {
        if selector.is_wildcard() {
            let message = "an empty `cidrGroupSelector` selects every CIDR group";
            let help = "name a label of the groups that are meant";
            cx.warning(codes::ALL_CIDR_GROUPS, node.span, &path, message, help);
        }
        selector.restrict_to_cidr_groups();
    }
    Some(selector)
}

/// Returns the selector of what lies in a prefix and in none of the exceptions.
pub(in crate::doc) fn inside(prefix: &Prefix, excepts: &[Written]) -> Selector {
    let key = SelectKey::new(LabelSource::Cidr, cidr_label(prefix).key());
    let outside = excepts.iter().map(|except| outside_of(&except.prefix));
    let requirements = [Requirement::exists(key)].into_iter().chain(outside);
    Selector::Labels(LabelSelector::new([], requirements))
}

/// Returns the selector of the outside of one family, which has no CIDR label (IPC-6), or `None`
/// for a family that is not in use (QUIRK-12).
pub(in crate::doc) fn world(
    family: IpFamily,
    excepts: &[Written],
    options: &Options,
) -> Option<Selector> {
    let in_use = match family {
        IpFamily::V4 => options.ipv4,
        IpFamily::V6 => options.ipv6,
    };
    if !in_use {
        return None;
    }
    let label = world_label(family, options.dual_stack());
    let key = SelectKey::new(LabelSource::Reserved, label.key());
    let outside = excepts.iter().map(|except| outside_of(&except.prefix));
    let selector = LabelSelector::new([(key, "".into())], outside);
    Some(Selector::Labels(selector))
}

fn outside_of(prefix: &Prefix) -> Requirement {
    let key = SelectKey::new(LabelSource::Cidr, cidr_label(prefix).key());
    Requirement::does_not_exist(key)
}
