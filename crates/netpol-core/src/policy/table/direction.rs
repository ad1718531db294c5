//! The table of one direction.

use alloc::sync::Arc;
use hashbrown::HashMap;

use super::cell::{Cell, Cells};
use super::index::Index;
use super::intervals::{Interval, L4, of_entries};
use super::ports::Ports;
use super::rows::{FAN_OUT, Line, Rows};
use crate::prefetch;
use crate::{IdentityId, PolicyEntry, PolicyKey, Protocol, Verdict};

/// What one policy map says in one direction, ready for lookups: the frozen form of its entries.
///
/// It gives the same verdicts as [`PolicyMap::lookup`](crate::PolicyMap::lookup) on the same
/// entries, for every identity, protocol and port. A lookup takes constant time, but for peers
/// with entries for more than five separate ports, where it takes logarithmic time; it
/// neither allocates, locks nor panics.
///
/// A clone is a snapshot: the two share memory, and a change copies only what it touches.
/// Peers with equal entries share one row of the table where they are given as equal
/// ([`insert_like`](Self::insert_like)).
///
/// # Examples
///
/// ```
/// use netpol_core::{
///     Decision, Direction, DirectionTable, IdentityId, PolicyEntry, PolicyKey, PortPrefix,
///     Protocol, RuleSetId,
/// };
///
/// let backend = IdentityId::new(1001);
/// let key = PolicyKey::new(Direction::Ingress, backend, Protocol::TCP, PortPrefix::single(7379));
/// let mut table = DirectionTable::new();
/// table.insert(backend, [(key, PolicyEntry::allow(RuleSetId::NONE))]);
/// let before = table.clone();
/// table.remove(backend);
/// assert_eq!(before.lookup(backend, Protocol::TCP, 7379).decision(), Decision::Allow);
/// assert_eq!(table.lookup(backend, Protocol::TCP, 7379).decision(), Decision::DefaultDeny);
/// ```
#[derive(Clone, Debug, Default)]
pub struct DirectionTable {
    // The row of each peer.
    peers: Index,
    rows: Rows,
    cells: Cells,
    // The row of the entries for any peer; its line, or a table of ports if it has several.
    any: u32,
    any_line: Line,
    ports: Option<Arc<Ports>>,
    // How many cells there were when those out of use were last dropped.
    cells_after_sweep: usize,
}

impl DirectionTable {
    /// Returns the table without entries, which denies everything by default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes room for so many peers with entries of their own, those that are there included.
    pub fn reserve(&mut self, peers: usize) {
        self.peers.reserve(peers);
    }

    /// Sets the entries of a peer in place of those that it had; those for any peer if the peer
    /// is [`IdentityId::ANY`].
    ///
    /// Of the keys only protocol and ports count; of equal ones the last. Takes time in
    /// proportion to the number of entries.
    pub fn insert(
        &mut self,
        peer: IdentityId,
        entries: impl IntoIterator<Item = (PolicyKey, PolicyEntry)>,
    ) {
        let of_peer = |(key, entry): (PolicyKey, PolicyEntry)| (key.with_identity(peer), entry);
        let intervals = of_entries(entries.into_iter().map(of_peer));
        match (peer, intervals.as_slice()) {
            (IdentityId::ANY, intervals) => self.set_any(intervals),
            // Nothing but the default.
            (_, [Interval { cell: Cell::NONE, .. }]) => _ = self.remove(peer),
            (_, intervals) => {
                let row = self.rows.push(intervals, &mut self.cells);
                self.set_row(peer, row);
            }
        }
        self.sweep();
    }

    /// Gives a peer the entries that another one has, in constant time.
    ///
    /// Does nothing, and returns `false`, if the other one has none, or if one of them
    /// is [`IdentityId::ANY`].
    pub fn insert_like(&mut self, peer: IdentityId, model: IdentityId) -> bool {
        let row = self.peers.get(model.number());
        if row == 0 || peer == IdentityId::ANY {
            return false;
        }
        self.rows.acquire(row);
        self.set_row(peer, row);
        self.sweep();
        true
    }

    /// Removes the entries of a peer; returns `false` if it has none.
    pub fn remove(&mut self, peer: IdentityId) -> bool {
        if peer == IdentityId::ANY {
            let had = self.any != 0;
            self.set_any(&[]);
            return had;
        }
        let row = self.peers.remove(peer.number());
        self.release(row);
        self.sweep();
        row != 0
    }

    /// Returns what is decided about the packets of a peer (LKP). The port is in host byte order;
    /// it is the type for ICMP, and 0 for protocols without ports.
    #[inline(always)]
    #[must_use]
    pub fn lookup(&self, peer: IdentityId, protocol: Protocol, port: u16) -> Verdict {
        self.decide(peer, L4::new(protocol, u32::from(port)))
    }

    /// Returns what is decided about the packets of a peer whose port is not known, such as
    /// fragments: entries for single ports, or ranges of them, do not match (PKT-2).
    #[inline]
    #[must_use]
    pub fn lookup_without_port(&self, peer: IdentityId, protocol: Protocol) -> Verdict {
        self.decide(peer, L4::new(protocol, L4::NO_PORT))
    }

    /// Returns the number of peers with entries of their own.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.peers.len()
    }

    /// Tells whether no peer has entries of its own.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many bytes are allocated, those that are shared with snapshots included.
    #[must_use]
    pub fn memory_usage(&self) -> usize {
        let ports = self.ports.as_ref().map_or(0, |ports| ports.bytes());
        self.peers.bytes() + self.rows.bytes() + self.cells.bytes() + ports
    }

    #[inline(always)]
    fn decide(&self, peer: IdentityId, l4: L4) -> Verdict {
        match self.peers.get_fast(peer.number()) {
            Some(row) => self.find(row, l4),
            None => self.decide_slowly(peer, l4),
        }
    }

    #[cold]
    #[inline(never)]
    fn decide_slowly(&self, peer: IdentityId, l4: L4) -> Verdict {
        self.find(self.peers.get(peer.number()), l4)
    }

    /// Asks for the memory where a lookup for a peer begins to be read soon.
    #[inline(always)]
    pub fn prefetch(&self, peer: IdentityId) {
        prefetch::read(self.peers.line(peer.number()));
    }

    /// Returns the row of a peer, and asks for its memory.
    #[inline(always)]
    pub(super) fn prefetch_row(&self, peer: IdentityId) -> u32 {
        let row = self.peers.get(peer.number());
        prefetch::read(self.rows.address(row));
        row
    }

    /// Returns what the entries of a row and those for any peer come to.
    #[inline(always)]
    pub(super) fn find(&self, row: u32, l4: L4) -> Verdict {
        match self.rows.get(row).and_then(|line| line.cell(l4)) {
            Some(own) => self.cells.choose(own, self.any_cell(l4)),
            None => self.find_slowly(row, l4),
        }
    }

    #[cold]
    #[inline(never)]
    fn find_slowly(&self, row: u32, l4: L4) -> Verdict {
        self.cells.choose(self.rows.cell(row, l4), self.any_cell(l4))
    }

    #[inline(always)]
    fn any_cell(&self, l4: L4) -> u32 {
        match &self.ports {
            Some(ports) => ports.cell(l4),
            None => self.any_line.cell(l4).unwrap_or(0),
        }
    }

    fn set_any(&mut self, intervals: &[Interval]) {
        self.release(self.any);
        self.any = match intervals {
            [] => 0,
            intervals => self.rows.push(intervals, &mut self.cells),
        };
        let many = intervals.len() > FAN_OUT;
        self.any_line = if many { Line::EMPTY } else { Line::leaf(intervals, &mut self.cells) };
        self.ports = many.then(|| Arc::new(Ports::new(intervals, &mut self.cells)));
    }

    fn set_row(&mut self, peer: IdentityId, row: u32) {
        let old = self.peers.insert(peer.number(), row);
        self.release(old);
    }

    fn release(&mut self, row: u32) {
        if row != 0 {
            self.rows.release(row);
        }
    }

    /// Moves to new rows and cells, once most are those of entries that are gone.
    fn sweep(&mut self) {
        let many_cells = self.cells.len() > 64 + 2 * self.cells_after_sweep;
        if !self.rows.is_wasteful() && !many_cells {
            return;
        }
        let old = core::mem::take(self);
        self.set_any(&old.rows.intervals(old.any, &old.cells));
        // A peer that has each row, so that others with it can be given the same.
        let mut moved: HashMap<u32, IdentityId, foldhash::fast::RandomState> = HashMap::default();
        for (peer, row) in old.peers.iter() {
            let peer = IdentityId::new(peer);
            let model = *moved.entry(row).or_insert(peer);
            let new = match self.peers.get(model.number()) {
                0 => self.rows.push(&old.rows.intervals(row, &old.cells), &mut self.cells),
                row => {
                    self.rows.acquire(row);
                    row
                }
            };
            self.set_row(peer, new);
        }
        self.cells_after_sweep = self.cells.len();
    }
}

#[cfg(test)]
mod tests;
