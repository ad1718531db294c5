//! The nodes of the trie: how 256 slots are laid out in lines.
//!
//! A node decides by one byte of the address, so it has 256 slots. It also lists the prefixes
//! that end within it, with their values, from which the slots were painted: 1 to 8 bits long
//! when counted from the node on.
//!
//! - The nodes of the first two bytes are *direct*: one entry for each slot.
//! - All others are *packed*: equal entries next to each other are kept once. A bitmap says
//!   at which slots a run begins, so that the number of ones up to a slot is the number of its
//!   run; the ones of the words before are counted beforehand.
//!
//! ```text
//! direct  128 words: 256 entries                    | word: count | list
//! packed  4 words: bitmap | word: 4 counts, count   | entries     | list
//! ```
//!
//! A packed node of up to six runs is looked up within its first line.

use alloc::vec::Vec;

use super::address::Address;
use super::arena::{Arena, Block, LINE_WORDS};
use super::entry::Entry;
use super::slots::{SlotSet, WORDS, code};
use super::space::Space;

/// The number of slots.
const SLOTS: usize = 256;
/// The nodes at these levels are direct.
const DIRECT_LEVELS: usize = 2;
const DIRECT_COUNT: usize = SLOTS / 2;
const PACKED_HEAD: usize = WORDS + 1;

/// Returns the entry of one slot.
#[inline(always)]
pub(super) fn entry(arena: &Arena, level: usize, block: Block, byte: u8) -> Entry {
    if level < DIRECT_LEVELS {
        direct_entry(arena, block, byte)
    } else {
        packed_entry(arena, block, byte)
    }
}

#[inline(always)]
pub(super) fn direct_entry(arena: &Arena, block: Block, byte: u8) -> Entry {
    Entry::from_bits(arena.half(block, byte.into()))
}

/// Returns what the nodes of the first two bytes decide, without branches.
#[inline(always)]
pub(super) fn first_entry<A: Address>(arena: &Arena, root: Block, addr: A) -> Entry {
    let first = direct_entry(arena, root, addr.byte(0));
    // Block 0 can be read as a direct node.
    let block = if first.is_node() { first.block() } else { 0 };
    let second = direct_entry(arena, block, addr.byte(1));
    if first.is_node() { second } else { first }
}

#[inline(always)]
pub(super) fn packed_entry(arena: &Arena, block: Block, byte: u8) -> Entry {
    let index = 2 * PACKED_HEAD + run_of(arena, block, byte);
    Entry::from_bits(arena.half(block, index))
}

/// Returns the number of the run that a slot belongs to.
#[inline(always)]
fn run_of(arena: &Arena, block: Block, byte: u8) -> usize {
    let (word, bit) = (byte / 64, byte % 64);
    let bits = arena.word(block, word.into()) << (63 - bit);
    let before = (arena.word(block, WORDS) >> (8 * word)) & 0xff;
    // The first slot begins a run always, so there is at least one.
    (before as usize + bits.count_ones() as usize).wrapping_sub(1)
}

/// Returns where the list of a node is, in words, and its length.
pub(super) fn list(arena: &Arena, level: usize, block: Block) -> (usize, usize) {
    if level < DIRECT_LEVELS {
        (DIRECT_COUNT + 1, arena.word(block, DIRECT_COUNT) as usize)
    } else {
        let count = (arena.word(block, WORDS) >> 32) as usize;
        (PACKED_HEAD + (run_of(arena, block, 255) + 1).div_ceil(2), count)
    }
}

/// Returns how many lines a node takes.
pub(super) fn lines(arena: &Arena, level: usize, block: Block) -> usize {
    let (start, count) = list(arena, level, block);
    (start + count).div_ceil(LINE_WORDS)
}

/// Returns the places of a node's entries, in half words.
pub(super) fn entries(arena: &Arena, level: usize, block: Block) -> core::ops::Range<usize> {
    if level < DIRECT_LEVELS {
        0..SLOTS
    } else {
        let first = 2 * PACKED_HEAD;
        first..first + run_of(arena, block, 255) + 1
    }
}

/// Returns the value of the prefix with this code, if the node has it.
pub(super) fn get(arena: &Arena, level: usize, block: Block, code: u16) -> Option<u32> {
    let (start, count) = list(arena, level, block);
    let index = search(count, |index| code_of(arena.word(block, start + index)), code).ok()?;
    Some(value_of(arena.word(block, start + index)))
}

/// Sets the entry of a slot that is alone in its run, in place.
pub(super) fn set_entry(arena: &Arena, level: usize, block: Block, byte: u8, entry: Entry) {
    let index = if level < DIRECT_LEVELS {
        byte.into()
    } else {
        2 * PACKED_HEAD + run_of(arena, block, byte)
    };
    arena.set_half(block, index, entry.bits());
}

/// Returns the value of the longest of a node's prefixes that hold `byte`.
pub(super) fn covering(arena: &Arena, level: usize, block: Block, byte: u8) -> Option<u32> {
    (1..=8).rev().find_map(|len| get(arena, level, block, code(byte, len)))
}

/// Returns the place of a code in a sorted list: `Err` with where it would be.
fn search(len: usize, at: impl Fn(usize) -> u16, code: u16) -> Result<usize, usize> {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = usize::midpoint(low, high);
        match at(middle).cmp(&code) {
            core::cmp::Ordering::Equal => return Ok(middle),
            core::cmp::Ordering::Less => low = middle + 1,
            core::cmp::Ordering::Greater => high = middle,
        }
    }
    Err(low)
}

fn item(code: u16, value: u32) -> u64 {
    u64::from(code) << 32 | u64::from(value)
}

pub(super) fn code_of(item: u64) -> u16 {
    #[expect(clippy::cast_possible_truncation, reason = "a code has 9 bits")]
    let code = (item >> 32) as u16;
    code
}

pub(super) fn value_of(item: u64) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the code is cut off")]
    let value = item as u32;
    value
}

/// A node laid out for changes: runs of slots with equal entries, and the list of prefixes.
pub(super) struct Image {
    // The first slots of the runs. INVARIANT: has slot 0, and as many as there are `entries`.
    starts: SlotSet,
    entries: Vec<Entry>,
    // The prefixes as (code, value), in order of the codes.
    items: Vec<u64>,
}

impl Image {
    /// Returns a node without prefixes in which every slot holds `entry`.
    pub(super) fn uniform(entry: Entry) -> Self {
        Self { starts: SlotSet::FIRST, entries: alloc::vec![entry], items: Vec::new() }
    }

    /// Returns the node at a block.
    pub(super) fn read(arena: &Arena, level: usize, block: Block) -> Self {
        let (starts, entries) = match level < DIRECT_LEVELS {
            true => read_direct(arena, block),
            false => read_packed(arena, block),
        };
        let (start, count) = list(arena, level, block);
        let mut items = Vec::with_capacity(count + 1);
        items.extend((start..start + count).map(|index| arena.word(block, index)));
        Self { starts, entries, items }
    }

    /// Returns the entry of a slot.
    pub(super) fn get(&self, byte: u8) -> Entry {
        let run = self.starts.rank(byte).wrapping_sub(1);
        self.entries.get(run).copied().unwrap_or(Entry::NONE)
    }

    /// Sets the entry of a slot.
    pub(super) fn set(&mut self, byte: u8, entry: Entry) {
        self.change(SlotSet::only(byte), |_| entry);
    }

    /// Tells whether nothing ends here and nothing lies below.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty() && !self.entries.iter().any(|entry| entry.is_node())
    }

    /// Puts a value at a prefix; returns the one that was there.
    pub(super) fn insert(&mut self, code: u16, value: u32) -> Option<u32> {
        match self.position(code) {
            Ok(index) => {
                let old = self.items.get_mut(index)?;
                Some(value_of(core::mem::replace(old, item(code, value))))
            }
            Err(index) => {
                self.items.insert(index, item(code, value));
                None
            }
        }
    }

    /// Removes a prefix; returns the value that it had.
    pub(super) fn remove(&mut self, code: u16) -> Option<u32> {
        let index = self.position(code).ok()?;
        Some(value_of(self.items.remove(index)))
    }

    /// Returns the value of the longest shorter prefix around this one in the node.
    pub(super) fn around(&self, code: u16) -> Option<u32> {
        let len = code.max(1).ilog2();
        (1..len).find_map(|up| {
            let index = self.position(code >> up).ok()?;
            self.items.get(index).map(|item| value_of(*item))
        })
    }

    fn position(&self, code: u16) -> Result<usize, usize> {
        let at = |index| self.items.get(index).map_or(u16::MAX, |item| code_of(*item));
        search(self.items.len(), at, code)
    }

    /// Returns the slots of a prefix that no longer one of the node decides.
    pub(super) fn visible(&self, code: u16) -> SlotSet {
        let len = code.max(1).ilog2();
        // Longer ones have greater numbers.
        let after = self.position(code).map_or_else(|index| index, |index| index + 1);
        let later = self.items.get(after..).unwrap_or_default();
        let longer = later.iter().map(|item| code_of(*item)).filter(|inner| {
            let inner_len = inner.max(&1).ilog2();
            inner_len > len && inner >> (inner_len - len) == code
        });
        longer.fold(SlotSet::of(code), |slots, inner| slots.without(SlotSet::of(inner)))
    }

    /// Returns the slots that no prefix of the node decides.
    pub(super) fn open(&self) -> SlotSet {
        let codes = self.items.iter().map(|item| code_of(*item));
        codes.fold(SlotSet::ALL, |slots, code| slots.without(SlotSet::of(code)))
    }

    /// Sets slots to a value, calling `node` for those that hold a node instead.
    pub(super) fn paint(
        &mut self,
        slots: SlotSet,
        entry: Entry,
        mut node: impl FnMut(Block) -> Block,
    ) {
        self.change(slots, |old| match old.is_node() {
            true => Entry::node(node(old.block())),
            false => entry,
        });
    }

    /// Changes the entries of some slots; a node is alone in its run, so it is changed once.
    fn change(&mut self, slots: SlotSet, mut change: impl FnMut(Entry) -> Entry) {
        // Between two of these nothing differs, neither before nor after.
        let cuts = slots.edges().zip(self.starts, |edges, starts| edges | starts);
        let mut starts = SlotSet::EMPTY;
        let mut entries: Vec<Entry> = Vec::with_capacity(self.entries.len() + 2);
        let mut old = self.entries.iter();
        let mut current = Entry::NONE;
        cuts.for_each(|slot| {
            if self.starts.contains(slot) {
                current = old.next().copied().unwrap_or(Entry::NONE);
            }
            let entry = if slots.contains(slot) { change(current) } else { current };
            if entries.last() != Some(&entry) {
                starts.add(slot);
                entries.push(entry);
            }
        });
        (self.starts, self.entries) = (starts, entries);
    }

    /// Writes the node to a block of the right length, the old one where that is possible.
    /// `old` is released otherwise.
    pub(super) fn write(&self, space: &mut Space, level: usize, old: Option<Block>) -> Block {
        let list = match level < DIRECT_LEVELS {
            true => DIRECT_COUNT + 1,
            false => PACKED_HEAD + self.entries.len().div_ceil(2),
        };
        let wanted = (list + self.items.len()).div_ceil(LINE_WORDS);
        let block = replace(space, level, old, wanted);
        let arena = space.arena();
        if level < DIRECT_LEVELS {
            self.write_direct(arena, block);
        } else {
            self.write_packed(arena, block);
        }
        for (index, item) in self.items.iter().enumerate() {
            arena.set_word(block, list + index, *item);
        }
        block
    }

    fn write_direct(&self, arena: &Arena, block: Block) {
        let mut entries = self.entries.iter();
        let mut entry = Entry::NONE;
        for slot in 0..SLOTS {
            if self.starts.contains(slot) {
                entry = entries.next().copied().unwrap_or(entry);
            }
            arena.set_half(block, slot, entry.bits());
        }
        arena.set_word(block, DIRECT_COUNT, self.items.len() as u64);
    }

    fn write_packed(&self, arena: &Arena, block: Block) {
        let mut head = (self.items.len() as u64) << 32;
        let mut before = 0;
        for (word, bits) in self.starts.words().into_iter().enumerate() {
            arena.set_word(block, word, bits);
            head |= before << (8 * word);
            before += u64::from(bits.count_ones());
        }
        arena.set_word(block, WORDS, head);
        for (index, pair) in self.entries.chunks(2).enumerate() {
            let bits = |index| pair.get(index).map_or(0, |entry: &Entry| u64::from(entry.bits()));
            arena.set_word(block, PACKED_HEAD + index, bits(1) << 32 | bits(0));
        }
    }
}

fn read_direct(arena: &Arena, block: Block) -> (SlotSet, Vec<Entry>) {
    let mut starts = SlotSet::EMPTY;
    let mut entries: Vec<Entry> = Vec::new();
    for slot in 0..SLOTS {
        let entry = Entry::from_bits(arena.half(block, slot));
        if entries.last() != Some(&entry) {
            starts.add(slot);
            entries.push(entry);
        }
    }
    (starts, entries)
}

fn read_packed(arena: &Arena, block: Block) -> (SlotSet, Vec<Entry>) {
    let starts = SlotSet::from_words(core::array::from_fn(|word| arena.word(block, word)));
    let first = 2 * PACKED_HEAD;
    let halves = first..first + starts.len();
    (starts, halves.map(|index| Entry::from_bits(arena.half(block, index))).collect())
}

/// Returns a block of `wanted` lines that may be written, releasing the old one if it is none.
fn replace(space: &mut Space, level: usize, old: Option<Block>, wanted: usize) -> Block {
    let Some(old) = old else {
        return space.allocate(wanted);
    };
    let lines = lines(space.arena(), level, old);
    if lines == wanted && space.owns(old) {
        return old;
    }
    let block = space.allocate(wanted);
    space.release(old, lines);
    block
}
