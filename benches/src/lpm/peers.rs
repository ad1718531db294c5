//! The crates measured beside ours.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Table, Update};
use crate::input::Addr;

/// The crate `prefix-trie`.
pub struct PrefixTrie<K>(pub prefix_trie::PrefixMap<(K, u8), u32>)
where
    (K, u8): prefix_trie::Prefix;

impl Table<Ipv4Addr> for PrefixTrie<u32> {
    const NAME: &'static str = "prefix-trie";

    fn build(prefixes: &[(Ipv4Addr, u8, u32)]) -> Option<Self> {
        let entries = prefixes.iter().map(|(addr, len, value)| ((addr.to_bits(), *len), *value));
        Some(Self(entries.collect()))
    }

    fn lookup(&self, addr: Ipv4Addr) -> u32 {
        self.0.get_lpm(&(addr.to_bits(), 32)).map_or(0, |(_, value)| *value)
    }
}

impl Table<Ipv6Addr> for PrefixTrie<u128> {
    const NAME: &'static str = "prefix-trie";

    fn build(prefixes: &[(Ipv6Addr, u8, u32)]) -> Option<Self> {
        let entries = prefixes.iter().map(|(addr, len, value)| ((addr.to_bits(), *len), *value));
        Some(Self(entries.collect()))
    }

    fn lookup(&self, addr: Ipv6Addr) -> u32 {
        self.0.get_lpm(&(addr.to_bits(), 128)).map_or(0, |(_, value)| *value)
    }
}

impl Update<Ipv4Addr> for PrefixTrie<u32> {
    fn insert(&mut self, addr: Ipv4Addr, len: u8, value: u32) -> Option<u32> {
        self.0.insert((addr.to_bits(), len), value)
    }

    fn remove(&mut self, addr: Ipv4Addr, len: u8) -> Option<u32> {
        self.0.remove(&(addr.to_bits(), len))
    }
}

impl Update<Ipv6Addr> for PrefixTrie<u128> {
    fn insert(&mut self, addr: Ipv6Addr, len: u8, value: u32) -> Option<u32> {
        self.0.insert((addr.to_bits(), len), value)
    }

    fn remove(&mut self, addr: Ipv6Addr, len: u8) -> Option<u32> {
        self.0.remove(&(addr.to_bits(), len))
    }
}

/// The crate `ip_network_table`: a tree bitmap.
pub(super) struct TreeBitmap(ip_network_table::IpNetworkTable<u32>);

impl TreeBitmap {
    fn new<A: Addr>(prefixes: &[(A, u8, u32)]) -> Self {
        let mut table = ip_network_table::IpNetworkTable::new();
        for (addr, len, value) in prefixes {
            let prefix = addr.prefix(*len);
            if let Ok(network) = ip_network::IpNetwork::new(prefix.addr(), *len) {
                table.insert(network, *value);
            }
        }
        Self(table)
    }
}

impl Table<Ipv4Addr> for TreeBitmap {
    const NAME: &'static str = "ip_network_table";

    fn build(prefixes: &[(Ipv4Addr, u8, u32)]) -> Option<Self> {
        Some(Self::new(prefixes))
    }

    fn lookup(&self, addr: Ipv4Addr) -> u32 {
        self.0.longest_match_ipv4(addr).map_or(0, |(_, value)| *value)
    }
}

impl Table<Ipv6Addr> for TreeBitmap {
    const NAME: &'static str = "ip_network_table";

    fn build(prefixes: &[(Ipv6Addr, u8, u32)]) -> Option<Self> {
        Some(Self::new(prefixes))
    }

    fn lookup(&self, addr: Ipv6Addr) -> u32 {
        self.0.longest_match_ipv6(addr).map_or(0, |(_, value)| *value)
    }
}

/// The crate `iptrie`, in its compressed form, which cannot be updated.
pub(super) struct IpTrie<P: iptrie::IpPrefix>(iptrie::map::LCTrieMap<P, u32>);

impl Table<Ipv4Addr> for IpTrie<iptrie::Ipv4Prefix> {
    const NAME: &'static str = "iptrie, read-only";

    fn build(prefixes: &[(Ipv4Addr, u8, u32)]) -> Option<Self> {
        let mut map = iptrie::map::RTrieMap::with_root(0);
        for (addr, len, value) in prefixes {
            if let Ok(prefix) = iptrie::Ipv4Prefix::new(*addr, *len) {
                map.insert(prefix, *value);
            }
        }
        Some(Self(map.compress()))
    }

    fn lookup(&self, addr: Ipv4Addr) -> u32 {
        *self.0.lookup(&addr).1
    }
}

impl Table<Ipv6Addr> for IpTrie<iptrie::Ipv6Prefix> {
    const NAME: &'static str = "iptrie, read-only";

    fn build(prefixes: &[(Ipv6Addr, u8, u32)]) -> Option<Self> {
        let mut map = iptrie::map::RTrieMap::with_root(0);
        for (addr, len, value) in prefixes {
            if let Ok(prefix) = iptrie::Ipv6Prefix::new(*addr, *len) {
                map.insert(prefix, *value);
            }
        }
        Some(Self(map.compress()))
    }

    fn lookup(&self, addr: Ipv6Addr) -> u32 {
        *self.0.lookup(&addr).1
    }
}

/// The crate `poptrie`.
pub(super) struct PopTrie<P: poptrie::Prefix>(poptrie::Poptrie<P, u32>);

impl Table<Ipv4Addr> for PopTrie<(Ipv4Addr, u8)> {
    const NAME: &'static str = "poptrie";

    fn build(prefixes: &[(Ipv4Addr, u8, u32)]) -> Option<Self> {
        Some(Self(prefixes.iter().map(|(addr, len, value)| ((*addr, *len), *value)).collect()))
    }

    fn lookup(&self, addr: Ipv4Addr) -> u32 {
        self.0.lookup(addr).copied().unwrap_or(0)
    }
}

impl Table<Ipv6Addr> for PopTrie<(Ipv6Addr, u8)> {
    const NAME: &'static str = "poptrie";

    fn build(prefixes: &[(Ipv6Addr, u8, u32)]) -> Option<Self> {
        Some(Self(prefixes.iter().map(|(addr, len, value)| ((*addr, *len), *value)).collect()))
    }

    fn lookup(&self, addr: Ipv6Addr) -> u32 {
        self.0.lookup(addr).copied().unwrap_or(0)
    }
}
