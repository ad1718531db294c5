//! What changing a table costs.

use std::collections::VecDeque;
use std::time::Instant;

use super::{Netpol, Table};
use crate::input::{Addr, Input};

/// How many prefixes are removed and inserted again.
const UPDATES: usize = 2000;
/// How many snapshots are kept.
const SNAPSHOTS: usize = 64;

/// A table that can be changed. Both functions return the value that was there.
pub trait Update<A: Addr>: Table<A> {
    /// Puts a value at a prefix.
    fn insert(&mut self, addr: A, len: u8, value: u32) -> Option<u32>;
    /// Removes a prefix.
    fn remove(&mut self, addr: A, len: u8) -> Option<u32>;
}

/// Returns what each step takes in netpol's table, with a snapshot taken before each and the last
/// 64 of them kept, and the bytes of the table with its snapshots.
pub(super) fn with_snapshots<A: Addr>(input: &Input<A>) -> (Vec<f64>, usize)
where
    Netpol: Update<A>,
{
    // As it has grown, not compact.
    let entries = input.prefixes.iter().map(|(addr, len, value)| (addr.prefix(*len), *value));
    let mut table = Netpol(entries.collect());
    let mut snapshots = VecDeque::new();
    let times = steps(&mut table, input, |table| {
        snapshots.push_back(table.0.clone());
        if snapshots.len() > SNAPSHOTS {
            snapshots.pop_front();
        }
    });
    (times, table.0.memory_usage())
}

/// Returns what each step takes in another table, without snapshots.
pub(super) fn in_place<A: Addr, T: Update<A>>(input: &Input<A>) -> Vec<f64> {
    T::build(&input.prefixes).map_or_else(Vec::new, |mut table| steps(&mut table, input, |_| {}))
}

/// Removes prefixes and inserts each again; returns the wall time of each step in nanoseconds.
fn steps<A: Addr, T: Update<A>>(
    table: &mut T,
    input: &Input<A>,
    mut before: impl FnMut(&T),
) -> Vec<f64> {
    let mut times = Vec::new();
    let mut step = |change: &dyn Fn(&mut T) -> Option<u32>| {
        before(table);
        let start = Instant::now();
        let old = change(table);
        times.push(start.elapsed().as_nanos() as f64);
        old
    };
    for (addr, len, value) in input.prefixes.iter().take(UPDATES) {
        assert_eq!(step(&|table| table.remove(*addr, *len)), Some(*value));
        assert_eq!(step(&|table| table.insert(*addr, *len, *value)), None);
    }
    times
}
