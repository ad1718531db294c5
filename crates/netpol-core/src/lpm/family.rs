//! The tables of one address family.

use alloc::vec::Vec;

use super::address::{Address, Seed};
use super::arena::Arena;
use super::entry::Entry;
use super::hosts::{Full, Hosts};
use super::space::Space;
use super::trie::Trie;

/// A family has a host table once there is one host route for so many other prefixes. Below that
/// it costs more to look there first than a few long ways through the trie do.
const FEW: usize = 64;

/// The prefixes of one family: host routes, the prefix of length 0, and all others.
#[derive(Clone, Copy, Default)]
pub(super) struct Family {
    pub(super) hosts: Hosts,
    pub(super) trie: Trie,
    pub(super) default: Option<u32>,
    // How many prefixes the trie has, and how many of them are host routes: few, or those that
    // found no place in the host table.
    in_trie: usize,
    trie_hosts: usize,
}

impl Family {
    /// Returns the number of prefixes.
    pub(super) fn len(&self) -> usize {
        self.hosts.len() + self.in_trie + usize::from(self.default.is_some())
    }

    /// Puts a value at a prefix; returns the one that was there, or an error if the host table
    /// has to grow first.
    pub(super) fn insert<A: Address>(
        &mut self,
        space: &mut Space,
        seed: &Seed,
        (addr, len): (A, u8),
        value: u32,
    ) -> Result<Option<u32>, Full> {
        if len == 0 {
            return Ok(self.default.replace(value));
        }
        let is_host = len == A::BITS;
        if is_host && !self.trie_has_host(space.arena(), addr) {
            let few = self.hosts.len() == 0 && self.has_few(self.trie_hosts + 1);
            match self.hosts.insert(space, seed, addr, value) {
                Err(Full::Grow) if few => {}
                Err(Full::Crowded) => {}
                other => return other,
            }
            self.trie_hosts += 1;
        }
        let old = self.trie.insert(space, (addr, len), value);
        self.in_trie += usize::from(old.is_none());
        Ok(old)
    }

    /// Removes a prefix; returns the value that it had.
    pub(super) fn remove<A: Address>(
        &mut self,
        space: &mut Space,
        seed: &Seed,
        (addr, len): (A, u8),
    ) -> Option<u32> {
        if len == 0 {
            return self.default.take();
        }
        let is_host = len == A::BITS;
        if is_host && !self.trie_has_host(space.arena(), addr) {
            return self.hosts.remove(space, seed, addr);
        }
        let old = self.trie.remove(space, (addr, len))?;
        self.in_trie -= 1;
        self.trie_hosts -= usize::from(is_host);
        Some(old)
    }

    /// Returns the value of exactly this prefix.
    pub(super) fn get<A: Address>(
        &self,
        arena: &Arena,
        seed: &Seed,
        (addr, len): (A, u8),
    ) -> Option<u32> {
        if len == 0 {
            return self.default;
        }
        let host = if len == A::BITS { self.hosts.get(arena, seed, addr) } else { None };
        host.or_else(|| self.trie.get(arena, (addr, len)))
    }

    /// Returns the value of the longest prefix that holds an address.
    #[inline(always)]
    pub(super) fn lookup<A: Address>(&self, arena: &Arena, seed: &Seed, addr: A) -> Option<u32> {
        match self.hosts.get(arena, seed, addr) {
            Some(value) => Some(value),
            None => self.value(arena, addr, self.trie.lookup(arena, addr)),
        }
    }

    /// Returns the value that the trie's entry for an address stands for.
    #[inline(always)]
    pub(super) fn value<A: Address>(&self, arena: &Arena, addr: A, entry: Entry) -> Option<u32> {
        match entry {
            Entry::NONE => self.default,
            Entry::LARGE => self.trie.large_value(arena, addr).or(self.default),
            entry => Some(entry.small_value()),
        }
    }

    /// Calls `each` with every prefix and its value.
    pub(super) fn for_each<A: Address>(&self, arena: &Arena, each: &mut impl FnMut(A, u8, u32)) {
        if let Some(value) = self.default {
            each(A::ZERO, 0, value);
        }
        self.hosts.for_each(arena, &mut |addr, value| each(addr, A::BITS, value));
        self.trie.for_each(arena, each);
    }

    /// Returns how many lines a copy with room for `more` host routes takes, or a little more.
    pub(super) fn lines<A: Address>(&self, arena: &Arena, more: usize) -> usize {
        let hosts = match self.hosts.len() + self.trie_hosts + more {
            0 => 0,
            hosts if self.has_few(hosts) => 0,
            hosts => Hosts::lines_for::<A>(hosts),
        };
        hosts + self.trie.lines(arena)
    }

    /// Returns a copy in another space, with room for `more` host routes.
    pub(super) fn copy<A: Address>(
        &self,
        arena: &Arena,
        seed: &Seed,
        space: &mut Space,
        more: usize,
    ) -> Self {
        let hosts = self.hosts.len() + self.trie_hosts + more;
        let few = self.has_few(hosts);
        let mut copy = Self {
            trie: self.trie.copy(arena, space),
            hosts: match hosts {
                0 => Hosts::default(),
                _ if few => Hosts::default(),
                hosts => Hosts::new::<A>(space, hosts),
            },
            ..*self
        };
        self.hosts.for_each(arena, &mut |addr: A, value| {
            if copy.hosts.insert(space, seed, addr, value).is_err() {
                copy.trie.insert(space, (addr, A::BITS), value);
                copy.in_trie += 1;
                copy.trie_hosts += 1;
            }
        });
        if !few && self.trie_hosts > 0 {
            copy.move_hosts::<A>(space, seed);
        }
        copy
    }

    /// Moves host routes from the trie to the host table.
    fn move_hosts<A: Address>(&mut self, space: &mut Space, seed: &Seed) {
        let mut hosts = Vec::with_capacity(self.trie_hosts);
        self.trie.for_each(space.arena(), &mut |addr: A, len, value| {
            if len == A::BITS {
                hosts.push((addr, value));
            }
        });
        for (addr, value) in hosts {
            if self.hosts.insert(space, seed, addr, value).is_ok() {
                self.trie.remove(space, (addr, A::BITS));
                self.in_trie -= 1;
                self.trie_hosts -= 1;
            }
        }
    }

    /// Tells whether so many host routes are few beside the other prefixes.
    fn has_few(&self, hosts: usize) -> bool {
        let others = self.in_trie - self.trie_hosts;
        hosts <= others / FEW
    }

    /// Tells whether an address is a host route that the trie holds.
    fn trie_has_host<A: Address>(&self, arena: &Arena, addr: A) -> bool {
        self.trie_hosts > 0 && self.trie.get(arena, (addr, A::BITS)).is_some()
    }
}

#[cfg(test)]
mod tests;
