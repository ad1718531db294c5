//! What is known, as it is listed and kept.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use netpol_core::Prefix;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::conntrack::ConntrackRuns;
use super::endpoint::Endpoint;
use super::history::{Entry, Life};
use super::zombies::Zombie;

/// Addresses of one name that were learnt together, in the form in which Cilium keeps them (CCH-7).
///
/// # Examples
///
/// ```
/// use netpol_policy::fqdn::Lookup;
///
/// let lookup: Lookup = serde_json::from_str(r#"{"fqdn":"a.example.","lookup-time":
///     "2026-01-02T03:04:05Z","expiration-time":"2026-01-02T03:04:35Z","ttl":30,"ips":["192.0.2.1"]}"#)?;
/// assert_eq!(lookup.ips, ["192.0.2.1".parse::<std::net::IpAddr>().unwrap()]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Lookup {
    /// The name.
    pub fqdn: String,
    /// When the answer came.
    pub lookup_time: Timestamp,
    /// Until when it counts. This counts where `ttl` says something else.
    pub expiration_time: Timestamp,
    /// For how long, in seconds.
    #[serde(default)]
    pub ttl: u64,
    /// The addresses, in order.
    #[serde(default)]
    pub ips: Vec<IpAddr>,
}

/// A row of a listing (API-1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LookupRow {
    /// What is known. Of an address with a connection, the lookup time is when the connection was
    /// last seen, and the expiration time is when connection tracking is expected to be cleaned
    /// up again.
    #[serde(flatten)]
    pub lookup: Lookup,
    /// The endpoint because of which it is known.
    pub endpoint_id: u32,
    /// Why it is known.
    pub source: LookupSource,
}

/// Why an address is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LookupSource {
    /// An answer, whose time is not over or has not been seen to be over.
    Lookup,
    /// A connection that may still exist.
    Connection,
}

/// What to list; the default is everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LookupFilter<'a> {
    /// Only what is known because of this endpoint.
    pub endpoint: Option<u32>,
    /// Only rows with an address inside.
    pub prefix: Option<Prefix>,
    /// Only names that match this pattern, which is taken as it stands: it has to end in a dot,
    /// like all names, or to be `*`.
    pub pattern: Option<&'a str>,
    /// Only what is known for this reason.
    pub source: Option<LookupSource>,
}

impl Lookup {
    /// Returns what is known about a name: one for each time that something was learnt, in order.
    pub(super) fn of(name: &str, entries: &[Entry]) -> impl Iterator<Item = Self> + use<> {
        let mut by_life: BTreeMap<Life, Vec<IpAddr>> = BTreeMap::new();
        for Entry { address, life } in entries {
            by_life.entry(*life).or_default().push(*address);
        }
        let fqdn = name.to_owned();
        by_life.into_iter().map(move |(Life { lookup, expiration }, ips)| Self {
            fqdn: fqdn.clone(),
            lookup_time: lookup,
            expiration_time: expiration,
            ttl: expiration.saturating_since(lookup).as_secs(),
            ips,
        })
    }

    /// Returns an address that may have a connection, once for each of its names.
    fn of_zombie(
        ip: IpAddr,
        zombie: &Zombie,
        expiration_time: Timestamp,
    ) -> impl Iterator<Item = Self> {
        zombie.names.iter().map(move |name| Self {
            fqdn: (**name).to_owned(),
            lookup_time: zombie.alive_at,
            expiration_time,
            ttl: 0,
            ips: vec![ip],
        })
    }

    pub(super) fn life(&self) -> Life {
        Life { lookup: self.lookup_time, expiration: self.expiration_time }
    }
}

impl LookupRow {
    /// Returns all that is known because of an endpoint, in order.
    pub(super) fn of(
        endpoint_id: u32,
        endpoint: &Endpoint,
        runs: &ConntrackRuns,
        grace: Duration,
    ) -> Vec<Self> {
        let row = |source| move |lookup| Self { lookup, endpoint_id, source };
        let answers = endpoint.history.iter().flat_map(|(name, entries)| Lookup::of(name, entries));
        let connections = endpoint.zombies.alive(runs, grace);
        let expected = runs.expected();
        let connections =
            connections.flat_map(|(ip, zombie)| Lookup::of_zombie(ip, zombie, expected));
        let answers = answers.map(row(LookupSource::Lookup));
        let mut rows: Vec<_> =
            answers.chain(connections.map(row(LookupSource::Connection))).collect();
        rows.sort_by(Self::compare);
        rows
    }

    /// Orders the rows of one endpoint.
    fn compare(&self, other: &Self) -> Ordering {
        let key = |row: &Self| (row.source, row.lookup.lookup_time, row.lookup.expiration_time);
        let ips = || self.lookup.ips.cmp(&other.lookup.ips);
        self.lookup.fqdn.cmp(&other.lookup.fqdn).then(key(self).cmp(&key(other))).then_with(ips)
    }
}

impl LookupFilter<'_> {
    /// Tells whether a row is asked for; its name is left to others.
    pub(super) fn wants(&self, row: &LookupRow) -> bool {
        let Self { endpoint, prefix, pattern: _, source } = self;
        let inside = |prefix: &Prefix| row.lookup.ips.iter().any(|ip| prefix.contains(*ip));
        endpoint.is_none_or(|endpoint| endpoint == row.endpoint_id)
            && source.is_none_or(|source| source == row.source)
            && prefix.as_ref().is_none_or(inside)
    }
}
