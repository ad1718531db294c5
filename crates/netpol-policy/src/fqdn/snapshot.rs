//! What is kept over a restart (RST-1).

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::endpoint::Endpoint;
use super::{Lookup, Timestamp};

/// What the endpoints of a node know, to be kept over a restart.
///
/// # Examples
///
/// ```
/// use netpol_policy::fqdn::{DnsAnswer, FqdnConfig, NameManager, Snapshot, Timestamp};
///
/// let now = Timestamp::from_unix_secs(1_767_323_045);
/// let mut names = NameManager::new(FqdnConfig::default());
/// names.learn(7, &DnsAnswer::new("a.example", ["192.0.2.1".parse()?], 30), now);
/// let text = names.snapshot().to_json();
///
/// let mut names = NameManager::new(FqdnConfig::default());
/// names.restore(&Snapshot::from_json(&text)?, now);
/// assert!(names.binds("a.example", "192.0.2.1".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// By the endpoints' numbers.
    #[serde(default)]
    pub endpoints: BTreeMap<u32, EndpointSnapshot>,
}

/// What one endpoint knows. The fields are called as in Cilium's state files of endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointSnapshot {
    /// Its history (CCH-7).
    #[serde(rename = "DNSHistory", default)]
    pub history: Vec<Lookup>,
    /// Its zombies (ZMB-10).
    #[serde(rename = "DNSZombies", default)]
    pub zombies: ZombieSnapshot,
}

/// Addresses that left an endpoint's history but may still be in use (ZMB-10).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZombieSnapshot {
    /// By address.
    #[serde(default)]
    pub deletes: BTreeMap<IpAddr, ZombieRecord>,
}

/// One address that may still be in use (ZMB-1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ZombieRecord {
    /// The names that it was learnt for, in order.
    #[serde(default)]
    pub names: Vec<String>,
    /// The address once more.
    pub ip: IpAddr,
    /// When its connection was last seen.
    pub alive_at: Timestamp,
    /// When it left the history.
    pub delete_pending_at: Timestamp,
}

impl Snapshot {
    /// Returns the JSON form.
    ///
    /// # Panics
    ///
    /// Never: keys are numbers and addresses, values have a JSON form.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[expect(clippy::expect_used, reason = "writing to memory, and no map has odd keys")]
        serde_json::to_string(self).expect("a snapshot has a JSON form")
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    ///
    /// The text is no JSON, or has another form.
    pub fn from_json(text: &str) -> Result<Self, SnapshotError> {
        serde_json::from_str(text).map_err(|error| SnapshotError { error })
    }
}

impl EndpointSnapshot {
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        let mut history: Vec<_> =
            endpoint.history.iter().flat_map(|(name, entries)| Lookup::of(name, entries)).collect();
        // Sorting is stable: a name's lookups are in order already.
        history.sort_by(|one, other| one.fqdn.cmp(&other.fqdn));
        let zombies = endpoint.zombies.iter().map(|(ip, zombie)| {
            let record = ZombieRecord {
                names: zombie.names.iter().map(|name| (**name).to_owned()).collect(),
                ip,
                alive_at: zombie.alive_at,
                delete_pending_at: zombie.delete_pending_at,
            };
            (ip, record)
        });
        Self { history, zombies: ZombieSnapshot { deletes: zombies.collect() } }
    }
}

/// Why a text is no snapshot.
#[derive(Debug)]
pub struct SnapshotError {
    error: serde_json::Error,
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no snapshot of names: {}", self.error)
    }
}

impl std::error::Error for SnapshotError {}
