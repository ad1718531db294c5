//! Conditions on HTTP headers.

use std::sync::Arc;

use super::super::codes;
use super::super::decode::{Context, Fields, Path};
use super::super::node::Node;
use super::fields::{known_fields, required_text, text_field, word_field};
use super::tls;
use crate::rule::{HeaderMatch, Mismatch, SecretRef};

/// Decodes an item of `headers`, and reports forms that never match (HTTP-10, HTTP-12).
pub(super) fn header(cx: &mut Context<'_>, node: &Node, path: &Path<'_>) -> Option<Arc<str>> {
    let text = cx.string(node, path)?;
    if let Some((message, help)) = odd(text) {
        cx.warning(codes::ODD_HEADER, node.span, path, message, help);
    }
    Some(text.into())
}

/// Returns what is odd about a condition, and what to write instead.
fn odd(text: &str) -> Option<(String, String)> {
    let never = || format!("`{text}` never matches");
    match text.split_once(' ') {
        None => {
            let (name, value) = text.split_once(':')?;
            let name = name.trim_end_matches(':');
            // A leading colon is that of a pseudo-header, such as `:path`.
            if name.is_empty() {
                return None;
            }
            let help = if value.is_empty() {
                format!("write \"{name}\" for a header that is there")
            } else {
                format!("write \"{name}: {value}\" with a space")
            };
            Some((never(), help))
        }
        Some((_, value)) if value.starts_with(' ') => {
            Some((never(), "write one space behind the name".to_owned()))
        }
        Some((name, _)) if name.trim_end_matches(':').eq_ignore_ascii_case("host") => {
            Some((never(), "use `host`".to_owned()))
        }
        Some(_) => None,
    }
}

/// Decodes an item of `headerMatches` (HM).
pub(super) fn header_match(
    cx: &mut Context<'_>,
    node: &Node,
    path: &Path<'_>,
) -> Option<HeaderMatch> {
    let known = ["name", "value", "secret", "mismatch"];
    let fields = known_fields(cx, node, path, &known, &[])?;
    let name = required_text(cx, fields, node, path, "name");
    let mismatch = word_field(cx, fields, path, "mismatch", &ACTIONS);
    let value = text_field(cx, fields, path, "value").map(Arc::from);
    let secret = secret(cx, fields, path);
    Some(HeaderMatch { name: name?.into(), value, secret, mismatch: mismatch.unwrap_or_default() })
}

const ACTIONS: [(&str, Mismatch); 4] = [
    ("LOG", Mismatch::Log),
    ("ADD", Mismatch::Add),
    ("DELETE", Mismatch::Delete),
    ("REPLACE", Mismatch::Replace),
];

fn secret(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>) -> Option<SecretRef> {
    let node = fields.get("secret")?;
    let path = path.field("secret");
    let secret = tls::secret(cx, node, &path)?;
    if secret.name.is_empty() {
        let message = format!("`{path}` names no secret");
        cx.error_help(codes::INVALID_VALUE, node.span, &path, message, "add `name`");
    }
    Some(secret)
}

#[cfg(test)]
mod tests {
    use super::odd;

    #[test]
    fn forms_that_never_match_are_odd() {
        for good in ["X-A", "X-A: b", "X-A b", "X-A: b c", "X-A: ", ":path /x"] {
            assert_eq!(odd(good), None, "{good}");
        }
        let cases = [
            ("X-A:b", "write \"X-A: b\" with a space"),
            ("X-A:", "write \"X-A\" for a header that is there"),
            ("X-A:  b", "write one space behind the name"),
            ("Host: a.com", "use `host`"),
        ];
        for (text, wanted) in cases {
            assert_eq!(odd(text).map(|(_, help)| help).as_deref(), Some(wanted), "{text}");
        }
    }
}
