//! Keys of mappings, which must be strings and differ.

use super::flaw::Flaw;
use super::resolve::{Kind, kind, resolve};
use crate::Span;
use crate::doc::codes;
use crate::doc::node::{Key, Node};

/// Returns what is wrong with a plain key: it is no string, or the merge key.
pub(super) fn plain_key_flaw(span: Span, text: &str) -> Option<Box<Flaw>> {
    if text == "<<" {
        let message = "merge keys are not part of Kubernetes documents";
        let flaw = Flaw::new(codes::UNSUPPORTED_YAML, span, message);
        return Some(flaw.help("write the fields out, or use an alias for a whole value"));
    }
    if kind(text) == Kind::String {
        return None;
    }
    let what = resolve(text).kind();
    let message = format!("the key `{text}` is {what}, not a string");
    Some(Flaw::new(codes::KEY_TYPE, span, message).help(format!("quote it: \"{text}\"")))
}

/// Returns a flaw for every key that stands in one mapping before.
pub(super) fn duplicates(fields: &[(Key, Node)]) -> Vec<Flaw> {
    /// Up to this many keys it is faster to compare them all.
    const FEW: usize = 12;
    let is_new = |(index, (key, _)): (usize, &(Key, Node))| {
        fields.iter().take(index).all(|(earlier, _)| earlier.text != key.text)
    };
    if fields.len() <= FEW && fields.iter().enumerate().all(is_new) {
        return Vec::new();
    }
    let mut sorted: Vec<&Key> = fields.iter().map(|(key, _)| key).collect();
    sorted.sort_by(|a, b| (&a.text, a.span.start).cmp(&(&b.text, b.span.start)));
    let same = sorted.chunk_by(|a, b| a.text == b.text).filter_map(<[_]>::split_first);
    same.flat_map(|(first, others)| others.iter().map(|other| duplicate(first, other))).collect()
}

fn duplicate(first: &Key, other: &Key) -> Flaw {
    let message = format!("the key `{}` stands here a second time", other.text);
    let help = format!("it stands first in line {}: remove one", first.span.line);
    *Flaw::new(codes::DUPLICATE_KEY, other.span, message).help(help)
}
