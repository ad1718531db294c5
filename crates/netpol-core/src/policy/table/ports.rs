//! The entries for any peer where they are many: a table of all ports.
//!
//! Ports stand in pages of 32. Pages that have but one answer are shared, and so are protocols
//! that have but one, so that a lookup is three loads whatever is in there.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::iter::Peekable;

use super::cell::Cells;
use super::intervals::{Interval, L4};
use crate::Protocol;

/// The number of ports of a page, as a power of two.
const PAGE_BITS: u32 = 5;
const PAGE: u32 = 1 << PAGE_BITS;
/// The pages of a protocol: all ports, and one for packets whose port is not known.
const PAGES: u32 = (L4::NO_PORT >> PAGE_BITS) + 1;

/// Numbers of cells by protocol and port.
#[derive(Debug)]
pub(super) struct Ports {
    // Where in `pages` each protocol's part begins.
    protocols: [u32; 256],
    // Where in `cells` each page begins.
    pages: Vec<u32>,
    cells: Vec<u32>,
}

impl Ports {
    /// Returns the table of these intervals.
    pub(super) fn new(intervals: &[Interval], cells: &mut Cells) -> Self {
        let numbered: Vec<(u32, u32)> = intervals
            .iter()
            .map(|interval| (interval.first, cells.number(interval.cell)))
            .collect();
        let rest = numbered.into_iter().peekable();
        let mut builder = Builder {
            rest,
            cell: 0,
            ports: Self { protocols: [0; 256], pages: Vec::new(), cells: Vec::new() },
            plain_protocols: BTreeMap::new(),
            plain_pages: BTreeMap::new(),
        };
        for number in 0..=u8::MAX {
            let begin = builder.protocol(L4::new(Protocol::new(number), 0).0);
            if let Some(place) = builder.ports.protocols.get_mut(usize::from(number)) {
                *place = begin;
            }
        }
        builder.ports
    }

    /// Returns the number of the cell for a protocol and port.
    #[inline(always)]
    pub(super) fn cell(&self, L4(number): L4) -> u32 {
        let (protocol, port) = (number >> L4::PORT_BITS, number & ((1 << L4::PORT_BITS) - 1));
        let part = self.protocols.get(protocol as usize % 256).copied().unwrap_or(0);
        let page = self.pages.get((part + (port >> PAGE_BITS)) as usize).copied().unwrap_or(0);
        self.cells.get((page + port % PAGE) as usize).copied().unwrap_or(0)
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + (self.pages.capacity() + self.cells.capacity()) * size_of::<u32>()
    }
}

/// Goes through the intervals in order.
struct Builder<I: Iterator<Item = (u32, u32)>> {
    rest: Peekable<I>,
    // The cell of the present interval.
    cell: u32,
    ports: Ports,
    // Protocols and pages with one answer, by its number.
    plain_protocols: BTreeMap<u32, u32>,
    plain_pages: BTreeMap<u32, u32>,
}

impl<I: Iterator<Item = (u32, u32)>> Builder<I> {
    /// Makes the pages of the protocol whose numbers begin here; returns where they begin.
    fn protocol(&mut self, first: u32) -> u32 {
        let plain = self.is_plain(first, 1 << L4::PORT_BITS);
        if let Some(begin) = self.plain_protocols.get(&self.cell).filter(|_| plain) {
            return *begin;
        }
        let begin = position(&self.ports.pages);
        for page in 0..PAGES {
            let page = self.page(first + page * PAGE);
            self.ports.pages.push(page);
        }
        if plain {
            self.plain_protocols.insert(self.cell, begin);
        }
        begin
    }

    /// Makes the page whose numbers begin here; returns where it begins.
    fn page(&mut self, first: u32) -> u32 {
        let plain = self.is_plain(first, PAGE);
        if let Some(begin) = self.plain_pages.get(&self.cell).filter(|_| plain) {
            return *begin;
        }
        let begin = position(&self.ports.cells);
        if plain {
            self.plain_pages.insert(self.cell, begin);
        }
        for number in first..first + PAGE {
            self.advance(number);
            self.ports.cells.push(self.cell);
        }
        begin
    }

    /// Tells whether so many numbers from here on have the same answer.
    fn is_plain(&mut self, first: u32, len: u32) -> bool {
        self.advance(first);
        self.rest.peek().is_none_or(|(next, _)| *next >= first + len)
    }

    fn advance(&mut self, number: u32) {
        while let Some((_, cell)) = self.rest.next_if(|(first, _)| *first <= number) {
            self.cell = cell;
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "at most 2^25 ports")]
fn position(list: &[u32]) -> u32 {
    list.len() as u32
}
