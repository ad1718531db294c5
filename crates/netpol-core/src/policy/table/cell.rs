//! Finished answers, and how two of them come to one verdict.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::index::Index;
use crate::policy::verdict::Verdict;
use crate::{AuthType, IdentityId, PolicyEntry, PolicyKey};

/// What the entries of one peer, or those for any peer, say about some packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    verdict: Verdict,
    // LKP-4 as a number: of two cells that of greater rank decides, the peer's if they are equal.
    rank: u16,
    // To what the other cell can raise the authentication (AUTH-5).
    raisable: AuthType,
}

impl Cell {
    /// No entry matches.
    pub(super) const NONE: Self =
        Self { verdict: Verdict::DEFAULT_DENY, rank: 0, raisable: AuthType::Disabled };

    /// Returns the answer of an entry.
    pub(super) fn new(key: PolicyKey, entry: PolicyEntry) -> Self {
        Self {
            verdict: Verdict::choose(Some((key, entry)), None),
            rank: match (entry.deny, key.identity()) {
                // A deny of the peer beats everything (LKP-2), one for all everything else.
                (true, IdentityId::ANY) => u16::MAX - 1,
                (true, _) => u16::MAX,
                // Priority first, then the length, which needs five bits.
                (false, _) => {
                    1 + u16::from(entry.priority.number()) * 32 + u16::from(key.match_len())
                }
            },
            raisable: match entry.deny || entry.auth.is_explicit() {
                true => AuthType::Disabled,
                false => AuthType::AlwaysFail,
            },
        }
    }

    /// Returns what the peer's cell and the one for any peer come to (LKP-4, LKP-5).
    #[inline(always)]
    pub(super) fn choose(own: &Self, any: &Self) -> Verdict {
        let (chosen, other) = if any.rank > own.rank { (any, own) } else { (own, any) };
        let raised = other.verdict.auth().min(chosen.raisable);
        // PERF: seldom, so that the rest is copied whole.
        if raised > chosen.verdict.auth() {
            return chosen.verdict.with_auth(raised);
        }
        chosen.verdict
    }

    /// Returns a number that is the same for equal cells, and seldom for others.
    fn digest(&self) -> u32 {
        let Self { verdict, rank, raisable } = self;
        let small = u32::from(*rank) << 8
            | (verdict.match_type() as u32) << 4
            | (verdict.auth() as u32) << 2
            | (*raisable as u32);
        let numbers = [verdict.rules().number(), verdict.redirect().number(), small];
        numbers.into_iter().fold(0, |digest: u32, number| {
            (digest.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b1)
        })
    }
}

impl Default for Cell {
    fn default() -> Self {
        Self::NONE
    }
}

/// The different cells of a table, by their numbers. Number 0 is [`Cell::NONE`].
#[derive(Clone, Debug)]
pub(super) struct Cells {
    cells: Arc<Vec<Cell>>,
    // Numbers, each one more than it is, by digest.
    numbers: Index,
}

impl Default for Cells {
    fn default() -> Self {
        let mut cells = Self { cells: Arc::default(), numbers: Index::default() };
        cells.number(Cell::NONE);
        cells
    }
}

impl Cells {
    /// Returns what the cells with these numbers, of the peer and for any peer, come to.
    #[inline(always)]
    pub(super) fn choose(&self, own: u32, any: u32) -> Verdict {
        match (self.cells.get(own as usize), self.cells.get(any as usize)) {
            (Some(own), Some(any)) => Cell::choose(own, any),
            _ => Verdict::DEFAULT_DENY,
        }
    }

    /// Returns the cell with a number.
    pub(super) fn get(&self, number: u32) -> Cell {
        self.cells.get(number as usize).copied().unwrap_or_default()
    }

    /// Returns the number of a cell.
    pub(super) fn number(&mut self, cell: Cell) -> u32 {
        let digest = cell.digest();
        let known = self.numbers.get(digest);
        if known != 0 && self.get(known - 1) == cell {
            return known - 1;
        }
        let number = self.push(cell);
        self.numbers.insert(digest, number + 1);
        number
    }

    /// Returns numbers of cells, at most as many as `N`, that differ in the last eight bits only.
    pub(super) fn near_numbers<const N: usize>(&mut self, cells: &[Cell]) -> [u32; N] {
        let mut numbers = [0; N];
        for (number, cell) in numbers.iter_mut().zip(cells) {
            *number = self.number(*cell);
        }
        let used = || numbers.iter().take(cells.len());
        let upper = |number: &u32| number >> 8;
        if used().map(upper).min() == used().map(upper).max() {
            return numbers;
        }
        // Only in a table with more than 256 different cells: once more, one behind the other.
        while self.cells.len() % (1 << 8) + cells.len() > 1 << 8 {
            self.push(Cell::NONE);
        }
        for (number, cell) in numbers.iter_mut().zip(cells) {
            *number = self.push(*cell);
        }
        numbers
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>() + self.numbers.bytes()
    }

    fn push(&mut self, cell: Cell) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "2^32 cells do not fit the memory")]
        let number = self.cells.len() as u32;
        Arc::make_mut(&mut self.cells).push(cell);
        number
    }
}
