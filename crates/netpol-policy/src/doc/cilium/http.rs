//! HTTP rules.

use std::sync::Arc;

use netpol_l7::{Error, regex_size};

use super::super::codes;
use super::super::decode::{Context, Fields, Path};
use super::super::node::Node;
use super::fields::{Hints, each, known_fields, text_field};
use super::header;
use crate::Span;
use crate::rule::HttpRule;

/// Decodes an item of `rules.http`. `{}` allows every request (L7V-13).
pub(super) fn rule(cx: &mut Context<'_>, node: &Node, path: &Path<'_>) -> Option<HttpRule> {
    let fields = known_fields(cx, node, path, &FIELDS, HINTS)?;
    Some(HttpRule {
        path: checked_regex(cx, fields, path, "path"),
        method: checked_regex(cx, fields, path, "method"),
        host: host(cx, fields, path),
        headers: each(cx, fields, path, "headers", header::header),
        header_matches: each(cx, fields, path, "headerMatches", header::header_match),
    })
}

const FIELDS: [&str; 5] = ["path", "method", "host", "headers", "headerMatches"];

const HINTS: Hints<'static> = &[
    ("paths", "write one item for each path, or `path: /a|/b`"),
    ("methods", "write one item for each method, or `method: GET|PUT`"),
];

/// Returns an expression that has been checked; an empty one is as if absent (HTTP-1, HTTP-4).
fn checked_regex(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    name: &str,
) -> Option<Arc<str>> {
    regex(cx, fields, path, name, |cx, text, wrong, span, path| {
        let message = format!("`{text}` cannot be used: {wrong}");
        cx.error_help(codes::INVALID_REGEX, span, path, message, wrong.help().unwrap_or(SYNTAX));
        None
    })
}

/// Returns the expression for the host. Cilium accepts one that is wrong, and its proxy then
/// refuses the policy as a whole (L7Q-2); here the rule never matches.
fn host(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>) -> Option<Arc<str>> {
    regex(cx, fields, path, "host", |cx, text, wrong, span, path| {
        let message = format!("`{text}` cannot be used, so the rule never matches: {wrong}");
        cx.warning(codes::INVALID_REGEX, span, path, message, wrong.help().unwrap_or(SYNTAX));
        Some(NEVER.into())
    })
}

/// Returns an expression, `None` if it is absent or empty. One that is wrong is replaced by what
/// `reject` returns for it.
fn regex(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    name: &str,
    reject: impl FnOnce(&mut Context<'_>, &str, &Error, Span, &Path<'_>) -> Option<Arc<str>>,
) -> Option<Arc<str>> {
    let text = text_field(cx, fields, path, name)?;
    let span = fields.get(name)?.span;
    let path = path.field(name);
    if text.is_empty() {
        return None;
    }
    match regex_size(text) {
        Ok(size) => {
            warn_of_size(cx, size, span, &path);
            Some(text.into())
        }
        Err(wrong) => reject(cx, text, &wrong, span, &path),
    }
}

/// An expression that matches nothing, not even the empty text.
const NEVER: &str = r"[^\x00-\x{10FFFF}]";

const SYNTAX: &str = "the syntax is that of RE2";

/// L7Q-2
fn warn_of_size(cx: &mut Context<'_>, size: usize, span: Span, path: &Path<'_>) {
    const ENVOY: usize = 100;
    if size > ENVOY {
        let message =
            format!("the expression is large: Envoy refuses more than {ENVOY} instructions");
        let help = "make several rules of it, or use fewer `.*` and alternatives";
        cx.warning(codes::LARGE_REGEX, span, path, message, help);
    }
}
