//! Recognises expressions that are literals, literal prefixes or literal suffixes in disguise.
//!
//! `/public`, `/a|/b`, `/public(\?.*)?`, `.*\.example\.com` and their like are most of what policies
//! contain. They are answered by table lookups instead of automata.

use super::ast::{Look, Node};

/// The largest number of forms one expression is taken apart into.
const MAX_SHAPES: usize = 32;

/// A form that a whole value may have. "Any text" is valid UTF-8 without a newline, what `.*` matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Exactly this text.
    Exact(String),
    /// This text, then any text.
    Prefix(String),
    /// Any text, then this text.
    Suffix(String),
    /// Any text.
    Any,
}

/// Returns the forms of which a value must have one, if they say the same as the expression.
pub(super) fn shapes(node: &Node) -> Option<Vec<Shape>> {
    pieces(unanchored(node))?.into_iter().map(Piece::shape).collect()
}

/// Returns the literal texts that every matching value contains.
pub(super) fn required_literals(node: &Node) -> Vec<String> {
    let mut found = Literals::default();
    found.visit(node);
    found.end();
    found.finished
}

/// Strips `^` in front and `$` at the end, which say nothing in a whole match (HTTP-2).
fn unanchored(node: &Node) -> &[Node] {
    let mut nodes = match node {
        Node::Concat(nodes) => nodes.as_slice(),
        node => core::slice::from_ref(node),
    };
    while let [Node::Look(Look::TextStart), rest @ ..] = nodes {
        nodes = rest;
    }
    while let [rest @ .., Node::Look(Look::TextEnd)] = nodes {
        nodes = rest;
    }
    nodes
}

/// A literal, with any text allowed before or after it.
#[derive(Clone, Debug, Default)]
struct Piece {
    open_start: bool,
    literal: String,
    open_end: bool,
}

/// The alternatives of a sequence.
fn pieces(nodes: &[Node]) -> Option<Vec<Piece>> {
    let mut all = vec![Piece::default()];
    for node in nodes {
        let next = node_pieces(node)?;
        if all.len() * next.len() > MAX_SHAPES {
            return None;
        }
        let joined: Option<Vec<_>> =
            all.iter().flat_map(|a| next.iter().map(move |b| a.then(b))).collect();
        all = joined?;
    }
    Some(all)
}

fn node_pieces(node: &Node) -> Option<Vec<Piece>> {
    match node {
        Node::Empty => Some(vec![Piece::default()]),
        Node::Literal { c, fold } if !fold || !has_case(*c) => {
            Some(vec![Piece { literal: (*c).into(), ..Piece::default() }])
        }
        Node::Concat(nodes) => pieces(nodes),
        Node::Alternate(nodes) => {
            let mut all = Vec::new();
            for node in nodes {
                all.append(&mut node_pieces(node)?);
                if all.len() > MAX_SHAPES {
                    return None;
                }
            }
            Some(all)
        }
        Node::Repeat(repeat) => match (&repeat.node, repeat.min, repeat.max) {
            (Node::Any { newline: false }, 0, None) => Some(vec![Piece::anything()]),
            (node, 0, Some(1)) => {
                let mut all = node_pieces(node)?;
                all.push(Piece::default());
                Some(all)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Returns `false` only for characters that surely are their own other case.
fn has_case(c: char) -> bool {
    !c.is_ascii() || c.is_ascii_alphabetic()
}

impl Piece {
    /// `.*`
    fn anything() -> Self {
        Self { open_start: true, literal: String::new(), open_end: true }
    }

    /// Returns the piece for one after the other, if it is one.
    fn then(&self, next: &Self) -> Option<Self> {
        let literal = [self.literal.as_str(), next.literal.as_str()].concat();
        let (open_start, open_end) = match (self, next) {
            (a, b) if b.is_nothing() => (a.open_start, a.open_end),
            (a, b) if a.is_nothing() => (b.open_start, b.open_end),
            // `.*` in front or behind opens that end of the other.
            (a, b) if a.is_anything() => (true, b.open_end),
            (a, b) if b.is_anything() => (a.open_start, true),
            // In the middle there must be no gap.
            (a, b) if !a.open_end && !b.open_start => (a.open_start, b.open_end),
            _ => return None,
        };
        Some(Self { open_start, literal, open_end })
    }

    fn is_anything(&self) -> bool {
        self.open_start && self.open_end && self.literal.is_empty()
    }

    fn is_nothing(&self) -> bool {
        !self.open_start && !self.open_end && self.literal.is_empty()
    }

    fn shape(self) -> Option<Shape> {
        let Self { open_start, literal, open_end } = self;
        match (open_start, open_end) {
            (false, false) => Some(Shape::Exact(literal)),
            // The test for newlines is made on the whole value.
            _ if literal.contains('\n') => None,
            (false, true) => Some(Shape::Prefix(literal)),
            (true, false) => Some(Shape::Suffix(literal)),
            (true, true) => literal.is_empty().then_some(Shape::Any),
        }
    }
}

/// Collects runs of literal characters that cannot be left out.
#[derive(Default)]
struct Literals {
    run: String,
    finished: Vec<String>,
}

impl Literals {
    fn visit(&mut self, node: &Node) {
        match node {
            Node::Literal { c, fold } if !fold || !has_case(*c) => self.run.push(*c),
            Node::Empty | Node::Look(_) => {}
            Node::Concat(nodes) => nodes.iter().for_each(|node| self.visit(node)),
            Node::Repeat(repeat) if repeat.min > 0 => {
                self.end();
                self.visit(&repeat.node);
                self.end();
            }
            _ => self.end(),
        }
    }

    fn end(&mut self) {
        if !self.run.is_empty() {
            self.finished.push(core::mem::take(&mut self.run));
        }
    }
}
