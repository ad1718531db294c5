//! A plain longest-prefix map.

use alloc::collections::BTreeMap;
use core::net::IpAddr;

use crate::{IpFamily, Prefix};

/// A map from prefixes of both families to values, with longest-prefix lookup.
///
/// A lookup probes once for each length that is in use, so it costs
/// O(distinct lengths × log n). Iteration is in order of the prefixes.
///
/// # Examples
///
/// ```
/// use netpol_core::PrefixMap;
///
/// let mut map = PrefixMap::new();
/// map.insert("10.0.0.0/8".parse()?, "all of ten");
/// map.insert("10.96.0.0/12".parse()?, "services");
/// let found = map.longest_match("10.97.0.1".parse().unwrap());
/// assert_eq!(found.map(|(_, value)| *value), Some("services"));
/// # Ok::<(), netpol_core::ParsePrefixError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PrefixMap<V> {
    entries: BTreeMap<Prefix, V>,
    // How many prefixes have each length.
    v4_lens: [u32; 33],
    v6_lens: [u32; 129],
}

impl<V> Default for PrefixMap<V> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), v4_lens: [0; 33], v6_lens: [0; 129] }
    }
}

impl<V> PrefixMap<V> {
    /// Returns the map without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a value at a prefix; returns the one that was there.
    pub fn insert(&mut self, prefix: Prefix, value: V) -> Option<V> {
        let old = self.entries.insert(prefix, value);
        if old.is_none()
            && let Some(count) = self.lens_mut(prefix.family()).get_mut(usize::from(prefix.len()))
        {
            *count += 1;
        }
        old
    }

    /// Removes and returns the value at exactly this prefix.
    pub fn remove(&mut self, prefix: &Prefix) -> Option<V> {
        let old = self.entries.remove(prefix)?;
        if let Some(count) = self.lens_mut(prefix.family()).get_mut(usize::from(prefix.len())) {
            *count -= 1;
        }
        Some(old)
    }

    /// Returns the value at exactly this prefix.
    #[must_use]
    pub fn get(&self, prefix: &Prefix) -> Option<&V> {
        self.entries.get(prefix)
    }

    /// Returns the value at exactly this prefix, to be changed in place.
    pub fn get_mut(&mut self, prefix: &Prefix) -> Option<&mut V> {
        self.entries.get_mut(prefix)
    }

    /// Returns the longest prefix that holds `addr`, and its value (IPC-1).
    #[must_use]
    pub fn longest_match(&self, addr: IpAddr) -> Option<(&Prefix, &V)> {
        self.covering(&Prefix::host(addr)).next()
    }

    /// Returns the prefixes that are `prefix` or hold it, from long to short.
    pub fn covering(&self, prefix: &Prefix) -> impl Iterator<Item = (&Prefix, &V)> {
        let (addr, len) = (prefix.addr(), usize::from(prefix.len()));
        let lens = self.lens(prefix.family()).get(..=len).unwrap_or_default();
        lens.iter().enumerate().rev().filter(|(_, count)| **count > 0).filter_map(
            move |(len, _)| {
                let candidate = Prefix::new(addr, u8::try_from(len).ok()?)?;
                self.entries.get_key_value(&candidate)
            },
        )
    }

    /// Returns the prefixes that are `prefix` or lie inside it, in order.
    pub fn inside(&self, prefix: &Prefix) -> impl Iterator<Item = (&Prefix, &V)> {
        let outer = *prefix;
        // The order puts a block directly before everything inside it.
        self.entries.range(outer..).take_while(move |(inner, _)| outer.contains_prefix(inner))
    }

    /// Returns all prefixes and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Prefix, &V)> {
        self.entries.iter()
    }

    /// Returns the number of prefixes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether there is no prefix.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn lens(&self, family: IpFamily) -> &[u32] {
        match family {
            IpFamily::V4 => &self.v4_lens,
            IpFamily::V6 => &self.v6_lens,
        }
    }

    fn lens_mut(&mut self, family: IpFamily) -> &mut [u32] {
        match family {
            IpFamily::V4 => &mut self.v4_lens,
            IpFamily::V6 => &mut self.v6_lens,
        }
    }
}
