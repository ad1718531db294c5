//! From the parser's events to trees.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::Limits;
use super::anchor::Anchor;
use super::feed::Feed;
use super::flaw::{Flaw, Parsed};
use super::hint::{self, Refusal};
use super::key::{duplicates, plain_key_flaw};
use super::resolve::resolve;
use super::split::{Part, is_marker};
use super::spot::Spot;
use crate::Span;
use crate::doc::codes;
use crate::doc::node::{Key, Node, Value};

/// How many characters the parser may read before it comes to a result: it keeps what it reads.
pub(super) const MAX_AHEAD: usize = 2 << 20;

/// From this many bytes on, care is taken that the parser need not keep a whole document.
const MANY_BYTES: usize = 1 << 16;

/// Reads the document that a part of a text is; `None` if there is none.
///
/// What makes the document unusable and does not keep us from reading on is added to the flaws.
pub(super) fn document(
    part: Part<'_>,
    limits: Limits,
    flaws: &mut Vec<Flaw>,
) -> Parsed<Option<Node>> {
    let Some(first) = content(part)? else {
        return Ok(None);
    };
    let n_allowed = Cell::new(MAX_AHEAD);
    let length = part.text.len() - part.start.offset;
    let is_bracketed = matches!(first.peek(part.text), Some('[' | '{'));
    let copy;
    let (start, given) = if is_bracketed && length > MANY_BYTES {
        // On the line of a marker, a bracket does not begin a key, and the parser need not look
        // for its end before it comes to a result.
        copy = format!("--- {}", first.rest(part.text));
        (Spot { index: 4, ..first }, copy.as_str())
    } else {
        (part.start, part.start.rest(part.text))
    };
    let mut parser = Parser::new(Feed::new(given, &n_allowed));
    let mut tree = Tree::new(part.text, start, limits, flaws);
    while let Some(event) = parser.next_event() {
        if n_allowed.get() == 0 {
            return Err(tree.too_far());
        }
        n_allowed.set(MAX_AHEAD);
        match event {
            Ok((event, span)) => tree.event(event, span.start.index(), span.end.index())?,
            Err(error) => return Err(tree.refused(error.marker().index(), error.info())),
        }
    }
    Ok(tree.root)
}

/// Returns where the content of a document begins.
fn content(part: Part<'_>) -> Parsed<Option<Spot>> {
    let Part { text, start } = part;
    let mut spot = start;
    if is_marker(spot.rest(text)) {
        spot = spot.at_index(text, spot.index + 3);
    }
    let mut spot = spot.behind_space(text);
    while spot.column == 1 && spot.peek(text) == Some('%') {
        if !spot.rest(text).starts_with("%YAML ") {
            let message = "directives are not part of Kubernetes documents";
            return Err(Flaw::new(codes::UNSUPPORTED_YAML, spot.to_next(text), message)
                .help("remove the line, or quote a value that begins with `%`"));
        }
        spot = spot.behind_line(text).behind_space(text);
    }
    Ok(spot.peek(text).is_some().then_some(spot))
}

/// A tree that grows with every event.
pub(super) struct Tree<'t> {
    /// The source up to the end of the document.
    pub(super) text: &'t str,
    start: Spot,
    /// Where the last token ends.
    at: Spot,
    pub(super) limits: Limits,
    /// How many nodes there are, copies included.
    n_nodes: usize,
    /// How many bytes of text copies have.
    pub(super) n_copied: usize,
    pub(super) anchors: HashMap<usize, Anchor>,
    /// Lists and mappings around the place, from outer to inner.
    pub(super) open: Vec<Open>,
    root: Option<Node>,
    flaws: &'t mut Vec<Flaw>,
}

/// A list or mapping that is being read.
pub(super) struct Open {
    start: Spot,
    /// Where its last value ends.
    end: usize,
    in_brackets: bool,
    anchor: usize,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    /// The fields, and the key whose value has not been read.
    Fields(Vec<(Key, Node)>, Option<Key>),
}

const LIST: Items = Items::List(Vec::new());
const FIELDS: Items = Items::Fields(Vec::new(), None);

impl<'t> Tree<'t> {
    fn new(text: &'t str, start: Spot, limits: Limits, flaws: &'t mut Vec<Flaw>) -> Self {
        let is_end = start.rest(text).starts_with("...");
        Self {
            text,
            start,
            at: if is_end { start.behind_line(text) } else { start },
            limits,
            n_nodes: 0,
            n_copied: 0,
            anchors: HashMap::new(),
            open: Vec::new(),
            root: None,
            flaws,
        }
    }

    /// Adds what an event stands for. Places are indexes of characters.
    fn event(&mut self, event: Event<'_>, start: usize, end: usize) -> Parsed<()> {
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag)
            | Event::SequenceStart(anchor, tag)
            | Event::MappingStart(anchor, tag) => (*anchor, tag.is_some()),
            _ => (0, false),
        };
        let key_is_next = self.key_is_next();
        if tag {
            return Err(self.tag(start));
        }
        if key_is_next && !matches!(event, Event::MappingEnd) {
            self.check_key(&event, anchor, start)?;
        }
        match event {
            Event::DocumentStart(true) => self.at = self.at.at_index(self.text, end),
            Event::Scalar(text, style, ..) if key_is_next => self.key(text, style, start, end),
            Event::Scalar(text, style, ..) => self.scalar(text, style, anchor, start, end)?,
            Event::SequenceStart(..) => self.enter(start, end, anchor, LIST)?,
            Event::MappingStart(..) => self.enter(start, end, anchor, FIELDS)?,
            Event::SequenceEnd | Event::MappingEnd => self.leave(start)?,
            Event::Alias(anchor) => self.alias(anchor, start, end)?,
            _ => {}
        }
        Ok(())
    }

    fn key_is_next(&self) -> bool {
        matches!(self.open.last(), Some(Open { items: Items::Fields(_, None), .. }))
    }

    /// Refuses keys that are no plain or quoted strings on one line.
    fn check_key(&self, event: &Event<'_>, anchor: usize, start: usize) -> Parsed<()> {
        let text = self.text;
        let before = self.at.behind_space(text);
        let before = before.behind(text, ',').map_or(before, |spot| spot.behind_space(text));
        if before.behind(text, '?').is_some() {
            let message = "keys that begin with `?` are not part of Kubernetes documents";
            let flaw = Flaw::new(codes::UNSUPPORTED_YAML, before.to_next(text), message);
            return Err(flaw.help("write `key: value`"));
        }
        let spot = self.at.at_index(text, start);
        if anchor > 0 {
            let span = spot.to(spot.behind_word(text).offset);
            return Err(hint::anchor_on_line(span));
        }
        match event {
            Event::Scalar(key, ScalarStyle::Plain, ..) if key.is_empty() => {
                let message = "no key stands before this colon";
                Err(Flaw::new(codes::SYNTAX, before.to_next(text), message))
            }
            Event::Scalar(..) => Ok(()),
            Event::MappingStart(..)
                if text.get(..spot.offset).is_some_and(|t| t.ends_with('{')) =>
            {
                Err(hint::template(Span { start: spot.offset - 1, ..self.around(spot) }))
            }
            _ => Err(hint::no_string_key(spot.to_next(text))),
        }
    }

    /// Returns the span of the innermost list or mapping up to a place.
    fn around(&self, spot: Spot) -> Span {
        self.open.last().map_or(spot, |open| open.start).to(spot.offset + 1)
    }

    fn key(&mut self, text: Cow<'_, str>, style: ScalarStyle, start: usize, end: usize) {
        let spot = self.at.at_index(self.text, start);
        let is_plain = style == ScalarStyle::Plain;
        self.at = self.scalar_end(spot, style, end);
        let span = spot.to(self.at.offset);
        if self.at.line != spot.line {
            self.flaws.push(*Flaw::new(codes::SYNTAX, span, "a key must be on one line"));
        } else if is_plain && let Some(flaw) = plain_key_flaw(span, &text) {
            self.flaws.push(*flaw);
        }
        if let Some(Open { items: Items::Fields(_, key), .. }) = self.open.last_mut() {
            *key = Some(Key { span, text: text.into_owned() });
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        start: usize,
        end: usize,
    ) -> Parsed<()> {
        if text.is_empty() && style == ScalarStyle::Plain {
            return self.empty(anchor, end);
        }
        let spot = if anchor > 0 || is_block(style) {
            self.value_start()
        } else {
            self.at.at_index(self.text, start)
        };
        self.at = self.scalar_end(spot, style, end);
        let mut span = spot.to(self.at.offset);
        if is_block(style) {
            span.end =
                self.text.get(..span.end).unwrap_or_default().trim_end().len().max(span.start);
        }
        let written = self.text.get(span.start..span.end).unwrap_or_default();
        if style == ScalarStyle::Plain && !written.contains('\n') && written != text {
            // The parser drops a colon that a plain value behind an anchor begins with.
            let message = format!("`{written}` cannot stand here without quotes");
            return Err(Flaw::new(codes::SYNTAX, span, message).help("quote the value"));
        }
        let value = if style == ScalarStyle::Plain {
            resolve(&text)
        } else {
            Value::String(text.into_owned())
        };
        self.add(Node { span, value }, anchor)
    }

    /// Returns where a scalar ends, behind which the parser has looked for a colon.
    fn scalar_end(&self, spot: Spot, style: ScalarStyle, end: usize) -> Spot {
        let quote = match style {
            ScalarStyle::SingleQuoted => '\'',
            ScalarStyle::DoubleQuoted => '"',
            _ => return spot.at_index(self.text, end),
        };
        let mut chars = spot.rest(self.text).char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            let next = || spot.rest(self.text).get(at + 1..).unwrap_or_default();
            if c == '\\' && quote == '"' || c == '\'' && quote == '\'' && next().starts_with('\'') {
                chars.next();
            } else if c == quote {
                return spot.at_offset(self.text, spot.offset + at + 1);
            }
        }
        spot.at_index(self.text, end)
    }

    /// Adds the value that is not there.
    fn empty(&mut self, anchor: usize, end: usize) -> Parsed<()> {
        let text = self.text;
        let spot = self.at.behind_space(text);
        let behind = match self.open.last() {
            None => Some(self.at),
            Some(Open { items: Items::List(_), .. }) => spot.behind(text, '-'),
            Some(Open { items: Items::Fields(_, key), .. }) => {
                let behind = spot.behind(text, ':');
                // YAML takes `{a}` for `{a: }`.
                if behind.is_none()
                    && let Some(key) = key
                {
                    return Err(hint::no_field(key.span, &key.text));
                }
                behind
            }
        };
        let place = behind.unwrap_or(self.at);
        self.at = if anchor > 0 { place.at_index(text, end) } else { place };
        let is_document = anchor > 0 || !self.open.is_empty();
        if !is_document {
            return Ok(());
        }
        self.add(Node { span: place.to(place.offset), value: Value::Null }, anchor)
    }

    /// Returns where the next value begins, behind indicators and its anchor.
    fn value_start(&self) -> Spot {
        let text = self.text;
        let mut spot = self.at.behind_space(text);
        loop {
            let indicator = [':', '-', ',', '?'].into_iter().find_map(|c| spot.behind(text, c));
            spot = match (indicator, spot.peek(text)) {
                (Some(behind), _) => behind.behind_space(text),
                (None, Some('&')) => spot.behind_word(text).behind_space(text),
                _ => return spot,
            };
        }
    }

    fn enter(&mut self, start: usize, end: usize, anchor: usize, items: Items) -> Parsed<()> {
        let text = self.text;
        let mut spot = self.at.at_index(text, start);
        if anchor > 0 {
            spot = spot.behind_word(text).behind_space(text);
        }
        let is_value = matches!(self.open.last(), Some(Open { items: Items::Fields(..), .. }));
        if is_value && matches!(items, Items::List(_)) && spot.peek(text) != Some('[') {
            // The parser means the first item, if the list is indented like the key.
            let behind = self.at.behind_space(text).behind(text, ':').unwrap_or(self.at);
            spot = behind.behind_space(text);
            if anchor > 0 {
                spot = spot.behind_word(text).behind_space(text);
            }
        }
        self.check_depth(self.open.len() + 1, spot)?;
        self.at = spot;
        let in_brackets = spot.index < end && matches!(spot.peek(text), Some('[' | '{'));
        if in_brackets {
            self.at = spot.at_index(text, spot.index + 1);
        } else if !self.open.iter().any(|open| open.in_brackets) {
            hint::check_indentation(text, spot)?;
        }
        self.open.push(Open { start: spot, end: self.at.offset, in_brackets, anchor, items });
        Ok(())
    }

    fn leave(&mut self, end: usize) -> Parsed<()> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let mut span = open.start.to(open.end);
        if open.in_brackets {
            self.at = self.at.at_index(self.text, end + 1);
            span.end = self.at.offset;
        }
        let value = match open.items {
            Items::List(items) => Value::Sequence(items),
            Items::Fields(fields, _) => {
                self.flaws.extend(duplicates(&fields));
                Value::Mapping(fields)
            }
        };
        self.add(Node { span, value }, open.anchor)
    }

    fn alias(&mut self, anchor: usize, start: usize, end: usize) -> Parsed<()> {
        let spot = self.at.at_index(self.text, start);
        self.at = spot.at_index(self.text, end);
        let node = self.copy(anchor, spot, spot.to(self.at.offset))?;
        self.put(node);
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) -> Parsed<()> {
        self.count_nodes(1, node.span)?;
        if anchor > 0 {
            self.keep(anchor, &node)?;
        }
        self.put(node);
        Ok(())
    }

    fn put(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        open.end = open.end.max(node.span.end);
        match &mut open.items {
            Items::List(items) => items.push(node),
            Items::Fields(fields, key) => fields.extend(key.take().map(|key| (key, node))),
        }
    }

    pub(super) fn count_nodes(&mut self, n: usize, span: Span) -> Parsed<()> {
        self.n_nodes = self.n_nodes.saturating_add(n);
        let max = self.limits.max_nodes;
        if self.n_nodes <= max {
            return Ok(());
        }
        let message = format!("the document has more than {max} values");
        Err(Flaw::new(codes::LIMIT, span, message))
    }

    pub(super) fn check_depth(&self, depth: usize, spot: Spot) -> Parsed<()> {
        if depth <= self.max_depth() {
            return Ok(());
        }
        Err(self.too_deep(spot))
    }

    fn max_depth(&self) -> usize {
        self.limits.max_depth.min(Limits::MAX_DEPTH)
    }

    fn too_deep(&self, spot: Spot) -> Box<Flaw> {
        let message = format!("the document is nested more than {} levels deep", self.max_depth());
        Flaw::new(codes::LIMIT, spot.to_next(self.text), message)
    }

    #[cold]
    fn too_far(&self) -> Box<Flaw> {
        let spot = self.value_start();
        let message = format!("a value, comment or list has more than {MAX_AHEAD} characters");
        Flaw::new(codes::LIMIT, spot.to_next(self.text), message)
            .help("is a quote or a bracket not closed?")
    }

    #[cold]
    fn tag(&self, start: usize) -> Box<Flaw> {
        let mut spot = self.at.at_index(self.text, start);
        if spot.peek(self.text) == Some('&') {
            spot = spot.behind_word(self.text).behind_space(self.text);
        }
        let span = spot.to(spot.behind_word(self.text).offset);
        let message = "tags are not part of Kubernetes documents";
        Flaw::new(codes::UNSUPPORTED_YAML, span, message)
            .help("remove the tag; quote a value that is to be a string")
    }

    /// Returns the error for what the parser refused.
    #[cold]
    fn refused(&self, index: usize, reason: &str) -> Box<Flaw> {
        let spot = self.start.at_index(self.text, index);
        // The parser's own limit, far beyond ours.
        if reason.contains("recursion limit") {
            return self.too_deep(spot);
        }
        let bracket = self.open.iter().rfind(|open| open.in_brackets).map(|open| open.start);
        Refusal { text: self.text, start: self.start, at: self.at, spot, reason, bracket }.explain()
    }
}

fn is_block(style: ScalarStyle) -> bool {
    matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
}
