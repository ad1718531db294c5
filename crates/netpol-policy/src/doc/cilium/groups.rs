//! Peers that are groups of a cloud provider, which an operator would have to resolve (GRP).

use super::super::codes;
use super::super::decode::{Context, Path};
use super::super::node::{Key, Node};
use super::fields::{each, fields_of, is_filled, key_span, known_fields, text_field};
use super::peers::PeerKind;
use super::rule::{Decoded, LISTS};
use crate::{Options, Unsupported};

/// Reports groups, unless somebody else resolves them (GRPV-2).
pub(super) fn check_enabled(cx: &mut Context<'_>, key: &Key, path: &Path<'_>, options: &Options) {
    if options.unsupported == Unsupported::Reject {
        let message = format!("`{}` is not supported: there is no cloud provider", key.text);
        let help = "name the addresses with `fromCIDRSet` or `toCIDRSet`";
        cx.error_help(codes::UNSUPPORTED, key.span, path, message, help);
    }
}

/// Checks an item of `fromGroups` or `toGroups`, if it is not refused as a whole (GRPV-1).
pub(super) fn group(cx: &mut Context<'_>, node: &Node, path: &Path<'_>, options: &Options) {
    if options.unsupported == Unsupported::Reject {
        return;
    }
    let Some(fields) = known_fields(cx, node, path, &["aws"], &[]) else {
        return;
    };
    let Some(aws) = fields.get("aws") else {
        return;
    };
    let path = path.field("aws");
    let Some(fields) = known_fields(cx, aws, &path, &AWS, &[]) else {
        return;
    };
    text_field(cx, fields, &path, "region");
    each(cx, fields, &path, "securityGroupsIds", text);
    each(cx, fields, &path, "securityGroupsNames", text);
    if let Some(labels) = fields.get("labels") {
        let path = path.field("labels");
        for (key, value) in cx.any_fields(labels, &path).map_or(&[][..], |all| all.0) {
            cx.string(value, &path.field(&key.text));
        }
    }
}

const AWS: [&str; 4] = ["labels", "securityGroupsIds", "securityGroupsNames", "region"];

fn text(cx: &mut Context<'_>, node: &Node, path: &Path<'_>) -> Option<()> {
    cx.string(node, path).map(drop)
}

/// Tells whether some element has groups, so that the policy waits for the one that an operator
/// derives from it (GRP-1).
pub(super) fn used(rules: &[Decoded<'_>]) -> bool {
    let has_groups = |rule: &Decoded<'_>| {
        LISTS.iter().any(|list| {
            let field = PeerKind::Groups.field(*list).unwrap_or_default();
            let elements = rule.fields.items(list.as_str());
            elements.iter().any(|element| is_filled(fields_of(element), field))
        })
    };
    rules.iter().any(has_groups)
}

/// Reports that a policy with groups is not enforced.
pub(super) fn warn(cx: &mut Context<'_>, root: &Node) {
    let span = key_span(fields_of(root), "kind", root);
    let message =
        "the policy is not enforced: it waits for one that an operator derives from its groups";
    let help = "add the derived policy";
    cx.warning(codes::NOT_ENFORCED, span, &Path::Root, message, help);
}
