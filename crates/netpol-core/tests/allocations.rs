//! What is done for each packet allocates nothing.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use netpol_core::conntrack::{Conntrack, ConntrackConfig, CtZone};
use netpol_core::packet::{Headers, TcpFlags, Transport, Tuple, parse, parse_ip};
use netpol_core::{
    Direction, Flow, IdentityId, IpCache, LpmTable, PolicyEntry, PolicyKey, PolicyMap, PolicyTable,
    Prefix, Protocol, RedirectId, RuleSetId, Verdict,
};

/// Returns how often something allocates.
fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

fn v4(n: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0a00_0000 | n)
}

fn v6(n: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits(0xfd00 << 112 | u128::from(n))
}

/// Returns a table with host routes, prefixes, and values that do not fit an entry.
fn table() -> LpmTable {
    let mut table = LpmTable::new();
    for n in 0..5000 {
        table.insert(Prefix::host(v4(n).into()), n);
        table.insert(Prefix::host(v6(n).into()), n);
        let prefix = |addr: IpAddr, len| Prefix::new(addr, len).expect("the length fits");
        table.insert(prefix(v4(n << 8).into(), 24), u32::MAX - n);
        table.insert(prefix(v6(n << 8).into(), 120), n);
    }
    table
}

#[test]
fn the_allocator_counts() {
    assert_eq!(allocations(|| drop(black_box(vec![1]))), 1);
}

#[test]
fn lookups_do_not_allocate() {
    let table = table();
    let mut ipcache = IpCache::new(true);
    ipcache.insert(Prefix::host(v4(1).into()), IdentityId::new(1001));
    let v4s: Vec<Ipv4Addr> = (0..10_000).map(|n| v4(n * 7)).collect();
    let v6s: Vec<Ipv6Addr> = (0..10_000).map(|n| v6(n * 7)).collect();
    let mut values = vec![0; 10_000];
    let mut found = 0u64;
    let count = allocations(|| {
        for (v4, v6) in v4s.iter().zip(&v6s) {
            found += u64::from(table.lookup_v4(*v4).is_some());
            found += u64::from(table.lookup_v6(*v6).is_some());
            found += u64::from(table.lookup((*v4).into()).is_some());
            found += u64::from(table.get(&Prefix::host((*v6).into())).is_some());
            found += u64::from(ipcache.identity((*v4).into()) != IdentityId::WORLD_IPV4);
        }
        table.lookup_v4_batch(&v4s, 0, &mut values);
        found += u64::from(values[1]);
        table.lookup_v6_batch(&v6s, 0, &mut values);
        found += u64::from(values[1]);
        ipcache.identities_v4(&v4s, &mut values);
        ipcache.identities_v6(&v6s, &mut values);
    });
    assert_eq!(count, 0);
    assert!(found > 10_000);
}

#[test]
fn policy_lookups_do_not_allocate() {
    let key = |id| PolicyKey::l3(Direction::Ingress, IdentityId::new(id));
    let entries = (0..500).map(|id| (key(id), PolicyEntry::allow(RuleSetId::NONE)));
    let map = PolicyMap::from_iter(entries);
    let table = PolicyTable::from(&map);
    let flows: Vec<Flow> =
        (0..1000).map(|id| syn(1).flow(Direction::Ingress, IdentityId::new(id))).collect();
    let mut verdicts = vec![Verdict::DEFAULT_DENY; flows.len()];
    let packet = syn(1);
    let mut allowed = 0;
    let count = allocations(|| {
        for id in 0..1000 {
            let flow = packet.flow(Direction::Ingress, IdentityId::new(id));
            allowed += u32::from(map.lookup(&flow).decision().is_allowed());
            allowed += u32::from(table.lookup(&flow).decision().is_allowed());
            let direction = table.direction(Direction::Ingress);
            let verdict = direction.lookup_without_port(flow.peer, flow.protocol);
            allowed += u32::from(verdict.decision().is_allowed());
        }
        table.lookup_batch(&flows, &mut verdicts);
    });
    assert_eq!(count, 0);
    assert_eq!(allowed, 3000); // by key 0, which is for all
    assert!(verdicts.iter().all(|verdict| verdict.decision().is_allowed()));
}

#[test]
fn parsing_does_not_allocate() {
    let bytes = [
        0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 1, 2, 10, 0, 2, 3, //
        0x9c, 0x40, 0, 53, 0, 8, 0, 0,
    ];
    let frame = [&[0; 12][..], &[8, 0], &bytes].concat();
    let mut good = 0;
    let count = allocations(|| {
        for len in 0..=frame.len() {
            good += u32::from(parse(black_box(&frame[..len])).headers().is_some());
        }
        for len in 0..=bytes.len() {
            good += u32::from(parse_ip(black_box(&bytes[..len])).headers().is_some());
        }
    });
    assert_eq!((count, good), (0, 2));
}

fn syn(n: u32) -> Headers {
    let tuple = Tuple {
        src: v4(n).into(),
        dst: v4(1 << 20).into(),
        protocol: Protocol::TCP,
        src_port: 40_000,
        dst_port: 80,
    };
    Headers { tuple, transport: Transport::Tcp(TcpFlags::SYN), fragment: None, ip_options: false }
}

#[test]
fn tracking_connections_does_not_allocate() {
    let mut conntrack = Conntrack::new(ConntrackConfig::with_capacity(1 << 10));
    let mut alive = 0;
    let count = allocations(|| {
        // More than there is room for, so that some are displaced.
        for n in 0..5000 {
            let now = Duration::from_secs(u64::from(n) / 100);
            let packet = syn(n);
            let state = conntrack.lookup(CtZone::DEFAULT, &packet, now).state();
            black_box(state);
            conntrack.confirm(CtZone::DEFAULT, &packet, RedirectId::NONE, now);
            let mut reply = Headers { tuple: packet.tuple.reversed(), ..packet };
            reply.transport = Transport::Tcp(TcpFlags::SYN | TcpFlags::ACK);
            conntrack.confirm(CtZone::DEFAULT, &reply, RedirectId::NONE, now);
            conntrack.remove(CtZone::DEFAULT, &syn(n / 2).tuple);
            alive = conntrack.iter(now).count().max(alive);
        }
        conntrack.clear();
    });
    assert_eq!(count, 0);
    assert!(alive > 500, "{alive}");
}
