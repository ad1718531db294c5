//! The entries of peers, as intervals of ports.
//!
//! A row is a search tree of cache lines with a fan-out of thirteen, and nearly always a single
//! one: twelve bounds between thirteen intervals are enough for six ports. How many bounds a
//! number has reached says which interval it is in, and all are compared at once.

use alloc::vec::Vec;

use super::cell::{Cell, Cells};
use super::intervals::{Interval, L4};
use super::lanes::{BOUNDS, reached};
use super::pages::Pages;

/// How many intervals, or lines below it, a line has.
pub(super) const FAN_OUT: usize = BOUNDS + 1;
/// What stands in place of the upper part of cell numbers in lines that lead to others.
const INNER: [u8; 3] = [u8::MAX; 3];
const LOWEST: u32 = 0xff;

/// A line of a row.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Line {
    // Where intervals begin, but for the first; the greatest number where there are no more.
    // Signed, because that is what vector units compare.
    bounds: [i32; BOUNDS],
    // The lowest bytes of cell numbers; or the number of the first line below.
    cells: [u8; FAN_OUT],
    // The other bytes of the cell numbers, or `INNER`.
    upper: [u8; 3],
}

impl Line {
    pub(super) const EMPTY: Self =
        Self { bounds: [i32::MAX; BOUNDS], cells: [0; FAN_OUT], upper: [0; 3] };

    /// Returns the line of at most as many intervals as fit.
    pub(super) fn leaf(intervals: &[Interval], cells: &mut Cells) -> Self {
        let mut found = [Cell::NONE; FAN_OUT];
        found.iter_mut().zip(intervals).for_each(|(cell, interval)| *cell = interval.cell);
        let numbers: [u32; FAN_OUT] =
            cells.near_numbers(found.get(..intervals.len()).unwrap_or(&found));
        let lowest = |number: u32| number.to_le_bytes()[0];
        let [first, ..] = numbers;
        let [_, upper @ ..] = first.to_le_bytes();
        let firsts = intervals.iter().map(|interval| interval.first);
        Self { bounds: bounds(firsts), cells: numbers.map(lowest), upper }
    }

    /// Returns the line above others, which begin at these numbers.
    fn inner(firsts: impl Iterator<Item = u32>) -> Self {
        Self { bounds: bounds(firsts), upper: INNER, ..Self::EMPTY }
    }

    /// Returns the line with the number of the first one below.
    const fn above(mut self, below: u32) -> Self {
        let [a, b, c, d, ..] = &mut self.cells;
        [*a, *b, *c, *d] = below.to_le_bytes();
        self
    }

    /// Returns the number of the cell for a protocol and port, if the line does not lead to others.
    #[inline(always)]
    pub(super) fn cell(&self, l4: L4) -> Option<u32> {
        let lowest = self.cells.get(self.index(l4)).copied().unwrap_or(0);
        let upper = self.upper();
        if upper == !LOWEST { None } else { Some(upper | u32::from(lowest)) }
    }

    /// Returns what the cell numbers have in common.
    #[inline(always)]
    const fn upper(&self) -> u32 {
        let ([.., last], [a, b, c]) = (self.cells, self.upper);
        // With a byte that does not count it is one load.
        u32::from_le_bytes([last, a, b, c]) & !LOWEST
    }

    /// Returns the index of the interval that a number is in.
    #[inline(always)]
    fn index(&self, l4: L4) -> usize {
        reached(&self.bounds, l4.0.cast_signed())
    }

    fn number(&self, index: usize) -> u32 {
        self.upper() | self.cells.get(index).map_or(0, |lowest| u32::from(*lowest))
    }

    /// Returns the number of the first line below.
    const fn below(&self) -> u32 {
        let [a, b, c, d, ..] = self.cells;
        u32::from_le_bytes([a, b, c, d])
    }

    /// Returns how many intervals the line has.
    fn len(&self) -> usize {
        1 + self.bounds.iter().filter(|bound| **bound != i32::MAX).count()
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// The rows of a table, by the numbers of their first lines. Row 0 has no entries.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    lines: Pages<Line, 8>,
    // For the first line of each row how many peers have it, and how many lines it has.
    uses: Pages<Use, 64>,
    // How many lines are those of rows in use.
    live: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Use {
    peers: u32,
    lines: u32,
}

impl Default for Rows {
    fn default() -> Self {
        let mut rows = Self { lines: Pages::default(), uses: Pages::default(), live: 1 };
        rows.append(Line::EMPTY);
        rows
    }
}

impl Rows {
    /// Returns the first line of a row.
    #[inline(always)]
    pub(super) fn get(&self, row: u32) -> Option<&Line> {
        self.lines.get(row as usize)
    }

    /// Returns the number of the cell of a row for a protocol and port.
    pub(super) fn cell(&self, row: u32, l4: L4) -> u32 {
        let mut line = self.line(row);
        // Far more levels than a row can have.
        for _ in 0..16 {
            if let Some(cell) = line.cell(l4) {
                return cell;
            }
            line = self.line(line.below() + number(line.index(l4)));
        }
        0
    }

    fn line(&self, number: u32) -> &Line {
        self.get(number).unwrap_or(&const { Line::EMPTY })
    }

    /// Returns the address of the first line of a row, to be prefetched.
    #[inline(always)]
    pub(super) fn address(&self, row: u32) -> *const u8 {
        self.get(row).map_or(core::ptr::null(), |line| (&raw const *line).cast())
    }

    /// Adds a row for one peer; returns its number.
    pub(super) fn push(&mut self, intervals: &[Interval], cells: &mut Cells) -> u32 {
        let levels = levels(intervals, cells);
        let row = self.len();
        let mut below = row;
        for level in levels.iter().rev() {
            below += number(level.len());
            for (index, (_, line)) in (0..).zip(level) {
                let line = match line.upper {
                    INNER => line.above(below + index * number(FAN_OUT)),
                    _ => *line,
                };
                self.append(line);
            }
        }
        let lines = self.len() - row;
        self.uses.set(row as usize, Use { peers: 1, lines });
        self.live += lines as usize;
        row
    }

    /// Adds a peer to a row.
    pub(super) fn acquire(&mut self, row: u32) {
        if let Some(used) = self.uses.get_mut(row as usize) {
            used.peers += 1;
        }
    }

    /// Removes a peer from a row, which is not row 0.
    pub(super) fn release(&mut self, row: u32) {
        let Some(used) = self.uses.get_mut(row as usize) else { return };
        used.peers -= 1;
        if used.peers == 0 {
            self.live -= used.lines as usize;
        }
    }

    /// Returns the intervals of a row.
    pub(super) fn intervals(&self, row: u32, cells: &Cells) -> Vec<Interval> {
        let mut intervals = Vec::new();
        self.read(row, 0, cells, &mut intervals);
        intervals
    }

    fn read(&self, line: u32, first: u32, cells: &Cells, intervals: &mut Vec<Interval>) {
        let line = self.line(line);
        let bounds = line.bounds.iter().map(|bound| bound.cast_unsigned());
        let firsts = [first].into_iter().chain(bounds).take(line.len());
        for (index, first) in firsts.enumerate() {
            if line.upper == INNER {
                self.read(line.below() + number(index), first, cells, intervals);
            } else {
                intervals.push(Interval { first, cell: cells.get(line.number(index)) });
            }
        }
    }

    /// Tells whether most lines are those of rows that nobody has any more.
    pub(super) const fn is_wasteful(&self) -> bool {
        self.lines.len() > 64 + 2 * self.live
    }

    pub(super) fn bytes(&self) -> usize {
        self.lines.bytes() + self.uses.bytes()
    }

    fn append(&mut self, line: Line) {
        self.lines.push(line);
        self.uses.push(Use::default());
    }

    fn len(&self) -> u32 {
        number(self.lines.len())
    }
}

/// Returns the lines of a row from its leaves to its first one, each with the number at which
/// it begins. Those that lead to others do not yet say where these are.
fn levels(intervals: &[Interval], cells: &mut Cells) -> Vec<Vec<(u32, Line)>> {
    let first = |chunk: &[Interval]| chunk.first().map_or(0, |interval| interval.first);
    let leaves = intervals.chunks(FAN_OUT).map(|chunk| (first(chunk), Line::leaf(chunk, cells)));
    let mut level: Vec<(u32, Line)> = leaves.collect();
    let mut levels = Vec::new();
    while level.len() > 1 {
        let above = level.chunks(FAN_OUT).map(|chunk| {
            let firsts = chunk.iter().map(|(first, _)| *first);
            (firsts.clone().next().unwrap_or(0), Line::inner(firsts))
        });
        let above = above.collect();
        levels.push(core::mem::replace(&mut level, above));
    }
    levels.push(level);
    levels
}

/// Returns the bounds between parts that begin at these numbers.
fn bounds(firsts: impl Iterator<Item = u32>) -> [i32; BOUNDS] {
    let mut bounds = [i32::MAX; BOUNDS];
    let firsts = firsts.skip(1).map(u32::cast_signed);
    bounds.iter_mut().zip(firsts).for_each(|(bound, first)| *bound = first);
    bounds
}

#[expect(clippy::cast_possible_truncation, reason = "2^32 lines do not fit the memory")]
const fn number(len: usize) -> u32 {
    len as u32
}
