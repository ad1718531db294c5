//! From addresses to identities.

use core::net::IpAddr;

use crate::{IdentityId, IpFamily, Prefix, PrefixMap};

/// The longest-prefix map from addresses to identities (IPC-1).
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
    entries: PrefixMap<IdentityId>,
    dual_stack: bool,
}

impl IpCache {
    /// Returns the ipcache without entries; `dual_stack` says whether both families are in use,
    /// which decides the identity of the outside (IDN-4).
    #[must_use]
    pub fn new(dual_stack: bool) -> Self {
        Self {
            entries: PrefixMap::new(),
            dual_stack,
        }
    }

    /// Sets the identity of a prefix; returns the one it had.
    pub fn insert(&mut self, prefix: Prefix, identity: IdentityId) -> Option<IdentityId> {
        self.entries.insert(prefix, identity)
    }

    /// Removes a prefix; returns the identity it had.
    pub fn remove(&mut self, prefix: &Prefix) -> Option<IdentityId> {
        self.entries.remove(prefix)
    }

    /// Returns the identity of exactly this prefix.
    #[must_use]
    pub fn get(&self, prefix: &Prefix) -> Option<IdentityId> {
        self.entries.get(prefix).copied()
    }

    /// Returns the identity of an address: that of the longest prefix, or else the outside's.
    #[must_use]
    pub fn identity(&self, addr: IpAddr) -> IdentityId {
        match self.entries.longest_match(addr) {
            Some((_, identity)) => *identity,
            None => self.world(IpFamily::of(&addr)),
        }
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
    pub fn iter(&self) -> impl Iterator<Item = (&Prefix, IdentityId)> {
        self.entries
            .iter()
            .map(|(prefix, identity)| (prefix, *identity))
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
