//! The trie of prefixes: one node for each byte of the address that has to be looked at.
//!
//! What a prefix decides is *painted* into the slots of its node, and pushed on into the nodes
//! below where no longer prefix decides. So a lookup only follows nodes until it
//! meets something else, and needs no way back. Painting needs the prefixes
//! themselves, which each node lists; they also tell what to paint when one is removed.

use super::address::Address;
use super::arena::{Arena, Block};
use super::entry::Entry;
use super::node::{self, Image};
use super::slots;
use super::space::Space;

/// The most levels of any family.
const MAX_LEVELS: usize = 16;

/// Prefixes of one family with at least one bit.
#[derive(Clone, Copy, Default)]
pub(super) struct Trie {
    root: Block,
}

/// The nodes from the root down to the one where a prefix ends.
struct Path<A> {
    addr: A,
    blocks: [Block; MAX_LEVELS],
}

impl Trie {
    /// Returns the node of the first byte; 0, which reads as a node without prefixes, if there
    /// is none.
    #[inline(always)]
    pub(super) const fn root(self) -> Block {
        self.root
    }

    /// Puts a value at the first `len` bits of an address, at least one; returns the value
    /// that was there.
    pub(super) fn insert<A: Address>(
        &mut self,
        space: &mut Space,
        (addr, len): (A, u8),
        value: u32,
    ) -> Option<u32> {
        let (last, code) = place(addr, len);
        if self.root == 0 {
            self.root = Image::uniform(Entry::NONE).write(space, 0, None);
        }
        let mut path = Path::new(addr, self.root);
        let level = path.descend(space.arena(), last);
        let block = path.block(level);
        let mut image = Image::read(space.arena(), level, block);
        let old = if level == last {
            let old = image.insert(code, value);
            let slots = image.visible(code);
            let entry = Entry::value(value);
            image.paint(slots, entry, |child| push(space, level + 1, child, entry));
            old
        } else {
            image.grow_chain(space, level, (addr, len), value);
            None
        };
        let block = image.write(space, level, Some(block));
        self.root = path.relink(space, level, block);
        old
    }

    /// Removes the prefix of the first `len` bits of an address, at least one; returns the value
    /// that it had.
    pub(super) fn remove<A: Address>(
        &mut self,
        space: &mut Space,
        (addr, len): (A, u8),
    ) -> Option<u32> {
        let (last, code) = place(addr, len);
        self.get(space.arena(), (addr, len))?;
        let mut path = Path::new(addr, self.root);
        let mut level = path.descend(space.arena(), last);
        let mut image = Image::read(space.arena(), level, path.block(level));
        let old = image.remove(code)?;
        let entry = match image.around(code) {
            Some(value) => Entry::value(value),
            None => path.inherited(space.arena(), level),
        };
        let slots = image.visible(code);
        image.paint(slots, entry, |child| push(space, level + 1, child, entry));
        // Nodes that are empty now give their slot back to the node above.
        while image.is_empty() {
            let block = path.block(level);
            space.release(block, node::lines(space.arena(), level, block));
            let entry = path.inherited(space.arena(), level);
            let Some(above) = level.checked_sub(1) else {
                self.root = 0;
                return Some(old);
            };
            level = above;
            image = Image::read(space.arena(), level, path.block(level));
            image.set(addr.byte(level), entry);
        }
        let block = image.write(space, level, Some(path.block(level)));
        self.root = path.relink(space, level, block);
        Some(old)
    }

    /// Returns the value of exactly this prefix.
    pub(super) fn get<A: Address>(self, arena: &Arena, (addr, len): (A, u8)) -> Option<u32> {
        let (last, code) = place(addr, len);
        let mut path = Path::new(addr, self.root);
        if self.root == 0 || path.descend(arena, last) != last {
            return None;
        }
        node::get(arena, last, path.block(last), code)
    }

    /// Returns what the longest prefix of an address decides.
    #[inline(always)]
    pub(super) fn lookup<A: Address>(self, arena: &Arena, addr: A) -> Entry {
        let mut entry = node::first_entry(arena, self.root, addr);
        for level in 2..A::LEVELS {
            if !entry.is_node() {
                break;
            }
            entry = node::packed_entry(arena, entry.block(), addr.byte(level));
        }
        entry
    }

    /// Returns the value of the longest prefix from the lists, for entries that are too large.
    #[cold]
    pub(super) fn large_value<A: Address>(self, arena: &Arena, addr: A) -> Option<u32> {
        let mut path = Path::new(addr, self.root);
        let level = path.descend(arena, A::LEVELS - 1);
        (0..=level)
            .rev()
            .find_map(|level| node::covering(arena, level, path.block(level), addr.byte(level)))
    }

    /// Calls `each` with every prefix and its value.
    pub(super) fn for_each<A: Address>(self, arena: &Arena, each: &mut impl FnMut(A, u8, u32)) {
        if self.root != 0 {
            visit(arena, (0, self.root), A::ZERO, each);
        }
    }

    /// Returns how many lines the nodes take.
    pub(super) fn lines(self, arena: &Arena) -> usize {
        match self.root {
            0 => 0,
            root => count_lines(arena, 0, root),
        }
    }

    /// Returns a copy of the trie in another space.
    pub(super) fn copy(self, arena: &Arena, space: &mut Space) -> Self {
        let root = match self.root {
            0 => 0,
            root => copy_node(arena, (0, root), space),
        };
        Self { root }
    }
}

/// Returns the level of the node where a prefix ends, and its code there.
fn place<A: Address>(addr: A, len: u8) -> (usize, u16) {
    let level = len.saturating_sub(1) / 8;
    let bits = len - 8 * level;
    (level.into(), slots::code(addr.byte(level.into()), bits))
}

impl<A: Address> Path<A> {
    fn new(addr: A, root: Block) -> Self {
        let mut blocks = [0; MAX_LEVELS];
        if let Some(first) = blocks.first_mut() {
            *first = root;
        }
        Self { addr, blocks }
    }

    fn block(&self, level: usize) -> Block {
        self.blocks.get(level).copied().unwrap_or(0)
    }

    /// Follows the address down to the node at level `last`, or to the last one before; returns
    /// that one's level.
    fn descend(&mut self, arena: &Arena, last: usize) -> usize {
        for level in 0..last {
            let entry = node::entry(arena, level, self.block(level), self.addr.byte(level));
            match self.blocks.get_mut(level + 1) {
                Some(next) if entry.is_node() => *next = entry.block(),
                _ => return level,
            }
        }
        last
    }

    /// Returns what the nodes above a level decide about the address.
    fn inherited(&self, arena: &Arena, level: usize) -> Entry {
        let value = (0..level).rev().find_map(|level| {
            node::covering(arena, level, self.block(level), self.addr.byte(level))
        });
        value.map_or(Entry::NONE, Entry::value)
    }

    /// Makes the nodes above a level lead to its new block; returns the root.
    fn relink(&self, space: &mut Space, level: usize, block: Block) -> Block {
        let mut below = (self.block(level), block);
        for level in (0..level).rev() {
            let (old, new) = below;
            if old == new {
                return self.block(0);
            }
            let block = self.block(level);
            let lines = node::lines(space.arena(), level, block);
            let owned = space.own(block, lines);
            let entry = Entry::node(new);
            node::set_entry(space.arena(), level, owned, self.addr.byte(level), entry);
            below = (block, owned);
        }
        below.1
    }
}

impl Image {
    /// Makes one slot lead to new nodes, down to the one where a prefix ends.
    fn grow_chain<A: Address>(
        &mut self,
        space: &mut Space,
        level: usize,
        (addr, len): (A, u8),
        value: u32,
    ) {
        let (last, code) = place(addr, len);
        let inherited = self.get(addr.byte(level));
        let mut leaf = Self::uniform(inherited);
        leaf.insert(code, value);
        leaf.paint(leaf.visible(code), Entry::value(value), |block| block);
        let mut block = leaf.write(space, last, None);
        for level in (level + 1..last).rev() {
            let mut image = Self::uniform(inherited);
            image.set(addr.byte(level), Entry::node(block));
            block = image.write(space, level, None);
        }
        self.set(addr.byte(level), Entry::node(block));
    }
}

/// Paints the slots of a node, and of those below, that no prefix from there on decides.
fn push(space: &mut Space, level: usize, block: Block, entry: Entry) -> Block {
    let mut image = Image::read(space.arena(), level, block);
    let open = image.open();
    image.paint(open, entry, |child| push(space, level + 1, child, entry));
    image.write(space, level, Some(block))
}

fn visit<A: Address>(
    arena: &Arena,
    (level, block): (usize, Block),
    addr: A,
    each: &mut impl FnMut(A, u8, u32),
) {
    let (start, count) = node::list(arena, level, block);
    for index in start..start + count {
        let item = arena.word(block, index);
        let (bits, len) = slots::decode(node::code_of(item));
        let above = u8::try_from(8 * level).unwrap_or(0);
        each(addr.with_byte(level, bits), above + len, node::value_of(item));
    }
    for byte in 0..=u8::MAX {
        let entry = node::entry(arena, level, block, byte);
        if entry.is_node() {
            visit(arena, (level + 1, entry.block()), addr.with_byte(level, byte), each);
        }
    }
}

fn count_lines(arena: &Arena, level: usize, block: Block) -> usize {
    let below: usize =
        children(arena, level, block).map(|(_, child)| count_lines(arena, level + 1, child)).sum();
    node::lines(arena, level, block) + below
}

fn copy_node(arena: &Arena, (level, block): (usize, Block), space: &mut Space) -> Block {
    let lines = node::lines(arena, level, block);
    let copy = space.allocate(lines);
    arena.copy_lines(block, (space.arena(), copy), lines);
    for (index, child) in children(arena, level, block) {
        let child = copy_node(arena, (level + 1, child), space);
        space.arena().set_half(copy, index, Entry::node(child).bits());
    }
    copy
}

/// Returns the nodes below a node, each with the place of its entry in half words.
fn children(arena: &Arena, level: usize, block: Block) -> impl Iterator<Item = (usize, Block)> {
    node::entries(arena, level, block).filter_map(move |index| {
        let entry = Entry::from_bits(arena.half(block, index));
        entry.is_node().then(|| (index, entry.block()))
    })
}
