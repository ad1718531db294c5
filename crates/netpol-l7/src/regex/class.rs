//! Character classes: brackets, `\d`, `[:alpha:]`, `\p{Greek}`.

use super::scripts::{CATEGORIES, SCRIPTS};

/// A set of characters, as a list of parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) parts: Vec<Part>,
    /// `true`: everything but the parts.
    pub(super) negated: bool,
    /// `true`: each part also stands for its other case.
    pub(super) fold: bool,
}

/// A part of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// From one character to another, both included. Surrogates occur here and match nothing.
    Range(u32, u32),
    /// Everything but these ranges: `\D`, `[:^alpha:]`.
    NotIn(&'static [Range]),
    /// A Unicode property.
    Property { property: Property, negated: bool },
}

/// First and last character.
pub(super) type Range = (u32, u32);

/// A Unicode property that RE2 and Go know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Property {
    Any,
    Category(&'static str),
    Script(&'static str),
}

impl Class {
    /// The class of one part.
    pub(super) fn of(parts: Vec<Part>, fold: bool) -> Self {
        Self { parts, negated: false, fold }
    }

    /// Returns the approximate number of instructions of the class's automaton over bytes.
    pub(super) fn size(&self) -> usize {
        let parts: usize = self.parts.iter().map(Part::size).sum();
        parts + if self.negated { 12 } else { 0 }
    }
}

impl Part {
    fn size(&self) -> usize {
        match *self {
            Self::Range(_, last) if last < 0x80 => 1,
            Self::Range(..) => 8,
            Self::NotIn(_) => 12,
            Self::Property { property: Property::Any, .. } => 12,
            Self::Property { .. } => 300,
        }
    }
}

impl Property {
    /// Returns the property of a name, spelt exactly as RE2 wants it.
    pub(super) fn named(name: &str) -> Option<Self> {
        let find = |names: &[&'static str]| names.iter().copied().find(|known| *known == name);
        if name == "Any" {
            return Some(Self::Any);
        }
        find(CATEGORIES).map(Self::Category).or_else(|| find(SCRIPTS).map(Self::Script))
    }
}

/// Returns the part for the letter of `\d`, `\D`, `\s`, `\S`, `\w` or `\W`. ASCII only, as in RE2.
pub(super) fn perl(letter: char) -> Option<Vec<Part>> {
    let ranges = match letter.to_ascii_lowercase() {
        'd' => DIGIT,
        's' => PERL_SPACE,
        'w' => WORD,
        _ => return None,
    };
    Some(parts(ranges, letter.is_ascii_uppercase()))
}

/// Returns the part for the name in `[:name:]`.
pub(super) fn posix(name: &str) -> Option<Vec<Part>> {
    let (name, negated) = match name.strip_prefix('^') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let ranges = match name {
        "alnum" => ALNUM,
        "alpha" => ALPHA,
        "ascii" => &[(0, 0x7f)],
        "blank" => &[(0x09, 0x09), (0x20, 0x20)],
        "cntrl" => &[(0, 0x1f), (0x7f, 0x7f)],
        "digit" => DIGIT,
        "graph" => &[(0x21, 0x7e)],
        "lower" => &[(0x61, 0x7a)],
        "print" => &[(0x20, 0x7e)],
        "punct" => &[(0x21, 0x2f), (0x3a, 0x40), (0x5b, 0x60), (0x7b, 0x7e)],
        "space" => &[(0x09, 0x0d), (0x20, 0x20)],
        "upper" => &[(0x41, 0x5a)],
        "word" => WORD,
        "xdigit" => &[(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)],
        _ => return None,
    };
    Some(parts(ranges, negated))
}

const DIGIT: &[Range] = &[(0x30, 0x39)];
/// Without the vertical tab, unlike `[:space:]`.
const PERL_SPACE: &[Range] = &[(0x09, 0x0a), (0x0c, 0x0d), (0x20, 0x20)];
const WORD: &[Range] = &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)];
const ALNUM: &[Range] = &[(0x30, 0x39), (0x41, 0x5a), (0x61, 0x7a)];
const ALPHA: &[Range] = &[(0x41, 0x5a), (0x61, 0x7a)];

fn parts(ranges: &'static [Range], negated: bool) -> Vec<Part> {
    if negated {
        vec![Part::NotIn(ranges)]
    } else {
        ranges.iter().map(|&(first, last)| Part::Range(first, last)).collect()
    }
}
