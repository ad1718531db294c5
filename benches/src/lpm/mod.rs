//! One trait over all longest-prefix tables, and what each of them costs.

mod bars;
mod compare;
#[cfg(feature = "dpdk")]
mod dpdk;
mod hashes;
mod ours;
mod peers;
mod row;
mod updates;

use std::net::{Ipv4Addr, Ipv6Addr};

pub use compare::compare;
pub use ours::{Netpol, NetpolBatch};
pub use peers::PrefixTrie;
pub use row::{Kind, Row};
pub use updates::Update;

use crate::input::{Addr, Input};

/// A longest-prefix table of one family. Values are 1 and more; 0 is what is not found.
pub trait Table<A: Addr>: Sized {
    /// What it is called in reports.
    const NAME: &'static str;
    /// What its [`Table::sum`] is made of.
    const KIND: Kind = Kind::Single;

    /// Returns the table of these prefixes; `None` if it cannot hold them, or not within minutes.
    fn build(prefixes: &[(A, u8, u32)]) -> Option<Self>;

    /// Returns the value of the longest prefix of an address.
    fn lookup(&self, addr: A) -> u32;

    /// Returns the sum of the values of many addresses, found by the call for many where there
    /// is one.
    fn sum(&self, addrs: &[A]) -> u64 {
        addrs.iter().map(|addr| u64::from(self.lookup(*addr))).sum()
    }

    /// Returns the bytes that Rust's allocator knows nothing of.
    fn foreign_bytes(&self) -> usize {
        0
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

/// Makes a table of one library and measures its making; `None` if it cannot hold the prefixes.
pub type Contender<A> = fn(&Input<A>) -> Option<Row<A>>;

/// A family whose tables are compared.
pub trait Contest: Addr {
    /// The table of the crate `prefix-trie`.
    type PrefixTrie: Update<Self>;

    /// Returns all libraries, ours first.
    fn contenders() -> Vec<Contender<Self>>;
}

impl Contest for Ipv4Addr {
    type PrefixTrie = PrefixTrie<u32>;

    fn contenders() -> Vec<Contender<Self>> {
        vec![
            Row::new::<NetpolBatch>,
            Row::new::<Netpol>,
            Row::new::<PrefixTrie<u32>>,
            Row::new::<peers::TreeBitmap>,
            Row::new::<peers::IpTrie<iptrie::Ipv4Prefix>>,
            Row::new::<peers::PopTrie<(Self, u8)>>,
            Row::new::<hashes::PerLength<Self, hashes::Std>>,
            Row::new::<hashes::PerLength<Self, hashes::Fold>>,
            #[cfg(feature = "dpdk")]
            Row::new::<dpdk::Fib<false>>,
            #[cfg(feature = "dpdk")]
            Row::new::<dpdk::Fib<true>>,
            #[cfg(feature = "dpdk")]
            Row::new::<dpdk::Lpm>,
        ]
    }
}

impl Contest for Ipv6Addr {
    type PrefixTrie = PrefixTrie<u128>;

    fn contenders() -> Vec<Contender<Self>> {
        vec![
            Row::new::<NetpolBatch>,
            Row::new::<Netpol>,
            Row::new::<PrefixTrie<u128>>,
            Row::new::<peers::TreeBitmap>,
            Row::new::<peers::IpTrie<iptrie::Ipv6Prefix>>,
            Row::new::<peers::PopTrie<(Self, u8)>>,
            Row::new::<hashes::PerLength<Self, hashes::Std>>,
            Row::new::<hashes::PerLength<Self, hashes::Fold>>,
            #[cfg(feature = "dpdk")]
            Row::new::<dpdk::Fib<false>>,
            #[cfg(feature = "dpdk")]
            Row::new::<dpdk::Fib<true>>,
            #[cfg(feature = "dpdk")]
            Row::new::<dpdk::Lpm>,
        ]
    }
}

/// How many addresses are given to a call for many.
const BATCH: usize = 256;

/// Returns the sum of what `lookup` writes for chunks of addresses.
fn sum_of_batches<A, V: Copy + Default>(
    addrs: &[A],
    number: impl Fn(V) -> u64,
    mut lookup: impl FnMut(&[A], &mut [V; BATCH]),
) -> u64 {
    let mut values = [V::default(); BATCH];
    let mut sum = 0;
    for chunk in addrs.chunks(BATCH) {
        lookup(chunk, &mut values);
        sum += values.iter().take(chunk.len()).map(|value| number(*value)).sum::<u64>();
    }
    sum
}
