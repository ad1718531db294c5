//! All libraries beside each other with one table.

use super::updates::{self, Update};
use super::{Contest, Kind, Netpol, Row, bars};
use crate::clock::quantile;
use crate::input::Input;
use crate::table::{Comparison, Entry};

/// Returns what looking up, building and changing a table costs, the libraries taking turns
/// within a pass.
///
/// # Panics
///
/// Panics if two of them find different values.
#[must_use]
pub fn compare<A: Contest>(input: &Input<A>, passes: usize) -> Vec<Comparison>
where
    Netpol: Update<A>,
{
    let rows = measure(input, passes);
    let [batch, single, ..] = rows.as_slice() else { return Vec::new() };
    let name = &input.name;
    let others = || rows.iter().skip(2);
    let [single_bars, dependent_bars] = bars::single(name);
    let build = |row: &Row<A>| Entry::with_bytes(row.name, row.build, row.bytes);
    vec![
        Comparison {
            workload: format!("lpm {name}, independent, batches where there are such"),
            ours: batch.independent(),
            peers: others().map(Row::independent).collect(),
            bars: bars::batch(name),
        },
        Comparison {
            workload: format!("lpm {name}, independent, one by one"),
            ours: single.independent(),
            peers: others().filter(|row| row.kind == Kind::Single).map(Row::independent).collect(),
            bars: single_bars,
        },
        Comparison {
            workload: format!("lpm {name}, dependent"),
            ours: single.dependent(),
            peers: others().map(Row::dependent).collect(),
            bars: dependent_bars,
        },
        Comparison {
            workload: format!("lpm {name}, build, for each prefix"),
            ours: build(single),
            peers: others().map(build).collect(),
            bars: Vec::new(),
        },
        compare_updates(input),
    ]
}

fn measure<A: Contest>(input: &Input<A>, passes: usize) -> Vec<Row<A>> {
    let contenders = A::contenders();
    let mut rows: Vec<Row<A>> = contenders.iter().filter_map(|row| row(input)).collect();
    let mut expected = input.known_sum();
    for pass in 0..=passes {
        for row in &mut rows {
            for sum in row.pass(&input.keys, pass > 0) {
                assert_eq!(sum, *expected.get_or_insert(sum), "{} {}", row.name, input.name);
            }
        }
    }
    rows
}

fn compare_updates<A: Contest>(input: &Input<A>) -> Comparison
where
    Netpol: Update<A>,
{
    let (ours, bytes) = updates::with_snapshots(input);
    let peer = updates::in_place::<A, A::PrefixTrie>(input);
    Comparison {
        workload: format!("lpm {}, insert and remove", input.name),
        ours: Entry::with_bytes("netpol, 64 snapshots", quantile(&ours, 0.5), bytes),
        peers: vec![
            Entry::new("netpol, 99th percentile", quantile(&ours, 0.99)),
            Entry::new("prefix-trie, no snapshot", quantile(&peer, 0.5)),
        ],
        bars: bars::update(input.prefixes.len()),
    }
}
