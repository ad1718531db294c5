//! The write side: takes policies, endpoints, addresses and names, publishes revisions.

mod builder;
mod documents;
mod endpoints;
mod identities;
mod limits;
mod names;
mod prefixes;
mod publish;
mod query;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use hashbrown::HashMap;
use netpol_core::{IdentityId, IpCache, MapDelta};
use netpol_policy::doc::ReadOptions;
use netpol_policy::ipcache::PrefixMetadata;
use netpol_policy::repository::Repository;
use netpol_policy::rule::{CidrGroup, SecretRef};
use netpol_policy::{LabelFilter, Options};

pub use self::builder::EngineBuilder;
pub use self::documents::Applied;
use self::endpoints::Endpoints;
use self::identities::Identities;
pub use self::limits::EngineLimits;
use self::names::Names;
pub use self::publish::Published;
use crate::slots::Slots;
use crate::snapshot::Snapshot;
use crate::{EndpointId, Reader};

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// The write side of netpol.
///
/// What is changed here is collected, and takes effect for readers, all of it together, when
/// [`publish`](Self::publish) is called. Order of arrival does not matter: the same documents,
/// endpoints and names give the same verdicts.
///
/// # Examples
///
/// See the [crate's documentation](crate).
#[derive(Debug)]
pub struct Engine {
    options: Options,
    limits: EngineLimits,
    reading: ReadOptions,
    label_filter: LabelFilter,
    repository: Repository,
    identities: Identities,
    metadata: PrefixMetadata,
    prefix_identities: BTreeMap<netpol_core::Prefix, IdentityId>,
    // Prefixes whose identity, or whose endpoint, changed since the last publication.
    moved_prefixes: Vec<netpol_core::Prefix>,
    ipcache: IpCache,
    endpoints: Endpoints,
    // Endpoints that are new, changed or gone since the last publication.
    moved_endpoints: BTreeSet<EndpointId>,
    // The managed endpoints as they were last published.
    slots: Slots,
    namespaces: Map<Arc<str>, BTreeMap<Arc<str>, Arc<str>>>,
    cidr_groups: BTreeMap<Arc<str>, CidrGroup>,
    backends: documents::Backends,
    names: Names,
    // Identities that nothing uses any more; they go after the next publication (CHG-4).
    unused: Vec<IdentityId>,
    published: Arc<ArcSwap<Snapshot>>,
    revision: u64,
}

/// What a publication changed in the policy map of one endpoint.
#[derive(Clone, Debug)]
pub struct EndpointDeltas {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// The way from the old policy map to the new one, additions before removals. Endpoints that
    /// share a policy share them.
    pub deltas: Arc<[MapDelta]>,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// Returns an engine with default settings, without policies and endpoints.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Returns a builder for an engine with other settings.
    #[must_use]
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// Returns a reader. Each thread should have its own; a reader outlives its engine and
    /// then keeps to the last revision.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.published))
    }

    /// Sets the value of a Kubernetes secret that HTTP rules may ask for; `None` removes it (HM-1).
    pub fn set_secret(&mut self, namespace: &str, name: &str, value: Option<&str>) {
        let secret = SecretRef { namespace: namespace.into(), name: name.into() };
        self.repository.set_secret(secret, value);
    }

    /// Returns the settings.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }
}
