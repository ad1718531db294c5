//! The table of a whole policy map.

use alloc::vec::Vec;
use hashbrown::HashMap;

use super::DirectionTable;
use super::intervals::L4;
use crate::{Direction, Flow, IdentityId, PolicyEntry, PolicyKey, PolicyMap, Verdict};

/// How many lookups of a batch take a step together.
const CHUNK: usize = 32;

/// A policy map made ready for lookups, both directions.
///
/// # Examples
///
/// ```
/// use netpol_core::{Direction, Flow, IdentityId, PolicyEntry, PolicyKey, PolicyMap, PolicyTable};
/// use netpol_core::{Protocol, RuleSetId};
///
/// let peer = IdentityId::new(1001);
/// let key = PolicyKey::l3(Direction::Ingress, peer);
/// let map = PolicyMap::from_iter([(key, PolicyEntry::allow(RuleSetId::new(1)))]);
/// let table = PolicyTable::from(&map);
/// let flow = Flow { direction: Direction::Ingress, peer, protocol: Protocol::TCP, port: 80 };
/// assert_eq!(table.lookup(&flow), map.lookup(&flow));
/// ```
#[derive(Clone, Debug, Default)]
pub struct PolicyTable {
    directions: [DirectionTable; 2],
}

impl PolicyTable {
    /// Returns the table without entries, which denies everything by default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the table of one direction.
    #[inline]
    #[must_use]
    pub const fn direction(&self, direction: Direction) -> &DirectionTable {
        &self.directions[direction.index()]
    }

    /// Returns the table of one direction, to be changed.
    pub const fn direction_mut(&mut self, direction: Direction) -> &mut DirectionTable {
        &mut self.directions[direction.index()]
    }

    /// Returns what is decided about a flow (LKP).
    #[inline]
    #[must_use]
    pub fn lookup(&self, flow: &Flow) -> Verdict {
        self.direction(flow.direction).lookup(flow.peer, flow.protocol, flow.port)
    }

    /// Writes what is decided about each flow to the same index of `verdicts`.
    ///
    /// The longer of the two slices is used in part. Faster than single lookups where the table
    /// is not in the cache, since the waits for memory overlap.
    pub fn lookup_batch(&self, flows: &[Flow], verdicts: &mut [Verdict]) {
        let table = |flow: &Flow| self.direction(flow.direction);
        for (flows, verdicts) in flows.chunks(CHUNK).zip(verdicts.chunks_mut(CHUNK)) {
            let mut rows = [0; CHUNK];
            flows.iter().for_each(|flow| table(flow).prefetch(flow.peer));
            for (flow, row) in flows.iter().zip(&mut rows) {
                *row = table(flow).prefetch_row(flow.peer);
            }
            for ((flow, row), verdict) in flows.iter().zip(rows).zip(verdicts) {
                *verdict = table(flow).find(row, L4::new(flow.protocol, u32::from(flow.port)));
            }
        }
    }

    /// Returns how many bytes are allocated, those that are shared with snapshots included.
    #[must_use]
    pub fn memory_usage(&self) -> usize {
        self.directions.iter().map(DirectionTable::memory_usage).sum()
    }
}

impl From<&PolicyMap> for PolicyTable {
    /// Returns the table of a map; peers with equal entries share a row.
    fn from(map: &PolicyMap) -> Self {
        type Models =
            HashMap<Vec<(PolicyKey, PolicyEntry)>, IdentityId, foldhash::fast::RandomState>;
        let mut table = Self::new();
        let mut models = Direction::BOTH.map(|_| Models::default());
        let entries: Vec<_> = map.iter().map(|(key, entry)| (*key, *entry)).collect();
        let whose = |key: &PolicyKey| (key.direction(), key.identity());
        for column in entries.chunk_by(|(a, _), (b, _)| whose(a) == whose(b)) {
            let Some((key, _)) = column.first() else { continue };
            let (direction, peer) = whose(key);
            let [ingress, egress] = &mut models;
            let models = if direction == Direction::Ingress { ingress } else { egress };
            let content =
                column.iter().map(|(key, entry)| (key.with_identity(IdentityId::ANY), *entry));
            let model = *models.entry(content.collect()).or_insert(peer);
            let table = table.direction_mut(direction);
            if model == peer || !table.insert_like(peer, model) {
                table.insert(peer, column.iter().copied());
            }
        }
        table
    }
}
