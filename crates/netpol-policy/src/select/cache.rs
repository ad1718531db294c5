//! Selectors in use and the identities that each matches now.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use hashbrown::{HashMap, HashTable};
use netpol_core::{IdentityId, LabelSet};

use super::{IdentityIndex, IdentitySet, SelectorIndex};
use crate::rule::{FqdnSelector, Selector};

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// The number of a selector in a [`SelectorCache`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SelectorId(u32);

/// Selectors in use and the identities that each matches now, kept up to date together
/// (SEL-9).
///
/// A new identity is compared with the selectors that its labels can meet, and a new selector
/// with the identities that can meet it; nothing is scanned.
#[derive(Clone, Debug, Default)]
pub struct SelectorCache {
    identities: IdentityIndex,
    index: SelectorIndex<SelectorId>,
    // With the hash of each, as hashing a selector means a walk through its texts.
    by_selector: HashTable<(u64, SelectorId)>,
    hasher: foldhash::fast::RandomState,
    entries: Map<SelectorId, Entry>,
    // For each identity the selectors that match it, in ascending order.
    selected_by: Map<IdentityId, Vec<SelectorId>>,
    next: u32,
    // Name selectors that came into use (`true`) or fell out of it, in order.
    name_changes: Vec<(FqdnSelector, bool)>,
}

#[derive(Clone, Debug)]
struct Entry {
    selector: Arc<Selector>,
    members: IdentitySet,
    users: u32,
}

impl SelectorCache {
    /// Adds a user of a selector and returns its number; equal selectors share one.
    pub fn acquire(&mut self, selector: &Arc<Selector>) -> SelectorId {
        let hash = self.hasher.hash_one(&**selector);
        if let Some(id) = self.find(hash, selector) {
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.users += 1;
            }
            return id;
        }
        let id = self.free_id();
        let members = self.identities.matching(selector);
        for identity in members.iter() {
            let selected_by = self.selected_by.entry(identity).or_default();
            if let Err(index) = selected_by.binary_search(&id) {
                selected_by.insert(index, id);
            }
        }
        if let Selector::Fqdn(name) = &**selector {
            self.name_changes.push((name.clone(), true));
        }
        self.index.insert(selector, id);
        self.by_selector.insert_unique(hash, (hash, id), |(hash, _)| *hash);
        self.entries.insert(id, Entry { selector: Arc::clone(selector), members, users: 1 });
        id
    }

    /// Returns the number of a selector with this hash.
    fn find(&self, hash: u64, selector: &Selector) -> Option<SelectorId> {
        let is_it = |(known, id): &(u64, SelectorId)| {
            *known == hash && self.selector(*id).is_some_and(|known| known == selector)
        };
        self.by_selector.find(hash, is_it).map(|(_, id)| *id)
    }

    fn free_id(&mut self) -> SelectorId {
        // Wraps after four billion selectors; those still in use are skipped.
        loop {
            let id = SelectorId(self.next);
            self.next = self.next.wrapping_add(1);
            if !self.entries.contains_key(&id) {
                return id;
            }
        }
    }

    /// Removes a user of a selector; the last one takes the selector with it.
    pub fn release(&mut self, id: SelectorId) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.users -= 1;
        if entry.users > 0 {
            return;
        }
        let Some(Entry { selector, members, .. }) = self.entries.remove(&id) else {
            return;
        };
        self.index.remove(&selector, id);
        let hash = self.hasher.hash_one(&*selector);
        if let Ok(entry) = self.by_selector.find_entry(hash, |(_, known)| *known == id) {
            entry.remove();
        }
        if let Selector::Fqdn(name) = &*selector {
            self.name_changes.push((name.clone(), false));
        }
        for identity in members.iter() {
            if let Some(selected_by) = self.selected_by.get_mut(&identity) {
                selected_by.retain(|selector| *selector != id);
            }
        }
    }

    /// Adds an identity and returns the selectors that match it. One that is known with these
    /// labels is left alone; with others it is replaced.
    pub fn add_identity(&mut self, id: IdentityId, labels: &LabelSet) -> &[SelectorId] {
        if self.identities.labels(id) != Some(labels) {
            self.remove_identity(id);
            self.insert_identity(id, labels);
        }
        self.selected_by(id)
    }

    fn insert_identity(&mut self, id: IdentityId, labels: &LabelSet) {
        let mut selected_by = Vec::new();
        self.index.candidates(labels, |selector| selected_by.push(selector));
        selected_by.sort_unstable();
        selected_by.dedup();
        selected_by.retain(|selector| {
            let Some(entry) = self.entries.get_mut(selector) else {
                return false;
            };
            let matches = entry.selector.matches(labels);
            if matches {
                entry.members.insert(id);
            }
            matches
        });
        self.identities.insert(id, labels.clone());
        self.selected_by.insert(id, selected_by);
    }

    /// Removes an identity and returns the selectors that matched it.
    pub fn remove_identity(&mut self, id: IdentityId) -> Vec<SelectorId> {
        self.identities.remove(id);
        let selected_by = self.selected_by.remove(&id).unwrap_or_default();
        for selector in &selected_by {
            if let Some(entry) = self.entries.get_mut(selector) {
                entry.members.remove(id);
            }
        }
        selected_by
    }

    /// Returns the identities that a selector matches now.
    #[must_use]
    pub fn members(&self, id: SelectorId) -> &IdentitySet {
        static EMPTY: IdentitySet = IdentitySet::EMPTY;
        self.entries.get(&id).map_or(&EMPTY, |entry| &entry.members)
    }

    /// Returns the selectors that match an identity, in ascending order.
    #[must_use]
    pub fn selected_by(&self, id: IdentityId) -> &[SelectorId] {
        self.selected_by.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Returns a selector.
    #[must_use]
    pub fn selector(&self, id: SelectorId) -> Option<&Selector> {
        self.entries.get(&id).map(|entry| &*entry.selector)
    }

    /// Returns the identities that are known.
    #[must_use]
    pub fn identities(&self) -> &IdentityIndex {
        &self.identities
    }

    /// Returns the name selectors that came into use (`true`) or fell out of it since this was
    /// last called, in order (SLC-1, SLC-2).
    pub fn take_name_changes(&mut self) -> Vec<(FqdnSelector, bool)> {
        std::mem::take(&mut self.name_changes)
    }

    /// Returns the number of different selectors in use.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether no selector is in use.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
