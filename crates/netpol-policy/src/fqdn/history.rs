//! What DNS told one endpoint (CCH).

use std::net::IpAddr;
use std::sync::Arc;

use super::{Map, Timestamp, shrink};

/// The addresses of each name, each until a time of its own.
///
/// Cilium points addresses to the answer that they came with (CCH-1). Here each has a copy of
/// what the answer said about its time, so that a long answer need not be kept for the sake of one
/// address.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    // INVARIANT: in order of addresses, and never empty.
    names: Map<Arc<str>, Vec<Entry>>,
    n_addresses: usize,
}

/// One address of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) address: IpAddr,
    pub(super) life: Life,
}

/// How long an answer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Life {
    pub(super) expiration: Timestamp,
    pub(super) lookup: Timestamp,
}

/// What an answer changed in a history.
#[derive(Debug, Default)]
pub(super) struct Update {
    /// Whether anything changed, be it only a time (CCH-2).
    pub(super) changed: bool,
    /// The addresses that the name did not have, in order.
    pub(super) new: Vec<IpAddr>,
}

impl Life {
    /// Tells whether a run at this time ends it: whole seconds count (GCD-2, CCH-4).
    fn is_over(&self, now: Timestamp) -> bool {
        self.expiration.as_unix_secs() < now.as_unix_secs()
    }
}

impl Entry {
    /// What expires first goes first (CCH-6).
    fn order(&self) -> (Timestamp, IpAddr) {
        (self.life.expiration, self.address)
    }
}

impl History {
    /// Enters an answer. An address keeps the time that ends later (CCH-2, CCH-3).
    pub(super) fn update(&mut self, name: &Arc<str>, addresses: &[IpAddr], life: Life) -> Update {
        let mut update = Update::default();
        if addresses.is_empty() {
            return update;
        }
        let entries = self.names.entry(Arc::clone(name)).or_default();
        for &address in addresses {
            match entries.binary_search_by_key(&address, |entry| entry.address) {
                Ok(place) => {
                    let old =
                        entries.get_mut(place).filter(|old| old.life.expiration < life.expiration);
                    update.changed |= old.map(|old| old.life = life).is_some();
                }
                Err(_) => update.new.push(address),
            }
        }
        if !update.new.is_empty() {
            update.changed = true;
            update.new.sort_unstable();
            update.new.dedup();
            self.n_addresses += update.new.len();
            entries.reserve_exact(update.new.len());
            entries.extend(update.new.iter().map(|&address| Entry { address, life }));
            // Two runs in order, which this merges.
            entries.sort_by_key(|entry| entry.address);
        }
        update
    }

    /// Removes what a name has over a limit of at least one, and returns it (CCH-6, FQQ-7).
    pub(super) fn trim(&mut self, name: &str, limit: usize) -> Vec<Entry> {
        let Some(entries) = self.names.get_mut(name) else { return Vec::new() };
        let Some(last) = entries.len().checked_sub(limit + 1) else { return Vec::new() };
        let mut order: Vec<_> = entries.iter().map(Entry::order).collect();
        let last = *order.select_nth_unstable(last).1;
        let gone: Vec<Entry> = entries.extract_if(.., |entry| entry.order() <= last).collect();
        self.n_addresses -= gone.len();
        gone
    }

    /// Removes names over the limits, and a sixteenth more so that this is seldom needed; returns
    /// what they had (FQQ-7). The names whose last address expires first go first.
    pub(super) fn make_room(
        &mut self,
        max_names: usize,
        max_addresses: usize,
    ) -> Vec<(Arc<str>, Entry)> {
        let keep = |len: usize, max: usize| if len > max { max - max / 16 } else { max };
        let (n_names, n_addresses) = (self.names.len(), self.n_addresses);
        if n_names <= max_names && n_addresses <= max_addresses {
            return Vec::new();
        }
        let (max_names, max_addresses) =
            (keep(n_names, max_names), keep(n_addresses, max_addresses));
        let end = |entries: &[Entry]| entries.iter().map(|entry| entry.life.expiration).max();
        let ends = self.names.iter().map(|(name, entries)| (end(entries), Arc::clone(name)));
        let mut ends: Vec<_> = ends.collect();
        ends.sort_unstable();
        let mut gone = Vec::new();
        for (_, name) in ends {
            if self.names.len() <= max_names && self.n_addresses <= max_addresses {
                break;
            }
            let entries = self.names.remove(&name).unwrap_or_default();
            self.n_addresses -= entries.len();
            gone.extend(entries.into_iter().map(|entry| (Arc::clone(&name), entry)));
        }
        gone
    }

    /// Removes what expired before a time, and returns it (GCD-2).
    pub(super) fn expire(&mut self, now: Timestamp) -> Vec<(Arc<str>, Entry)> {
        let expired = self.remove_if(|_, life| life.is_over(now));
        shrink(&mut self.names);
        expired
    }

    /// Removes what was looked up before a time for names that match, and returns it (API-2).
    pub(super) fn flush(
        &mut self,
        before: Timestamp,
        matches: &impl Fn(&str) -> bool,
    ) -> Vec<(Arc<str>, Entry)> {
        self.remove_if(|name, life| life.lookup < before && matches(name))
    }

    fn remove_if(&mut self, gone: impl Fn(&str, &Life) -> bool) -> Vec<(Arc<str>, Entry)> {
        let mut removed = Vec::new();
        self.names.retain(|name, entries| {
            let over = entries.extract_if(.., |entry| gone(name, &entry.life));
            removed.extend(over.map(|entry| (Arc::clone(name), entry)));
            !entries.is_empty()
        });
        self.n_addresses -= removed.len();
        removed
    }

    /// Returns what is known about a name, in order of addresses.
    pub(super) fn entries(&self, name: &str) -> &[Entry] {
        self.names.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn contains(&self, name: &str, address: IpAddr) -> bool {
        self.entries(name).binary_search_by_key(&address, |entry| entry.address).is_ok()
    }

    /// Returns all names with what is known about them, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &[Entry])> {
        self.names.iter().map(|(name, entries)| (name, entries.as_slice()))
    }
}
