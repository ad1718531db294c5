//! One published revision.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashMap;
use netpol_core::IpCache;
use netpol_policy::compile::SubjectPolicy;
use netpol_policy::fqdn::NameIndex;

use crate::EndpointId;

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
    /// The managed endpoints' policies.
    pub(crate) policies: Arc<BTreeMap<EndpointId, Arc<SubjectPolicy>>>,
    /// The managed endpoints' addresses.
    pub(crate) endpoints: Arc<HashMap<IpAddr, EndpointId, foldhash::fast::RandomState>>,
    /// The names that DNS gave for addresses.
    pub(crate) names: NameIndex,
}

impl Snapshot {
    /// Returns the revision before the first publication: no endpoints, everything outside.
    pub(crate) fn empty(ipcache: IpCache) -> Self {
        Self {
            revision: Revision::default(),
            ipcache,
            policies: Arc::default(),
            endpoints: Arc::default(),
            names: NameIndex::default(),
        }
    }
}
