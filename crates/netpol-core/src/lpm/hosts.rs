//! The table of host routes: prefixes of one address.
//!
//! A hash table of cache lines. An address is put into the line that its keyed hash names,
//! or, where that is full, into one of the next lines; each line on the way counts it, so
//! that a search knows where to stop, and a removal leaves nothing behind. Most searches
//! touch one line.
//!
//! For the sake of snapshots the lines are not in one array but in pages, named by a
//! directory of two steps: a change copies a page and the parts of the directory that lead there.

use super::address::{Address, Seed};
use super::arena::{Arena, Block, LINE_HALVES, LINE_WORDS};
use super::space::Space;

/// The number of lines of a page, as a power of two.
const PAGE_BITS: u32 = 3;
const PAGE_LINES: usize = 1 << PAGE_BITS;
/// How far from its own line an address is put at most.
const MAX_PROBES: usize = 64;
/// What the count of a line stops at, for good.
const MAX_COUNT: u32 = 0xff;

/// Host routes of one family. All fields are 0 if there never was one.
#[derive(Clone, Copy, Default)]
pub(super) struct Hosts {
    root: Block,
    // The number of lines, pages, and pages of one block of the directory, as powers of two.
    line_bits: u32,
    page_bits: u32,
    inner_bits: u32,
    len: usize,
}

/// Why a host route was not put into the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// The table is too small.
    Grow,
    /// Too many addresses have the same hash: a larger table would not help.
    Crowded,
}

impl Hosts {
    /// Returns a table for `hosts` addresses.
    pub(super) fn new<A: Address>(space: &mut Space, hosts: usize) -> Self {
        let mut line_bits = PAGE_BITS;
        while A::capacity(1 << line_bits) < hosts && line_bits < 31 {
            line_bits += 1;
        }
        let page_bits = line_bits - PAGE_BITS;
        let inner_bits = page_bits / 2;
        let mut table = Self { root: 0, line_bits, page_bits, inner_bits, len: 0 };
        table.root = space.allocate(table.outer_lines());
        for outer in 0..1 << (page_bits - inner_bits) {
            let inner_block = space.allocate(table.inner_lines());
            for inner in 0..1 << inner_bits {
                let page = empty_page(space);
                space.arena().set_half(inner_block, inner, page);
            }
            space.arena().set_half(table.root, outer, inner_block);
        }
        table
    }

    /// Returns how many lines a table for so many addresses takes.
    pub(super) fn lines_for<A: Address>(hosts: usize) -> usize {
        let mut lines = PAGE_LINES;
        while A::capacity(lines) < hosts {
            lines *= 2;
        }
        // The directory: one half word for each page, one line at least for each block.
        lines + lines / PAGE_LINES / 2 + 64
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Returns how many more addresses the next larger table is made for.
    pub(super) fn step<A: Address>(&self) -> usize {
        match self.root {
            0 => 1,
            _ => A::capacity(1 << self.line_bits) + 1 - self.len,
        }
    }

    /// Returns the value of an address.
    #[inline(always)]
    pub(super) fn get<A: Address>(&self, arena: &Arena, seed: &Seed, addr: A) -> Option<u32> {
        if self.len == 0 {
            return None;
        }
        let first = self.first_line(addr.hash(seed));
        let line = self.line(arena, first);
        match find(arena, line, addr) {
            Found::Value(value) => Some(value),
            Found::Nothing => None,
            Found::Overflow => self.search(arena, first, addr),
        }
    }

    /// Returns the value of an address that is not in its own line.
    #[cold]
    #[inline(never)]
    pub(super) fn search<A: Address>(&self, arena: &Arena, first: usize, addr: A) -> Option<u32> {
        for step in 1..MAX_PROBES {
            match find(arena, self.line(arena, self.after(first, step)), addr) {
                Found::Value(value) => return Some(value),
                Found::Nothing => return None,
                Found::Overflow => {}
            }
        }
        None
    }

    /// Returns the number of the line where a search begins.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "a number of lines fits a block")]
    pub(super) fn first_line(&self, hash: u64) -> usize {
        (hash >> (64 - self.line_bits)) as usize
    }

    /// Returns the line with this number.
    #[inline(always)]
    pub(super) fn line(&self, arena: &Arena, number: usize) -> Block {
        let page = number >> PAGE_BITS;
        let outer = page >> self.inner_bits;
        let inner = page & ((1 << self.inner_bits) - 1);
        let page = arena.half(arena.half(self.root, outer), inner);
        #[expect(clippy::cast_possible_truncation, reason = "less than a page")]
        let line = page + (number % PAGE_LINES) as Block;
        line
    }

    /// Puts a value at an address; returns the one that was there.
    pub(super) fn insert<A: Address>(
        &mut self,
        space: &mut Space,
        seed: &Seed,
        addr: A,
        value: u32,
    ) -> Result<Option<u32>, Full> {
        if self.root == 0 {
            return Err(Full::Grow);
        }
        let first = self.first_line(addr.hash(seed));
        if let Some((step, slot)) = self.locate(space.arena(), first, addr) {
            let line = self.own_line(space, self.after(first, step));
            let old = space.arena().half(line, A::VALUES + slot);
            space.arena().set_half(line, A::VALUES + slot, value);
            return Ok(Some(old));
        }
        let (step, slot) = self.find_room::<A>(space.arena(), first)?;
        for passed in 0..step {
            self.count_passed::<A>(space, self.after(first, passed), |count| count + 1);
        }
        let line = self.own_line(space, self.after(first, step));
        addr.write(space.arena(), line, slot);
        space.arena().set_half(line, A::VALUES + slot, value);
        let state = state::<A>(space.arena(), line);
        space.arena().set_half(line, A::STATE, state | 1 << slot);
        self.len += 1;
        Ok(None)
    }

    /// Removes an address; returns the value that it had.
    pub(super) fn remove<A: Address>(
        &mut self,
        space: &mut Space,
        seed: &Seed,
        addr: A,
    ) -> Option<u32> {
        if self.root == 0 {
            return None;
        }
        let first = self.first_line(addr.hash(seed));
        let (step, slot) = self.locate(space.arena(), first, addr)?;
        let line = self.own_line(space, self.after(first, step));
        let old = space.arena().half(line, A::VALUES + slot);
        let state_now = state::<A>(space.arena(), line);
        space.arena().set_half(line, A::STATE, state_now & !(1 << slot));
        for passed in 0..step {
            self.count_passed::<A>(space, self.after(first, passed), |count| {
                count.saturating_sub(1)
            });
        }
        self.len -= 1;
        Some(old)
    }

    /// Calls `each` with every address and its value.
    pub(super) fn for_each<A: Address>(&self, arena: &Arena, each: &mut impl FnMut(A, u32)) {
        if self.root == 0 {
            return;
        }
        for number in 0..1 << self.line_bits {
            let line = self.line(arena, number);
            let state = state::<A>(arena, line);
            for slot in (0..A::SLOTS).filter(|slot| state >> slot & 1 == 1) {
                each(A::read(arena, line, slot), arena.half(line, A::VALUES + slot));
            }
        }
    }

    /// Returns how many lines after its own one there is room for a new address, and the slot there.
    fn find_room<A: Address>(&self, arena: &Arena, first: usize) -> Result<(usize, usize), Full> {
        let capacity = A::capacity(1 << self.line_bits);
        if self.len >= capacity {
            return Err(Full::Grow);
        }
        let room = (0..self.probes()).find_map(|step| {
            let line = self.line(arena, self.after(first, step));
            free_slot::<A>(arena, line).map(|slot| (step, slot))
        });
        // In a table that is mostly empty, only equal hashes can fill so many lines.
        let full = if self.len < capacity / 4 { Full::Crowded } else { Full::Grow };
        room.ok_or(full)
    }

    /// Changes how many addresses a line passed on. A count that reached the limit stays there.
    fn count_passed<A: Address>(
        &mut self,
        space: &mut Space,
        number: usize,
        change: impl Fn(u32) -> u32,
    ) {
        let line = self.own_line(space, number);
        let state = state::<A>(space.arena(), line);
        let (count, used) = (state >> 8, state & 0xff);
        if count < MAX_COUNT {
            space.arena().set_half(line, A::STATE, change(count) << 8 | used);
        }
    }

    /// Returns how many lines an address is tried in.
    fn probes(&self) -> usize {
        MAX_PROBES.min(1 << self.line_bits)
    }

    fn after(&self, first: usize, step: usize) -> usize {
        (first + step) & ((1 << self.line_bits) - 1)
    }

    /// Returns how many lines after its own one an address is, and its slot there.
    fn locate<A: Address>(&self, arena: &Arena, first: usize, addr: A) -> Option<(usize, usize)> {
        for step in 0..self.probes() {
            let line = self.line(arena, self.after(first, step));
            let state = state::<A>(arena, line);
            let hit = addr.matches(arena, line) & state & ((1 << A::SLOTS) - 1);
            if hit != 0 {
                return Some((step, hit.trailing_zeros() as usize));
            }
            if state >> 8 == 0 {
                return None;
            }
        }
        None
    }

    /// Returns the line with this number, having made sure that no snapshot reads it.
    fn own_line(&mut self, space: &mut Space, number: usize) -> Block {
        let page = number >> PAGE_BITS;
        let (outer, inner) = (page >> self.inner_bits, page & ((1 << self.inner_bits) - 1));
        self.root = space.own(self.root, self.outer_lines());
        let inner_block = space.own(space.arena().half(self.root, outer), self.inner_lines());
        space.arena().set_half(self.root, outer, inner_block);
        let page = space.own(space.arena().half(inner_block, inner), PAGE_LINES);
        space.arena().set_half(inner_block, inner, page);
        #[expect(clippy::cast_possible_truncation, reason = "less than a page")]
        let line = page + (number % PAGE_LINES) as Block;
        line
    }

    fn outer_lines(&self) -> usize {
        (1usize << (self.page_bits - self.inner_bits)).div_ceil(LINE_HALVES)
    }

    fn inner_lines(&self) -> usize {
        (1usize << self.inner_bits).div_ceil(LINE_HALVES)
    }
}

/// What a line says about an address.
pub(super) enum Found {
    Value(u32),
    /// It is not in the table.
    Nothing,
    /// It may be in a line further on.
    Overflow,
}

/// Looks for an address in one line.
#[inline(always)]
pub(super) fn find<A: Address>(arena: &Arena, line: Block, addr: A) -> Found {
    let state = state::<A>(arena, line);
    let hit = addr.matches(arena, line) & state & ((1 << A::SLOTS) - 1);
    if hit != 0 {
        Found::Value(arena.half(line, A::VALUES + hit.trailing_zeros() as usize))
    } else if state >> 8 == 0 {
        Found::Nothing
    } else {
        Found::Overflow
    }
}

/// What one line says about an address, without branches.
pub(super) struct Probe {
    pub(super) hit: bool,
    /// The value, if there is a hit.
    pub(super) value: u32,
    /// Whether the line passed addresses on.
    pub(super) overflow: bool,
}

/// Looks for an address in one line.
#[inline(always)]
pub(super) fn probe<A: Address>(arena: &Arena, line: Block, addr: A) -> Probe {
    let state = state::<A>(arena, line);
    let hit = addr.matches(arena, line) & state & ((1 << A::SLOTS) - 1);
    // Without hit this reads the half word behind the values, which belongs to the line as well.
    let slot = (hit | 1 << A::SLOTS).trailing_zeros() as usize;
    Probe { hit: hit != 0, value: arena.half(line, A::VALUES + slot), overflow: state >> 8 != 0 }
}

#[inline(always)]
fn state<A: Address>(arena: &Arena, line: Block) -> u32 {
    arena.half(line, A::STATE)
}

fn free_slot<A: Address>(arena: &Arena, line: Block) -> Option<usize> {
    let slot = state::<A>(arena, line).trailing_ones() as usize;
    (slot < A::SLOTS).then_some(slot)
}

fn empty_page(space: &mut Space) -> Block {
    let page = space.allocate(PAGE_LINES);
    for word in 0..PAGE_LINES * LINE_WORDS {
        space.arena().set_word(page, word, 0);
    }
    page
}
