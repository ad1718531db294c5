//! Prints what netpol takes on the way of a packet, beside other libraries.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::process::ExitCode;

use netpol_bench::figures::Wanted;
use netpol_bench::heap::Counting;
use netpol_bench::input::{Addr, Input, bgp, cluster_v4, cluster_v6};
use netpol_bench::lpm::{self, Contest, Netpol, Update};
use netpol_bench::table::Table;
use netpol_bench::{packets, way};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    let mut file = None;
    let Some(wanted) = Wanted::from_arguments_and(|name, value| {
        let is_file = name == "--bgp";
        if is_file {
            file = Some(PathBuf::from(value));
        }
        is_file
    }) else {
        eprintln!("usage: report [--only TEXT] [--passes N] [--bgp FILE] [-o json]");
        return ExitCode::from(2);
    };
    let mut report = Report { table: Table::new(wanted.json), wanted, bgp: file };
    for n in [1_000, 10_000, 100_000, 1_000_000] {
        report.lpm(&format!("cluster4-{n}"), |_| Some(cluster_v4(n)));
        report.lpm::<Ipv4Addr>(&format!("bgp4-{n}"), |report| report.announced(n));
    }
    for n in [1_000, 10_000, 100_000, 1_000_000] {
        report.lpm(&format!("cluster6-{n}"), |_| Some(cluster_v6(n)));
    }
    for n in [1_000, 10_000, 100_000, 170_000] {
        report.lpm::<Ipv6Addr>(&format!("bgp6-{n}"), |report| report.announced(n));
    }
    for connections in [1_000, 100_000, 1_000_000] {
        report.packets(connections);
    }
    if report.wanted.wants("way") {
        let comparisons = way::compare(report.wanted.passes);
        comparisons.iter().for_each(|comparison| report.table.add(comparison));
    }
    report.table.finish();
    ExitCode::SUCCESS
}

struct Report {
    wanted: Wanted,
    bgp: Option<PathBuf>,
    table: Table,
}

impl Report {
    fn lpm<A: Contest>(&mut self, name: &str, input: impl FnOnce(&Self) -> Option<Input<A>>)
    where
        Netpol: Update<A>,
    {
        if self.wanted.wants(name) {
            let comparisons = input(self).map(|input| lpm::compare(&input, self.wanted.passes));
            comparisons.iter().flatten().for_each(|comparison| self.table.add(comparison));
        }
    }

    /// Returns a table of announced prefixes, if there is a file of them.
    fn announced<A: Addr>(&self, n: usize) -> Option<Input<A>> {
        let file = self.bgp.as_ref()?;
        match bgp(file, n) {
            Ok(input) => Some(input),
            Err(error) => {
                eprintln!("{}: {error}", file.display());
                None
            }
        }
    }

    fn packets(&mut self, connections: usize) {
        if self.wanted.wants(&format!("packets {connections}")) {
            let comparisons = packets::compare(connections, self.wanted.passes);
            comparisons.iter().for_each(|comparison| self.table.add(comparison));
        }
    }
}
