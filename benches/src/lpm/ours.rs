//! netpol's table.

use std::net::{Ipv4Addr, Ipv6Addr};

use netpol_core::LpmTable;

use super::{Kind, Table, Update, sum_of_batches};
use crate::input::Addr;

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

    fn build(prefixes: &[(Ipv4Addr, u8, u32)]) -> Option<Self> {
        Some(Self(netpol(prefixes)))
    }

    fn lookup(&self, addr: Ipv4Addr) -> u32 {
        self.0.lookup_v4(addr).unwrap_or(0)
    }
}

impl Table<Ipv6Addr> for Netpol {
    const NAME: &'static str = "netpol";

    fn build(prefixes: &[(Ipv6Addr, u8, u32)]) -> Option<Self> {
        Some(Self(netpol(prefixes)))
    }

    fn lookup(&self, addr: Ipv6Addr) -> u32 {
        self.0.lookup_v6(addr).unwrap_or(0)
    }
}

impl<A: Addr> Update<A> for Netpol
where
    Self: Table<A>,
{
    fn insert(&mut self, addr: A, len: u8, value: u32) -> Option<u32> {
        self.0.insert(addr.prefix(len), value)
    }

    fn remove(&mut self, addr: A, len: u8) -> Option<u32> {
        self.0.remove(&addr.prefix(len))
    }
}

impl Table<Ipv4Addr> for NetpolBatch {
    const NAME: &'static str = "netpol, batch";
    const KIND: Kind = Kind::Bulk;

    fn build(prefixes: &[(Ipv4Addr, u8, u32)]) -> Option<Self> {
        Some(Self(netpol(prefixes)))
    }

    fn lookup(&self, addr: Ipv4Addr) -> u32 {
        self.0.lookup_v4(addr).unwrap_or(0)
    }

    fn sum(&self, addrs: &[Ipv4Addr]) -> u64 {
        sum_of_batches(addrs, u64::from, |addrs, values| self.0.lookup_v4_batch(addrs, 0, values))
    }
}

impl Table<Ipv6Addr> for NetpolBatch {
    const NAME: &'static str = "netpol, batch";
    const KIND: Kind = Kind::Bulk;

    fn build(prefixes: &[(Ipv6Addr, u8, u32)]) -> Option<Self> {
        Some(Self(netpol(prefixes)))
    }

    fn lookup(&self, addr: Ipv6Addr) -> u32 {
        self.0.lookup_v6(addr).unwrap_or(0)
    }

    fn sum(&self, addrs: &[Ipv6Addr]) -> u64 {
        sum_of_batches(addrs, u64::from, |addrs, values| self.0.lookup_v6_batch(addrs, 0, values))
    }
}
