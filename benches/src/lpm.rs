//! One trait over all longest-prefix tables.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use netpol_core::LpmTable;

use crate::input::Addr;

/// A longest-prefix table of one family. Values are 1 and more; 0 is what is not found.
pub trait Table<A> {
    /// What it is called in reports.
    const NAME: &'static str;

    /// Returns the table of these prefixes.
    fn build(prefixes: &[(A, u8, u32)]) -> Self;

    /// Returns the value of the longest prefix of an address.
    fn lookup(&self, addr: A) -> u32;

    /// Returns the sum of the values of many addresses.
    fn sum(&self, addrs: &[A]) -> u64
    where
        A: Copy,
    {
        addrs.iter().map(|addr| u64::from(self.lookup(*addr))).sum()
    }
}

/// Returns the sum of the values of many addresses, each looked up only when the last value is known.
pub fn dependent_sum<A: Addr, T: Table<A>>(table: &T, addrs: &[A]) -> u64 {
    let mut last = 0;
    let mut sum = 0;
    for addr in addrs {
        // Values are small, so this is the address: but the processor has to wait to see it.
        let addr = A::from_number(addr.number() ^ u128::from(last >> 31));
        last = table.lookup(addr);
        sum += u64::from(last);
    }
    sum
}

/// netpol's table, one address at a time.
pub struct Netpol(pub LpmTable);

/// netpol's table, many addresses at a time.
pub struct NetpolBatch(LpmTable);

fn netpol<A: Addr>(prefixes: &[(A, u8, u32)]) -> LpmTable {
    let entries = prefixes.iter().map(|(addr, len, value)| (addr.prefix(*len), *value));
    let mut table: LpmTable = entries.collect();
    table.compact();
    table
}

impl Table<Ipv4Addr> for Netpol {
    const NAME: &'static str = "netpol";

    fn build(prefixes: &[(Ipv4Addr, u8, u32)]) -> Self {
        Self(netpol(prefixes))
    }

    fn lookup(&self, addr: Ipv4Addr) -> u32 {
        self.0.lookup_v4(addr).unwrap_or(0)
    }
}

impl Table<Ipv6Addr> for Netpol {
    const NAME: &'static str = "netpol";

    fn build(prefixes: &[(Ipv6Addr, u8, u32)]) -> Self {
        Self(netpol(prefixes))
    }

    fn lookup(&self, addr: Ipv6Addr) -> u32 {
        self.0.lookup_v6(addr).unwrap_or(0)
    }
}

/// How many addresses are given to a batch.
const BATCH: usize = 256;

/// Returns the sum of what `lookup` writes for chunks of addresses.
fn sum_of_batches<A>(addrs: &[A], mut lookup: impl FnMut(&[A], &mut [u32])) -> u64 {
    let mut values = [0; BATCH];
    let mut sum = 0;
    for chunk in addrs.chunks(BATCH) {
        lookup(chunk, &mut values);
        sum += values.iter().take(chunk.len()).map(|value| u64::from(*value)).sum::<u64>();
    }
    sum
}

impl Table<Ipv4Addr> for NetpolBatch {
    const NAME: &'static str = "netpol, batch";

    fn build(prefixes: &[(Ipv4Addr, u8, u32)]) -> Self {
        Self(netpol(prefixes))
    }

    fn lookup(&self, addr: Ipv4Addr) -> u32 {
        self.0.lookup_v4(addr).unwrap_or(0)
    }

    fn sum(&self, addrs: &[Ipv4Addr]) -> u64 {
        sum_of_batches(addrs, |addrs, values| self.0.lookup_v4_batch(addrs, 0, values))
    }
}

impl Table<Ipv6Addr> for NetpolBatch {
    const NAME: &'static str = "netpol, batch";

    fn build(prefixes: &[(Ipv6Addr, u8, u32)]) -> Self {
        Self(netpol(prefixes))
    }

    fn lookup(&self, addr: Ipv6Addr) -> u32 {
        self.0.lookup_v6(addr).unwrap_or(0)
    }

    fn sum(&self, addrs: &[Ipv6Addr]) -> u64 {
        sum_of_batches(addrs, |addrs, values| self.0.lookup_v6_batch(addrs, 0, values))
    }
}

/// The crate `prefix-trie`.
pub struct PrefixTrie<K>(pub prefix_trie::PrefixMap<(K, u8), u32>)
where
    (K, u8): prefix_trie::Prefix;

impl Table<Ipv4Addr> for PrefixTrie<u32> {
    const NAME: &'static str = "prefix-trie";

    fn build(prefixes: &[(Ipv4Addr, u8, u32)]) -> Self {
        let entries = prefixes.iter().map(|(addr, len, value)| ((addr.to_bits(), *len), *value));
        Self(entries.collect())
    }

    fn lookup(&self, addr: Ipv4Addr) -> u32 {
        self.0.get_lpm(&(addr.to_bits(), 32)).map_or(0, |(_, value)| *value)
    }
}

impl Table<Ipv6Addr> for PrefixTrie<u128> {
    const NAME: &'static str = "prefix-trie";

    fn build(prefixes: &[(Ipv6Addr, u8, u32)]) -> Self {
        let entries = prefixes.iter().map(|(addr, len, value)| ((addr.to_bits(), *len), *value));
        Self(entries.collect())
    }

    fn lookup(&self, addr: Ipv6Addr) -> u32 {
        self.0.get_lpm(&(addr.to_bits(), 128)).map_or(0, |(_, value)| *value)
    }
}

/// The crate `ip_network_table`: a tree bitmap.
pub struct TreeBitmap(ip_network_table::IpNetworkTable<u32>);

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

    fn build(prefixes: &[(Ipv4Addr, u8, u32)]) -> Self {
        Self::new(prefixes)
    }

    fn lookup(&self, addr: Ipv4Addr) -> u32 {
        self.0.longest_match_ipv4(addr).map_or(0, |(_, value)| *value)
    }
}

impl Table<Ipv6Addr> for TreeBitmap {
    const NAME: &'static str = "ip_network_table";

    fn build(prefixes: &[(Ipv6Addr, u8, u32)]) -> Self {
        Self::new(prefixes)
    }

    fn lookup(&self, addr: Ipv6Addr) -> u32 {
        self.0.longest_match_ipv6(addr).map_or(0, |(_, value)| *value)
    }
}

/// The crate `iptrie`, in its compressed form, which cannot be updated.
pub struct IpTrie<P: iptrie::IpPrefix>(iptrie::map::LCTrieMap<P, u32>);

impl Table<Ipv4Addr> for IpTrie<iptrie::Ipv4Prefix> {
    const NAME: &'static str = "iptrie, read-only";

    fn build(prefixes: &[(Ipv4Addr, u8, u32)]) -> Self {
        let mut map = iptrie::map::RTrieMap::with_root(0);
        for (addr, len, value) in prefixes {
            if let Ok(prefix) = iptrie::Ipv4Prefix::new(*addr, *len) {
                map.insert(prefix, *value);
            }
        }
        Self(map.compress())
    }

    fn lookup(&self, addr: Ipv4Addr) -> u32 {
        *self.0.lookup(&addr).1
    }
}

impl Table<Ipv6Addr> for IpTrie<iptrie::Ipv6Prefix> {
    const NAME: &'static str = "iptrie, read-only";

    fn build(prefixes: &[(Ipv6Addr, u8, u32)]) -> Self {
        let mut map = iptrie::map::RTrieMap::with_root(0);
        for (addr, len, value) in prefixes {
            if let Ok(prefix) = iptrie::Ipv6Prefix::new(*addr, *len) {
                map.insert(prefix, *value);
            }
        }
        Self(map.compress())
    }

    fn lookup(&self, addr: Ipv6Addr) -> u32 {
        *self.0.lookup(&addr).1
    }
}

/// The crate `poptrie`.
pub struct PopTrie<P: poptrie::Prefix>(poptrie::Poptrie<P, u32>);

impl Table<Ipv4Addr> for PopTrie<(Ipv4Addr, u8)> {
    const NAME: &'static str = "poptrie";

    fn build(prefixes: &[(Ipv4Addr, u8, u32)]) -> Self {
        Self(prefixes.iter().map(|(addr, len, value)| ((*addr, *len), *value)).collect())
    }

    fn lookup(&self, addr: Ipv4Addr) -> u32 {
        self.0.lookup(addr).copied().unwrap_or(0)
    }
}

impl Table<Ipv6Addr> for PopTrie<(Ipv6Addr, u8)> {
    const NAME: &'static str = "poptrie";

    fn build(prefixes: &[(Ipv6Addr, u8, u32)]) -> Self {
        Self(prefixes.iter().map(|(addr, len, value)| ((*addr, *len), *value)).collect())
    }

    fn lookup(&self, addr: Ipv6Addr) -> u32 {
        self.0.lookup(addr).copied().unwrap_or(0)
    }
}

/// The standard library's hash table, asked for each length in use.
pub struct PerLength<A> {
    entries: HashMap<(A, u8), u32>,
    // From long to short.
    lens: Vec<u8>,
}

impl<A: Addr> Table<A> for PerLength<A> {
    const NAME: &'static str = "std HashMap";

    fn build(prefixes: &[(A, u8, u32)]) -> Self {
        let mut lens: Vec<u8> = prefixes.iter().map(|(_, len, _)| *len).collect();
        lens.sort_unstable_by(|a, b| b.cmp(a));
        lens.dedup();
        let entries = prefixes.iter().map(|(addr, len, value)| ((*addr, *len), *value));
        Self { entries: entries.collect(), lens }
    }

    fn lookup(&self, addr: A) -> u32 {
        let found = self.lens.iter().find_map(|len| {
            let host = A::BITS - len;
            let network = addr.number().checked_shr(host.into()).map_or(0, |bits| bits << host);
            self.entries.get(&(A::from_number(network), *len))
        });
        found.copied().unwrap_or(0)
    }
}
