//! Prints what a verdict costs through the C ABI, next to the same through Rust.

use std::process::ExitCode;

use netpol_bench::capi::Sides;
use netpol_bench::clock::{quantile, timed};
use netpol_bench::figures::Wanted;

type Work = fn(&mut Sides);

const ROWS: [(&str, Work, Work); 4] = [
    ("one at a time", Sides::rust, Sides::c),
    ("one at a time, summary", Sides::rust_summary, Sides::c),
    ("batches of 32", Sides::rust_batch::<32>, Sides::c_batch::<32>),
    ("batches of 256", Sides::rust_batch::<256>, Sides::c_batch::<256>),
];

fn main() -> ExitCode {
    let Some(wanted) = Wanted::from_arguments().filter(|wanted| !wanted.json) else {
        eprintln!("usage: capi [--only TEXT] [--passes N]");
        return ExitCode::from(2);
    };
    let mut sides = Sides::new();
    println!("{:26} {:>10} {:>10} {:>10}", "ns", "Rust", "C", "more");
    for (name, rust, c) in ROWS {
        if wanted.wants(name) {
            let [rust, c] = measure(&mut sides, [rust, c], wanted.passes);
            println!("{name:26} {rust:10.1} {c:10.1} {:10.1}", c - rust);
        }
    }
    ExitCode::SUCCESS
}

/// Returns the medians, in nanoseconds for a packet, of two that take turns.
fn measure(sides: &mut Sides, works: [Work; 2], passes: usize) -> [f64; 2] {
    /// A pass is this many walks: long enough for the clock.
    const WALKS: usize = 64;
    let mut times = works.map(|_| Vec::new());
    for pass in 0..=passes {
        for (work, times) in works.iter().zip(&mut times) {
            let ((), time) = timed(|| (0..WALKS).for_each(|_| work(sides)));
            if pass > 0 {
                times.push(time / (WALKS * sides.len()) as f64);
            }
        }
        sides.check();
    }
    times.map(|times| quantile(&times, 0.5))
}
