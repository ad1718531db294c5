//! Entries of a policy map as intervals of protocols and ports.

use alloc::vec::Vec;

use super::cell::Cell;
use crate::{PolicyEntry, PolicyKey, Protocol};

/// A protocol and a port as one number: ports take 17 bits, so that there is one for packets
/// whose port is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct L4(pub(super) u32);

impl L4 {
    /// How many bits a port takes.
    pub(super) const PORT_BITS: u32 = 17;
    /// The port of packets whose port is not known: only entries for every port match it.
    pub(super) const NO_PORT: u32 = 1 << 16;
    const LAST: u32 = (1 << (8 + Self::PORT_BITS)) - 1;

    /// Returns the number of a protocol and port.
    #[inline(always)]
    pub(super) const fn new(protocol: Protocol, port: u32) -> Self {
        Self((protocol.number() as u32) << Self::PORT_BITS | port)
    }

    /// Returns the first and last number that a key matches.
    fn range(key: &PolicyKey) -> (u32, u32) {
        let Self(base) = Self::new(key.protocol(), 0);
        let port = key.port();
        match (key.protocol().is_any(), port.is_all()) {
            (true, _) => (0, Self::LAST),
            (false, true) => (base, base | ((1 << Self::PORT_BITS) - 1)),
            (false, false) => (base | u32::from(port.value()), base | u32::from(port.last())),
        }
    }
}

/// Numbers from one on, up to the next interval, that have the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) first: u32,
    pub(super) cell: Cell,
}

/// Returns the intervals that entries of one peer come to: the first from 0 on, no two neighbours the
/// same.
pub(super) fn of_entries(
    entries: impl IntoIterator<Item = (PolicyKey, PolicyEntry)>,
) -> Vec<Interval> {
    let mut entries: Vec<(PolicyKey, PolicyEntry)> = entries.into_iter().collect();
    // In the order of keys broad ones come before those that they cover.
    entries.sort_by_key(|(key, _)| (key.protocol(), key.port()));
    let mut intervals = Intervals(Vec::new());
    intervals.push(0, Cell::NONE);
    // The last numbers and cells of the entries that the present place is inside of.
    let mut around: Vec<(u32, Cell)> = Vec::new();
    for (key, entry) in entries {
        let (first, last) = L4::range(&key);
        intervals.leave(&mut around, |end| end < first);
        let cell = Cell::new(key, entry);
        intervals.push(first, cell);
        around.push((last, cell));
    }
    intervals.leave(&mut around, |_| true);
    intervals.0
}

struct Intervals(Vec<Interval>);

impl Intervals {
    /// Ends the innermost entries as long as their last numbers say so.
    fn leave(&mut self, around: &mut Vec<(u32, Cell)>, ends: impl Fn(u32) -> bool) {
        while let Some((last, _)) = around.last().copied().filter(|(last, _)| ends(*last)) {
            around.pop();
            if last < L4::LAST {
                self.push(last + 1, around.last().map_or(Cell::NONE, |(_, cell)| *cell));
            }
        }
    }

    /// Begins an interval, not before the last one.
    fn push(&mut self, first: u32, cell: Cell) {
        let Self(list) = self;
        list.pop_if(|last| last.first == first);
        if list.last().is_none_or(|last| last.cell != cell) {
            list.push(Interval { first, cell });
        }
    }
}
