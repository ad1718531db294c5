//! What the tables need to know of an address family.

use core::hash::BuildHasher;

use super::arena::{Arena, Block};

/// An address of one family, and how the host table lays its addresses out in a line.
///
/// A line holds the addresses, their values, and a half word: the lower byte has a bit for
/// each slot in use, the next one counts the addresses that found the line full.
pub(super) trait Address: Copy + PartialEq {
    /// The number of bytes.
    const LEVELS: usize;
    /// The number of bits.
    const BITS: u8;
    /// The address of zeros.
    const ZERO: Self;
    /// How many addresses a line holds.
    const SLOTS: usize;
    /// How many addresses a table of so many lines holds at most.
    fn capacity(lines: usize) -> usize;
    /// Where a line has its values, in half words.
    const VALUES: usize;
    /// Where a line has its state, in half words.
    const STATE: usize;

    /// Returns the byte at a level, the first being the most significant.
    fn byte(self, level: usize) -> u8;
    /// Returns the address with another byte at a level.
    fn with_byte(self, level: usize, byte: u8) -> Self;
    /// Returns the keyed hash.
    fn hash(self, seed: &Seed) -> u64;
    /// Returns a mask with the bit of the slot of a line that holds the address, and perhaps
    /// bits of slots that are not in use.
    fn matches(self, arena: &Arena, line: Block) -> u32;
    /// Returns the address in a slot of a line.
    fn read(arena: &Arena, line: Block, slot: usize) -> Self;
    /// Puts the address into a slot of a line.
    fn write(self, arena: &Arena, line: Block, slot: usize);
}

/// What keys the hashes of a table: drawn at random for each.
pub(super) type Seed = foldhash::fast::RandomState;

impl Address for u32 {
    const LEVELS: usize = 4;
    const BITS: u8 = 32;
    const ZERO: Self = 0;
    const SLOTS: usize = 7;
    const VALUES: usize = 8;
    const STATE: usize = 7;

    fn capacity(lines: usize) -> usize {
        lines * Self::SLOTS * 3 / 4
    }

    #[inline(always)]
    fn byte(self, level: usize) -> u8 {
        let [.., byte] = self.rotate_left(8 * (level as Self + 1)).to_be_bytes();
        byte
    }

    fn with_byte(self, level: usize, byte: u8) -> Self {
        let mut bytes = self.to_be_bytes();
        if let Some(slot) = bytes.get_mut(level) {
            *slot = byte;
        }
        Self::from_be_bytes(bytes)
    }

    #[inline(always)]
    fn hash(self, seed: &Seed) -> u64 {
        seed.hash_one(self)
    }

    #[inline(always)]
    fn matches(self, arena: &Arena, line: Block) -> u32 {
        arena.matches(line, self)
    }

    fn read(arena: &Arena, line: Block, slot: usize) -> Self {
        arena.half(line, slot)
    }

    fn write(self, arena: &Arena, line: Block, slot: usize) {
        arena.set_half(line, slot, self);
    }
}

impl Address for [u8; 16] {
    const LEVELS: usize = 16;
    const BITS: u8 = 128;
    const ZERO: Self = [0; 16];
    const SLOTS: usize = 3;
    const VALUES: usize = 12;
    const STATE: usize = 15;

    fn capacity(lines: usize) -> usize {
        lines * Self::SLOTS * 2 / 3
    }

    #[inline(always)]
    fn byte(self, level: usize) -> u8 {
        self.get(level % 16).copied().unwrap_or(0)
    }

    fn with_byte(mut self, level: usize, byte: u8) -> Self {
        if let Some(slot) = self.get_mut(level) {
            *slot = byte;
        }
        self
    }

    #[inline(always)]
    fn hash(self, seed: &Seed) -> u64 {
        seed.hash_one(u128::from_ne_bytes(self))
    }

    #[inline(always)]
    fn matches(self, arena: &Arena, line: Block) -> u32 {
        let [low, high] = halves(self);
        let equal = |slot: usize| {
            let differ =
                (arena.word(line, 2 * slot) ^ low) | (arena.word(line, 2 * slot + 1) ^ high);
            u32::from(differ == 0) << slot
        };
        equal(0) | equal(1) | equal(2)
    }

    fn read(arena: &Arena, line: Block, slot: usize) -> Self {
        let [low, high] = [0, 1].map(|word| u128::from(arena.word(line, 2 * slot + word)));
        (high << 64 | low).to_ne_bytes()
    }

    fn write(self, arena: &Arena, line: Block, slot: usize) {
        for (word, half) in halves(self).into_iter().enumerate() {
            arena.set_word(line, 2 * slot + word, half);
        }
    }
}

/// Returns the two words that a line holds for an IPv6 address.
#[inline(always)]
fn halves(addr: [u8; 16]) -> [u64; 2] {
    let bits = u128::from_ne_bytes(addr);
    #[expect(clippy::cast_possible_truncation, reason = "the upper word follows")]
    let low = bits as u64;
    [low, (bits >> 64) as u64]
}
