//! Sets of a node's slots, and the numbers of the prefixes that end within a node.

/// The number of words of a set.
pub(super) const WORDS: usize = 4;

/// Returns the number of a prefix within its node: a one, then its 1 to 8 bits.
///
/// The number shifted right is that of the prefix around it, so shorter ones have smaller numbers.
#[inline]
pub(super) fn code(byte: u8, len: u8) -> u16 {
    1 << len | u16::from(byte) >> (8 - len)
}

/// Returns the bits of a code, at the upper end of a byte, and their number.
pub(super) fn decode(code: u16) -> (u8, u8) {
    let len = code.max(1).ilog2();
    let bits = ((code << (8 - len)) & 0xff) as u8;
    #[expect(clippy::cast_possible_truncation, reason = "at most 8")]
    let len = len as u8;
    (bits, len)
}

/// A set of slots.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct SlotSet([u64; WORDS]);

impl SlotSet {
    pub(super) const ALL: Self = Self([u64::MAX; WORDS]);
    /// The first slot alone.
    pub(super) const FIRST: Self = Self([1, 0, 0, 0]);
    pub(super) const EMPTY: Self = Self([0; WORDS]);

    pub(super) const fn from_words(words: [u64; WORDS]) -> Self {
        Self(words)
    }

    pub(super) const fn words(self) -> [u64; WORDS] {
        self.0
    }

    pub(super) fn only(byte: u8) -> Self {
        Self::of(code(byte, 8))
    }

    /// Returns the slots of a prefix.
    pub(super) fn of(code: u16) -> Self {
        let (first, len) = decode(code);
        let (first, size) = (u32::from(first), 1u32 << (8 - len));
        let mut base = 0;
        Self([0; WORDS].map(|_| {
            // The part of the slots first..first + size that lies in this word.
            let from = first.clamp(base, base + 64) - base;
            let to = (first + size).clamp(base, base + 64) - base;
            base += 64;
            ones_below(to) & !ones_below(from)
        }))
    }

    pub(super) fn zip(self, other: Self, combine: impl Fn(u64, u64) -> u64) -> Self {
        let (Self([a, b, c, d]), Self([e, f, g, h])) = (self, other);
        Self([combine(a, e), combine(b, f), combine(c, g), combine(d, h)])
    }

    pub(super) fn without(self, other: Self) -> Self {
        self.zip(other, |ours, theirs| ours & !theirs)
    }

    /// Returns the slots that are in the set while the one before is not, or the other way round.
    pub(super) fn edges(self) -> Self {
        let Self([a, b, c, d]) = self;
        let before = Self([a << 1, b << 1 | a >> 63, c << 1 | b >> 63, d << 1 | c >> 63]);
        self.zip(before, |slot, before| slot ^ before)
    }

    pub(super) fn contains(self, slot: usize) -> bool {
        self.0.get(slot / 64).is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    pub(super) fn add(&mut self, slot: usize) {
        if let Some(word) = self.0.get_mut(slot / 64) {
            *word |= 1 << (slot % 64);
        }
    }

    pub(super) fn len(self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Returns how many slots up to this one, included, are in the set.
    pub(super) fn rank(self, slot: u8) -> usize {
        let up_to = Self::of(code(slot, 8)).0.map(|word| word | word.wrapping_sub(1));
        let (word, words) = (usize::from(slot / 64), self.0);
        let before = words.iter().take(word).map(|word| word.count_ones());
        let here = words.get(word).zip(up_to.get(word)).map(|(a, b)| (a & b).count_ones());
        before.chain(here).sum::<u32>() as usize
    }

    /// Calls `each` with the slots in ascending order.
    pub(super) fn for_each(self, mut each: impl FnMut(usize)) {
        for (word, mut bits) in self.0.into_iter().enumerate() {
            while bits != 0 {
                each(64 * word + bits.trailing_zeros() as usize);
                bits &= bits - 1;
            }
        }
    }
}

/// Returns a word with the `count` lowest bits set, 0 to 64.
fn ones_below(count: u32) -> u64 {
    !u64::MAX.checked_shl(count).unwrap_or(0)
}
