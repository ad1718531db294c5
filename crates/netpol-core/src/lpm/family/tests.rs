use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::Family;
use crate::lpm::address::{Address, Seed};
use crate::lpm::arena::{Arena, Block};
use crate::lpm::hosts::Full;
use crate::lpm::space::Space;

/// An address whose hash an enemy has found out.
#[derive(Clone, Copy, PartialEq)]
struct Colliding(u32);

impl Address for Colliding {
    const LEVELS: usize = u32::LEVELS;
    const BITS: u8 = u32::BITS as u8;
    const ZERO: Self = Self(0);
    const SLOTS: usize = <u32 as Address>::SLOTS;
    const VALUES: usize = u32::VALUES;
    const STATE: usize = u32::STATE;

    fn capacity(lines: usize) -> usize {
        u32::capacity(lines)
    }

    fn byte(self, level: usize) -> u8 {
        self.0.byte(level)
    }

    fn with_byte(self, level: usize, byte: u8) -> Self {
        Self(self.0.with_byte(level, byte))
    }

    fn hash(self, _: &Seed) -> u64 {
        u64::MAX
    }

    fn matches(self, arena: &Arena, line: Block) -> u32 {
        self.0.matches(arena, line)
    }

    fn read(arena: &Arena, line: Block, slot: usize) -> Self {
        Self(u32::read(arena, line, slot))
    }

    fn write(self, arena: &Arena, line: Block, slot: usize) {
        self.0.write(arena, line, slot);
    }
}

struct Table {
    space: Space,
    seed: Seed,
    family: Family,
}

impl Table {
    fn new() -> Self {
        Self { space: Space::new(0), seed: Seed::default(), family: Family::default() }
    }

    fn insert<A: Address>(&mut self, prefix: (A, u8), value: u32) -> Option<u32> {
        loop {
            let Self { space, seed, family } = self;
            space.begin();
            match family.insert(space, seed, prefix, value) {
                Ok(old) => return old,
                Err(error) => assert_eq!(error, Full::Grow),
            }
            let more = family.hosts.step::<A>();
            let lines = family.lines::<A>(space.arena(), more);
            let mut larger = Space::new(lines);
            *family = family.copy::<A>(space.arena(), seed, &mut larger, more);
            *space = larger;
        }
    }

    fn lookup<A: Address>(&self, addr: A) -> Option<u32> {
        self.family.lookup(self.space.arena(), &self.seed, addr)
    }

    fn remove<A: Address>(&mut self, prefix: (A, u8)) -> Option<u32> {
        self.space.begin();
        self.family.remove(&mut self.space, &self.seed, prefix)
    }
}

#[test]
fn a_flood_of_equal_hashes_fills_the_trie_instead_of_the_memory() {
    let mut table = Table::new();
    let addrs: Vec<Colliding> =
        (0..2000u32).map(|n| Colliding(n.wrapping_mul(0x9e37_79b1))).collect();
    for (n, addr) in (0..).zip(&addrs) {
        assert_eq!(table.insert((*addr, 32), n), None);
    }
    assert_eq!(table.family.len(), 2000);
    assert!(table.family.trie_hosts > 1000);
    assert!(table.space.bytes() < 2000 * 500, "{}", table.space.bytes());
    let mut found = BTreeMap::new();
    let mut each =
        |addr: Colliding, len, value| assert!(len == 32 && found.insert(addr.0, value).is_none());
    table.family.for_each(table.space.arena(), &mut each);
    for (n, addr) in (0..).zip(&addrs) {
        assert_eq!(table.lookup(*addr), Some(n));
        assert_eq!(found.get(&addr.0), Some(&n));
        assert_eq!(table.insert((*addr, 32), n + 1), Some(n));
    }
    for (n, addr) in (0..).zip(&addrs) {
        assert_eq!(table.remove((*addr, 32)), Some(n + 1));
        assert_eq!(table.remove((*addr, 32)), None);
        assert_eq!(table.lookup(*addr), None);
    }
    assert_eq!((table.family.len(), table.family.trie_hosts), (0, 0));
}

#[test]
fn few_host_routes_stay_in_the_trie_until_they_are_many() {
    let mut table = Table::new();
    for n in 0..1000u32 {
        table.insert((n << 8, 24), n);
    }
    let host = |n: u32| (n << 8 | 7, 32);
    for n in 0..15 {
        assert_eq!(table.insert(host(n), 5000 + n), None);
    }
    assert_eq!((table.family.hosts.len(), table.family.trie_hosts), (0, 15));
    for n in 15..100 {
        assert_eq!(table.insert(host(n), 5000 + n), None);
    }
    assert_eq!((table.family.hosts.len(), table.family.trie_hosts), (100, 0));
    assert_eq!(table.family.len(), 1100);
    for n in 0..100 {
        assert_eq!(table.lookup(n << 8 | 7), Some(5000 + n));
        assert_eq!(table.lookup(n << 8 | 8), Some(n));
    }
}
