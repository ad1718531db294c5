//! What a slot of a trie node holds, in 32 bits.

use super::arena::Block;

/// What a slot of a trie node holds: nothing, a value, or the node that decides further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry(u32);

const NODE: u32 = 1 << 31;

impl Entry {
    /// No prefix holds the addresses of this slot.
    pub(super) const NONE: Self = Self(0);
    /// A value that does not fit: it has to be looked for in the lists of prefixes.
    pub(super) const LARGE: Self = Self(NODE - 1);

    /// Returns the entry for a value.
    pub(super) const fn value(value: u32) -> Self {
        // 0 to 2^31 - 3 are kept one higher, in 1 to 2^31 - 2.
        if value < NODE - 2 { Self(value + 1) } else { Self::LARGE }
    }

    /// Returns the entry for a node.
    pub(super) const fn node(block: Block) -> Self {
        Self(block | NODE)
    }

    #[inline(always)]
    pub(super) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    #[inline(always)]
    pub(super) const fn bits(self) -> u32 {
        self.0
    }

    #[inline(always)]
    pub(super) const fn is_node(self) -> bool {
        self.0 & NODE != 0
    }

    /// Returns the node's block, if this is the entry of a node.
    #[inline(always)]
    pub(super) const fn block(self) -> Block {
        self.0 & !NODE
    }

    /// Returns the value, unless this is none, large or a node.
    #[inline(always)]
    pub(super) const fn small_value(self) -> u32 {
        self.0.wrapping_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::Entry;

    #[test]
    fn values_are_told_from_nodes_and_from_nothing() {
        for value in [0, 1, 0x7fff_fffd] {
            let entry = Entry::value(value);
            assert!(!entry.is_node() && entry != Entry::NONE && entry != Entry::LARGE);
            assert_eq!(entry.small_value(), value);
        }
        for value in [0x7fff_fffe, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
            assert_eq!(Entry::value(value), Entry::LARGE);
        }
        assert!(!Entry::LARGE.is_node() && Entry::node(7).is_node());
        assert_eq!(Entry::node(7).block(), 7);
    }
}
