//! Hash tables, asked for each length in use.

use std::collections::HashMap;
use std::hash::RandomState;

use super::Table;
use crate::input::Addr;

/// A hash table of (address, length).
pub(super) trait Hashes<A> {
    /// What it is called in reports.
    const NAME: &'static str;
    /// Its entries.
    type Entries: FromIterator<((A, u8), u32)>;
    /// Returns the value at a key.
    fn get(entries: &Self::Entries, key: (A, u8)) -> Option<u32>;
}

/// The standard library's hash table.
pub(super) struct Std;

impl<A: Addr> Hashes<A> for Std {
    const NAME: &'static str = "std HashMap";
    type Entries = HashMap<(A, u8), u32, RandomState>;

    fn get(entries: &Self::Entries, key: (A, u8)) -> Option<u32> {
        entries.get(&key).copied()
    }
}

/// The crate `hashbrown` with the crate `foldhash`.
pub(super) struct Fold;

impl<A: Addr> Hashes<A> for Fold {
    const NAME: &'static str = "hashbrown";
    type Entries = hashbrown::HashMap<(A, u8), u32, foldhash::fast::RandomState>;

    fn get(entries: &Self::Entries, key: (A, u8)) -> Option<u32> {
        entries.get(&key).copied()
    }
}

/// A hash table, asked for each length in use.
pub(super) struct PerLength<A, H: Hashes<A>> {
    entries: H::Entries,
    // From long to short.
    lens: Vec<u8>,
}

impl<A: Addr, H: Hashes<A>> Table<A> for PerLength<A, H> {
    const NAME: &'static str = H::NAME;

    fn build(prefixes: &[(A, u8, u32)]) -> Option<Self> {
        let mut lens: Vec<u8> = prefixes.iter().map(|(_, len, _)| *len).collect();
        lens.sort_unstable_by(|a, b| b.cmp(a));
        lens.dedup();
        let entries = prefixes.iter().map(|(addr, len, value)| ((*addr, *len), *value));
        Some(Self { entries: entries.collect(), lens })
    }

    fn lookup(&self, addr: A) -> u32 {
        let found = self.lens.iter().find_map(|len| {
            let host = A::BITS - len;
            let network = addr.number().checked_shr(host.into()).map_or(0, |bits| bits << host);
            H::get(&self.entries, (A::from_number(network), *len))
        });
        found.unwrap_or(0)
    }
}
