//! What netpol's tables must come to beside the others.

use crate::table::Bar::{self, Memory, MiB, Nanoseconds, Speed};

/// Returns what must hold for batches of independent addresses.
pub(super) fn batch(input: &str) -> Vec<Bar> {
    match input {
        "cluster4-1000000" | "bgp4-1000000" => vec![],
        "cluster6-1000000" => vec![MiB(96.0), Speed("prefix-trie", 10.0)],
        _ if is_v4(input) => vec![
            Speed("DPDK fib, scalar", 0.6),
            Speed("DPDK fib, AVX-512", 0.6),
            Memory("DPDK fib, scalar", 1.0 / 15.0),
        ],
        _ if input.starts_with("cluster") => vec![Speed("DPDK fib6, AVX-512", 2.0)],
        _ => vec![Speed("DPDK fib6, AVX-512", 1.0), Memory("DPDK fib6, AVX-512", 1.0 / 20.0)],
    }
}

/// Returns what must hold for addresses that are looked up one by one, and for those that are known
/// only after the last value.
pub(super) fn single(input: &str) -> [Vec<Bar>; 2] {
    let of_v4 = |bar| if is_v4(input) { vec![Speed("prefix-trie", bar)] } else { vec![] };
    [of_v4(2.0), of_v4(1.2)]
}

/// Returns what must hold for one change.
pub(super) fn update(prefixes: usize) -> Vec<Bar> {
    match prefixes {
        100_000 => vec![Nanoseconds(600.0)],
        1_000_000 => vec![Nanoseconds(1000.0)],
        _ => vec![],
    }
}

fn is_v4(input: &str) -> bool {
    input.starts_with("cluster4") || input.starts_with("bgp4")
}
