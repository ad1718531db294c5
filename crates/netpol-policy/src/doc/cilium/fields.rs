//! Small helpers for fields, lists and strings.

use super::super::codes;
use super::super::decode::{Context, Fields, Path};
use super::super::node::{Key, Node, Value};
use crate::Span;

/// What to say about fields that are written where they do not exist, by name.
pub(super) type Hints<'a> = &'a [(&'a str, &'a str)];

/// Returns the fields of a mapping. Fields that are not `known` are reported, with a hint or else
/// the nearest known name (QUIRK-8).
pub(super) fn known_fields<'n>(
    cx: &mut Context<'_>,
    node: &'n Node,
    path: &Path<'_>,
    known: &[&str],
    hints: Hints<'_>,
) -> Option<Fields<'n>> {
    let fields = cx.any_fields(node, path)?;
    for (key, _) in fields.0 {
        if !known.contains(&key.text.as_str()) && !cx.is_full() {
            unknown(cx, key, path, known, hints);
        }
    }
    Some(fields)
}

fn unknown(cx: &mut Context<'_>, key: &Key, path: &Path<'_>, known: &[&str], hints: Hints<'_>) {
    match hints.iter().find(|(name, _)| *name == key.text) {
        Some((_, help)) => {
            let path = path.field(&key.text);
            let message = format!("unknown field `{path}`");
            cx.error_help(codes::UNKNOWN_FIELD, key.span, &path, message, *help);
        }
        None => cx.unknown_field(key, path, known),
    }
}

/// Returns the items of a field that is a list, or `None` if it is absent or no list.
pub(super) fn list_field<'n>(
    cx: &mut Context<'_>,
    fields: Fields<'n>,
    path: &Path<'_>,
    name: &str,
) -> Option<&'n [Node]> {
    let node = fields.get(name)?;
    cx.list(node, &path.field(name))
}

/// Tells whether a field is there and is no empty list.
pub(super) fn is_filled(fields: Fields<'_>, name: &str) -> bool {
    let empty = Value::Sequence(Vec::new());
    fields.get(name).is_some_and(|node| node.value != empty)
}

/// Returns the fields of a node if it is a mapping, and no fields otherwise.
pub(super) fn fields_of(node: &Node) -> Fields<'_> {
    match &node.value {
        Value::Mapping(fields) => Fields(fields),
        _ => Fields(&[]),
    }
}

/// Decodes every item of a field that is a list; items that are wrong have been reported and are
/// left out.
pub(super) fn each<'n, T>(
    cx: &mut Context<'_>,
    fields: Fields<'n>,
    path: &Path<'_>,
    name: &str,
    mut decode: impl FnMut(&mut Context<'_>, &'n Node, &Path<'_>) -> Option<T>,
) -> Vec<T> {
    let items = list_field(cx, fields, path, name).unwrap_or_default();
    let path = path.field(name);
    let decode = |(index, item)| decode(cx, item, &path.index(index));
    let mut decoded: Vec<T> = items.iter().enumerate().filter_map(decode).collect();
    // Most lists have one item, and are kept as long as the policy.
    decoded.shrink_to_fit();
    decoded
}

/// Returns the text of a field, or `None` if it is absent or no string.
pub(super) fn text_field<'n>(
    cx: &mut Context<'_>,
    fields: Fields<'n>,
    path: &Path<'_>,
    name: &str,
) -> Option<&'n str> {
    let node = fields.get(name)?;
    cx.string(node, &path.field(name))
}

/// Returns the text of a field that must be there and must not be empty; `node` is the mapping
/// that should have it.
pub(super) fn required_text<'n>(
    cx: &mut Context<'_>,
    fields: Fields<'n>,
    node: &Node,
    path: &Path<'_>,
    name: &str,
) -> Option<&'n str> {
    let value = cx.required(fields, node, path, name)?;
    let path = path.field(name);
    let text = cx.string(value, &path)?;
    if text.is_empty() {
        let message = format!("`{path}` is empty");
        cx.error(codes::INVALID_VALUE, value.span, &path, message);
        return None;
    }
    Some(text)
}

/// Returns what a field's text stands for in a table of words, whose case counts.
pub(super) fn word_field<T: Copy>(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    name: &str,
    words: &[(&str, T)],
) -> Option<T> {
    let node = fields.get(name)?;
    word(cx, node, &path.field(name), words)
}

/// Returns what a text stands for in a table of words, whose case counts.
pub(super) fn word<T: Copy>(
    cx: &mut Context<'_>,
    node: &Node,
    path: &Path<'_>,
    words: &[(&str, T)],
) -> Option<T> {
    let text = cx.string(node, path)?;
    if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
        return Some(*meaning);
    }
    let message = format!("`{text}` is not allowed here");
    let near = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
    let help = match near {
        Some((word, _)) => format!("write {word}: the case counts"),
        None => {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            format!("write one of {}", all.join(", "))
        }
    };
    cx.error_help(codes::INVALID_VALUE, node.span, path, message, help);
    None
}

/// Reports a list with more items than are allowed, at the first item too many.
pub(super) fn check_number(
    cx: &mut Context<'_>,
    items: &[Node],
    path: &Path<'_>,
    most: usize,
    help: &str,
) {
    if let Some(item) = items.get(most) {
        let message = format!("`{path}` has {} items, at most {most}", items.len());
        cx.error_help(codes::TOO_MANY, item.span, path, message, help);
    }
}

/// Returns the place of a field's key, or of the mapping if the field is absent.
pub(super) fn key_span(fields: Fields<'_>, name: &str, node: &Node) -> Span {
    fields.key(name).map_or(node.span, |key| key.span)
}
