//! Prints what netpol's tables cost, beside other libraries.

use std::collections::VecDeque;
use std::env;
use std::hint::black_box;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use netpol_bench::clock::{quantile, timed};
use netpol_bench::heap::{Counting, measured};
use netpol_bench::input::{Addr, Input, bgp, cluster_v4, cluster_v6};
use netpol_bench::lpm::{
    IpTrie, Netpol, NetpolBatch, PerLength, PopTrie, PrefixTrie, Table, TreeBitmap, dependent_sum,
};
use netpol_bench::packets::{self, Traffic};
use netpol_core::LpmTable;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Options {
    only: String,
    passes: usize,
    bgp: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("usage: report [--only TEXT] [--passes N] [--bgp FILE]");
        return ExitCode::from(2);
    };
    for n in [1_000, 10_000, 100_000, 1_000_000] {
        run_v4(&options, &format!("cluster4-{n}"), || Some(cluster_v4(n)));
        run_v4(&options, &format!("bgp4-{n}"), || announced(&options, n));
    }
    for n in [1_000, 10_000, 100_000, 1_000_000] {
        run_v6(&options, &format!("cluster6-{n}"), || Some(cluster_v6(n)));
    }
    for n in [1_000, 10_000, 100_000, 170_000] {
        run_v6(&options, &format!("bgp6-{n}"), || announced(&options, n));
    }
    if "packets".contains(&options.only) {
        report_packets(&options);
    }
    ExitCode::SUCCESS
}

fn options() -> Option<Options> {
    let mut options = Options { only: String::new(), passes: 5, bgp: None };
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next()?;
        match argument.as_str() {
            "--only" => options.only = value,
            "--passes" => options.passes = value.parse().ok().filter(|passes| *passes > 0)?,
            "--bgp" => options.bgp = Some(value.into()),
            _ => return None,
        }
    }
    Some(options)
}

/// Returns a table of announced prefixes, if there is a file of them.
fn announced<A: Addr>(options: &Options, n: usize) -> Option<Input<A>> {
    let file = options.bgp.as_ref()?;
    match bgp(file, n) {
        Ok(input) => Some(input),
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            None
        }
    }
}

fn run_v4(options: &Options, name: &str, input: impl FnOnce() -> Option<Input<Ipv4Addr>>) {
    if !name.contains(&options.only) {
        return;
    }
    let Some(input) = input() else { return };
    let mut rows = vec![
        Row::new::<PrefixTrie<u32>>(&input),
        Row::new::<NetpolBatch>(&input),
        Row::new::<Netpol>(&input),
        Row::new::<TreeBitmap>(&input),
        Row::new::<IpTrie<iptrie::Ipv4Prefix>>(&input),
        Row::new::<PopTrie<(Ipv4Addr, u8)>>(&input),
        Row::new::<PerLength<Ipv4Addr>>(&input),
    ];
    report(options, &input, &mut rows);
}

fn run_v6(options: &Options, name: &str, input: impl FnOnce() -> Option<Input<Ipv6Addr>>) {
    if !name.contains(&options.only) {
        return;
    }
    let Some(input) = input() else { return };
    let mut rows = vec![
        Row::new::<PrefixTrie<u128>>(&input),
        Row::new::<NetpolBatch>(&input),
        Row::new::<Netpol>(&input),
        Row::new::<TreeBitmap>(&input),
        Row::new::<IpTrie<iptrie::Ipv6Prefix>>(&input),
        Row::new::<PopTrie<(Ipv6Addr, u8)>>(&input),
        Row::new::<PerLength<Ipv6Addr>>(&input),
    ];
    report(options, &input, &mut rows);
}

type Sum<'a, A> = Box<dyn Fn(&[A]) -> u64 + 'a>;

/// One library with one table.
struct Row<'a, A> {
    name: &'static str,
    bytes: usize,
    // Nanoseconds for each prefix.
    build: f64,
    independent: Sum<'a, A>,
    dependent: Sum<'a, A>,
    times: [Vec<f64>; 2],
}

impl<'a, A: Addr> Row<'a, A> {
    fn new<T: Table<A> + 'a>(input: &Input<A>) -> Self {
        let ((table, build), bytes) = measured(|| timed(|| T::build(&input.prefixes)));
        let table = std::rc::Rc::new(table);
        let same = std::rc::Rc::clone(&table);
        Self {
            name: T::NAME,
            bytes,
            build: build / input.prefixes.len() as f64,
            independent: Box::new(move |keys| table.sum(keys)),
            dependent: Box::new(move |keys| dependent_sum(&*same, keys)),
            times: [Vec::new(), Vec::new()],
        }
    }

    /// Times one pass over the keys, or warms up; returns the sum.
    fn pass(&mut self, keys: &[A], counts: bool) -> [u64; 2] {
        let Self { independent, dependent, times, .. } = self;
        let mut sums = [0; 2];
        let works = [independent, dependent];
        for ((work, times), sum) in works.into_iter().zip(times).zip(&mut sums) {
            let (result, time) = timed(|| work(black_box(keys)));
            *sum = result;
            if counts {
                times.push(time / keys.len() as f64);
            }
        }
        sums
    }
}

fn report<A: Addr>(options: &Options, input: &Input<A>, rows: &mut [Row<'_, A>]) {
    let mut expected = input.known_sum();
    for pass in 0..=options.passes {
        for row in rows.iter_mut() {
            for sum in row.pass(&input.keys, pass > 0) {
                assert_eq!(sum, *expected.get_or_insert(sum), "{} {}", row.name, input.name);
            }
        }
    }
    println!(
        "\n{:18} {:>18} {:>18} {:>9} {:>9}",
        input.name, "independent", "dependent", "MiB", "build"
    );
    let base =
        rows.first().map_or([f64::NAN; 2], |row| row.times.each_ref().map(|t| quantile(t, 0.5)));
    for row in rows.iter() {
        let [independent, dependent] = row.times.each_ref().map(|times| quantile(times, 0.5));
        println!(
            "{:18} {independent:9.1} {:7.1}x {dependent:9.1} {:7.1}x {:9.2} {:6.0} ns",
            row.name,
            base[0] / independent,
            base[1] / dependent,
            row.bytes as f64 / f64::from(1 << 20),
            row.build,
        );
    }
    report_updates(input);
}

/// How many prefixes are removed and inserted again, and how many snapshots are kept.
const UPDATES: usize = 2000;
const SNAPSHOTS: usize = 64;

fn report_updates<A: Addr>(input: &Input<A>) {
    let entries = input.prefixes.iter().map(|(addr, len, value)| (addr.prefix(*len), *value));
    let mut table: LpmTable = entries.clone().collect();
    let mut snapshots = VecDeque::new();
    let mut times = Vec::new();
    let mut step = |table: &mut LpmTable, change: &dyn Fn(&mut LpmTable) -> Option<u32>| {
        snapshots.push_back(table.clone());
        if snapshots.len() > SNAPSHOTS {
            snapshots.pop_front();
        }
        let start = Instant::now();
        let old = change(table);
        times.push(start.elapsed().as_nanos() as f64);
        old
    };
    for (prefix, value) in entries.take(UPDATES) {
        assert_eq!(step(&mut table, &|table| table.remove(&prefix)), Some(value));
        assert_eq!(step(&mut table, &|table| table.insert(prefix, value)), None);
    }
    let mib = table.memory_usage() as f64 / f64::from(1 << 20);
    println!(
        "{:18} {:9.0} ns median, {:.0} ns p99, {mib:.2} MiB with {SNAPSHOTS} snapshots kept",
        "netpol, update",
        quantile(&times, 0.5),
        quantile(&times, 0.99),
    );
}

fn report_packets(options: &Options) {
    println!("\n{:18} {:>18}", "packets", "ns a packet");
    for connections in [1_000, 100_000, 1_000_000] {
        let traffic = Traffic::new(connections);
        let packets = traffic.headers();
        let mut conntrack = packets::conntrack(connections);
        packets::track(&mut conntrack, &packets);
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..options.passes {
            times[0].push(timed(|| traffic.parse()).1);
            let (replies, time) = timed(|| packets::track(&mut conntrack, &packets));
            // Some ends may be drawn twice.
            assert!(replies >= connections * 99 / 100, "{replies}");
            times[1].push(time);
        }
        let [parse, track] = times.map(|times| quantile(&times, 0.5) / packets.len() as f64);
        println!("{:18} {parse:18.1}", format!("parse {connections}"));
        println!("{:18} {track:18.1}", format!("conntrack {connections}"));
    }
}
