//! DNS names and patterns, as peers and as names that may be asked for.

use std::sync::Arc;

use super::super::codes;
use super::super::decode::{Context, Fields, Path};
use super::super::node::Node;
use super::fields::{key_span, known_fields};
use crate::rule::{DnsRule, FqdnSelector, Selector};

/// Decodes an item of `toFQDNs` (FQDN-1).
pub(super) fn peer(cx: &mut Context<'_>, node: &Node, path: &Path<'_>) -> Option<Selector> {
    let Names { name, pattern } = names(cx, node, path)?;
    Some(Selector::Fqdn(FqdnSelector { match_name: name, match_pattern: pattern }))
}

/// Decodes an item of `rules.dns` (FQDNV-2).
pub(super) fn dns_rule(cx: &mut Context<'_>, node: &Node, path: &Path<'_>) -> Option<DnsRule> {
    let Names { name, pattern } = names(cx, node, path)?;
    Some(DnsRule { match_name: name, match_pattern: pattern })
}

/// Exactly one of them is there.
struct Names {
    name: Option<Arc<str>>,
    pattern: Option<Arc<str>>,
}

const NAME: &str = "matchName";
const PATTERN: &str = "matchPattern";

/// Decodes a name or a pattern, of which exactly one must be there (FQDNV-1, DIV-14).
fn names(cx: &mut Context<'_>, node: &Node, path: &Path<'_>) -> Option<Names> {
    let fields = known_fields(cx, node, path, &[NAME, PATTERN], &[])?;
    match (fields.get(NAME), fields.get(PATTERN)) {
        (Some(_), Some(_)) => {
            let span = key_span(fields, PATTERN, node);
            let message = format!("`{NAME}` and `{PATTERN}` cannot stand beside each other");
            let help = "make two items of them";
            cx.error_help(codes::INVALID_VALUE, span, path, message, help);
            None
        }
        (None, None) => {
            let message = format!("`{path}` names nothing");
            let help = format!("write `{NAME}: example.com` or `{PATTERN}: \"*.example.com\"`");
            cx.error_help(codes::MISSING_FIELD, node.span, path, message, help);
            None
        }
        (Some(_), None) => {
            Some(Names { name: Some(checked(cx, fields, path, NAME, "")?), pattern: None })
        }
        (None, Some(_)) => {
            Some(Names { name: None, pattern: Some(checked(cx, fields, path, PATTERN, "*")?) })
        }
    }
}

/// Returns the text of a field if it is a name, in which the characters of `more` may occur too.
fn checked(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    field: &str,
    more: &str,
) -> Option<Arc<str>> {
    let node = fields.get(field)?;
    let path = path.field(field);
    let text = cx.string(node, &path)?;
    let Some(wrong) = problem(text, more) else {
        return Some(text.into());
    };
    let message = format!("`{text}` is no DNS name: it {wrong}");
    if field == NAME && text.contains('*') && problem(text, "*").is_none() {
        // FQDNV-4
        let help = format!("write `{PATTERN}: \"{text}\"`");
        cx.error_help(codes::INVALID_DNS_NAME, node.span, &path, message, help);
    } else {
        cx.error(codes::INVALID_DNS_NAME, node.span, &path, message);
    }
    None
}

/// Returns what is wrong with a name: it is made of words with single dots between, of which one
/// may be at the end (FQDNV-3, LIM-4, DIV-20).
fn problem(text: &str, more: &str) -> Option<String> {
    let is_allowed =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') || more.contains(c);
    if text.is_empty() {
        return Some("is empty".to_owned());
    }
    if text.len() > MAX_BYTES {
        return Some(too_long(text));
    }
    if let Some(odd) = text.chars().find(|c| !is_allowed(*c)) {
        return Some(format!("holds `{}`", odd.escape_default()));
    }
    if text.starts_with('.') || text.contains("..") {
        return Some("has a dot with nothing before it".to_owned());
    }
    None
}

const MAX_BYTES: usize = 255;

fn too_long(text: &str) -> String {
    format!("has {} characters, at most {MAX_BYTES}", text.len())
}

/// Returns what is wrong with a server name of TLS: a name, with `*.` or `**.` in front maybe
/// (TLSV-3, LIM-5).
pub(super) fn server_name_problem(text: &str) -> Option<String> {
    if text.len() > MAX_BYTES {
        return Some(too_long(text));
    }
    let plain = text.strip_prefix("**.").or_else(|| text.strip_prefix("*."));
    problem(plain.unwrap_or(text), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_with_dots_between() {
        for good in ["a", "a.b", "a.b.", "A_b-c.1", "-"] {
            assert_eq!(problem(good, ""), None, "{good}");
        }
        let too_long = "a.".repeat(128);
        for bad in ["", ".", ".a", "a..b", "a b", "*.a", "a[b]", "ä.b", "a\n", &too_long] {
            assert!(problem(bad, "").is_some(), "{bad}");
        }
        assert_eq!(problem("*.a*.**", "*"), None);
        assert_eq!(problem(&"a".repeat(255), ""), None);
    }

    #[test]
    fn server_names_may_begin_with_a_star_and_a_dot() {
        for good in ["a.b", "*.a.b", "**.a.b", "a.b."] {
            assert_eq!(server_name_problem(good), None, "{good}");
        }
        for bad in ["", "*", "**", "a.*.b", "*a.b", "***.a", "*.*.a", "*."] {
            assert!(server_name_problem(bad).is_some(), "{bad}");
        }
    }
}
