//! The fast longest-prefix table.

use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::address::Seed;
use super::dispatch;
use super::family::Family;
use super::space::Space;
use crate::{IpFamily, Prefix};

/// A map from prefixes of both families to 32-bit numbers, made for lookups by the million.
///
/// Host routes are in a hash table of cache lines, all other prefixes in a trie of one byte a
/// level whose nodes are packed by bitmaps. A lookup does not allocate, and cannot fail.
///
/// | operation | cost |
/// |---|---|
/// | `lookup` | one line for a host route; otherwise one or two for each byte of the prefix, from the second on |
/// | batches | the same, with the waits for many addresses overlapping |
/// | `insert`, `remove` | some blocks of up to 1 KiB are written anew; amortised, since a table that is full moves to a larger one |
/// | `clone` | two reference counts |
///
/// A clone is a **snapshot**: it keeps its content and shares its memory with the table it was
/// taken from, which goes on changing without touching what the snapshot reads. Memory is used
/// again once the snapshots that need it are dropped. A clone may be changed too, but its first
/// change copies it as a whole.
///
/// Prefixes of a family that differ in length by much are cheap, but one that ends at the
/// *n*-th byte in an otherwise empty region takes a line for each byte: at most 1 KiB for the
/// longest IPv6 prefixes below /128.
///
/// # Examples
///
/// ```
/// use netpol_core::LpmTable;
///
/// let mut table = LpmTable::new();
/// table.insert("10.0.0.0/8".parse()?, 1);
/// table.insert("10.0.1.2".parse()?, 2);
/// let snapshot = table.clone();
/// table.remove(&"10.0.1.2".parse()?);
/// assert_eq!(snapshot.lookup("10.0.1.2".parse().unwrap()), Some(2));
/// assert_eq!(table.lookup("10.0.1.2".parse().unwrap()), Some(1));
/// assert_eq!(table.lookup("11.0.0.0".parse().unwrap()), None);
/// # Ok::<(), netpol_core::ParsePrefixError>(())
/// ```
#[derive(Clone)]
pub struct LpmTable {
    space: Space,
    seed: Seed,
    v4: Family,
    v6: Family,
}

impl Default for LpmTable {
    fn default() -> Self {
        Self {
            space: Space::new(0),
            seed: Seed::default(),
            v4: Family::default(),
            v6: Family::default(),
        }
    }
}

impl LpmTable {
    /// Returns the table without prefixes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a value at a prefix; returns the one that was there.
    pub fn insert(&mut self, prefix: Prefix, value: u32) -> Option<u32> {
        self.begin();
        // Ends: what does not fit a table that is mostly empty is put elsewhere.
        loop {
            match self.try_insert(&prefix, value) {
                Ok(old) => return old,
                Err(_) => self.grow_hosts(prefix.family()),
            }
        }
    }

    /// Removes a prefix; returns the value that it had.
    pub fn remove(&mut self, prefix: &Prefix) -> Option<u32> {
        self.begin();
        let Self { space, seed, v4, v6 } = self;
        match prefix.addr() {
            IpAddr::V4(addr) => v4.remove(space, seed, (addr.to_bits(), prefix.len())),
            IpAddr::V6(addr) => v6.remove(space, seed, (addr.octets(), prefix.len())),
        }
    }

    /// Moves to as little memory as the content needs.
    pub fn compact(&mut self) {
        self.rebuild([0, 0], false);
    }

    /// Returns the value of the longest prefix that holds an address.
    #[must_use]
    pub fn lookup(&self, addr: IpAddr) -> Option<u32> {
        match addr {
            IpAddr::V4(addr) => self.lookup_v4(addr),
            IpAddr::V6(addr) => self.lookup_v6(addr),
        }
    }

    /// Returns the value of the longest prefix that holds an IPv4 address.
    #[must_use]
    #[inline]
    pub fn lookup_v4(&self, addr: Ipv4Addr) -> Option<u32> {
        dispatch::lookup_v4((&self.v4, self.space.arena(), &self.seed), addr)
    }

    /// Returns the value of the longest prefix that holds an IPv6 address.
    #[must_use]
    #[inline]
    pub fn lookup_v6(&self, addr: Ipv6Addr) -> Option<u32> {
        dispatch::lookup_v6((&self.v6, self.space.arena(), &self.seed), addr)
    }

    /// Looks up many IPv4 addresses: writes the value for each to the same index of `values`,
    /// `missing` where no prefix holds the address.
    ///
    /// The longer of the two slices is used in part.
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_core::LpmTable;
    ///
    /// let mut table = LpmTable::new();
    /// table.insert("10.0.0.0/8".parse()?, 7);
    /// let mut values = [0; 2];
    /// table.lookup_v4_batch(&[[10, 0, 0, 1].into(), [11, 0, 0, 1].into()], 99, &mut values);
    /// assert_eq!(values, [7, 99]);
    /// # Ok::<(), netpol_core::ParsePrefixError>(())
    /// ```
    pub fn lookup_v4_batch(&self, addrs: &[Ipv4Addr], missing: u32, values: &mut [u32]) {
        let table = (&self.v4, self.space.arena(), &self.seed);
        dispatch::lookup_v4_batch(table, addrs, missing, values);
    }

    /// Looks up many IPv6 addresses, as [`LpmTable::lookup_v4_batch`] does.
    pub fn lookup_v6_batch(&self, addrs: &[Ipv6Addr], missing: u32, values: &mut [u32]) {
        let table = (&self.v6, self.space.arena(), &self.seed);
        dispatch::lookup_v6_batch(table, addrs, missing, values);
    }

    /// Returns the value of exactly this prefix.
    #[must_use]
    pub fn get(&self, prefix: &Prefix) -> Option<u32> {
        let arena = self.space.arena();
        match prefix.addr() {
            IpAddr::V4(addr) => self.v4.get(arena, &self.seed, (addr.to_bits(), prefix.len())),
            IpAddr::V6(addr) => self.v6.get(arena, &self.seed, (addr.octets(), prefix.len())),
        }
    }

    /// Returns all prefixes and their values, in order of the prefixes.
    ///
    /// Collects and sorts them first, which takes O(n log n) and allocates.
    pub fn iter(&self) -> impl Iterator<Item = (Prefix, u32)> + use<> {
        let mut all = Vec::with_capacity(self.len());
        let mut push = |addr: IpAddr, len, value| {
            all.extend(Prefix::new(addr, len).map(|prefix| (prefix, value)));
        };
        let arena = self.space.arena();
        self.v4.for_each(arena, &mut |addr: u32, len, value| {
            push(IpAddr::V4(addr.into()), len, value);
        });
        self.v6.for_each(arena, &mut |addr: [u8; 16], len, value| {
            push(IpAddr::V6(addr.into()), len, value);
        });
        all.sort_unstable_by_key(|(prefix, _)| *prefix);
        all.into_iter()
    }

    /// Returns the number of prefixes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Tells whether there is no prefix.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many bytes the table has allocated, those that it shares with snapshots
    /// included.
    #[must_use]
    pub fn memory_usage(&self) -> usize {
        self.space.bytes() + size_of::<Self>()
    }

    /// Makes sure that this handle may write.
    fn begin(&mut self) {
        if !self.space.is_writable() {
            self.rebuild([0, 0], true);
        }
        self.space.begin();
    }

    fn try_insert(
        &mut self,
        prefix: &Prefix,
        value: u32,
    ) -> Result<Option<u32>, super::hosts::Full> {
        let Self { space, seed, v4, v6 } = self;
        match prefix.addr() {
            IpAddr::V4(addr) => v4.insert(space, seed, (addr.to_bits(), prefix.len()), value),
            IpAddr::V6(addr) => v6.insert(space, seed, (addr.octets(), prefix.len()), value),
        }
    }

    fn grow_hosts(&mut self, family: IpFamily) {
        let more = match family {
            IpFamily::V4 => [self.v4.hosts.step::<u32>(), 0],
            IpFamily::V6 => [0, self.v6.hosts.step::<[u8; 16]>()],
        };
        self.rebuild(more, true);
    }

    /// Moves to a new space with room for more host routes of each family, and, if `spacious`,
    /// for further changes.
    fn rebuild(&mut self, [more_v4, more_v6]: [usize; 2], spacious: bool) {
        let arena = self.space.arena();
        let lines =
            self.v4.lines::<u32>(arena, more_v4) + self.v6.lines::<[u8; 16]>(arena, more_v6);
        let mut space = Space::new(if spacious { lines + lines / 4 } else { lines });
        self.v4 = self.v4.copy::<u32>(arena, &self.seed, &mut space, more_v4);
        self.v6 = self.v6.copy::<[u8; 16]>(arena, &self.seed, &mut space, more_v6);
        self.space = space;
    }
}

impl fmt::Debug for LpmTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Extend<(Prefix, u32)> for LpmTable {
    fn extend<I: IntoIterator<Item = (Prefix, u32)>>(&mut self, entries: I) {
        for (prefix, value) in entries {
            self.insert(prefix, value);
        }
    }
}

impl FromIterator<(Prefix, u32)> for LpmTable {
    fn from_iter<I: IntoIterator<Item = (Prefix, u32)>>(entries: I) -> Self {
        let mut table = Self::new();
        table.extend(entries);
        table
    }
}
