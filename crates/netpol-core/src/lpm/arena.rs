//! The memory of a table: one array of cache lines, addressed by line.
//!
//! Words are atomic so that a writer may prepare new lines while readers of older snapshots read
//! theirs. Loads and stores are relaxed, which costs nothing: a line is never
//! written while a reader can reach it, and whoever hands a snapshot to another thread orders
//! the two (see [`super::space`]).
//!
//! # Safety model
//!
//! Reads of the hot path are not checked against the length of the array. That every read is
//! inside it rests on one invariant of this folder: **a block that is reachable, from the fields of
//! a table or from an entry in a reachable block, was allocated in the arena that the
//! table holds, and is read only within the length it was allocated with.**
//!
//! - Blocks come from [`Space::allocate`](super::space::Space::allocate) alone, which gives out
//!   lines below the arena's length. Arenas never shrink: a grown copy begins with all lines of
//!   its source, so blocks stay valid there.
//! - The length of a block follows from what it holds: 128 words and more for a direct node, the
//!   runs that its bitmap counts for a packed one, one page for host routes. Each is
//!   allocated with that length when it is written, and is not changed while it is reachable.
//! - Block 0 is as long as a direct node of the trie, 128 words; a space begins with it.
//!
//! Every unchecked read asserts its bound in builds with debug assertions, in which the
//! property tests run.

#![expect(unsafe_code, reason = "a bounds check for each read is a large part of a lookup's work")]

use alloc::boxed::Box;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU32, AtomicU64};

/// The number of 64-bit words of a cache line.
pub(super) const LINE_WORDS: usize = 8;
/// The number of 32-bit halves of a cache line.
pub(super) const LINE_HALVES: usize = 2 * LINE_WORDS;

/// Half words are numbered from the lower half of each word on, on every machine.
const HALF_ORDER: usize = if cfg!(target_endian = "big") { 1 } else { 0 };

/// A run of lines, named by its first one; 0 is no block.
pub(super) type Block = u32;

#[derive(Default)]
#[repr(C, align(64))]
struct Line([AtomicU64; LINE_WORDS]);

/// A fixed number of cache lines. Reading behind the end gives 0, writing there does nothing:
/// neither happens, and neither would panic.
pub(super) struct Arena {
    lines: Box<[Line]>,
}

impl Arena {
    /// Returns an arena of `lines` lines, all zero.
    pub(super) fn new(lines: usize) -> Self {
        Self { lines: (0..lines).map(|_| Line::default()).collect() }
    }

    /// Returns an arena of `lines` lines that begins as this one does.
    pub(super) fn grown(&self, lines: usize) -> Self {
        let copies = self.lines.iter().map(Line::copy);
        let rest = core::iter::repeat_with(Line::default);
        Self { lines: copies.chain(rest).take(lines).collect() }
    }

    /// Returns the number of lines.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Returns the word at `index`, counted from the start of `block`, within its length.
    #[inline(always)]
    pub(super) fn word(&self, block: Block, index: usize) -> u64 {
        let line = block as usize + index / LINE_WORDS;
        debug_assert!(line < self.lines.len());
        // SAFETY: the line is one of a reachable block, and so inside of the array (see the
        // safety model above).
        let line = unsafe { self.lines.get_unchecked(line) };
        let Line(words) = line;
        words.get(index % LINE_WORDS).map_or(0, |word| word.load(Relaxed))
    }

    /// Returns the half word at `index`, counted from the start of `block`, within its length.
    #[inline(always)]
    pub(super) fn half(&self, block: Block, index: usize) -> u32 {
        let place = block as usize * LINE_HALVES + index;
        debug_assert!(place / LINE_HALVES < self.lines.len());
        let halves = self.lines.as_ptr().cast::<AtomicU32>();
        // SAFETY: `lines` is one allocation of `LINE_HALVES` half words a line, and the place is in
        // a line of a reachable block, and so inside of it (see the safety model above).
        let half = unsafe { halves.add(place ^ HALF_ORDER) };
        // SAFETY: it is aligned for half words, since lines are, and every line is initialised.
        // Half words and words of a line are accessed by turns, but no store is concurrent with
        // any access to the same line, so accesses of different size do not race.
        unsafe { &*half }.load(Relaxed)
    }

    /// Sets the word at `index`, counted from the start of `block`.
    pub(super) fn set_word(&self, block: Block, index: usize, value: u64) {
        if let Some(word) = self.at(block, index) {
            word.store(value, Relaxed);
        }
    }

    /// Sets the half word at `index`, counted from the start of `block`.
    pub(super) fn set_half(&self, block: Block, index: usize, value: u32) {
        let shift = 32 * (index % 2);
        let rest = self.word(block, index / 2) & !(u64::from(u32::MAX) << shift);
        self.set_word(block, index / 2, rest | u64::from(value) << shift);
    }

    /// Copies whole lines from one block to another, of this arena or another one.
    pub(super) fn copy_lines(&self, from: Block, to: (&Self, Block), lines: usize) {
        let (target, to) = to;
        let source = self.lines.get(from as usize..).unwrap_or_default();
        let target = target.lines.get(to as usize..).unwrap_or_default();
        for (source, target) in source.iter().zip(target).take(lines) {
            for (source, target) in source.0.iter().zip(&target.0) {
                target.store(source.load(Relaxed), Relaxed);
            }
        }
    }

    /// Returns a mask of those of a line's first eight half words that equal `wanted`.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub(super) fn matches(&self, line: Block, wanted: u32) -> u32 {
        debug_assert!((line as usize) < self.lines.len());
        // SAFETY: the line is one of a reachable block, and so inside of the array.
        let line = unsafe { self.lines.get_unchecked(line as usize) };
        // SAFETY: SSE2 is part of x86-64. Nobody stores to a line of a reachable block.
        unsafe { matches_sse2(line, wanted) }
    }

    /// Returns a mask of those of a line's first eight half words that equal `wanted`.
    #[cfg(not(target_arch = "x86_64"))]
    #[inline(always)]
    pub(super) fn matches(&self, line: Block, wanted: u32) -> u32 {
        (0..8).fold(0, |mask, index| mask | u32::from(self.half(line, index) == wanted) << index)
    }

    /// Asks for a line of a reachable block to be brought into the cache.
    #[inline(always)]
    pub(super) fn prefetch(&self, line: Block) {
        // Not an access: where it points does not matter.
        crate::prefetch::read(self.lines.as_ptr().wrapping_add(line as usize));
    }

    fn at(&self, block: Block, index: usize) -> Option<&AtomicU64> {
        let line = self.lines.get(block as usize + index / LINE_WORDS)?;
        line.0.get(index % LINE_WORDS)
    }
}

impl Line {
    fn copy(&self) -> Self {
        Self(core::array::from_fn(|index| {
            AtomicU64::new(self.0.get(index).map_or(0, |word| word.load(Relaxed)))
        }))
    }
}

/// Returns a mask of those of a line's first eight half words that equal `wanted`.
///
/// # Safety
///
/// - The processor has SSE2.
/// - No store to the line happens meanwhile.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
#[inline]
unsafe fn matches_sse2(line: &Line, wanted: u32) -> u32 {
    use core::arch::x86_64::{
        _mm_cmpeq_epi32, _mm_load_si128, _mm_movemask_epi8, _mm_packs_epi16, _mm_packs_epi32,
        _mm_set1_epi32, _mm_setzero_si128,
    };
    let first = core::ptr::from_ref(line).cast();
    // SAFETY: a line is 64 bytes, aligned to 64, and initialised; the load is not atomic, but
    // there is no store that it could race with.
    let low = unsafe { _mm_load_si128(first) };
    // SAFETY: the second 16 bytes of the line.
    let second = unsafe { first.add(1) };
    // SAFETY: as for the first 16 bytes.
    let high = unsafe { _mm_load_si128(second) };
    let wanted = _mm_set1_epi32(wanted.cast_signed());
    let equal = _mm_packs_epi32(_mm_cmpeq_epi32(low, wanted), _mm_cmpeq_epi32(high, wanted));
    let bytes = _mm_packs_epi16(equal, _mm_setzero_si128());
    _mm_movemask_epi8(bytes).cast_unsigned()
}
