//! Names: learning addresses from DNS answers (spec `fqdn`).
//!
//! [`NameManager`] keeps what the endpoints of a node were told by DNS, and says which addresses
//! carry the labels of which `toFQDNs` selectors. It asks nobody, opens no socket and reads no
//! clock: answers, selectors and times come from the caller, and what follows goes back as
//! [`NameChange`]s, which are for the metadata of prefixes
//! ([`PrefixMetadata`](crate::ipcache::PrefixMetadata)).
//!
//! ```text
//! DnsAnswer -learn-> history of the endpoint -expire-> zombies -expire-> gone
//!                            \________________________/
//!                                        |  union over all endpoints
//!                            names and addresses of the node  x  selectors
//!                                        |
//!                                   NameChange
//! ```
//!
//! An address is learnt for the whole node, not for the endpoint that asked (SID-6). It stays
//! while its time to live runs, then as a *zombie* while a connection to it exists (ZMB).
//!
//! # Limits
//!
//! Whoever controls a DNS server that policy allows controls what is in its answers. Memory is
//! bounded per endpoint by [`FqdnConfig`]: names, addresses of one name, addresses of all names,
//! zombies. The limits hold as soon as an answer is learnt (FQQ-7). What is over a limit leaves
//! in a fixed order, what expires first first. A name longer than 255 bytes is not learnt. The node
//! keeps no more than its endpoints do, and what [`NameManager::preload`] was given.
//! With the default limits an endpoint that asks for 10,000 names with three addresses each takes
//! about 9 MiB, and one that is flooded with the longest names at most 80 MiB.
//!
//! The cost of an answer does not grow with the number of selectors or of names. That of a new
//! selector grows with the number of names if it has a star (SLC-4).

mod answer;
mod cache;
mod change;
mod config;
mod conntrack;
mod endpoint;
mod filter;
mod history;
mod lookup;
mod manager;
#[cfg(feature = "dns-wire")]
mod message;
mod name_index;
mod selectors;
mod small_set;
mod snapshot;
#[cfg(test)]
mod tests;
mod timestamp;
mod zombies;

pub use answer::DnsAnswer;
pub use change::NameChange;
pub use config::FqdnConfig;
pub use lookup::{Lookup, LookupFilter, LookupRow, LookupSource};
pub use manager::{NameManager, NameStats};
#[cfg(feature = "dns-wire")]
pub use message::MessageError;
pub use name_index::NameIndex;
pub use selectors::preallocated_identities;
pub use snapshot::{EndpointSnapshot, Snapshot, SnapshotError, ZombieRecord, ZombieSnapshot};
pub use timestamp::{ParseTimestampError, Timestamp};

/// A hash table with a seed of its own, as its keys come from DNS servers.
type Map<K, V> = hashbrown::HashMap<K, V, foldhash::fast::RandomState>;

/// A hash set with a seed of its own.
type Set<K> = hashbrown::HashSet<K, foldhash::fast::RandomState>;

/// Gives memory back that a table has not used since it was much larger.
fn shrink<K: std::hash::Hash + Eq, V>(map: &mut Map<K, V>) {
    if map.len() < map.capacity() / 4 {
        map.shrink_to(map.len() * 2);
    }
}

/// The longest name that is learnt, in bytes. A name of a DNS message is longer only if bytes of it
/// are escaped, and then no selector of `toFQDNs` matches it (DNS-2).
const MAX_NAME_LEN: usize = 255;
