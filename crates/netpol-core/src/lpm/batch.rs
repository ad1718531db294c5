//! Many lookups at once.
//!
//! One step is done for all addresses of a chunk before the next, and each step asks for the
//! lines of the next one, so that the waits for memory overlap. Which addresses go on is
//! written without branches: what cannot be predicted costs more than what is done in vain.

use super::address::{Address, Seed};
use super::arena::{Arena, Block};
use super::entry::Entry;
use super::family::Family;
use super::hosts;
use super::node;

/// How many addresses take a step together: enough to cover the way to memory and to make up for the
/// end of each loop, which is hard to predict; few enough that their state stays in the first-level cache.
const CHUNK: usize = 128;

/// Something for each address of a chunk.
#[derive(Clone, Copy)]
struct PerAddress<T>([T; CHUNK]);

impl<T: Copy> PerAddress<T> {
    #[inline(always)]
    fn get(&self, place: usize) -> T {
        let Self(all) = self;
        // The remainder tells the compiler what the caller knows.
        all[place % CHUNK]
    }

    #[inline(always)]
    fn set(&mut self, place: usize, value: T) {
        let Self(all) = self;
        all[place % CHUNK] = value;
    }
}

/// The addresses of a chunk that are not decided yet, by their places.
#[derive(Clone, Copy)]
struct Open {
    places: PerAddress<u8>,
    len: usize,
}

impl Open {
    #[inline(always)]
    fn all(len: usize) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a chunk is small")]
        let places = PerAddress(core::array::from_fn(|place| place as u8));
        Self { places, len }
    }

    /// Keeps those places for which `keep` holds.
    #[inline(always)]
    fn retain(&mut self, mut keep: impl FnMut(usize) -> bool) {
        let mut left = 0;
        for index in 0..self.len {
            let place = self.places.get(index);
            self.places.set(left, place);
            left += usize::from(keep(place.into()));
        }
        self.len = left;
    }
}

/// Writes the value of each address to the place of `out` with the same index, `missing` where
/// no prefix holds it.
#[inline(always)]
pub(super) fn lookup<A: Address, K: Copy>(
    (family, arena, seed): (&Family, &Arena, &Seed),
    keys: &[K],
    address: impl Fn(K) -> A,
    missing: u32,
    out: &mut [u32],
) {
    let missing = family.default.unwrap_or(missing);
    let mut values = PerAddress([0; CHUNK]);
    let mut addrs = PerAddress([A::ZERO; CHUNK]);
    for (keys, out) in keys.chunks(CHUNK).zip(out.chunks_mut(CHUNK)) {
        for (addr, key) in addrs.0.iter_mut().zip(keys) {
            *addr = address(*key);
        }
        let mut open = Open::all(keys.len().min(CHUNK));
        if family.hosts.len() > 0 {
            find_hosts((family, arena, seed), &addrs, &mut open, &mut values);
        }
        if open.len > 0 {
            find_prefixes((family, arena), &addrs, open, missing, &mut values);
        }
        for (out, value) in out.iter_mut().zip(values.0).take(keys.len()) {
            *out = value;
        }
    }
}

/// Looks the open addresses up in the host table.
#[inline(always)]
fn find_hosts<A: Address>(
    (family, arena, seed): (&Family, &Arena, &Seed),
    addrs: &PerAddress<A>,
    open: &mut Open,
    values: &mut PerAddress<u32>,
) {
    let hosts = &family.hosts;
    let mut lines: PerAddress<Block> = PerAddress([0; CHUNK]);
    for place in 0..open.len {
        let line = hosts.line(arena, hosts.first_line(addrs.get(place).hash(seed)));
        arena.prefetch(line);
        lines.set(place, line);
    }
    let mut overflow = false;
    open.retain(|place| {
        let probe = hosts::probe(arena, lines.get(place), addrs.get(place));
        values.set(place, probe.value);
        overflow |= !probe.hit & probe.overflow;
        !probe.hit
    });
    if overflow {
        search_hosts((family, arena, seed), addrs, open, values);
    }
}

/// Looks the open addresses up in the lines after their own one.
#[inline(never)]
fn search_hosts<A: Address>(
    (family, arena, seed): (&Family, &Arena, &Seed),
    addrs: &PerAddress<A>,
    open: &mut Open,
    values: &mut PerAddress<u32>,
) {
    open.retain(|place| match family.hosts.get(arena, seed, addrs.get(place)) {
        Some(value) => {
            values.set(place, value);
            false
        }
        None => true,
    });
}

/// Looks the open addresses up in the trie.
#[inline(always)]
fn find_prefixes<A: Address>(
    (family, arena): (&Family, &Arena),
    addrs: &PerAddress<A>,
    mut open: Open,
    missing: u32,
    values: &mut PerAddress<u32>,
) {
    let all = open;
    let mut entries = PerAddress([Entry::NONE; CHUNK]);
    let root = family.trie.root();
    open.retain(|place| {
        let entry = node::first_entry(arena, root, addrs.get(place));
        arena.prefetch(entry.block());
        entries.set(place, entry);
        entry.is_node()
    });
    for level in 2..A::LEVELS {
        if open.len == 0 {
            break;
        }
        open.retain(|place| {
            let byte = addrs.get(place).byte(level);
            let entry = node::packed_entry(arena, entries.get(place).block(), byte);
            arena.prefetch(entry.block());
            entries.set(place, entry);
            entry.is_node()
        });
    }
    for index in 0..all.len {
        let place = usize::from(all.places.get(index));
        values.set(
            place,
            match entries.get(place) {
                Entry::LARGE => {
                    family.value(arena, addrs.get(place), Entry::LARGE).unwrap_or(missing)
                }
                Entry::NONE => missing,
                entry => entry.small_value(),
            },
        );
    }
}
