//! The table made for lookups against the policy map that it stands for: both must say the same
//! about every identity, protocol and port.

use std::collections::BTreeSet;

use netpol_core::{
    AuthRequirement, AuthType, Direction, DirectionTable, Flow, IdentityId, PolicyEntry, PolicyKey,
    PolicyMap, PolicyTable, PortPrefix, Protocol, ProxyPriority, RedirectId, RuleSetId, Verdict,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Ingress), Just(Direction::Egress)]
}

fn protocol() -> impl Strategy<Value = Protocol> {
    prop_oneof![
        2 => Just(Protocol::ANY),
        5 => Just(Protocol::TCP),
        3 => Just(Protocol::UDP),
        1 => Just(Protocol::new(255)),
        1 => any::<u8>().prop_map(Protocol::new),
    ]
}

fn port() -> impl Strategy<Value = u16> {
    prop_oneof![0u16..8, 76u16..92, any::<u16>(), Just(u16::MAX)]
}

/// Block lengths: single ports as often as all others together.
fn length() -> impl Strategy<Value = u8> {
    prop_oneof![Just(16), 0u8..=16]
}

fn key(identities: u32) -> impl Strategy<Value = PolicyKey> {
    // A few everyday numbers, and numbers of all 32 bits.
    let identity =
        prop_oneof![6 => 0..identities, 1 => 0x0100_0000u32..0x0100_0002, 1 => Just(u32::MAX)];
    (direction(), identity, protocol(), port(), length()).prop_map(
        |(direction, identity, protocol, port, len)| {
            let port = PortPrefix::of_port(port, len);
            PolicyKey::new(direction, IdentityId::new(identity), protocol, port)
        },
    )
}

fn requirement() -> impl Strategy<Value = AuthRequirement> {
    let kind =
        prop_oneof![Just(AuthType::Disabled), Just(AuthType::Spire), Just(AuthType::AlwaysFail)];
    (kind, any::<bool>()).prop_map(|(kind, explicit)| match explicit {
        true => AuthRequirement::explicit(kind),
        false => AuthRequirement::derived(kind),
    })
}

fn entry() -> impl Strategy<Value = PolicyEntry> {
    let priority = prop_oneof![
        3 => Just(ProxyPriority::NONE),
        1 => Just(ProxyPriority::of_listener(1)),
        1 => Just(ProxyPriority::HTTP),
        1 => Just(ProxyPriority::of_listener(0)),
    ];
    (0u8..10, 0u32..3, priority, requirement(), 0u32..3).prop_map(
        |(deny, redirect, priority, auth, rules)| PolicyEntry {
            // Three of ten; some of them with fields that a deny should not have.
            deny: deny < 3,
            redirect: RedirectId::new(redirect),
            priority,
            auth,
            rules: RuleSetId::new(rules),
        },
    )
}

fn map(len: usize) -> impl Strategy<Value = PolicyMap> {
    vec((key(4), entry()), 0..len).prop_map(PolicyMap::from_iter)
}

/// Returns one port inside and one outside of every boundary, and both ends.
fn ports(map: &PolicyMap) -> BTreeSet<u16> {
    let around = map.iter().flat_map(|(key, _)| {
        let (first, last) = (key.port().value(), key.port().last());
        [first, last, first.wrapping_sub(1), last.wrapping_add(1)]
    });
    around.chain([0, u16::MAX]).collect()
}

/// Returns flows on all sides of every boundary of a map, and beyond everything it names.
fn flows(map: &PolicyMap) -> Vec<Flow> {
    let named: BTreeSet<IdentityId> = map.iter().map(|(key, _)| key.identity()).collect();
    let peers = named.into_iter().chain([0, 1, 77].map(IdentityId::new));
    let protocols: BTreeSet<Protocol> = map.iter().map(|(key, _)| key.protocol()).collect();
    let others = [Protocol::ANY, Protocol::TCP, Protocol::new(254), Protocol::new(255)];
    let protocols: BTreeSet<Protocol> = protocols.into_iter().chain(others).collect();
    let ports = ports(map);
    let mut flows = Vec::new();
    for peer in peers {
        for &protocol in &protocols {
            let on = |direction| {
                ports.iter().map(move |port| Flow { direction, peer, protocol, port: *port })
            };
            flows.extend(Direction::BOTH.into_iter().flat_map(on));
        }
    }
    // Of large maps every so many, so that each of the numbers above is among them.
    let step = (flows.len() / 20_000) | 1;
    flows.into_iter().step_by(step).collect()
}

/// Compares what a table and a map say about packets with and without port.
fn check(table: &PolicyTable, map: &PolicyMap) -> Result<(), TestCaseError> {
    let flows = flows(map);
    for flow in &flows {
        prop_assert_eq!(table.lookup(flow), map.lookup(flow), "{:?}", flow);
    }
    // Without port only entries for every port are left.
    let broad = map.iter().filter(|(key, _)| key.port().is_all());
    let broad = PolicyMap::from_iter(broad.map(|(key, entry)| (*key, *entry)));
    for flow in flows.iter().filter(|flow| flow.port == 0) {
        let found = table.direction(flow.direction).lookup_without_port(flow.peer, flow.protocol);
        prop_assert_eq!(found, broad.lookup(flow), "{:?} without port", flow);
    }
    let mut verdicts = vec![Verdict::DEFAULT_DENY; flows.len()];
    table.lookup_batch(&flows, &mut verdicts);
    for (flow, verdict) in flows.iter().zip(verdicts) {
        prop_assert_eq!(verdict, map.lookup(flow), "{:?} in a batch", flow);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_table_says_what_its_map_says(map in map(30)) {
        check(&PolicyTable::from(&map), &map)?;
    }

    #[test]
    fn changes_lead_to_the_same_table(
        map in map(12),
        changes in vec((key(4), entry(), 0u8..3), 0..24),
    ) {
        let (mut table, mut map) = (PolicyTable::from(&map), map);
        let snapshots = changes.iter().map(|(key, entry, change)| {
            let before = (table.clone(), map.clone());
            match change {
                0 => _ = map.remove(key),
                _ => _ = map.insert(*key, *entry),
            }
            let (direction, peer) = (key.direction(), key.identity());
            let own = map.iter().filter(|(key, _)| (key.direction(), key.identity()) == (direction, peer));
            table.direction_mut(direction).insert(peer, own.map(|(key, entry)| (*key, *entry)));
            before
        });
        let snapshots: Vec<_> = snapshots.collect();
        check(&table, &map)?;
        for (table, map) in snapshots.iter().step_by(5) {
            check(table, map)?;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Columns of hundreds of entries take several lines, and a table of ports for any peer.
    #[test]
    fn large_columns_say_what_their_map_says(map in map(3000)) {
        check(&PolicyTable::from(&map), &map)?;
    }
}

/// All ports of a column with nested blocks, for a peer and for any.
#[test]
fn every_port_is_decided_as_by_the_map() {
    let key = |identity, port, len| {
        let block = PortPrefix::of_port(port, len);
        PolicyKey::new(Direction::Ingress, IdentityId::new(identity), Protocol::TCP, block)
    };
    let entry = |n: u32| PolicyEntry::allow(RuleSetId::new(n));
    let nested = (0..=16).map(|len| (key(0, 0xa5a5, len), entry(u32::from(len))));
    let own = (0..=16).map(|len| (key(5, 0xa5f0, len), entry(100 + u32::from(len))));
    let map = PolicyMap::from_iter(nested.chain(own));
    let table = PolicyTable::from(&map);
    for peer in [0, 5, 6].map(IdentityId::new) {
        for port in 0..=u16::MAX {
            let flow = Flow { direction: Direction::Ingress, peer, protocol: Protocol::TCP, port };
            assert_eq!(table.lookup(&flow), map.lookup(&flow), "{flow:?}");
        }
    }
}

#[test]
fn peers_with_equal_entries_share_memory() {
    let entries = |peer: u32| {
        (0..8u16).map(move |n| {
            let port = PortPrefix::single(2 * n);
            let key = PolicyKey::new(Direction::Egress, IdentityId::new(peer), Protocol::TCP, port);
            (key, PolicyEntry::allow(RuleSetId::new(n.into())))
        })
    };
    let map = PolicyMap::from_iter((1..=10_000).flat_map(entries));
    let table = PolicyTable::from(&map);
    assert_eq!(table.direction(Direction::Egress).len(), 10_000);
    // Less than four bytes for each of 80,000 entries.
    assert!(table.memory_usage() < 80_000 * 4, "{}", table.memory_usage());
}

#[test]
fn an_empty_table_denies_by_default() {
    let table = DirectionTable::new();
    assert!(table.is_empty());
    assert_eq!(table.lookup(IdentityId::new(7), Protocol::TCP, 80), Verdict::DEFAULT_DENY);
    assert_eq!(table.lookup_without_port(IdentityId::ANY, Protocol::UDP), Verdict::DEFAULT_DENY);
}
