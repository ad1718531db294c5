//! Tests: a file for each group of rules, and a slow model that everything is compared with.

mod caches;
mod examples;
mod expiry;
mod learning;
mod limits;
mod listing;
#[cfg(feature = "dns-wire")]
mod messages;
mod model;
mod restart;
mod selecting;
mod times;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::*;
use crate::rule::FqdnSelector;

/// What the ipcache was told: the labels of each name's addresses.
type Told = BTreeMap<(String, IpAddr), Vec<String>>;

/// A manager, and what it has said so far.
struct World {
    names: NameManager,
    told: Told,
}

impl World {
    fn new() -> Self {
        Self::with(FqdnConfig::default())
    }

    fn with(config: FqdnConfig) -> Self {
        Self { names: NameManager::new(config), told: Told::new() }
    }

    /// Takes changes, each of which has to change something, and returns how many there were.
    fn take(&mut self, changes: Vec<NameChange>) -> usize {
        let order = |change: &NameChange| (change.name.clone(), change.address);
        assert!(changes.is_sorted_by(|one, other| order(one) < order(other)), "{changes:?}");
        let count = changes.len();
        for NameChange { name, address, labels } in changes {
            let key = (name.to_string(), address);
            match labels {
                Some(labels) => {
                    let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
                    assert!(!labels.is_empty());
                    assert_ne!(self.told.insert(key, labels.clone()), Some(labels));
                }
                None => assert!(self.told.remove(&key).is_some(), "{key:?} was never said"),
            }
        }
        count
    }

    fn register(&mut self, selector: &FqdnSelector) -> usize {
        let changes = self.names.register(selector).unwrap();
        self.take(changes)
    }

    fn unregister(&mut self, selector: &FqdnSelector) -> usize {
        let changes = self.names.unregister(selector);
        self.take(changes)
    }

    fn learn(
        &mut self,
        endpoint: u32,
        name: &str,
        addresses: &[&str],
        ttl: u32,
        now: u64,
    ) -> usize {
        let answer = DnsAnswer::new(name, addresses.iter().copied().map(ip), ttl);
        let changes = self.names.learn(endpoint, &answer, at(now));
        self.take(changes)
    }

    fn expire(&mut self, now: u64) -> usize {
        let changes = self.names.expire(at(now));
        self.take(changes)
    }

    fn flush(&mut self, pattern: Option<&str>, now: u64) -> usize {
        let changes = self.names.flush(pattern, at(now)).unwrap();
        self.take(changes)
    }

    /// Ends whatever has expired and has no connection, with the two runs that it takes.
    fn expire_unused(&mut self, now: u64) -> usize {
        let count = self.expire(now);
        self.names.conntrack_gc_done(at(now + 1));
        self.names.conntrack_gc_done(at(now + 2));
        count + self.expire(now + 2)
    }

    fn addresses(&self, name: &str) -> Vec<String> {
        self.names.addresses(name).map(|address| address.to_string()).collect()
    }

    /// Returns the labels that an address has because of all its names.
    fn labels(&self, address: &str) -> Vec<String> {
        let of_address = self.told.iter().filter(|((_, other), _)| *other == ip(address));
        let mut labels: Vec<String> = of_address.flat_map(|(_, labels)| labels.clone()).collect();
        labels.sort();
        labels.dedup();
        labels
    }

    /// Returns `address until` for what an endpoint's history has about a name.
    fn history(&self, endpoint: u32, name: &str) -> Vec<String> {
        let filter = LookupFilter {
            endpoint: Some(endpoint),
            source: Some(LookupSource::Lookup),
            pattern: Some(name),
            ..LookupFilter::default()
        };
        let rows = self.names.lookups(&filter).unwrap();
        let mut entries: Vec<String> = Vec::new();
        for LookupRow { lookup, .. } in rows {
            let until = lookup.expiration_time.as_unix_secs();
            entries.extend(lookup.ips.iter().map(|ip| format!("{ip} {until}")));
        }
        entries.sort();
        entries
    }

    fn zombies(&self, endpoint: u32) -> BTreeMap<IpAddr, ZombieRecord> {
        let snapshot = self.names.snapshot();
        let endpoint = snapshot.endpoints.get(&endpoint).cloned();
        endpoint.map(|endpoint| endpoint.zombies.deletes).unwrap_or_default()
    }

    fn is_zombie(&self, endpoint: u32, address: &str) -> bool {
        self.zombies(endpoint).contains_key(&ip(address))
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn at(secs: u64) -> Timestamp {
    Timestamp::from_unix_secs(secs)
}

fn name(text: &str) -> FqdnSelector {
    FqdnSelector { match_name: Some(text.into()), match_pattern: None }
}

fn pattern(text: &str) -> FqdnSelector {
    FqdnSelector { match_name: None, match_pattern: Some(text.into()) }
}

/// Settings to change.
fn settings() -> FqdnConfig {
    FqdnConfig::default()
}

/// Settings with a small limit of addresses of one name.
fn at_most(max_addresses_per_name: usize) -> FqdnConfig {
    FqdnConfig { max_addresses_per_name, ..FqdnConfig::default() }
}

/// The n-th address of a big block.
fn nth(n: u32) -> IpAddr {
    IpAddr::from(std::net::Ipv4Addr::from_bits(0x0a00_0000 + n))
}
