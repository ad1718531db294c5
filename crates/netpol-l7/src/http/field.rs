//! The expressions that rules have for one field, all tested at once.

use std::collections::HashMap;

use aho_corasick::automaton::OverlappingState;
use aho_corasick::{AhoCorasick, Anchored, Input, StartKind};

use crate::Error;
use crate::bits::Bits;
use crate::regex::{LazyCaches, Regex, RegexSet, Shape};

/// Collects the expressions of a field; equal ones get one number.
#[derive(Default)]
pub(super) struct FieldBuilder {
    numbers: HashMap<String, u32>,
    regexes: Vec<Regex>,
}

/// All expressions of a field, by the form they have.
#[derive(Debug)]
pub(super) struct FieldIndex {
    len: usize,
    /// Expressions that are literal texts.
    exact: HashMap<Box<[u8]>, Vec<u32>>,
    /// Expressions that are a literal and `.*`.
    prefixes: Prefixes,
    /// Expressions that are `.*` and a literal.
    suffixes: Suffixes,
    /// Expressions that are `.*`.
    any: Vec<u32>,
    /// All others, and their numbers.
    set: RegexSet,
    set_numbers: Vec<u32>,
}

impl FieldBuilder {
    /// Returns the number of an expression.
    pub(super) fn number(&mut self, pattern: &str, regex: Regex) -> u32 {
        if let Some(&number) = self.numbers.get(pattern) {
            return number;
        }
        let number = self.regexes.len() as u32;
        self.numbers.insert(pattern.to_owned(), number);
        self.regexes.push(regex);
        number
    }

    pub(super) fn build(&self) -> Result<FieldIndex, Error> {
        let mut exact: HashMap<Box<[u8]>, Vec<u32>> = HashMap::new();
        let mut prefixes: HashMap<String, Vec<u32>> = HashMap::new();
        let mut suffixes = Suffixes::default();
        let mut any = Vec::new();
        let mut set = Vec::new();
        let mut set_numbers = Vec::new();
        for (regex, number) in self.regexes.iter().zip(0..) {
            let Some(shapes) = regex.shapes() else {
                set.push(regex);
                set_numbers.push(number);
                continue;
            };
            for shape in shapes {
                match shape {
                    Shape::Exact(text) => {
                        exact.entry(text.into_bytes().into()).or_default().push(number);
                    }
                    Shape::Prefix(text) => prefixes.entry(text).or_default().push(number),
                    Shape::Suffix(text) => suffixes.insert(&text, number),
                    Shape::Any => any.push(number),
                }
            }
        }
        Ok(FieldIndex {
            len: self.regexes.len(),
            exact,
            prefixes: Prefixes::new(prefixes)?,
            suffixes,
            any,
            set: RegexSet::new(&set).map_err(Error::invalid)?,
            set_numbers,
        })
    }
}

impl FieldIndex {
    /// Returns how many expressions there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds the numbers of the expressions that match all of `value` (HTTP-2) to `matched`, which has room
    /// for them.
    pub(super) fn search(
        &self,
        value: &[u8],
        matched: &mut Bits,
        seen: &mut Bits,
        caches: &mut LazyCaches,
    ) {
        if self.len == 0 {
            return;
        }
        let mut found = |numbers: &[u32]| {
            for &number in numbers {
                matched.insert(number as usize);
            }
        };
        self.exact.get(value).map(Vec::as_slice).into_iter().for_each(&mut found);
        if self.needs_text() && is_text(value) {
            found(&self.any);
            self.prefixes.search(value, &mut found);
            self.suffixes.search(value, &mut found);
        }
        self.set.for_each_match(value, seen, caches, |i| {
            found(self.set_numbers.get(i..=i).unwrap_or_default());
        });
    }

    fn needs_text(&self) -> bool {
        !self.any.is_empty()
            || self.prefixes.literals.is_some()
            || !self.suffixes.by_text.is_empty()
    }
}

/// Returns whether `.*` matches all of the value.
fn is_text(value: &[u8]) -> bool {
    !value.contains(&b'\n') && core::str::from_utf8(value).is_ok()
}

/// Literal prefixes, found in one pass over the value.
#[derive(Debug)]
struct Prefixes {
    literals: Option<AhoCorasick>,
    numbers: Vec<Vec<u32>>,
}

impl Prefixes {
    fn new(prefixes: HashMap<String, Vec<u32>>) -> Result<Self, Error> {
        if prefixes.is_empty() {
            return Ok(Self { literals: None, numbers: Vec::new() });
        }
        let (texts, numbers): (Vec<_>, Vec<_>) = prefixes.into_iter().unzip();
        let literals = AhoCorasick::builder()
            .start_kind(StartKind::Anchored)
            .build(&texts)
            .map_err(|error| Error::invalid(format!("too many literals: {error}")))?;
        Ok(Self { literals: Some(literals), numbers })
    }

    fn search(&self, value: &[u8], mut found: impl FnMut(&[u32])) {
        let Some(literals) = &self.literals else {
            return;
        };
        let mut state = OverlappingState::start();
        loop {
            let input = Input::new(value).anchored(Anchored::Yes);
            // The automaton is built for this kind of search; if it refused, nothing would match.
            if literals.try_find_overlapping(input, &mut state).is_err() {
                return;
            }
            let Some(literal) = state.get_match() else {
                return;
            };
            if let Some(numbers) = self.numbers.get(literal.pattern().as_usize()) {
                found(numbers);
            }
        }
    }
}

/// Literal suffixes: one lookup for each length that occurs.
#[derive(Debug, Default)]
struct Suffixes {
    by_text: HashMap<Box<[u8]>, Vec<u32>>,
    /// Ascending.
    lengths: Vec<usize>,
}

impl Suffixes {
    fn insert(&mut self, text: &str, number: u32) {
        if let Err(place) = self.lengths.binary_search(&text.len()) {
            self.lengths.insert(place, text.len());
        }
        self.by_text.entry(text.as_bytes().into()).or_default().push(number);
    }

    fn search(&self, value: &[u8], mut found: impl FnMut(&[u32])) {
        for &length in &self.lengths {
            let Some(start) = value.len().checked_sub(length) else {
                return;
            };
            if let Some(numbers) = value.get(start..).and_then(|suffix| self.by_text.get(suffix)) {
                found(numbers);
            }
        }
    }
}
