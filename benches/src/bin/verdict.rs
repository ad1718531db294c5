//! Prints what a verdict costs: by one policy map (W6), and from the bytes of packets.

use std::process::ExitCode;

use netpol_bench::clock::{quantile, timed};
use netpol_bench::figures::Wanted;
use netpol_bench::verdict::{Frames, Tables};

fn main() -> ExitCode {
    let Some(wanted) = Wanted::from_arguments().filter(|wanted| !wanted.json) else {
        eprintln!("usage: verdict [--only W6|frames] [--passes N]");
        return ExitCode::from(2);
    };
    println!("{:34} {:>10} {:>10}", "", "ns", "KiB");
    for entries in [100, 1_000, 10_000] {
        if wanted.wants("W6") {
            verdicts(entries, &wanted);
        }
    }
    if wanted.wants("frames") {
        frames(&wanted);
    }
    ExitCode::SUCCESS
}

fn verdicts(entries: u32, wanted: &Wanted) {
    type Work = fn(&mut Tables);
    let works: [(&str, Work); 4] = [
        ("policy map", Tables::by_map),
        ("table", Tables::by_table),
        ("table, dependent", Tables::dependent),
        ("table, batches of 32", Tables::by_batch),
    ];
    let mut tables = Tables::new(entries);
    let mut times = works.map(|_| Vec::new());
    for pass in 0..=wanted.passes {
        for ((_, work), times) in works.iter().zip(&mut times) {
            // Once more before, so that nobody pays for what the others did to the cache.
            work(&mut tables);
            tables.check();
            let ((), time) = timed(|| work(&mut tables));
            tables.check();
            if pass > 0 {
                times.push(time / tables.len() as f64);
            }
        }
    }
    for ((name, _), times) in works.iter().zip(&times) {
        let name = format!("W6 {entries} {name}");
        println!("{name:34} {:10.1} {:10}", quantile(times, 0.5), tables.memory() >> 10);
    }
}

fn frames(wanted: &Wanted) {
    type Work = fn(&mut Frames);
    let works: [(&str, Work); 2] =
        [("frames", Frames::one_by_one), ("frames, batches of 64", Frames::by_batch)];
    let mut frames = Frames::new();
    let mut times = works.map(|_| Vec::new());
    let mut allowed = None;
    for pass in 0..=wanted.passes {
        for ((_, work), times) in works.iter().zip(&mut times) {
            let ((), time) = timed(|| work(&mut frames));
            let now = frames.allowed();
            assert_eq!(now, *allowed.get_or_insert(now));
            if pass > 0 {
                times.push(time / frames.len() as f64);
            }
        }
    }
    for ((name, _), times) in works.iter().zip(&times) {
        println!("{name:34} {:10.1}", quantile(times, 0.5));
    }
}
