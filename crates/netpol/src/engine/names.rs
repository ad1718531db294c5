//! DNS names: what was learnt, and what follows for addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;

use netpol_core::{IdentityId, Prefix};
use netpol_l7::canonical_name;
use netpol_policy::fqdn::{
    DnsAnswer, FqdnConfig, NameChange, NameIndex, NameManager, NameStats, Snapshot, Timestamp,
    preallocated_identities,
};
use netpol_policy::ipcache::Resource;
use netpol_policy::rule::FqdnSelector;

use super::Engine;
use crate::{EndpointId, EngineError};

/// Names, their addresses, and the selectors that ask for them.
#[derive(Debug)]
pub(super) struct Names {
    manager: NameManager,
    // The identities that selectors got before any answer.
    preallocated: BTreeMap<FqdnSelector, Vec<IdentityId>>,
}

/// Whom the manager takes for having been told what the caller says by itself.
const CALLER: u32 = u32::MAX;

impl Names {
    pub(super) fn new(config: FqdnConfig) -> Self {
        Self { manager: NameManager::new(config), preallocated: BTreeMap::new() }
    }

    /// Returns the names of all addresses.
    pub(super) fn index(&self) -> &NameIndex {
        self.manager.index()
    }

    /// Forgets what an endpoint was told.
    pub(super) fn remove_endpoint(&mut self, endpoint: EndpointId) {
        self.manager.remove_endpoint(endpoint.number());
    }
}

impl Engine {
    /// Learns the DNS answer that an endpoint was given (LRN). Publish before the endpoint gets
    /// it, so that it can use the addresses at once (SEQ-5).
    ///
    /// What one endpoint learns counts for all that have the same name selectors (SID-6). Time is
    /// the caller's: any clock will do that all calls share.
    pub fn learn(&mut self, endpoint: EndpointId, answer: &DnsAnswer, now: Timestamp) {
        let changes = self.names.manager.learn(endpoint.number(), answer, now);
        self.apply_names(changes);
    }

    /// Says that a name has these addresses, for as long as nobody flushes them.
    ///
    /// # Errors
    ///
    /// Fails if there are too many names, or too many addresses of this one.
    pub fn learn_name(
        &mut self,
        name: &str,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Result<(), EngineError> {
        let name = canonical_name(name);
        let addresses: Vec<IpAddr> = addresses.into_iter().collect();
        let manager = &mut self.names.manager;
        let known = manager.addresses(&name).count();
        let (stats, config) = (manager.stats(), manager.config());
        let limits = [
            ("names", stats.names + usize::from(known == 0), config.max_names_per_endpoint),
            ("addresses of one name", known + addresses.len(), config.max_addresses_per_name),
            ("addresses", stats.addresses + addresses.len(), config.max_addresses_per_endpoint),
        ];
        if let Some((what, _, limit)) = limits.into_iter().find(|(_, count, max)| count > max) {
            return Err(EngineError::limit(what, limit));
        }
        let answer = DnsAnswer::new(&name, addresses, u32::MAX);
        let changes = manager.learn(CALLER, &answer, Timestamp::ZERO);
        self.apply_names(changes);
        Ok(())
    }

    /// Ends what has expired, unless a connection may still use it (GCD); to be called every 60
    /// seconds. An address that expired stays until two runs of connection tracking's garbage
    /// collection have found no connection to it.
    pub fn expire_names(&mut self, now: Timestamp) {
        let changes = self.names.manager.expire(now);
        self.apply_names(changes);
    }

    /// Notes that a run of connection tracking's garbage collection, which began at `started`, found
    /// a connection of an endpoint to an address (ZMB-3).
    pub fn mark_connection(&mut self, endpoint: EndpointId, address: IpAddr, started: Timestamp) {
        self.names.manager.mark_alive(endpoint.number(), address, started);
    }

    /// Notes that a run of connection tracking's garbage collection, which began at `started`, is
    /// complete (ZMB-3). Without connection tracking, call it before each
    /// [`expire_names`](Self::expire_names).
    pub fn connections_marked(&mut self, started: Timestamp) {
        self.names.manager.conntrack_gc_done(started);
    }

    /// Forgets names that match a pattern with a final dot, or all (API-2).
    ///
    /// # Errors
    ///
    /// Fails if the pattern is invalid; nothing is forgotten then.
    pub fn flush_names(
        &mut self,
        pattern: Option<&str>,
        now: Timestamp,
    ) -> Result<(), netpol_l7::Error> {
        let changes = self.names.manager.flush(pattern, now)?;
        self.apply_names(changes);
        Ok(())
    }

    /// Returns what endpoints were told, to be kept over a restart (RST-1).
    #[must_use]
    pub fn name_snapshot(&self) -> Snapshot {
        self.names.manager.snapshot()
    }

    /// Learns what was kept over a restart, in addition to what is known (RST-2).
    pub fn restore_names(&mut self, snapshot: &Snapshot, now: Timestamp) {
        let changes = self.names.manager.restore(snapshot, now);
        self.apply_names(changes);
    }

    /// Tells whether a name really resolved to an address, as far as any endpoint was told: what a
    /// server name or an HTTP host claims can be held against it.
    #[must_use]
    pub fn name_binds(&self, name: &str, address: IpAddr) -> bool {
        self.names.manager.binds(name, address)
    }

    /// Returns the names that are known for an address.
    pub fn names_of(&self, address: IpAddr) -> impl Iterator<Item = &str> {
        self.names.manager.names(address)
    }

    /// Returns how much is known about names.
    #[must_use]
    pub fn name_stats(&self) -> NameStats {
        self.names.manager.stats()
    }

    fn apply_names(&mut self, changes: Vec<NameChange>) {
        for NameChange { name, address, labels } in changes {
            let (prefix, resource) = (Prefix::host(address), Resource::fqdn(&name));
            match labels {
                Some(labels) => self.metadata.insert(prefix, resource, labels.to_vec()),
                None => self.metadata.remove(&prefix, &resource),
            }
        }
    }

    /// Brings name selectors into use, or out of it (SLC-1, SLC-2).
    pub(super) fn apply_name_changes(
        &mut self,
        changes: Vec<(FqdnSelector, bool)>,
    ) -> Result<(), EngineError> {
        let mut result = Ok(());
        for (selector, in_use) in changes {
            let changes = match in_use {
                true => {
                    let preallocated = self.preallocate(&selector);
                    result = result.and(preallocated);
                    // A selector that is invalid was refused with its document.
                    self.names.manager.register(&selector).unwrap_or_default()
                }
                false => {
                    self.unused
                        .extend(self.names.preallocated.remove(&selector).unwrap_or_default());
                    self.names.manager.unregister(&selector)
                }
            };
            self.apply_names(changes);
        }
        result
    }

    /// Gives a name selector its identities before any answer is learnt, so that the first answer
    /// needs no new ones (SID-8).
    fn preallocate(&mut self, selector: &FqdnSelector) -> Result<(), EngineError> {
        if !self.options.preallocate_names {
            return Ok(());
        }
        for labels in preallocated_identities(selector, self.options.dual_stack()) {
            let identity = self.identities.acquire(&labels, &mut self.repository)?;
            self.names.preallocated.entry(selector.clone()).or_default().push(identity);
        }
        Ok(())
    }

    /// Returns the identities of addresses that are learnt for names which the selector with this
    /// text, and no other, matches: one for each address family in use (SID-8). Nothing if no
    /// policy of an endpoint has the selector.
    #[must_use]
    pub fn name_identities(&self, text: &str) -> Vec<IdentityId> {
        let preallocated = self.names.preallocated.iter();
        let of_text = preallocated.filter(|(selector, _)| selector.text() == text);
        of_text.flat_map(|(_, identities)| identities.iter().copied()).collect()
    }

    /// Returns the texts of the name selectors that policies of endpoints have, in order.
    pub fn name_selectors(&self) -> impl Iterator<Item = &str> {
        self.names.manager.selectors().map(|(selector, _)| selector.text())
    }
}
