//! Settings and limits.

use std::time::Duration;

use netpol_l7::PatternDialect;

/// Settings of a [`NameManager`](super::NameManager) (FQO), and how much it keeps.
///
/// # Examples
///
/// ```
/// use netpol_policy::fqdn::FqdnConfig;
///
/// let mut config = FqdnConfig::default();
/// assert_eq!(config.max_addresses_per_name, 1000);
/// config.max_names_per_endpoint = 100;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FqdnConfig {
    /// The shortest time to live; shorter ones are raised to it (LRN-6). Default zero.
    pub min_ttl: Duration,
    /// How many addresses of one name an endpoint's history keeps, at least one. Of a longer answer
    /// only the first ones are learnt. As many may follow as zombies (CCH-6, ZMB-6), between two
    /// runs of [`expire`](super::NameManager::expire) twice as many. Default 1000.
    pub max_addresses_per_name: usize,
    /// How many names an endpoint's history keeps, at least one (FQQ-7). Default 10,000.
    pub max_names_per_endpoint: usize,
    /// How many addresses an endpoint's history keeps, each counted once for each of its names.
    /// As many may follow as zombies, between two runs twice as many. Default 50,000.
    pub max_addresses_per_endpoint: usize,
    /// How many zombies an endpoint has, each address counted once (ZMB-6), between two runs
    /// twice as many; zero means none at all. Default 10,000.
    pub max_deferred_deletes: usize,
    /// For how long an address stays after its connection was last seen (ZMB-3, ZMB-4). Default
    /// zero.
    pub idle_grace: Duration,
    /// What runs of stars in patterns mean. Default [`PatternDialect::Release`].
    pub dialect: PatternDialect,
}

impl Default for FqdnConfig {
    fn default() -> Self {
        Self {
            min_ttl: Duration::ZERO,
            max_addresses_per_name: 1000,
            max_names_per_endpoint: 10_000,
            max_addresses_per_endpoint: 50_000,
            max_deferred_deletes: 10_000,
            idle_grace: Duration::ZERO,
            dialect: PatternDialect::default(),
        }
    }
}
