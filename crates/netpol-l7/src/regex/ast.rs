//! The syntax tree of a regular expression, reduced to what decides whether a value matches.
//!
//! Captures, names and greediness are gone: they do not change whether a *whole* value matches
//! (HTTP-2).

use super::class::Class;

/// A regular expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// The empty text.
    Empty,
    /// One character; `fold`: in either case.
    Literal {
        c: char,
        fold: bool,
    },
    /// Any character; `newline`: the newline too.
    Any {
        newline: bool,
    },
    Class(Class),
    Look(Look),
    Repeat(Box<Repeat>),
    Concat(Vec<Self>),
    Alternate(Vec<Self>),
}

/// An assertion about a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    TextStart,
    TextEnd,
    LineStart,
    LineEnd,
    /// ASCII, as all of RE2's word characters.
    WordBoundary,
    NotWordBoundary,
}

/// A repetition, at least `min` times and at most `max`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repeat {
    pub(super) node: Node,
    pub(super) min: u32,
    pub(super) max: Option<u32>,
    /// Written with numbers: counts against RE2's limit of 1,000.
    pub(super) counted: bool,
}

impl Node {
    /// Makes one node of a sequence.
    pub(super) fn concat(mut nodes: Vec<Self>) -> Self {
        match nodes.len() {
            0 => Self::Empty,
            1 => nodes.swap_remove(0),
            _ => Self::Concat(nodes),
        }
    }

    /// Makes one node of alternatives.
    pub(super) fn alternate(mut nodes: Vec<Self>) -> Self {
        match nodes.len() {
            1 => nodes.swap_remove(0),
            _ => Self::Alternate(nodes),
        }
    }

    /// Returns the approximate number of instructions of the program, saturating.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Look(_) => 1,
            Self::Literal { c, fold } => c.len_utf8() * if *fold { 2 } else { 1 },
            // A character beyond ASCII is a small automaton over bytes.
            Self::Any { .. } => 12,
            Self::Class(class) => class.size(),
            Self::Repeat(repeat) => repeat.size(),
            Self::Concat(nodes) => nodes.iter().map(Self::size).fold(0, usize::saturating_add),
            Self::Alternate(nodes) => nodes
                .iter()
                .map(|node| node.size().saturating_add(1))
                .fold(0, usize::saturating_add),
        }
    }

    /// Returns whether nested counted repetitions stay within `limit` copies together.
    pub(super) fn repeats_within(&self, limit: u32) -> bool {
        match self {
            Self::Repeat(repeat) => repeat.repeats_within(limit),
            Self::Concat(nodes) | Self::Alternate(nodes) => {
                nodes.iter().all(|node| node.repeats_within(limit))
            }
            _ => true,
        }
    }
}

impl Repeat {
    fn size(&self) -> usize {
        let copies = self.max.unwrap_or(self.min).max(1) as usize;
        self.node.size().saturating_add(1).saturating_mul(copies)
    }

    fn repeats_within(&self, limit: u32) -> bool {
        if !self.counted {
            return self.node.repeats_within(limit);
        }
        match self.max.unwrap_or(self.min) {
            _ if self.max == Some(0) => true,
            0 => self.node.repeats_within(limit),
            copies => copies <= limit && self.node.repeats_within(limit / copies),
        }
    }
}
