//! How many instructions the calls for each packet take, and that it stays so.
//!
//! Each call is made 1,024 times. What it may take is in [`limits`].

#![expect(missing_docs, unused_qualifications, reason = "of what the macros write")]

mod limits;

use std::hint::black_box;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use gungraun::prelude::*;
use gungraun::{Callgrind, EventKind, LibraryBenchmarkConfig};
use netpol::Packet;
use netpol_bench::input::{Addr, Input, cluster_v4, cluster_v6};
use netpol_bench::lpm::{Netpol, NetpolBatch, Table};
use netpol_bench::packets::{Traffic, conntrack};
use netpol_bench::way::Node;
use netpol_core::conntrack::{Conntrack, CtState, CtZone};
use netpol_core::packet::Headers;
use netpol_core::{Flow, RedirectId};

/// How often each call is made.
const CALLS: usize = 1024;
/// The addresses of a table.
const ADDRESSES: usize = 10_000;
const NOW: Duration = Duration::from_secs(1000);

fn config(limit: u64) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::default();
    callgrind.hard_limits([(EventKind::Ir, limit + limit * limits::MARGIN_PERCENT / 100)]);
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind);
    config
}

fn table<A: Addr, T: Table<A>>(input: Input<A>) -> (T, Vec<A>) {
    let mut keys = input.keys;
    keys.truncate(CALLS);
    (T::build(&input.prefixes).expect("netpol holds any table"), keys)
}

fn v4<T: Table<Ipv4Addr>>() -> (T, Vec<Ipv4Addr>) {
    table(cluster_v4(ADDRESSES))
}

fn v6<T: Table<Ipv6Addr>>() -> (T, Vec<Ipv6Addr>) {
    table(cluster_v6(ADDRESSES))
}

#[library_benchmark]
#[bench::single(args = (v4::<Netpol>()), config = config(limits::LPM_V4))]
fn lpm_v4((table, keys): (Netpol, Vec<Ipv4Addr>)) -> (u64, (Netpol, Vec<Ipv4Addr>)) {
    (black_box(Table::<Ipv4Addr>::sum(&table, black_box(&keys))), (table, keys))
}

#[library_benchmark]
#[bench::batch(args = (v4::<NetpolBatch>()), config = config(limits::LPM_V4_BATCH))]
fn lpm_v4_batch(
    (table, keys): (NetpolBatch, Vec<Ipv4Addr>),
) -> (u64, (NetpolBatch, Vec<Ipv4Addr>)) {
    (black_box(Table::<Ipv4Addr>::sum(&table, black_box(&keys))), (table, keys))
}

#[library_benchmark]
#[bench::single(args = (v6::<Netpol>()), config = config(limits::LPM_V6))]
fn lpm_v6((table, keys): (Netpol, Vec<Ipv6Addr>)) -> (u64, (Netpol, Vec<Ipv6Addr>)) {
    (black_box(Table::<Ipv6Addr>::sum(&table, black_box(&keys))), (table, keys))
}

#[library_benchmark]
#[bench::batch(args = (v6::<NetpolBatch>()), config = config(limits::LPM_V6_BATCH))]
fn lpm_v6_batch(
    (table, keys): (NetpolBatch, Vec<Ipv6Addr>),
) -> (u64, (NetpolBatch, Vec<Ipv6Addr>)) {
    (black_box(Table::<Ipv6Addr>::sum(&table, black_box(&keys))), (table, keys))
}

fn traffic() -> Traffic {
    Traffic::new(CALLS / 2)
}

#[library_benchmark]
#[bench::tcp(args = (traffic()), config = config(limits::PARSE))]
fn parse(traffic: Traffic) -> (usize, Traffic) {
    (black_box(black_box(&traffic).parse()), traffic)
}

/// Returns a table that knows the connections of as many packets, if it is to, and the packets, each of
/// which opens one.
fn tracked(known: bool) -> (Conntrack, Vec<Headers>) {
    let headers = Traffic::new(CALLS).headers();
    let packets: Vec<Headers> = headers.into_iter().step_by(2).collect();
    let mut table = conntrack(CALLS);
    if known {
        confirm_all(&mut table, &packets);
    }
    (table, packets)
}

fn confirm_all(table: &mut Conntrack, packets: &[Headers]) {
    for packet in packets {
        table.confirm(CtZone::DEFAULT, black_box(packet), RedirectId::NONE, NOW);
    }
}

#[library_benchmark]
#[bench::hit(args = (tracked(true)), config = config(limits::CONNTRACK_HIT))]
#[bench::miss(args = (tracked(false)), config = config(limits::CONNTRACK_MISS))]
fn conntrack_lookup(
    (table, packets): (Conntrack, Vec<Headers>),
) -> (usize, (Conntrack, Vec<Headers>)) {
    let known = packets.iter().filter(|packet| {
        table.lookup(CtZone::DEFAULT, black_box(packet), NOW).state() == CtState::Established
    });
    (black_box(known.count()), (table, packets))
}

#[library_benchmark]
#[bench::insert(args = (tracked(false)), config = config(limits::CONNTRACK_INSERT))]
#[bench::renew(args = (tracked(true)), config = config(limits::CONNTRACK_RENEW))]
fn conntrack_confirm((mut table, packets): (Conntrack, Vec<Headers>)) -> (Conntrack, Vec<Headers>) {
    confirm_all(&mut table, &packets);
    (table, packets)
}

fn flows() -> (Node, Vec<Flow>) {
    let mut node = Node::new(1000, CALLS);
    let flows = node.flows();
    (node, flows)
}

#[library_benchmark]
#[bench::lookup(args = (flows()), config = config(limits::POLICY_MAP))]
fn policy_map((node, flows): (Node, Vec<Flow>)) -> (usize, (Node, Vec<Flow>)) {
    let allowed =
        flows.iter().filter(|flow| node.map().lookup(black_box(flow)).decision().is_allowed());
    (black_box(allowed.count()), (node, flows))
}

fn packets() -> (Node, Vec<Packet>) {
    let node = Node::new(1000, CALLS);
    let packets = node.packets();
    (node, packets)
}

#[library_benchmark]
#[bench::verdict(args = (packets()), config = config(limits::READER))]
fn reader((mut node, packets): (Node, Vec<Packet>)) -> (usize, (Node, Vec<Packet>)) {
    (black_box(node.verdicts(black_box(&packets))), (node, packets))
}

library_benchmark_group!(
    name = each_packet,
    benchmarks = [
        lpm_v4,
        lpm_v4_batch,
        lpm_v6,
        lpm_v6_batch,
        parse,
        conntrack_lookup,
        conntrack_confirm,
        policy_map,
        reader,
    ]
);

main!(library_benchmark_groups = each_packet);
