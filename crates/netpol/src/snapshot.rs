//! One published revision.

use netpol_core::IpCache;

use crate::slots::Slots;

/// The number of a published state; each publication has a greater one than the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(pub(crate) u64);

impl Revision {
    /// Returns the number; 0 before the first publication.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// One published revision: everything that a verdict needs, never changed.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) revision: Revision,
    pub(crate) ipcache: IpCache,
    /// The managed endpoints, with their addresses and policies.
    pub(crate) slots: Slots,
}

impl Snapshot {
    /// Returns the revision before the first publication: no endpoints, everything outside.
    pub(crate) fn empty(ipcache: IpCache) -> Self {
        Self { revision: Revision::default(), ipcache, slots: Slots::default() }
    }
}
