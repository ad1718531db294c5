//! Settings of an engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use netpol_core::{IdentityConfig, IdentityRange, IpCache};
use netpol_policy::doc::ReadOptions;
use netpol_policy::fqdn::FqdnConfig;
use netpol_policy::ipcache::{PrefixConfig, PrefixMetadata};
use netpol_policy::repository::{Repository, RepositoryLimits};
use netpol_policy::{AllowLocalhost, Enforcement, LabelFilter, Options};

use super::documents::Backends;
use super::endpoints::Endpoints;
use super::identities::Identities;
use super::names::Names;
use super::{Engine, EngineLimits, Map};
use crate::slots::Slots;
use crate::snapshot::Snapshot;

/// Builds an [`Engine`] with settings of its own.
///
/// # Examples
///
/// ```
/// use netpol::{Enforcement, Engine};
///
/// let engine = Engine::builder().enforcement(Enforcement::Always).cluster_name("paris").build();
/// assert_eq!(&*engine.options().cluster_name, "paris");
/// ```
#[derive(Clone, Debug)]
pub struct EngineBuilder {
    options: Options,
    limits: EngineLimits,
    reading: ReadOptions,
    label_filter: LabelFilter,
    identities: IdentityRange,
}

impl Default for EngineBuilder {
    fn default() -> Self {
        Self {
            options: Options::default(),
            limits: EngineLimits::default(),
            reading: ReadOptions::default(),
            label_filter: LabelFilter::default(),
            identities: IdentityRange::DEFAULT,
        }
    }
}

impl EngineBuilder {
    /// Sets all options that change what documents mean.
    #[must_use]
    pub fn options(self, options: Options) -> Self {
        Self { options, ..self }
    }

    /// Sets when policy is enforced (MODE-1).
    #[must_use]
    pub fn enforcement(mut self, enforcement: Enforcement) -> Self {
        self.options.enforcement = enforcement;
        self
    }

    /// Sets whether the local node may always reach its endpoints (HOST-1).
    #[must_use]
    pub fn allow_localhost(mut self, allow_localhost: AllowLocalhost) -> Self {
        self.options.allow_localhost = allow_localhost;
        self
    }

    /// Sets the name of the local cluster (OPT-4).
    #[must_use]
    pub fn cluster_name(mut self, name: &str) -> Self {
        self.options.cluster_name = name.into();
        self
    }

    /// Sets how much the engine takes.
    #[must_use]
    pub fn limits(self, limits: EngineLimits) -> Self {
        Self { limits, ..self }
    }

    /// Sets the range that the numbers of pods' identities come from: that of the cluster in a mesh
    /// (NUM-4).
    #[must_use]
    pub fn identities(self, identities: IdentityRange) -> Self {
        Self { identities, ..self }
    }

    /// Sets how documents are read: the namespace of those that say none, how much is read, and who checks
    /// a NetworkPolicy.
    #[must_use]
    pub fn reading(self, reading: ReadOptions) -> Self {
        Self { reading, ..self }
    }

    /// Sets which labels of pods make their identity (LBL-8).
    #[must_use]
    pub fn label_filter(self, label_filter: LabelFilter) -> Self {
        Self { label_filter, ..self }
    }

    /// Returns the engine.
    #[must_use]
    pub fn build(self) -> Engine {
        let Self { options, limits, reading, label_filter, identities: range } = self;
        let repository_limits = {
            let mut repository_limits = RepositoryLimits::default();
            repository_limits.map_entries = limits.map_entries;
            repository_limits
        };
        let mut repository = Repository::new(options.clone(), repository_limits);
        let mut fqdn = FqdnConfig::default();
        fqdn.max_addresses_per_name = limits.addresses_per_name;
        fqdn.max_names_per_endpoint = limits.names_per_endpoint;
        fqdn.min_ttl = limits.min_ttl;
        fqdn.dialect = options.pattern_dialect;
        let mut config = IdentityConfig::default();
        config.cluster_name = options.cluster_name.to_string();
        config.node_identities = options.cidr_matches_nodes || options.node_selector_labels;
        let identities = Identities::new(config, range, &mut repository);
        let metadata = PrefixMetadata::new(PrefixConfig {
            dual_stack: options.dual_stack(),
            cidr_matches_nodes: options.cidr_matches_nodes,
            node_selector_labels: options.node_selector_labels,
        });
        let ipcache = IpCache::new(options.dual_stack());
        let published = Arc::new(ArcSwap::from_pointee(Snapshot::empty(ipcache.clone())));
        let mut engine = Engine {
            options,
            limits,
            reading,
            label_filter,
            repository,
            identities,
            metadata,
            prefix_identities: BTreeMap::new(),
            moved_prefixes: Vec::new(),
            ipcache,
            endpoints: Endpoints::default(),
            moved_endpoints: BTreeSet::new(),
            slots: Slots::default(),
            namespaces: Map::default(),
            cidr_groups: BTreeMap::new(),
            backends: Backends::default(),
            names: Names::new(fqdn),
            unused: Vec::new(),
            published,
            revision: 0,
        };
        engine.insert_zero_prefixes();
        engine
    }
}
