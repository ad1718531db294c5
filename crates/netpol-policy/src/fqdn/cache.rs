//! Names and addresses of the whole node (CCH, the global cache).

use std::net::IpAddr;
use std::sync::Arc;

use netpol_core::Label;

use super::small_set::SmallSet;
use super::{Map, NameChange, NameIndex, shrink};

/// All names with their addresses and labels, found by name and by address.
///
/// Nothing expires here by itself: what no endpoint supports goes when its name is looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Cache {
    // INVARIANT: no record is without addresses, and both maps hold the same pairs.
    records: Map<Arc<str>, Record>,
    by_address: NameIndex,
    n_addresses: usize,
}

/// What is known about one name.
#[derive(Clone, Debug)]
struct Record {
    addresses: SmallSet<IpAddr>,
    /// Of the selectors that match the name.
    labels: Arc<[Label]>,
    /// The endpoints that may support some of the addresses.
    holders: SmallSet<u32>,
}

impl Cache {
    /// Enters addresses of a name for an endpoint, and returns what that changes (SEQ-3, SEQ-4).
    /// `labels` is asked about new names only.
    pub(super) fn insert(
        &mut self,
        name: &Arc<str>,
        addresses: impl IntoIterator<Item = IpAddr>,
        holder: Option<u32>,
        labels: impl FnOnce() -> Arc<[Label]>,
    ) -> Vec<NameChange> {
        let mut addresses = addresses.into_iter().peekable();
        if addresses.peek().is_none() {
            return Vec::new();
        }
        let record = self.records.entry(Arc::clone(name)).or_insert_with(|| Record {
            addresses: SmallSet::default(),
            labels: labels(),
            holders: SmallSet::default(),
        });
        if let Some(holder) = holder {
            record.holders.insert(holder);
        }
        let mut changes = Vec::new();
        for address in addresses {
            if record.addresses.insert(address) {
                self.n_addresses += 1;
                self.by_address.insert(address, name);
                changes.extend(record.change(name, address));
            }
        }
        changes
    }

    /// Sets the labels of a name, and returns what that changes (SLC-1, SLC-2).
    pub(super) fn relabel(&mut self, name: &Arc<str>, labels: Arc<[Label]>) -> Vec<NameChange> {
        let Some(record) = self.records.get_mut(name) else { return Vec::new() };
        if record.labels == labels {
            return Vec::new();
        }
        record.labels = labels;
        let labels = (!record.labels.is_empty()).then(|| Arc::clone(&record.labels));
        let changes = record.addresses.iter().map(|&address| NameChange {
            name: Arc::clone(name),
            address,
            labels: labels.clone(),
        });
        changes.collect()
    }

    /// Keeps of the endpoints that support a name those that `mentions` accepts, and of its
    /// addresses those that `holds` accepts for one of these; returns what that changes (GCD-2).
    pub(super) fn settle(
        &mut self,
        name: &Arc<str>,
        mentions: impl Fn(u32) -> bool,
        holds: impl Fn(u32, IpAddr) -> bool,
    ) -> Vec<NameChange> {
        let Some(record) = self.records.get_mut(name) else { return Vec::new() };
        let Record { addresses, labels, holders } = record;
        holders.retain(|&holder| mentions(holder));
        let mut gone = Vec::new();
        addresses.retain(|&address| {
            let held = holders.iter().any(|&holder| holds(holder, address));
            gone.extend((!held).then_some(address));
            held
        });
        let had_labels = !labels.is_empty();
        if addresses.is_empty() {
            self.records.remove(name);
        }
        self.n_addresses -= gone.len();
        for address in &gone {
            self.by_address.remove(address, name);
        }
        let removal = |address| NameChange { name: Arc::clone(name), address, labels: None };
        if had_labels { gone.into_iter().map(removal).collect() } else { Vec::new() }
    }

    /// Gives memory back after much was removed.
    pub(super) fn shrink(&mut self) {
        shrink(&mut self.records);
    }

    /// Returns the name as it is shared by all who know it.
    pub(super) fn shared(&self, name: &str) -> Option<&Arc<str>> {
        self.records.get_key_value(name).map(|(name, _)| name)
    }

    /// Returns all names, in no order.
    pub(super) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.records.keys()
    }

    /// Returns the addresses of a name, in order.
    pub(super) fn addresses_of<'a>(&'a self, name: &str) -> impl Iterator<Item = IpAddr> + use<'a> {
        self.records.get(name).into_iter().flat_map(|record| record.addresses.iter().copied())
    }

    /// Returns the names of all addresses.
    pub(super) fn index(&self) -> &NameIndex {
        &self.by_address
    }

    /// Returns how many names there are.
    pub(super) fn n_names(&self) -> usize {
        self.records.len()
    }

    /// Returns how many addresses there are, each counted once for each of its names.
    pub(super) fn n_addresses(&self) -> usize {
        self.n_addresses
    }
}

impl Record {
    fn change(&self, name: &Arc<str>, address: IpAddr) -> Option<NameChange> {
        let labels = (!self.labels.is_empty()).then(|| Arc::clone(&self.labels))?;
        Some(NameChange { name: Arc::clone(name), address, labels: Some(labels) })
    }
}
