//! The canonical policy map of one subject.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::verdict::Verdict;
use super::{MapDelta, PolicyEntry, PolicyKey, PortPrefix};
use crate::{Flow, IdentityId, Protocol};

/// All decisions of one subject, both directions: exactly Cilium's policy map (MAP).
///
/// This is the narrow waist of netpol: documents are compiled to it, and tables for lookups,
/// kernel maps and explanations are made from it. Lookups here are plain and slow, at most 36
/// probes of the map.
///
/// # Examples
///
/// ```
/// use netpol_core::{
///     Decision, Direction, Flow, IdentityId, PolicyEntry, PolicyKey, PolicyMap, PortPrefix,
///     Protocol, RuleSetId,
/// };
///
/// let backend = IdentityId::new(1001);
/// let mut map = PolicyMap::new();
/// let key = PolicyKey::new(Direction::Ingress, backend, Protocol::TCP, PortPrefix::single(7379));
/// map.insert(key, PolicyEntry::allow(RuleSetId::NONE));
///
/// let flow = |port| Flow {
///     direction: Direction::Ingress,
///     peer: backend,
///     protocol: Protocol::TCP,
///     port,
/// };
/// assert_eq!(map.lookup(&flow(7379)).decision(), Decision::Allow);
/// assert_eq!(map.lookup(&flow(22)).decision(), Decision::DefaultDeny);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyMap {
    entries: BTreeMap<PolicyKey, PolicyEntry>,
}

impl PolicyMap {
    /// Returns the map without entries, which denies everything by default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts an entry at a key as it is; returns the one that was there.
    ///
    /// No precedence is applied: that is the compiler's business (MAP-5 to MAP-8).
    pub fn insert(&mut self, key: PolicyKey, entry: PolicyEntry) -> Option<PolicyEntry> {
        self.entries.insert(key, entry)
    }

    /// Removes and returns the entry at a key.
    pub fn remove(&mut self, key: &PolicyKey) -> Option<PolicyEntry> {
        self.entries.remove(key)
    }

    /// Returns the entry at exactly this key.
    #[must_use]
    pub fn get(&self, key: &PolicyKey) -> Option<&PolicyEntry> {
        self.entries.get(key)
    }

    /// Returns the entries in order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&PolicyKey, &PolicyEntry)> {
        self.entries.iter()
    }

    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns what is decided about a flow (LKP).
    #[must_use]
    pub fn lookup(&self, flow: &Flow) -> Verdict {
        let l3 = self.longest(flow, flow.peer);
        let l4 = match l3 {
            // LKP-2: nothing beats a deny of this peer.
            Some((_, entry)) if entry.deny => None,
            _ => self.longest(flow, IdentityId::ANY),
        };
        Verdict::choose(l3, l4)
    }

    /// Returns the entry of `identity` with the longest match (LKP-1, LKP-3).
    fn longest(&self, flow: &Flow, identity: IdentityId) -> Option<(PolicyKey, PolicyEntry)> {
        let key = |protocol, port| PolicyKey::new(flow.direction, identity, protocol, port);
        let blocks = (0..=16).rev().map(|len| PortPrefix::of_port(flow.port, len));
        blocks
            .map(|block| key(flow.protocol, block))
            .chain([key(Protocol::ANY, PortPrefix::ALL)])
            .find_map(|key| self.entries.get(&key).map(|entry| (key, *entry)))
    }

    /// Returns the changes that lead from this map to `target`, in the order in which they are
    /// [safe to make](MapDelta::sort).
    #[must_use]
    pub fn diff(&self, target: &Self) -> Vec<MapDelta> {
        let put = target.entries.iter().filter_map(|(key, entry)| match self.get(key) {
            None => Some(MapDelta::add(*key, *entry)),
            Some(old) if old != entry => Some(MapDelta::replace(*key, *old, *entry)),
            Some(_) => None,
        });
        let gone = self.entries.iter().filter(|(key, _)| target.get(key).is_none());
        let gone = gone.map(|(key, entry)| MapDelta::remove(*key, *entry));
        let mut changes: Vec<MapDelta> = put.chain(gone).collect();
        MapDelta::sort(&mut changes);
        changes
    }

    /// Applies one change.
    pub fn apply(&mut self, delta: &MapDelta) {
        match delta.after() {
            Some(entry) => self.entries.insert(*delta.key(), *entry),
            None => self.entries.remove(delta.key()),
        };
    }
}

impl FromIterator<(PolicyKey, PolicyEntry)> for PolicyMap {
    fn from_iter<I: IntoIterator<Item = (PolicyKey, PolicyEntry)>>(entries: I) -> Self {
        Self { entries: entries.into_iter().collect() }
    }
}
