//! Who may write which lines: allocation, snapshots, and when a line is used again.
//!
//! One handle of an arena is its writer; every clone is a snapshot that only reads. The writer
//! never changes a block that a snapshot may read: it writes a copy and everything that leads
//! there, up to the root. The old block is *retired*, and is used again once no
//! snapshot is left that is older.
//!
//! Snapshots are told apart by version. Each holds the token of its version; when the writer
//! finds its own token shared it knows that there are snapshots of the present version, keeps
//! the token among its history and starts the next version. A token that nobody else holds
//! any more means that the version's snapshots are gone; [`Arc::get_mut`] sees that in an order
//! which makes it safe to overwrite what they read.
//!
//! When the arena is full the writer moves to a larger copy, which no snapshot reads, so that
//! everything retired is free there. A snapshot that is kept for ever therefore pins one arena
//! and no more, whatever happens after.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem::size_of;

use super::arena::{Arena, Block, LINE_WORDS};

/// How many lines at the beginning are nobody's and stay zero: reading block 0 as a direct node of
/// the trie finds nothing, so that lookups need not ask whether there is one.
const NO_BLOCK_LINES: usize = 16;

/// One handle of an arena. A clone is a snapshot.
pub(super) struct Space {
    arena: Arc<Arena>,
    token: Arc<()>,
    // Of the one handle that may write.
    writer: Option<Box<Writer>>,
}

#[derive(Default)]
struct Writer {
    version: u32,
    // The version in which the block at a line was allocated.
    born: Vec<u32>,
    // Free blocks by their length in lines, and how many lines they are together.
    free: Vec<Vec<Block>>,
    free_lines: usize,
    // In order of the versions.
    retired: VecDeque<Retired>,
    history: VecDeque<(u32, Arc<()>)>,
    // The first line that was never used.
    next: usize,
}

struct Retired {
    version: u32,
    block: Block,
    lines: usize,
}

impl Clone for Space {
    fn clone(&self) -> Self {
        Self { arena: Arc::clone(&self.arena), token: Arc::clone(&self.token), writer: None }
    }
}

impl Space {
    /// Returns a space without snapshots that has room for `lines` lines.
    pub(super) fn new(lines: usize) -> Self {
        let lines = lines + NO_BLOCK_LINES;
        Self {
            arena: Arc::new(Arena::new(lines)),
            token: Arc::new(()),
            writer: Some(Box::new(Writer {
                born: alloc::vec![0; lines],
                next: NO_BLOCK_LINES,
                ..Writer::default()
            })),
        }
    }

    #[inline(always)]
    pub(super) fn arena(&self) -> &Arena {
        &self.arena
    }

    /// Tells whether this handle may write, and whether it is worth it: `false` asks for a new
    /// space with the live blocks copied over.
    pub(super) fn is_writable(&self) -> bool {
        self.writer.as_ref().is_some_and(|writer| {
            let used = writer.next - writer.free_lines;
            let wasteful = writer.free_lines > 4096 && writer.free_lines > used;
            writer.version < u32::MAX && !wasteful
        })
    }

    /// Begins a change: from here on, blocks that snapshots read are left alone.
    pub(super) fn begin(&mut self) {
        let shared = Arc::get_mut(&mut self.token).is_none();
        let Some(writer) = &mut self.writer else {
            return;
        };
        if shared {
            let token = core::mem::take(&mut self.token);
            writer.history.push_back((writer.version, token));
            writer.version += 1;
        }
        writer.reclaim();
    }

    /// Returns a block of so many lines with unspecified content.
    pub(super) fn allocate(&mut self, lines: usize) -> Block {
        let Some(writer) = &mut self.writer else {
            return 0;
        };
        if let Some(block) = writer.reuse(lines) {
            return block;
        }
        if writer.next + lines > self.arena.len() {
            self.grow(lines);
        }
        match &mut self.writer {
            Some(writer) => writer.reuse(lines).unwrap_or_else(|| writer.extend(lines)),
            None => 0,
        }
    }

    /// Gives a block back, now or when the last snapshot that may read it is gone.
    pub(super) fn release(&mut self, block: Block, lines: usize) {
        let Some(writer) = &mut self.writer else {
            return;
        };
        if writer.owns(block) {
            writer.free(block, lines);
        } else {
            let version = writer.version;
            writer.retired.push_back(Retired { version, block, lines });
        }
    }

    /// Returns the block itself if no snapshot may read it, or else a copy, releasing the block.
    pub(super) fn own(&mut self, block: Block, lines: usize) -> Block {
        if self.owns(block) {
            return block;
        }
        let copy = self.allocate(lines);
        self.arena.copy_lines(block, (&self.arena, copy), lines);
        self.release(block, lines);
        copy
    }

    /// Tells whether a block may be changed in place.
    pub(super) fn owns(&self, block: Block) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.owns(block))
    }

    /// Returns how many bytes are allocated.
    pub(super) fn bytes(&self) -> usize {
        let arena = self.arena.len() * LINE_WORDS * size_of::<u64>();
        arena + self.writer.as_ref().map_or(0, |writer| writer.bytes())
    }

    /// Moves to a copy of the arena with room for `lines` more lines; blocks keep their names.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, lines: usize) {
        let Some(writer) = &mut self.writer else {
            return;
        };
        // Nobody reads the copy: what was retired is free in it.
        writer.history.clear();
        writer.reclaim();
        writer.version += 1;
        let half = self.arena.len() / 2;
        let wanted = if writer.free_lines > half { 0 } else { half };
        let len = self.arena.len() + wanted.max(lines).max(64);
        self.arena = Arc::new(self.arena.grown(len));
        self.token = Arc::new(());
        writer.born.resize(len, 0);
    }
}

impl Writer {
    /// Frees what no snapshot may read any more.
    fn reclaim(&mut self) {
        while let Some((_, token)) = self.history.front_mut()
            && Arc::get_mut(token).is_some()
        {
            self.history.pop_front();
        }
        let oldest = self.history.front().map_or(u32::MAX, |(version, _)| *version);
        while let Some(retired) = self.retired.front()
            && retired.version <= oldest
        {
            let Retired { block, lines, .. } = *retired;
            self.retired.pop_front();
            self.free(block, lines);
        }
    }

    /// Tells whether no snapshot may read a block: there is none, or the block is younger.
    fn owns(&self, block: Block) -> bool {
        self.history.is_empty() || self.born.get(block as usize) == Some(&self.version)
    }

    fn free(&mut self, block: Block, lines: usize) {
        if self.free.len() <= lines {
            self.free.resize_with(lines + 1, Vec::new);
        }
        if let Some(blocks) = self.free.get_mut(lines) {
            blocks.push(block);
            self.free_lines += lines;
        }
    }

    fn reuse(&mut self, lines: usize) -> Option<Block> {
        let block = self.free.get_mut(lines)?.pop()?;
        self.free_lines -= lines;
        self.mark(block);
        Some(block)
    }

    fn extend(&mut self, lines: usize) -> Block {
        let block = Block::try_from(self.next).unwrap_or(0);
        self.next += lines;
        self.mark(block);
        block
    }

    fn mark(&mut self, block: Block) {
        if let Some(born) = self.born.get_mut(block as usize) {
            *born = self.version;
        }
    }

    fn bytes(&self) -> usize {
        let free: usize = self.free.iter().map(Vec::capacity).sum();
        self.born.capacity() * size_of::<u32>()
            + free * size_of::<Block>()
            + self.retired.capacity() * size_of::<Retired>()
            + self.history.capacity() * size_of::<(u32, Arc<()>)>()
            + size_of::<Self>()
    }
}
