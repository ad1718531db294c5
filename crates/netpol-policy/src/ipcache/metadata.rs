//! From what resources say about prefixes to labels.

use std::collections::{BTreeMap, BTreeSet};

use netpol_core::{Label, LabelSet, LabelSource, Prefix, PrefixMap, cidr_label, world_label};

use super::Resource;

/// Settings that decide which labels a prefix keeps.
#[derive(Clone, Copy, Debug)]
pub struct PrefixConfig {
    /// Whether both address families are in use (IDN-4).
    pub dual_stack: bool,
    /// Whether nodes keep CIDR labels, so that prefixes match them (OPT-11).
    pub cidr_matches_nodes: bool,
    /// Whether nodes keep labels of their own (OPT-10).
    pub node_selector_labels: bool,
}

/// What resources say about prefixes (IPX-2).
///
/// # Examples
///
/// ```
/// use netpol_core::Label;
/// use netpol_policy::ipcache::{PrefixConfig, PrefixMetadata, Resource};
///
/// let config = PrefixConfig {
///     dual_stack: true,
///     cidr_matches_nodes: false,
///     node_selector_labels: false,
/// };
/// let mut metadata = PrefixMetadata::new(config);
/// let group = Resource::cidr_group("vpn");
/// metadata.insert("10.1.0.0/16".parse()?, group, vec![Label::parse("cidrgroup:role=vpn")]);
/// // A narrower prefix belongs to the wider ones and their groups too.
/// metadata.insert_policy_prefix("10.1.1.0/24".parse()?);
/// let labels = metadata.labels(&"10.1.1.0/24".parse()?).unwrap();
/// assert_eq!(labels.to_string(), "cidr:10.1.1.0/24,cidrgroup:role=vpn,reserved:world-ipv4");
/// # Ok::<(), netpol_core::ParsePrefixError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PrefixMetadata {
    config: PrefixConfig,
    records: PrefixMap<Record>,
    // Prefixes whose labels may have changed since they were last asked for.
    changed: BTreeSet<Prefix>,
}

/// What resources say about one prefix.
#[derive(Clone, Debug, Default)]
struct Record {
    by_resource: BTreeMap<Resource, Vec<Label>>,
    // How many policies name the prefix (IPX-14).
    policies: u32,
}

impl PrefixMetadata {
    /// Returns the metadata of no prefix.
    #[must_use]
    pub fn new(config: PrefixConfig) -> Self {
        Self { config, records: PrefixMap::new(), changed: BTreeSet::new() }
    }

    /// Sets what a resource says about a prefix.
    pub fn insert(&mut self, prefix: Prefix, resource: Resource, labels: Vec<Label>) {
        let record = self.record(prefix);
        if record.by_resource.get(&resource) != Some(&labels) {
            record.by_resource.insert(resource, labels);
            self.touch(prefix);
        }
    }

    /// Removes what a resource says about a prefix.
    pub fn remove(&mut self, prefix: &Prefix, resource: &Resource) {
        let Some(record) = self.records.get_mut(prefix) else { return };
        if record.by_resource.remove(resource).is_some() {
            self.drop_empty(prefix);
            self.touch(*prefix);
        }
    }

    /// Counts one more policy that names a prefix (IPC-2, IPX-14).
    pub fn insert_policy_prefix(&mut self, prefix: Prefix) {
        let record = self.record(prefix);
        record.policies += 1;
        if record.policies == 1 {
            // IPC-6: the zero prefix is the outside itself.
            let label = (prefix.len() > 0).then(|| cidr_label(&prefix));
            self.insert(prefix, Resource::policies(), label.into_iter().collect());
        }
    }

    /// Counts one policy less that names a prefix.
    pub fn remove_policy_prefix(&mut self, prefix: &Prefix) {
        let Some(record) = self.records.get_mut(prefix) else { return };
        record.policies = record.policies.saturating_sub(1);
        if record.policies == 0 {
            self.remove(prefix, &Resource::policies());
        }
    }

    fn record(&mut self, prefix: Prefix) -> &mut Record {
        if self.records.get(&prefix).is_none() {
            self.records.insert(prefix, Record::default());
        }
        #[expect(clippy::expect_used, reason = "put there just before")]
        self.records.get_mut(&prefix).expect("a record")
    }

    fn drop_empty(&mut self, prefix: &Prefix) {
        if self.records.get(prefix).is_some_and(|record| record.by_resource.is_empty()) {
            self.records.remove(prefix);
        }
    }

    /// Says that a prefix must be looked at again, and everything inside with it (IPX-8).
    pub fn touch(&mut self, prefix: Prefix) {
        self.changed.extend(self.records.inside(&prefix).map(|(inside, _)| *inside));
        self.changed.insert(prefix);
    }

    /// Returns the prefixes whose labels may have changed since this was last called.
    pub fn take_changed(&mut self) -> BTreeSet<Prefix> {
        std::mem::take(&mut self.changed)
    }

    /// Returns the labels of a prefix, or `None` if nothing is known about exactly this one.
    #[must_use]
    pub fn labels(&self, prefix: &Prefix) -> Option<LabelSet> {
        self.records.get(prefix)?;
        let mut labels: BTreeMap<&str, &Label> = BTreeMap::new();
        // The prefix itself comes first, then those around it, longest first (IPX-5).
        for (_, record) in self.records.covering(prefix) {
            let has_cidr = labels.values().any(|label| *label.source() == LabelSource::Cidr);
            for label in record.flat() {
                if !(has_cidr && *label.source() == LabelSource::Cidr) {
                    labels.entry(label.key()).or_insert(label);
                }
            }
        }
        Some(self.settle(prefix, labels.into_values().cloned().collect()))
    }

    /// Returns the labels that a prefix keeps or gains in the end (IPX-6).
    fn settle(&self, prefix: &Prefix, labels: LabelSet) -> LabelSet {
        let node = labels.has_reserved("host") || labels.has_reserved("remote-node");
        let in_cluster = node || labels.has_reserved("health") || labels.has_reserved("ingress");
        let keep_cidr = !in_cluster || (node && self.config.cidr_matches_nodes);
        let keep_node = node && self.config.node_selector_labels;
        let kept = labels.iter().filter(|label| match label.source() {
            LabelSource::Cidr | LabelSource::Fqdn | LabelSource::CidrGroup => keep_cidr,
            LabelSource::Node => keep_node,
            LabelSource::Reserved => !(in_cluster && label.key().starts_with("world")),
            _ => true,
        });
        let kept: Vec<Label> = kept.cloned().collect();
        let bare = kept.is_empty() && prefix.len() > 0 && !in_cluster;
        let cidr = bare.then(|| cidr_label(prefix));
        let world = (!in_cluster).then(|| world_label(prefix.family(), self.config.dual_stack));
        kept.into_iter().chain(cidr).chain(world).collect()
    }
}

impl Record {
    /// Returns the labels of all resources; of equal keys the strongest comes first (IPX-4).
    fn flat(&self) -> impl Iterator<Item = &Label> {
        self.by_resource.values().flatten()
    }
}
