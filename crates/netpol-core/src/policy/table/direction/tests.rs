use alloc::vec::Vec;

use super::*;
use crate::{Direction, PortPrefix, RuleSetId};

fn allow(rules: u32) -> PolicyEntry {
    PolicyEntry::allow(RuleSetId::new(rules))
}

fn key(peer: u32, port: u16) -> PolicyKey {
    let port = PortPrefix::single(port);
    PolicyKey::new(Direction::Ingress, IdentityId::new(peer), Protocol::TCP, port)
}

/// Rows, cells and their memory must not grow with the number of changes.
#[test]
fn many_changes_leave_no_garbage() {
    let mut table = DirectionTable::new();
    table.insert(IdentityId::ANY, [(key(0, 53), allow(1))]);
    for change in 0..200_000_u32 {
        let peer = IdentityId::new(1 + change % 50);
        let entries = (0..change % 20).map(|port| (key(0, port as u16), allow(change)));
        table.insert(peer, entries);
    }
    assert!(table.memory_usage() < 1 << 18, "{}", table.memory_usage());
    for peer in 0..=50 {
        table.remove(IdentityId::new(peer));
    }
    assert_eq!(table.len(), 0);
    assert_eq!(table.lookup(IdentityId::new(3), Protocol::TCP, 53), Verdict::DEFAULT_DENY);
}

/// More different cells than a line can name without the help of its upper half.
#[test]
fn many_different_answers_are_told_apart() {
    let mut table = DirectionTable::new();
    let mut next = 0;
    let mut entries = |ports: u16| {
        let column = (0..ports).map(|port| (key(0, port * 2), allow(next + u32::from(port))));
        let column: Vec<_> = column.collect();
        next += u32::from(ports);
        column
    };
    let columns: Vec<Vec<_>> = (0..40).map(|_| entries(5_000)).collect();
    for (peer, column) in (1..).zip(&columns) {
        table.insert(IdentityId::new(peer), column.iter().copied());
    }
    for (peer, column) in (1..).zip(&columns) {
        for (key, entry) in column {
            let (protocol, port) = (key.protocol(), key.port().value());
            let verdict = table.lookup(IdentityId::new(peer), protocol, port);
            assert_eq!(verdict.rules(), entry.rules);
            let beside = table.lookup(IdentityId::new(peer), protocol, port + 1);
            assert_eq!(beside, Verdict::DEFAULT_DENY);
        }
    }
    // One line whose cells were numbered early and late.
    let mixed = [columns.first(), columns.last()].map(|column| column.map(|c| (key(0, 7), c[0].1)));
    let [early, late] = mixed.map(|entry| entry.unwrap());
    let peer = IdentityId::new(99);
    table.insert(peer, [early, (key(0, 9), late.1)]);
    assert_eq!(table.lookup(peer, Protocol::TCP, 7).rules(), early.1.rules);
    assert_eq!(table.lookup(peer, Protocol::TCP, 9).rules(), late.1.rules);
}

#[test]
fn equal_peers_share_a_row() {
    let mut table = DirectionTable::new();
    let [a, b, c] = [1, 2, 3].map(IdentityId::new);
    assert!(!table.insert_like(b, a));
    table.insert(a, [(key(1, 80), allow(1))]);
    assert!(table.insert_like(b, a) && table.insert_like(c, b));
    assert!(!table.insert_like(IdentityId::ANY, a));
    let row = |peer: IdentityId| table.peers.get(peer.number());
    assert_eq!(row(a), row(c));
    table.insert(a, [(key(1, 81), allow(1))]);
    table.remove(b);
    let allowed = |peer| table.lookup(peer, Protocol::TCP, 80).decision().is_allowed();
    assert_eq!([a, b, c].map(allowed), [false, false, true]);
}

#[test]
fn packets_without_port_match_entries_for_every_port_only() {
    // PKT-2
    let mut table = DirectionTable::new();
    let peer = IdentityId::new(1);
    let low = PolicyKey::new(Direction::Ingress, peer, Protocol::TCP, PortPrefix::of_port(0, 10));
    table.insert(peer, [(low, allow(1))]);
    let decision = |table: &DirectionTable| {
        [table.lookup(peer, Protocol::TCP, 0), table.lookup_without_port(peer, Protocol::TCP)]
            .map(|verdict| verdict.decision().is_allowed())
    };
    assert_eq!(decision(&table), [true, false]);
    let every = PolicyKey::new(Direction::Ingress, peer, Protocol::TCP, PortPrefix::ALL);
    table.insert(peer, [(low, allow(1)), (every, allow(2))]);
    assert_eq!(decision(&table), [true, true]);
    // The same among many entries for any peer.
    let many = (0..100).map(|port| (key(0, port * 2), allow(port.into())));
    table.insert(IdentityId::ANY, many.chain([(low, allow(1))]));
    table.remove(peer);
    assert!(table.ports.is_some());
    assert_eq!(decision(&table), [true, false]);
}
