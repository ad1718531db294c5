//! From text to trees: YAML 1.2 as Kubernetes documents use it, JSON included.
//!
//! Every node knows where it is written, so that a wrong document can be mended and a verdict can
//! name the line behind it. What is read: block and flow collections; plain, quoted and block
//! scalars with the types of the core schema; anchors and aliases within limits; comments; several
//! documents in one text. What is refused: tags, merge keys, keys that are no strings, and all that
//! is not YAML.
//!
//! A text is split into documents at the lines `---` and `...` first, so that a broken document
//! does not spoil its neighbours. What a document means is decided by `saphyr-parser`, which reads
//! YAML 1.2; its events become a tree one by one, within [`Limits`]. Why it refuses a text is
//! explained from the lines around the place.

mod anchor;
mod feed;
mod flaw;
mod hint;
mod key;
mod resolve;
mod split;
mod spot;
#[cfg(test)]
mod tests;
mod tree;

use self::flaw::{Flaw, Parsed};
use self::split::{Parts, first_unprintable};
use super::Limits;
use super::codes;
use super::decode::{Context, Path};
use super::node::Node;
use crate::{Report, Source, Span};

/// Reads the documents of the source one after the other and hands each tree on; what is wrong is
/// reported.
pub(crate) fn each_document(
    cx: &mut Context<'_>,
    limits: Limits,
    mut use_tree: impl FnMut(&mut Context<'_>, &Node),
) {
    let source = cx.source;
    if let Err(flaw) = check_text(source, limits) {
        report(cx, *flaw);
        return;
    }
    let mut n_documents = 0;
    for part in Parts::new(source.text()) {
        let mut flaws = Vec::new();
        let root = tree::document(part, limits, &mut flaws);
        let span = match &root {
            Ok(None) => continue,
            Ok(Some(root)) => root.span,
            Err(flaw) => flaw.span,
        };
        n_documents += 1;
        if n_documents > limits.max_documents {
            let message = format!("the source has more than {} documents", limits.max_documents);
            report(cx, *Flaw::new(codes::LIMIT, span, message));
            return;
        }
        let is_usable = flaws.is_empty();
        flaws.into_iter().for_each(|flaw| report(cx, flaw));
        match root {
            Ok(Some(root)) if is_usable => use_tree(cx, &root),
            Ok(_) => {}
            Err(flaw) => report(cx, *flaw),
        }
        if cx.is_full() {
            return;
        }
    }
    if n_documents == 0 {
        let flaw = Flaw::new(codes::NO_DOCUMENT, START, "the source holds no document");
        report(cx, *flaw.help("comments and blank lines alone are no document"));
    }
}

/// The first character of a source.
const START: Span = Span { start: 0, end: 0, line: 1, column: 1 };

fn check_text(source: &Source, limits: Limits) -> Parsed<()> {
    let text = source.text();
    let (n_bytes, max) = (text.len(), limits.max_bytes);
    if n_bytes > max {
        return Err(size_flaw(n_bytes, max));
    }
    let Some(at) = first_unprintable(text) else {
        return Ok(());
    };
    let character = text.get(at..).and_then(|rest| rest.chars().next());
    let code = character.map_or(0, u32::from);
    let span = span_at(text, at, character.map_or(0, char::len_utf8));
    let message = format!("the character U+{code:04X} is not allowed in YAML");
    Err(Flaw::new(codes::NOT_TEXT, span, message)
        .help("is this a text file? in quotes, `\\u` and four digits stand for any character"))
}

/// Returns the report about a source that is too large to be looked at.
pub(super) fn too_large(source: &Source, n_bytes: usize, max: usize) -> Report {
    let mut report = Report::new();
    let mut cx = Context { source, report: &mut report };
    self::report(&mut cx, *size_flaw(n_bytes, max));
    report
}

fn size_flaw(n_bytes: usize, max: usize) -> Box<Flaw> {
    let message = format!("the source has {n_bytes} bytes, of which {max} are allowed");
    Flaw::new(codes::LIMIT, START, message).help("split it into several files")
}

/// Returns the span of `n` bytes at an offset that is where a character begins.
pub(super) fn span_at(text: &str, offset: usize, n: usize) -> Span {
    let before = text.get(..offset).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).saturating_add(1);
    Span {
        start: offset,
        end: offset + n,
        line: number(before.matches('\n').count()),
        column: number(before.get(line_start..).unwrap_or_default().chars().count()),
    }
}

fn report(cx: &mut Context<'_>, flaw: Flaw) {
    let Flaw { code, span, message, help } = flaw;
    match help {
        Some(help) => cx.error_help(code, span, &Path::Root, message, help),
        None => cx.error(code, span, &Path::Root, message),
    }
}
