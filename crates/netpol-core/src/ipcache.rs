//! From addresses to identities.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{IdentityId, IpFamily, LpmTable, Prefix};

/// The longest-prefix map from addresses to identities (IPC-1).
///
/// A clone is a snapshot: it is cheap, keeps its content, and shares memory with the ipcache it
/// was taken from (see [`LpmTable`]).
///
/// # Examples
///
/// ```
/// use netpol_core::{IdentityId, IpCache};
///
/// let mut ipcache = IpCache::new(true);
/// ipcache.insert("10.0.1.2".parse()?, IdentityId::new(1001));
/// assert_eq!(ipcache.identity("10.0.1.2".parse().unwrap()), IdentityId::new(1001));
/// // What is not in there is outside.
/// assert_eq!(ipcache.identity("192.0.2.1".parse().unwrap()), IdentityId::WORLD_IPV4);
/// # Ok::<(), netpol_core::ParsePrefixError>(())
/// ```
#[derive(Clone, Debug)]
pub struct IpCache {
    // The values are numbers of identities.
    entries: LpmTable,
    dual_stack: bool,
}

impl IpCache {
    /// Returns the ipcache without entries; `dual_stack` says whether both families are in use,
    /// which decides the identity of the outside (IDN-4).
    #[must_use]
    pub fn new(dual_stack: bool) -> Self {
        Self { entries: LpmTable::new(), dual_stack }
    }

    /// Sets the identity of a prefix; returns the one it had.
    pub fn insert(&mut self, prefix: Prefix, identity: IdentityId) -> Option<IdentityId> {
        let old = self.entries.insert(prefix, identity.number());
        old.map(IdentityId::new)
    }

    /// Removes a prefix; returns the identity it had.
    pub fn remove(&mut self, prefix: &Prefix) -> Option<IdentityId> {
        self.entries.remove(prefix).map(IdentityId::new)
    }

    /// Returns the identity of exactly this prefix.
    #[must_use]
    pub fn get(&self, prefix: &Prefix) -> Option<IdentityId> {
        self.entries.get(prefix).map(IdentityId::new)
    }

    /// Returns the identity of an address: that of the longest prefix, or else the outside's.
    #[must_use]
    pub fn identity(&self, addr: IpAddr) -> IdentityId {
        match self.entries.lookup(addr) {
            Some(number) => IdentityId::new(number),
            None => self.world(IpFamily::of(&addr)),
        }
    }

    /// Writes the number of the identity of each IPv4 address to the same index of `numbers`.
    ///
    /// The longer of the two slices is used in part.
    pub fn identities_v4(&self, addrs: &[Ipv4Addr], numbers: &mut [u32]) {
        let world = self.world(IpFamily::V4).number();
        self.entries.lookup_v4_batch(addrs, world, numbers);
    }

    /// Writes the number of the identity of each IPv6 address to the same index of `numbers`.
    ///
    /// The longer of the two slices is used in part.
    pub fn identities_v6(&self, addrs: &[Ipv6Addr], numbers: &mut [u32]) {
        let world = self.world(IpFamily::V6).number();
        self.entries.lookup_v6_batch(addrs, world, numbers);
    }

    /// Returns the identity of the outside for a family (IDN-4).
    #[must_use]
    pub const fn world(&self, family: IpFamily) -> IdentityId {
        match (self.dual_stack, family) {
            (false, _) => IdentityId::WORLD,
            (true, IpFamily::V4) => IdentityId::WORLD_IPV4,
            (true, IpFamily::V6) => IdentityId::WORLD_IPV6,
        }
    }

    /// Returns all prefixes and their identities, in order of the prefixes.
    ///
    /// Collects and sorts them first, which takes O(n log n) and allocates.
    pub fn iter(&self) -> impl Iterator<Item = (Prefix, IdentityId)> + use<> {
        let entries = self.entries.iter();
        entries.map(|(prefix, number)| (prefix, IdentityId::new(number)))
    }

    /// Moves to as little memory as the content needs.
    pub fn compact(&mut self) {
        self.entries.compact();
    }

    /// Returns how many bytes are allocated, those that are shared with snapshots included.
    #[must_use]
    pub fn memory_usage(&self) -> usize {
        self.entries.memory_usage()
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
}
