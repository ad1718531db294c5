//! The fast longest-prefix table against the plain one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netpol_core::{IpFamily, LpmTable, Prefix, PrefixMap};
use proptest::collection::vec;
use proptest::prelude::*;

mod common;
mod random;

use common::{address, prefix};
use random::Random;

/// What `missing` is in batches: a value that no test inserts.
const MISSING: u32 = 0xdead_beef;

fn parse(text: &str) -> Prefix {
    text.parse().expect("the prefix is valid")
}

/// Compares everything that a table says with the plain map.
fn assert_same(table: &LpmTable, plain: &PrefixMap<u32>, addresses: &[IpAddr]) {
    assert_eq!(table.len(), plain.len());
    assert_eq!(table.is_empty(), plain.is_empty());
    let entries: Vec<_> = plain.iter().map(|(prefix, value)| (*prefix, *value)).collect();
    assert!(table.iter().eq(entries.iter().copied()));
    for (prefix, value) in &entries {
        assert_eq!(table.get(prefix), Some(*value), "{prefix}");
    }
    let edges = entries.iter().flat_map(|(prefix, _)| [prefix.addr(), prefix.last_addr()]);
    let addresses: Vec<IpAddr> = addresses.iter().copied().chain(edges).collect();
    for addr in &addresses {
        let expected = plain.longest_match(*addr).map(|(_, value)| *value);
        assert_eq!(table.lookup(*addr), expected, "{addr}");
    }
    assert_same_batches(table, plain, &addresses);
}

fn assert_same_batches(table: &LpmTable, plain: &PrefixMap<u32>, addresses: &[IpAddr]) {
    let expect = |addr: IpAddr| plain.longest_match(addr).map_or(MISSING, |(_, value)| *value);
    let v4: Vec<Ipv4Addr> = addresses
        .iter()
        .filter_map(|addr| match addr {
            IpAddr::V4(addr) => Some(*addr),
            IpAddr::V6(_) => None,
        })
        .collect();
    let mut values = vec![0; v4.len()];
    table.lookup_v4_batch(&v4, MISSING, &mut values);
    assert!(v4.iter().map(|addr| expect((*addr).into())).eq(values));
    let v6: Vec<Ipv6Addr> = addresses
        .iter()
        .filter_map(|addr| match addr {
            IpAddr::V4(_) => None,
            IpAddr::V6(addr) => Some(*addr),
        })
        .collect();
    let mut values = vec![0; v6.len()];
    table.lookup_v6_batch(&v6, MISSING, &mut values);
    assert!(v6.iter().map(|addr| expect((*addr).into())).eq(values));
}

#[test]
fn an_empty_table_knows_nothing() {
    let table = LpmTable::new();
    assert_same(&table, &PrefixMap::new(), &["10.0.0.1", "::1"].map(|a| a.parse().unwrap()));
    assert!(table.memory_usage() < 2048);
    assert_eq!(format!("{table:?}"), "{}");
}

#[test]
fn the_prefix_of_length_zero_is_a_prefix() {
    let mut table = LpmTable::new();
    assert_eq!(table.insert(Prefix::all(IpFamily::V4), 1), None);
    assert_eq!(table.insert(Prefix::all(IpFamily::V4), 2), Some(1));
    assert_eq!(table.lookup(Ipv4Addr::BROADCAST.into()), Some(2));
    assert_eq!(table.lookup(Ipv6Addr::LOCALHOST.into()), None);
    assert_eq!(table.insert(parse("128.0.0.0/1"), 3), None);
    assert_eq!(table.lookup(Ipv4Addr::BROADCAST.into()), Some(3));
    assert_eq!(table.remove(&Prefix::all(IpFamily::V4)), Some(2));
    assert_eq!(table.remove(&Prefix::all(IpFamily::V4)), None);
    assert_eq!(table.lookup(Ipv4Addr::UNSPECIFIED.into()), None);
    assert_eq!(table.len(), 1);
}

#[test]
fn every_length_nests_in_every_other() {
    for (text, family) in [("10.171.205.239", IpFamily::V4), ("fd01:2345:6789::abcd", IpFamily::V6)]
    {
        let addr: IpAddr = text.parse().unwrap();
        let mut table = LpmTable::new();
        let mut plain = PrefixMap::new();
        let probes: Vec<IpAddr> = (0..=family.bits())
            .filter_map(|len| Prefix::new(addr, len))
            .flat_map(|prefix| [prefix.addr(), prefix.last_addr()])
            .collect();
        // Odd lengths first, so that the others come between.
        let lens = (0..=family.bits()).filter(|len| len % 2 == 1);
        for len in lens.chain((0..=family.bits()).filter(|len| len % 2 == 0)) {
            let prefix = Prefix::new(addr, len).expect("the length fits");
            assert_eq!(table.insert(prefix, len.into()), plain.insert(prefix, len.into()));
            assert_same(&table, &plain, &probes);
        }
        for len in 0..=family.bits() {
            let prefix = Prefix::new(addr, len).expect("the length fits");
            assert_eq!(table.remove(&prefix), plain.remove(&prefix));
            assert_same(&table, &plain, &probes);
        }
        assert!(table.is_empty());
    }
}

#[test]
fn values_have_32_bits() {
    let values = [0, 1, 0x7fff_fffd, 0x7fff_fffe, 0x7fff_ffff, 0x8000_0000, u32::MAX];
    let mut table = LpmTable::new();
    let mut plain = PrefixMap::new();
    for (n, value) in values.into_iter().enumerate() {
        for text in [format!("10.{n}.0.0/16"), format!("10.{n}.1.1"), format!("fd00:{n}::/40")] {
            table.insert(parse(&text), value);
            plain.insert(parse(&text), value);
        }
    }
    for n in 0..7 {
        table.insert(parse(&format!("fd00:{n}::/33")), u32::MAX - n);
        plain.insert(parse(&format!("fd00:{n}::/33")), u32::MAX - n);
    }
    assert_same(&table, &plain, &[]);
}

#[test]
fn host_routes_come_and_go_by_the_ten_thousand() {
    let mut table = LpmTable::new();
    let mut plain = PrefixMap::new();
    let mut random = Random(1);
    let hosts: Vec<Prefix> = (0..20_000).map(|n| pod(&mut random, n)).collect();
    for (n, prefix) in (0..).zip(&hosts) {
        assert_eq!(table.insert(*prefix, n), plain.insert(*prefix, n));
    }
    assert_same(&table, &plain, &[]);
    for prefix in hosts.iter().step_by(2) {
        assert_eq!(table.remove(prefix), plain.remove(prefix));
        assert_eq!(table.remove(prefix), None);
    }
    let gone: Vec<IpAddr> = hosts.iter().map(Prefix::addr).collect();
    assert_same(&table, &plain, &gone);
}

#[test]
fn addresses_of_one_pattern_do_not_crowd() {
    // A hash without key would put them all into few lines.
    for shift in [0, 8, 16] {
        let mut table = LpmTable::new();
        for n in 0..20_000u32 {
            let addr = Ipv4Addr::from_bits(n.rotate_left(shift) ^ 0x0a00_0000);
            table.insert(Prefix::host(addr.into()), n);
            let addr = Ipv6Addr::from_bits(u128::from(n) << (4 * shift));
            table.insert(Prefix::host(addr.into()), n);
        }
        table.compact();
        // 20,000 addresses of 8 and of 20 bytes.
        assert!(table.memory_usage() < 4 * 20_000 * 28, "{}", table.memory_usage());
    }
}

#[test]
fn removing_everything_gives_the_memory_back() {
    let mut table = LpmTable::new();
    let mut random = Random(2);
    let prefixes: Vec<Prefix> = (0..20_000).map(|_| cidr(&mut random)).collect();
    for prefix in &prefixes {
        table.insert(*prefix, 1);
    }
    let full = table.memory_usage();
    for prefix in &prefixes {
        table.remove(prefix);
    }
    assert!(table.is_empty());
    table.compact();
    assert!(table.memory_usage() < full / 1000, "{full} {}", table.memory_usage());
}

#[test]
fn a_million_updates_without_a_reader_take_no_more_memory() {
    let mut table = LpmTable::new();
    let mut random = Random(3);
    let prefixes: Vec<Prefix> = (0..1000).map(|_| cidr(&mut random)).collect();
    table.extend(prefixes.iter().map(|prefix| (*prefix, 0)));
    let mut most = 0;
    for n in 0..1_000_000u32 {
        let prefix = &prefixes[below(&mut random, 1000)];
        match n % 2 {
            0 => table.remove(prefix),
            _ => table.insert(*prefix, n),
        };
        if n == 50_000 {
            most = 2 * table.memory_usage();
        }
    }
    assert!(table.memory_usage() <= most, "{most} {}", table.memory_usage());
}

#[test]
fn a_reader_that_never_returns_pins_one_copy() {
    let mut table = LpmTable::new();
    let mut random = Random(4);
    let prefixes: Vec<Prefix> = (0..1000)
        .map(|n| if n % 2 == 0 { pod(&mut random, n) } else { cidr(&mut random) })
        .collect();
    table.extend(prefixes.iter().map(|prefix| (*prefix, 0)));
    let alone = table.memory_usage();
    let stuck = table.clone();
    let mut current = table.clone();
    for n in 1..200_000 {
        table.insert(prefixes[below(&mut random, 1000)], n);
        if n % 10 == 0 {
            current = table.clone(); // publication: the one before is dropped
        }
    }
    assert!(stuck.iter().all(|(_, value)| value == 0));
    assert!(current.iter().eq(current.clone().iter()));
    // All of the table's own memory; the stuck reader has what there was at its time.
    assert!(table.memory_usage() < 8 * alone, "{alone} {}", table.memory_usage());
}

#[test]
fn snapshots_are_read_by_other_threads_while_the_table_changes() {
    let mut table = LpmTable::new();
    let mut random = Random(5);
    let prefixes: Vec<Prefix> = (0..500).map(|_| cidr(&mut random)).collect();
    for round in 0..20u32 {
        table.extend(prefixes.iter().map(|prefix| (*prefix, round)));
        let snapshot = table.clone();
        std::thread::scope(|scope| {
            let prefixes = &prefixes;
            let reader = scope.spawn(move || {
                let all = prefixes.iter().cycle().take(5000);
                all.filter(|prefix| snapshot.lookup(prefix.addr()) != Some(round)).count()
            });
            for prefix in prefixes {
                table.insert(*prefix, u32::MAX);
                table.remove(prefix);
            }
            assert_eq!(reader.join().expect("the reader does not panic"), 0);
        });
    }
}

fn below(random: &mut Random, end: usize) -> usize {
    usize::try_from(random.next() % end as u64).unwrap_or(0)
}

/// Returns the host route of a pod, of either family.
fn pod(random: &mut Random, n: usize) -> Prefix {
    let low = random.next();
    Prefix::host(match n % 2 {
        0 => IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 | low as u32 >> 12)),
        _ => IpAddr::V6(Ipv6Addr::from_bits(0xfd00 << 112 | u128::from(low >> 40))),
    })
}

/// Returns a prefix as policies name them, of either family.
fn cidr(random: &mut Random) -> Prefix {
    let bits = random.next();
    let v6 = 0x2001_0db8 << 96 | u128::from(bits) << 40;
    let (addr, len) = match bits % 2 {
        0 => (IpAddr::V4(Ipv4Addr::from_bits((bits >> 16) as u32)), 8 + below(random, 24)),
        _ => (IpAddr::V6(Ipv6Addr::from_bits(v6)), 33 + below(random, 48)),
    };
    Prefix::new(addr, u8::try_from(len).unwrap_or(0)).unwrap_or_else(|| Prefix::host(addr))
}

#[derive(Clone, Debug)]
enum Step {
    Insert(Prefix, u32),
    Remove(Prefix),
    Snapshot,
    Drop(usize),
    Compact,
    ChangeSnapshot(usize, Prefix),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => (prefix(), 0u32..6).prop_map(|(prefix, value)| Step::Insert(prefix, value)),
        4 => prefix().prop_map(Step::Remove),
        2 => Just(Step::Snapshot),
        1 => (0usize..4).prop_map(Step::Drop),
        1 => Just(Step::Compact),
        1 => (0usize..4, prefix()).prop_map(|(n, prefix)| Step::ChangeSnapshot(n, prefix)),
    ]
}

proptest! {
    #[test]
    fn any_table_equals_the_plain_one(
        entries in vec((prefix(), any::<u32>()), 0..80),
        gone in vec(prefix(), 0..20),
        addresses in vec(address(), 40),
    ) {
        let mut table = LpmTable::new();
        let mut plain = PrefixMap::new();
        for (prefix, value) in &entries {
            prop_assert_eq!(table.insert(*prefix, *value), plain.insert(*prefix, *value));
        }
        for prefix in gone.iter().chain(entries.iter().step_by(3).map(|(prefix, _)| prefix)) {
            prop_assert_eq!(table.remove(prefix), plain.remove(prefix));
        }
        assert_same(&table, &plain, &addresses);
        table.compact();
        assert_same(&table, &plain, &addresses);
    }

    #[test]
    fn snapshots_keep_what_they_were_taken_of(
        steps in vec(step(), 0..150),
        addresses in vec(address(), 10),
    ) {
        let mut table = LpmTable::new();
        let mut plain = PrefixMap::new();
        let mut snapshots: Vec<(LpmTable, PrefixMap<u32>)> = Vec::new();
        for step in steps {
            match step {
                Step::Insert(prefix, value) => {
                    prop_assert_eq!(table.insert(prefix, value), plain.insert(prefix, value));
                }
                Step::Remove(prefix) => {
                    prop_assert_eq!(table.remove(&prefix), plain.remove(&prefix));
                }
                Step::Snapshot => snapshots.push((table.clone(), plain.clone())),
                Step::Drop(n) if n < snapshots.len() => drop(snapshots.swap_remove(n)),
                Step::Drop(_) => {}
                Step::Compact => table.compact(),
                Step::ChangeSnapshot(n, prefix) => {
                    if let Some((snapshot, plain)) = snapshots.get_mut(n) {
                        prop_assert_eq!(snapshot.insert(prefix, 7), plain.insert(prefix, 7));
                    }
                }
            }
        }
        assert_same(&table, &plain, &addresses);
        for (snapshot, plain) in &snapshots {
            assert_same(snapshot, plain, &addresses);
        }
    }
}
