//! Addresses that left an endpoint's history but may still be in use (ZMB).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::conntrack::ConntrackRuns;
use super::small_set::SmallSet;
use super::{FqdnConfig, Map, Set, Timestamp, shrink};

/// The zombies of one endpoint, found by address and by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Zombies {
    by_address: Map<IpAddr, Zombie>,
    by_name: Map<Arc<str>, SmallSet<IpAddr>>,
    // How many (name, address) there are.
    n_pairs: usize,
}

/// One address (ZMB-1).
#[derive(Clone, Debug)]
pub(super) struct Zombie {
    pub(super) names: SmallSet<Arc<str>>,
    pub(super) alive_at: Timestamp,
    pub(super) delete_pending_at: Timestamp,
    // How many runs of connection tracking's garbage collection were complete when it came.
    added: u64,
}

impl Zombie {
    /// Tells whether no connection can be left (ZMB-4).
    fn is_connection_dead(&self, runs: &ConntrackRuns, grace: Duration) -> bool {
        runs.last > self.delete_pending_at.saturating_add(grace)
            && runs.last > self.alive_at
            && runs.count.saturating_sub(self.added) >= 2
    }

    /// Who goes first where there are too many (ZMB-6).
    fn order(&self, address: IpAddr) -> (Timestamp, Timestamp, usize, IpAddr) {
        (self.alive_at, self.delete_pending_at, self.names.len(), address)
    }
}

impl Zombies {
    /// Adds a name of an address that left the history (ZMB-2).
    pub(super) fn insert(
        &mut self,
        name: &Arc<str>,
        address: IpAddr,
        pending: Timestamp,
        runs: &ConntrackRuns,
    ) {
        self.insert_alive(name, address, pending, runs.last, runs);
    }

    /// Adds a name of an address as it was kept over a restart (ZMB-10).
    pub(super) fn insert_alive(
        &mut self,
        name: &Arc<str>,
        address: IpAddr,
        pending: Timestamp,
        alive_at: Timestamp,
        runs: &ConntrackRuns,
    ) {
        let zombie = self.by_address.entry(address).or_insert_with(|| Zombie {
            names: SmallSet::default(),
            alive_at,
            delete_pending_at: pending,
            added: runs.count,
        });
        zombie.delete_pending_at = zombie.delete_pending_at.max(pending);
        zombie.alive_at = zombie.alive_at.max(alive_at);
        if zombie.names.insert(Arc::clone(name)) {
            self.n_pairs += 1;
            self.by_name.entry(Arc::clone(name)).or_default().insert(address);
        }
    }

    /// Marks an address that a connection seen by a run goes to (ZMB-3).
    pub(super) fn mark_alive(&mut self, address: IpAddr, until: Timestamp) {
        if let Some(zombie) = self.by_address.get_mut(&address) {
            zombie.alive_at = zombie.alive_at.max(until);
        }
    }

    /// Removes a name from addresses that were learnt for it again (ZMB-9).
    pub(super) fn refresh(&mut self, name: &str, addresses: &[IpAddr], now: Timestamp) {
        if !self.by_name.contains_key(name) {
            return;
        }
        for address in addresses {
            let zombie = self.by_address.get(address);
            if zombie.is_some_and(|zombie| zombie.delete_pending_at <= now) {
                self.remove_pair(name, *address);
            }
        }
    }

    /// Removes what is dead and what is over the limits; returns the names of all that there were
    /// before, be they alive or dead (ZMB-6, GCD-2).
    pub(super) fn collect(&mut self, runs: &ConntrackRuns, config: &FqdnConfig) -> Vec<Arc<str>> {
        let names = self.by_name.keys().cloned().collect();
        for address in self.dead(runs, config.idle_grace) {
            self.remove(address);
        }
        let limit = config.max_addresses_per_name;
        let excess =
            self.by_name.values().flat_map(|addresses| self.excess(addresses.iter(), limit));
        for address in excess.collect::<BTreeSet<_>>() {
            self.remove(address);
        }
        self.limit(config.max_deferred_deletes);
        self.limit_pairs(config.max_addresses_per_endpoint);
        shrink(&mut self.by_address);
        shrink(&mut self.by_name);
        names
    }

    /// Removes what is over twice the limits, after something was added for these names, and
    /// returns the names that lost addresses. Twice, so that the next few additions need not do it
    /// again.
    pub(super) fn relieve(&mut self, names: &[Arc<str>], config: &FqdnConfig) -> Vec<Arc<str>> {
        let mut lost = Vec::new();
        for name in names {
            if let Some(addresses) = self.by_name.get(name)
                && addresses.len() > config.max_addresses_per_name.saturating_mul(2)
            {
                let excess = self.excess(addresses.iter(), config.max_addresses_per_name);
                lost.extend(excess.into_iter().flat_map(|address| self.remove(address)));
            }
        }
        if self.by_address.len() > config.max_deferred_deletes.saturating_mul(2) {
            lost.extend(self.limit(config.max_deferred_deletes));
        }
        if self.n_pairs > config.max_addresses_per_endpoint.saturating_mul(2) {
            lost.extend(self.limit_pairs(config.max_addresses_per_endpoint));
        }
        lost
    }

    /// Removes names that match, and returns those that were there (API-2).
    pub(super) fn flush(&mut self, matches: &impl Fn(&str) -> bool) -> Vec<Arc<str>> {
        let names: Vec<Arc<str>> =
            self.by_name.keys().filter(|name| matches(name)).cloned().collect();
        for name in &names {
            let addresses =
                self.by_name.get(name).map(|set| set.iter().copied().collect::<Vec<_>>());
            for address in addresses.unwrap_or_default() {
                self.remove_pair(name, address);
            }
        }
        names
    }

    /// Returns the zombies that are alive, in no order (ZMB-5).
    pub(super) fn alive(
        &self,
        runs: &ConntrackRuns,
        grace: Duration,
    ) -> impl Iterator<Item = (IpAddr, &Zombie)> {
        let dead = self.dead(runs, grace);
        self.iter().filter(move |(address, _)| !dead.contains(address))
    }

    /// Returns all zombies, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (IpAddr, &Zombie)> {
        self.by_address.iter().map(|(address, zombie)| (*address, zombie))
    }

    pub(super) fn contains(&self, name: &str, address: IpAddr) -> bool {
        self.addresses(name).is_some_and(|addresses| addresses.contains(&address))
    }

    /// Returns the addresses that have this name.
    pub(super) fn addresses(&self, name: &str) -> Option<&SmallSet<IpAddr>> {
        self.by_name.get(name)
    }

    /// Returns all names, in no order.
    pub(super) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.by_name.keys()
    }

    pub(super) fn len(&self) -> usize {
        self.by_address.len()
    }

    /// Returns the zombies whose connection is dead, and that of every other address of their
    /// names too (ZMB-5: one step, not transitively).
    fn dead(&self, runs: &ConntrackRuns, grace: Duration) -> Set<IpAddr> {
        let (dead, alive): (Vec<_>, Vec<_>) =
            self.iter().partition(|(_, zombie)| zombie.is_connection_dead(runs, grace));
        let alive: Set<&Arc<str>> =
            alive.iter().flat_map(|(_, zombie)| zombie.names.iter()).collect();
        let dead = dead
            .into_iter()
            .filter(|(_, zombie)| !zombie.names.iter().any(|name| alive.contains(name)));
        dead.map(|(address, _)| address).collect()
    }

    /// Returns which of these addresses are too many, those that go first.
    fn excess<'a>(&self, addresses: impl Iterator<Item = &'a IpAddr>, limit: usize) -> Vec<IpAddr> {
        let mut order: Vec<_> = addresses
            .filter_map(|address| Some(self.by_address.get(address)?.order(*address)))
            .collect();
        let Some(last) = order.len().checked_sub(limit.saturating_add(1)) else {
            return Vec::new();
        };
        order.select_nth_unstable(last);
        order.truncate(last + 1);
        order.into_iter().map(|(.., address)| address).collect()
    }

    /// Removes addresses over a limit, and returns their names.
    fn limit(&mut self, limit: usize) -> Vec<Arc<str>> {
        let excess = self.excess(self.by_address.keys(), limit);
        excess.into_iter().flat_map(|address| self.remove(address)).collect()
    }

    /// Removes addresses until no more than so many names of addresses are left, and returns the
    /// names of those removed.
    fn limit_pairs(&mut self, limit: usize) -> Vec<Arc<str>> {
        let mut lost = Vec::new();
        if self.n_pairs > limit {
            let mut order: Vec<_> =
                self.iter().map(|(address, zombie)| zombie.order(address)).collect();
            order.sort_unstable();
            let mut order = order.into_iter();
            while self.n_pairs > limit
                && let Some((.., address)) = order.next()
            {
                lost.extend(self.remove(address));
            }
        }
        lost
    }

    /// Removes an address, and returns its names.
    fn remove(&mut self, address: IpAddr) -> Vec<Arc<str>> {
        let Some(zombie) = self.by_address.remove(&address) else { return Vec::new() };
        let names: Vec<_> = zombie.names.iter().cloned().collect();
        for name in &names {
            self.unlink(name, address);
        }
        names
    }

    fn remove_pair(&mut self, name: &str, address: IpAddr) {
        let Some(zombie) = self.by_address.get_mut(&address) else { return };
        if zombie.names.remove(name) {
            if zombie.names.is_empty() {
                self.by_address.remove(&address);
            }
            self.unlink(name, address);
        }
    }

    fn unlink(&mut self, name: &str, address: IpAddr) {
        let Some(addresses) = self.by_name.get_mut(name) else { return };
        self.n_pairs -= usize::from(addresses.remove(&address));
        if addresses.is_empty() {
            self.by_name.remove(name);
        }
    }
}
