//! Header names as numbers, and what is known of a request's headers.

use std::collections::HashMap;

use super::request::{Header, HttpRequest};

/// A header that a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// `:method`, `:path` and `:authority` are the fields of the request (HTTP-12).
    Method,
    Path,
    Authority,
    /// No request has it: `Host` is stored as `:authority` (HTTP-12).
    Never,
    /// A number in the table.
    Regular(u32),
}

/// What a header must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// There, with whatever value, the empty one included.
    Present,
    /// Exactly these bytes.
    Exact(Box<[u8]>),
}

impl Wanted {
    /// Returns the wanted value, which is also what actions set; of a present test the empty one.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Present => b"",
            Self::Exact(value) => value,
        }
    }
}

/// The header names of all rules, in lower case.
#[derive(Debug, Default)]
pub(super) struct NameTable {
    names: Vec<Box<[u8]>>,
    numbers: HashMap<Box<[u8]>, u32>,
    /// Bit n: there is a name of n bytes; bit 63: of 63 or more.
    lengths: u64,
    longest: usize,
}

impl NameTable {
    /// Returns the header of a name. Case does not matter (HTTP-5).
    pub(super) fn number(&mut self, name: &str) -> Name {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            ":method" => return Name::Method,
            ":path" => return Name::Path,
            ":authority" => return Name::Authority,
            "host" | "" => return Name::Never,
            _ => {}
        }
        let next = self.names.len() as u32;
        let name: Box<[u8]> = name.into_bytes().into();
        let number = *self.numbers.entry(name.clone()).or_insert(next);
        if number == next {
            self.lengths |= length_bit(name.len());
            self.longest = self.longest.max(name.len());
            self.names.push(name);
        }
        Name::Regular(number)
    }

    /// Returns how many names there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns the number of a name that a request has.
    fn find(&self, name: &[u8], lower: &mut Vec<u8>) -> Option<u32> {
        if name.len() > self.longest || self.lengths & length_bit(name.len()) == 0 {
            return None;
        }
        lower.clear();
        lower.extend(name.iter().map(u8::to_ascii_lowercase));
        self.numbers.get(lower.as_slice()).copied()
    }
}

fn length_bit(length: usize) -> u64 {
    1 << length.min(63)
}

/// Where the headers of a request are that rules ask for; scratch memory.
#[derive(Debug, Default)]
pub(super) struct HeaderIndex {
    /// One place for each name of the table.
    places: Vec<Place>,
    /// Places of another generation are empty.
    generation: u64,
    lower: Vec<u8>,
}

/// The headers of one name. Those of other names may lie between them.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    generation: u64,
    first: usize,
    last: usize,
    /// The length of the joined value.
    length: usize,
}

impl HeaderIndex {
    /// Makes room for the names of a table.
    pub(super) fn prepare(&mut self, table: &NameTable) {
        if self.places.len() < table.names.len() {
            self.places.resize(table.names.len(), Place::default());
        }
        self.lower.clear();
        self.lower.reserve(table.longest);
    }

    /// Finds the headers of a request, in one pass.
    pub(super) fn index(&mut self, table: &NameTable, request: &HttpRequest<'_>) {
        self.generation += 1;
        for (at, Header { name, value }) in request.headers.iter().enumerate() {
            let Some(number) = table.find(name, &mut self.lower) else {
                continue;
            };
            let Some(place) = self.places.get_mut(number as usize) else {
                continue;
            };
            let before = if place.generation == self.generation { place.length + 1 } else { 0 };
            if before == 0 {
                *place = Place { generation: self.generation, first: at, ..Place::default() };
            }
            place.last = at;
            place.length = before + value.len();
        }
    }

    /// Returns the place of a name, if the request has such a header.
    fn place(&self, number: u32) -> Option<&Place> {
        let place = self.places.get(number as usize)?;
        (place.generation == self.generation).then_some(place)
    }
}

/// The headers of a request, found by number.
#[derive(Clone, Copy)]
pub(super) struct Headers<'a> {
    pub(super) table: &'a NameTable,
    pub(super) index: &'a HeaderIndex,
    pub(super) request: &'a HttpRequest<'a>,
}

impl<'a> Headers<'a> {
    /// Returns whether a header is as wanted. A missing header never is (HTTP-13).
    pub(super) fn test(&self, name: Name, wanted: &Wanted) -> bool {
        let value = match name {
            Name::Never => None,
            Name::Method => Some(self.request.method),
            Name::Path => Some(self.request.path),
            Name::Authority => self.request.host,
            Name::Regular(number) => return self.test_regular(number, wanted),
        };
        match wanted {
            Wanted::Present => value.is_some(),
            Wanted::Exact(wanted) => value.is_some_and(|value| JoinedEq::one(wanted, value)),
        }
    }

    fn test_regular(&self, number: u32, wanted: &Wanted) -> bool {
        let Some(place) = self.index.place(number) else {
            return false;
        };
        match wanted {
            Wanted::Present => true,
            Wanted::Exact(wanted) if wanted.len() != place.length => false,
            Wanted::Exact(wanted) => {
                let mut joined = JoinedEq::new(wanted);
                self.values(number).for_each(|value| joined.push(value));
                joined.is_equal()
            }
        }
    }

    /// Returns the values of a name, in order.
    pub(super) fn values(&self, number: u32) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let name = self.table.names.get(number as usize).map(|name| &**name).unwrap_or_default();
        let range = self.index.place(number).map_or(0..0, |place| place.first..place.last + 1);
        let headers = self.request.headers.get(range).unwrap_or_default();
        headers
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value)
    }
}

/// Compares a wanted value with values joined by `,` (HTTP-11), without joining them.
///
/// All bytes are looked at whatever the outcome, since the wanted value may be a secret.
pub(super) struct JoinedEq<'w> {
    rest: &'w [u8],
    first: bool,
    difference: u8,
    overflow: bool,
}

impl<'w> JoinedEq<'w> {
    pub(super) fn new(wanted: &'w [u8]) -> Self {
        Self { rest: wanted, first: true, difference: 0, overflow: false }
    }

    fn one(wanted: &'w [u8], value: &[u8]) -> bool {
        let mut joined = Self::new(wanted);
        joined.push(value);
        joined.is_equal()
    }

    pub(super) fn push(&mut self, value: &[u8]) {
        if !core::mem::take(&mut self.first) {
            self.compare(b",");
        }
        self.compare(value);
    }

    pub(super) fn is_equal(&self) -> bool {
        !self.first && !self.overflow && self.rest.is_empty() && self.difference == 0
    }

    fn compare(&mut self, bytes: &[u8]) {
        let Some((wanted, rest)) = self.rest.split_at_checked(bytes.len()) else {
            self.overflow = true;
            return;
        };
        self.rest = rest;
        self.difference = wanted
            .iter()
            .zip(bytes)
            .fold(self.difference, |difference, (a, b)| difference | (a ^ b));
    }
}
