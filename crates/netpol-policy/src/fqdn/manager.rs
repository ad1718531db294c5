//! The name manager: answers and selectors in, changes of labels out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use netpol_l7::{Error, NameMatcher, canonical_name};

use super::cache::Cache;
use super::conntrack::ConntrackRuns;
use super::endpoint::{Endpoint, Learnt, Surroundings};
use super::filter::NameFilter;
use super::history::Life;
use super::selectors::{Selectors, exact_name};
use super::{
    DnsAnswer, EndpointSnapshot, FqdnConfig, Lookup, LookupFilter, LookupRow, MAX_NAME_LEN,
    NameChange, NameIndex, Snapshot, Timestamp,
};
use crate::rule::FqdnSelector;

/// What the endpoints of a node were told by DNS, and the selectors that ask for names.
///
/// Times are the caller's; they may stand still, and may go back without harm beyond that things
/// last longer or shorter. The changes that a call returns come on top of those before, in the
/// order given: by name, then by address.
///
/// # Examples
///
/// ```
/// use netpol_policy::fqdn::{DnsAnswer, FqdnConfig, NameManager, Timestamp};
/// use netpol_policy::rule::FqdnSelector;
///
/// let at = Timestamp::from_unix_secs;
/// let address = "192.0.2.1".parse()?;
/// let mut names = NameManager::new(FqdnConfig::default());
/// names.register(&FqdnSelector { match_name: None, match_pattern: Some("*.example.com".into()) })?;
///
/// let changes = names.learn(5, &DnsAnswer::new("www.example.com", [address], 30), at(0));
/// let labels = changes[0].labels.as_deref().unwrap();
/// assert_eq!(labels[0].to_string(), "fqdn:*.example.com");
/// assert!(names.binds("WWW.example.com", address));
///
/// // The time to live is over, but nobody has looked yet whether a connection is left.
/// assert_eq!(names.expire(at(60)), []);
/// names.conntrack_gc_done(at(90));
/// names.conntrack_gc_done(at(120));
/// assert_eq!(names.expire(at(120))[0].labels, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct NameManager {
    config: FqdnConfig,
    selectors: Selectors,
    cache: Cache,
    endpoints: BTreeMap<u32, Endpoint>,
    runs: ConntrackRuns,
    // Names of removed endpoints, to be looked at in the next run.
    orphans: Vec<Arc<str>>,
}

/// How much a [`NameManager`] keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NameStats {
    /// Names.
    pub names: usize,
    /// Addresses, each counted once for each of its names.
    pub addresses: usize,
    /// Addresses that stay for the sake of a connection, each counted once for each endpoint.
    pub zombies: usize,
    /// Endpoints because of which something is known.
    pub endpoints: usize,
}

impl NameManager {
    /// Returns a manager without selectors that knows nothing.
    #[must_use]
    pub fn new(config: FqdnConfig) -> Self {
        Self {
            config,
            selectors: Selectors::default(),
            cache: Cache::default(),
            endpoints: BTreeMap::new(),
            runs: ConntrackRuns::default(),
            orphans: Vec::new(),
        }
    }

    /// Returns the settings.
    #[must_use]
    pub fn config(&self) -> &FqdnConfig {
        &self.config
    }

    /// Adds a selector that policies use from now on. Addresses of names that were learnt before
    /// get its label at once (SLC-1). A selector that is there already is not added again (SLC-3).
    ///
    /// The cost grows with the number of known names if the selector has a star.
    ///
    /// # Errors
    ///
    /// The selector is invalid; it then matches nothing.
    pub fn register(&mut self, selector: &FqdnSelector) -> Result<Vec<NameChange>, Error> {
        let matcher = self.selectors.register(selector, self.config.dialect)?;
        Ok(matcher.map(|matcher| self.relabel(selector, &matcher)).unwrap_or_default())
    }

    /// Removes a selector that no policy uses any more. What was learnt is kept (SLC-2).
    pub fn unregister(&mut self, selector: &FqdnSelector) -> Vec<NameChange> {
        let matcher = self.selectors.unregister(selector);
        matcher.map(|matcher| self.relabel(selector, &matcher)).unwrap_or_default()
    }

    /// Learns an answer that an endpoint was given (LRN, SEQ-2 to SEQ-4).
    ///
    /// Returns the new labels of addresses that the name did not have, and, if the endpoint's
    /// limits are exceeded, what is gone for that. Give the client its answer when these changes
    /// are in force (SEQ-5). An answer that brings no new address changes nothing (FQQ-5).
    pub fn learn(&mut self, endpoint: u32, answer: &DnsAnswer, now: Timestamp) -> Vec<NameChange> {
        let Some(name) = self.shared(answer.name()) else { return Vec::new() };
        if answer.addresses().is_empty() {
            return Vec::new(); // LRN-1
        }
        let ttl = Duration::from_secs(answer.ttl().into()).max(self.config.min_ttl); // LRN-6
        let life = Life { lookup: now, expiration: now.saturating_add(ttl) };
        let around = Surroundings { config: &self.config, runs: &self.runs, now };
        let state = self.endpoints.entry(endpoint).or_default();
        let Learnt { new, lost } = state.learn(&name, answer.addresses(), life, around);
        let labels = || self.selectors.labels_of(&name);
        let mut changes = self.cache.insert(&name, new, Some(endpoint), labels);
        if !lost.is_empty() {
            changes.extend(self.settle(lost));
            changes = net(changes);
        }
        changes
    }

    /// Ends what has expired, unless a connection may still use it (GCD-2). To be called every 60
    /// seconds (GCD-1); nothing expires in between.
    pub fn expire(&mut self, now: Timestamp) -> Vec<NameChange> {
        let mut affected = std::mem::take(&mut self.orphans);
        let around = Surroundings { config: &self.config, runs: &self.runs, now };
        for endpoint in self.endpoints.values_mut() {
            affected.extend(endpoint.expire(around));
        }
        self.endpoints.retain(|_, endpoint| !endpoint.is_empty());
        let changes = self.settle(affected);
        self.cache.shrink();
        self.selectors.tidy();
        changes
    }

    /// Notes that an endpoint has a connection to an address (ZMB-3): to be called for each
    /// outgoing connection that a full run of connection tracking's garbage collection finds
    /// alive, with the time when the run started, and before
    /// [`conntrack_gc_done`](Self::conntrack_gc_done).
    pub fn mark_alive(&mut self, endpoint: u32, address: IpAddr, started: Timestamp) {
        if let Some(endpoint) = self.endpoints.get_mut(&endpoint) {
            let until = started.saturating_add(self.config.idle_grace);
            endpoint.zombies.mark_alive(address, until);
        }
    }

    /// Notes that a full run of connection tracking's garbage collection, which started at this
    /// time, is complete (ZMB-3). Two such runs after its time to live an address without
    /// connections may go; without connection tracking, call it before each
    /// [`expire`](Self::expire).
    pub fn conntrack_gc_done(&mut self, started: Timestamp) {
        self.runs.complete(started);
    }

    /// Forgets what an endpoint was told. What no other endpoint was told goes with the next
    /// [`expire`](Self::expire).
    ///
    /// Cilium waits longer: until something else expires for the same name (GCD-4). Then, where
    /// endpoints come and go, nothing bounds what is kept, and addresses stay allowed that nobody
    /// asked for.
    pub fn remove_endpoint(&mut self, endpoint: u32) {
        if let Some(state) = self.endpoints.remove(&endpoint) {
            self.orphans.extend(state.names().cloned());
        }
    }

    /// Removes everything looked up before now for names that match a pattern, or for all (API-2).
    /// Returns what nothing supports any more.
    ///
    /// The pattern is taken as it stands: `*.cilium.io.` with a final dot, as all names have one.
    ///
    /// # Errors
    ///
    /// The pattern is invalid; nothing is removed.
    pub fn flush(
        &mut self,
        pattern: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<NameChange>, Error> {
        let filter = NameFilter::new(pattern, self.config.dialect)?;
        let matches = |name: &str| filter.matches(name);
        for endpoint in self.endpoints.values_mut() {
            endpoint.history.flush(now, &matches);
            endpoint.zombies.flush(&matches);
        }
        let affected = self.cache.names().filter(|name| matches(name)).cloned().collect();
        Ok(self.settle(affected))
    }

    /// Learns what was known before any endpoint asked (RST-2). It belongs to no endpoint, and
    /// goes when something expires for the same name.
    pub fn preload(&mut self, lookups: &[Lookup]) -> Vec<NameChange> {
        let mut changes = Vec::new();
        for lookup in lookups {
            let Some(name) = self.shared(&canonical(&lookup.fqdn)) else { continue };
            let limit = self.config.max_addresses_per_name.max(1);
            let free = limit.saturating_sub(self.cache.addresses_of(&name).count());
            let addresses = lookup.ips.iter().copied().take(free);
            let labels = || self.selectors.labels_of(&name);
            changes.extend(self.cache.insert(&name, addresses, None, labels));
        }
        net(changes)
    }

    /// Returns what the endpoints know, to be kept over a restart (RST-1).
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let endpoints = self.endpoints.iter().filter(|(_, endpoint)| !endpoint.is_empty());
        let endpoints = endpoints.map(|(&id, endpoint)| (id, EndpointSnapshot::of(endpoint)));
        Snapshot { endpoints: endpoints.collect() }
    }

    /// Learns what was kept, in addition to what is known (RST-2). Limits hold; what has expired
    /// meanwhile stays until two runs of connection tracking's garbage collection have found no
    /// connection (ZMB-10).
    pub fn restore(&mut self, snapshot: &Snapshot, now: Timestamp) -> Vec<NameChange> {
        let mut changes = Vec::new();
        for (&id, kept) in &snapshot.endpoints {
            changes.extend(self.restore_endpoint(id, kept, now));
        }
        net(changes)
    }

    fn restore_endpoint(
        &mut self,
        id: u32,
        kept: &EndpointSnapshot,
        now: Timestamp,
    ) -> Vec<NameChange> {
        let mut state = self.endpoints.remove(&id).unwrap_or_default();
        let around = Surroundings { config: &self.config, runs: &self.runs, now };
        let name = |text: &str| self.shared(&canonical(text));
        let mut affected = Vec::new();
        for (&address, zombie) in &kept.zombies.deletes {
            for name in zombie.names.iter().filter_map(|text| name(text)) {
                affected.extend(state.restore_zombie(&name, address, zombie, around));
            }
        }
        for lookup in &kept.history {
            if let Some(name) = name(&lookup.fqdn) {
                affected.extend(state.restore_lookup(&name, &lookup.ips, lookup.life(), around));
            }
        }
        affected.extend(state.expire(around));
        let mut changes = Vec::new();
        for name in state.names() {
            let labels = || self.selectors.labels_of(name);
            changes.extend(self.cache.insert(name, state.addresses(name), Some(id), labels));
        }
        self.endpoints.insert(id, state);
        changes.extend(self.settle(affected));
        changes
    }

    /// Tells whether a name is known to have an address, as [`NameIndex::binds`] does.
    #[must_use]
    pub fn binds(&self, name: &str, address: IpAddr) -> bool {
        self.index().binds(name, &address)
    }

    /// Returns the names of all addresses.
    #[must_use]
    pub fn index(&self) -> &NameIndex {
        self.cache.index()
    }

    /// Returns the addresses of a name, in order. Case and a final dot do not matter.
    pub fn addresses(&self, name: &str) -> impl Iterator<Item = IpAddr> {
        self.cache.addresses_of(&canonical(name))
    }

    /// Returns the names of an address, in order.
    pub fn names(&self, address: IpAddr) -> impl Iterator<Item = &str> {
        self.index().names(&address)
    }

    /// Returns the registered selectors, in order, with what they are compiled to (API-3).
    pub fn selectors(&self) -> impl Iterator<Item = (&FqdnSelector, &NameMatcher)> {
        self.selectors.iter()
    }

    /// Lists what is known (API-1): by endpoint, then by name, answers before connections.
    ///
    /// # Errors
    ///
    /// The pattern is invalid.
    pub fn lookups(&self, filter: &LookupFilter<'_>) -> Result<Vec<LookupRow>, Error> {
        let names = NameFilter::new(filter.pattern, self.config.dialect)?;
        let grace = self.config.idle_grace;
        let rows = self
            .endpoints
            .iter()
            .flat_map(|(&id, state)| LookupRow::of(id, state, &self.runs, grace));
        Ok(rows.filter(|row| filter.wants(row) && names.matches(&row.lookup.fqdn)).collect())
    }

    /// Returns how much is kept. The cost grows with the number of endpoints.
    #[must_use]
    pub fn stats(&self) -> NameStats {
        NameStats {
            names: self.cache.n_names(),
            addresses: self.cache.n_addresses(),
            zombies: self.endpoints.values().map(|endpoint| endpoint.zombies.len()).sum(),
            endpoints: self.endpoints.len(),
        }
    }

    /// Returns a canonical name as others know it already, or `None` if it is too long.
    fn shared(&self, name: &str) -> Option<Arc<str>> {
        let known = || self.cache.shared(name).cloned().unwrap_or_else(|| name.into());
        (name.len() <= MAX_NAME_LEN).then(known)
    }

    /// Sets the labels of the names that a selector matches, which came or went.
    fn relabel(&mut self, selector: &FqdnSelector, matcher: &NameMatcher) -> Vec<NameChange> {
        let names: Vec<Arc<str>> = match exact_name(selector) {
            Some(name) => self.cache.shared(&name).cloned().into_iter().collect(),
            None => {
                let names = self.cache.names().filter(|name| matcher.is_match(&***name));
                let mut names: Vec<_> = names.cloned().collect();
                names.sort_unstable();
                names
            }
        };
        let mut changes = Vec::new();
        for name in names {
            let labels = self.selectors.labels_of(&name);
            changes.extend(self.cache.relabel(&name, labels));
        }
        changes
    }

    /// Forgets the addresses of these names that no endpoint supports.
    fn settle(&mut self, mut names: Vec<Arc<str>>) -> Vec<NameChange> {
        let Self { cache, endpoints, .. } = self;
        names.sort_unstable();
        names.dedup();
        let settle = |name: &Arc<str>| {
            let mentions = |id| endpoints.get(&id).is_some_and(|state| state.mentions(name));
            let holds =
                |id, address| endpoints.get(&id).is_some_and(|state| state.holds(name, address));
            cache.settle(name, mentions, holds)
        };
        names.iter().flat_map(settle).collect()
    }
}

/// Returns changes in order, without those that take each other back: of the changes about the same
/// name and address each undoes the one before.
fn net(mut changes: Vec<NameChange>) -> Vec<NameChange> {
    changes.sort_by(|one, other| (&one.name, one.address).cmp(&(&other.name, other.address)));
    let same = |one: &NameChange, other: &NameChange| {
        (&one.name, one.address) == (&other.name, other.address)
    };
    let last = changes.chunk_by(same).filter(|chunk| chunk.len() % 2 == 1).filter_map(<[_]>::last);
    last.cloned().collect()
}

/// Returns the canonical form of a name.
fn canonical(name: &str) -> Cow<'_, str> {
    let is_final = name.ends_with('.') && !name.ends_with("\\.");
    if is_final && !name.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(canonical_name(name))
    }
}
