//! A set of small numbers that is emptied in the time that filling it took.

/// A set of numbers below a size, with its members also in the order of insertion.
#[derive(Debug, Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
    members: Vec<u32>,
}

impl Bits {
    /// Makes room for the numbers below `size`. Allocates only to grow.
    pub(crate) fn resize(&mut self, size: usize) {
        let words = size.div_ceil(64);
        if self.words.len() < words {
            self.words.resize(words, 0);
        }
        if self.members.capacity() < size {
            self.members.reserve(size - self.members.len());
        }
    }

    /// Adds a number; returns whether it is new. Numbers beyond the size are never members.
    pub(crate) fn insert(&mut self, number: usize) -> bool {
        let Some(word) = self.words.get_mut(number / 64) else {
            return false;
        };
        let bit = 1 << (number % 64);
        let new = *word & bit == 0;
        if new {
            *word |= bit;
            self.members.push(number as u32);
        }
        new
    }

    pub(crate) fn contains(&self, number: u32) -> bool {
        self.words.get(number as usize / 64).is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    /// Returns the members in the order of insertion.
    pub(crate) fn members(&self) -> &[u32] {
        &self.members
    }

    pub(crate) fn clear(&mut self) {
        for number in self.members.drain(..) {
            if let Some(word) = self.words.get_mut(number as usize / 64) {
                *word = 0;
            }
        }
    }
}
