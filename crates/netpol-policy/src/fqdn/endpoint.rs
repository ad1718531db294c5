//! What is known because of one endpoint: its history, and what has left it.

use std::net::IpAddr;
use std::sync::Arc;

use super::conntrack::ConntrackRuns;
use super::history::{Entry, History, Life};
use super::small_set::SmallSet;
use super::zombies::Zombies;
use super::{FqdnConfig, Timestamp, ZombieRecord};

/// An endpoint's history and zombies.
#[derive(Clone, Debug, Default)]
pub(super) struct Endpoint {
    pub(super) history: History,
    pub(super) zombies: Zombies,
}

/// What an endpoint's data depend on besides answers.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) config: &'a FqdnConfig,
    pub(super) runs: &'a ConntrackRuns,
    pub(super) now: Timestamp,
}

/// What an answer changed.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    /// The addresses that the name did not have in the history.
    pub(super) new: Vec<IpAddr>,
    /// Names that lost addresses, as there were too many.
    pub(super) lost: Vec<Arc<str>>,
}

impl Endpoint {
    /// Enters an answer (SEQ-2), and sees to the limits at once (FQQ-7).
    pub(super) fn learn(
        &mut self,
        name: &Arc<str>,
        addresses: &[IpAddr],
        life: Life,
        around: Surroundings<'_>,
    ) -> Learnt {
        let limit = around.config.max_addresses_per_name.max(1);
        let addresses = addresses.get(..limit).unwrap_or(addresses);
        let update = self.history.update(name, addresses, life);
        if update.changed {
            self.zombies.refresh(name, addresses, around.now);
        }
        let lost =
            if update.new.is_empty() { Vec::new() } else { self.see_to_limits(name, around) };
        Learnt { new: update.new, lost }
    }

    /// Enters an answer that was kept over a restart; returns the names that lost addresses.
    pub(super) fn restore_lookup(
        &mut self,
        name: &Arc<str>,
        addresses: &[IpAddr],
        life: Life,
        around: Surroundings<'_>,
    ) -> Vec<Arc<str>> {
        let limit = around.config.max_addresses_per_name.max(1);
        self.history.update(name, addresses.get(..limit).unwrap_or(addresses), life);
        self.see_to_limits(name, around)
    }

    /// Enters a zombie that was kept over a restart; returns the names that lost addresses.
    pub(super) fn restore_zombie(
        &mut self,
        name: &Arc<str>,
        address: IpAddr,
        kept: &ZombieRecord,
        around: Surroundings<'_>,
    ) -> Vec<Arc<str>> {
        let Surroundings { config, runs, .. } = around;
        self.zombies.insert_alive(name, address, kept.delete_pending_at, kept.alive_at, runs);
        self.zombies.relieve(std::slice::from_ref(name), config)
    }

    /// Retires what is over the limits, after something was added for a name; returns the names
    /// that lost addresses.
    fn see_to_limits(&mut self, name: &Arc<str>, around: Surroundings<'_>) -> Vec<Arc<str>> {
        let config = around.config;
        let mut names = Vec::new();
        for entry in self.history.trim(name, config.max_addresses_per_name.max(1)) {
            self.retire(name, entry, around);
            names.push(Arc::clone(name));
        }
        let max_names = config.max_names_per_endpoint.max(1);
        for (name, entry) in self.history.make_room(max_names, config.max_addresses_per_endpoint) {
            self.retire(&name, entry, around);
            names.push(name);
        }
        names.dedup();
        self.zombies.relieve(&names, config)
    }

    /// Moves what has expired to the zombies, and removes zombies that are dead or too many;
    /// returns the affected names (GCD-2).
    pub(super) fn expire(&mut self, around: Surroundings<'_>) -> Vec<Arc<str>> {
        for (name, entry) in self.history.expire(around.now) {
            self.retire(&name, entry, around);
        }
        self.zombies.collect(around.runs, around.config)
    }

    /// Makes a zombie of what left the history (GCD-2, CCH-6).
    fn retire(
        &mut self,
        name: &Arc<str>,
        Entry { address, life }: Entry,
        around: Surroundings<'_>,
    ) {
        let pending = around.now.max(life.expiration);
        self.zombies.insert(name, address, pending, around.runs);
    }

    /// Tells whether a name is known to have an address.
    pub(super) fn holds(&self, name: &str, address: IpAddr) -> bool {
        self.history.contains(name, address) || self.zombies.contains(name, address)
    }

    /// Tells whether anything is known about a name.
    pub(super) fn mentions(&self, name: &str) -> bool {
        !self.history.entries(name).is_empty() || self.zombies.addresses(name).is_some()
    }

    /// Returns all names that something is known about, some of them twice.
    pub(super) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.history.iter().map(|(name, _)| name).chain(self.zombies.names())
    }

    /// Returns the addresses of a name, some of them twice.
    pub(super) fn addresses(&self, name: &str) -> impl Iterator<Item = IpAddr> {
        let history = self.history.entries(name).iter().map(|entry| entry.address);
        history.chain(self.zombies.addresses(name).into_iter().flat_map(SmallSet::iter).copied())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names().next().is_none()
    }
}
