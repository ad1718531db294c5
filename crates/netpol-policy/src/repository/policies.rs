//! Policies in force, indexed by the subjects that they can apply to.

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashMap;
use netpol_core::{LabelSet, LabelSource, Prefix};

use super::services::Services;
use crate::Options;
use crate::compile::{ElementId, LoadedElement, LoadedPeers};
use crate::rule::{
    Element, Peer, Peers, Policy, PolicyName, Requirement, Rule, Selector, ServiceSelector,
};
use crate::select::SelectorIndex;

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// The number of a rule in force.
pub(super) type RuleId = u64;

/// Policies in force, indexed by the subjects that they can apply to.
#[derive(Clone, Debug, Default)]
pub(super) struct Policies {
    by_name: Map<Arc<PolicyName>, Entry>,
    rules: Map<RuleId, LoadedRule>,
    // SUBJ-5: rules about the local node are kept apart.
    endpoint_rules: SelectorIndex<RuleId>,
    node_rules: SelectorIndex<RuleId>,
    // Rules with `toServices`, which change with the services.
    service_rules: BTreeSet<RuleId>,
    label_keys: LabelKeys,
    next_rule: RuleId,
    next_element: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    policy: Arc<Policy>,
    rules: Vec<RuleId>,
}

#[derive(Clone, Debug)]
struct LoadedRule {
    subject: Selector,
    node: bool,
    elements: Vec<LoadedElement>,
}

impl Policies {
    /// Puts a policy in force; returns the prefixes that it names, each as often as it is named
    /// (IPC-2).
    pub(super) fn insert(
        &mut self,
        policy: Arc<Policy>,
        services: &Services,
        options: &Options,
    ) -> Vec<Prefix> {
        let rules: Vec<RuleId> =
            policy.rules.iter().map(|rule| self.load(rule, services, options)).collect();
        let loaded = rules.iter().filter_map(|id| self.rules.get(id));
        let prefixes = loaded.flat_map(LoadedRule::prefixes).collect();
        self.by_name.insert(Arc::clone(&policy.name), Entry { policy, rules });
        prefixes
    }

    fn load(&mut self, rule: &Rule, services: &Services, options: &Options) -> RuleId {
        let id = self.next_rule;
        self.next_rule += 1;
        let elements = rule.elements.iter().map(|element| {
            let element = Arc::clone(element);
            let peers = load_peers(&element.peers, services, options);
            self.next_element += 1;
            LoadedElement { id: ElementId(self.next_element), element, peers }
        });
        let loaded = LoadedRule {
            subject: Selector::Labels(rule.subject.selector.clone()),
            node: rule.subject.node,
            elements: elements.collect(),
        };
        if rule.elements.iter().any(|element| selected_services(element).next().is_some()) {
            self.service_rules.insert(id);
        }
        let index = if loaded.node { &mut self.node_rules } else { &mut self.endpoint_rules };
        index.insert(&loaded.subject, id);
        loaded.label_keys().for_each(|key| self.label_keys.insert(key));
        self.rules.insert(id, loaded);
        id
    }

    /// Takes a policy out of force; returns it and the prefixes that it named.
    pub(super) fn remove(&mut self, name: &PolicyName) -> Option<(Arc<Policy>, Vec<Prefix>)> {
        let Entry { policy, rules } = self.by_name.remove(name)?;
        let mut prefixes = Vec::new();
        for id in rules {
            let Some(rule) = self.rules.remove(&id) else { continue };
            prefixes.extend(rule.prefixes());
            rule.label_keys().for_each(|key| self.label_keys.remove(key));
            let index = if rule.node { &mut self.node_rules } else { &mut self.endpoint_rules };
            index.remove(&rule.subject, id);
            self.service_rules.remove(&id);
        }
        Some((policy, prefixes))
    }

    /// Returns a policy in force.
    pub(super) fn get(&self, name: &PolicyName) -> Option<&Arc<Policy>> {
        self.by_name.get(name).map(|entry| &entry.policy)
    }

    /// Returns all policies, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Policy>> {
        self.by_name.values().map(|entry| &entry.policy)
    }

    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Returns the keys of labels that selectors look at.
    pub(super) fn label_keys(&self) -> &LabelKeys {
        &self.label_keys
    }

    /// Tells whether selectors began or ceased to look at some label since this was last asked.
    pub(super) fn take_label_keys_changed(&mut self) -> bool {
        self.label_keys.take_changed()
    }

    /// Returns the elements that apply to a subject, in the order in which they were loaded.
    pub(super) fn applying(&self, labels: &LabelSet, is_host: bool) -> Vec<LoadedElement> {
        let index = if is_host { &self.node_rules } else { &self.endpoint_rules };
        let mut ids = Vec::new();
        index.candidates(labels, |id| ids.push(id));
        ids.sort_unstable();
        ids.dedup();
        let rules = ids.iter().filter_map(|id| self.rules.get(id));
        let applying = rules.filter(|rule| rule.subject.matches(labels));
        applying.flat_map(|rule| rule.elements.iter().cloned()).collect()
    }

    /// Brings the peers of `toServices` up to date.
    pub(super) fn reload_services(
        &mut self,
        services: &Services,
        options: &Options,
    ) -> ServiceChanges {
        let mut changes = ServiceChanges::default();
        for id in &self.service_rules {
            let Some(rule) = self.rules.get_mut(id) else { continue };
            let before: Vec<Prefix> = rule.prefixes().collect();
            let keys: Vec<Arc<str>> = rule.label_keys().map(Arc::from).collect();
            if rule.reload(services, options) {
                rule.label_keys().for_each(|key| self.label_keys.insert(key));
                keys.iter().for_each(|key| self.label_keys.remove(key));
                changes.subjects.push((rule.subject.clone(), rule.node));
                changes.removed.extend(before);
                changes.added.extend(rule.prefixes());
            }
        }
        changes
    }
}

/// The keys of labels that selectors in force look at.
#[derive(Clone, Debug, Default)]
pub(super) struct LabelKeys {
    // How often each is looked at.
    counts: Map<Arc<str>, u32>,
    changed: bool,
}

impl LabelKeys {
    fn insert(&mut self, key: &str) {
        match self.counts.get_mut(key) {
            Some(count) => *count += 1,
            None => {
                self.counts.insert(key.into(), 1);
                self.changed = true;
            }
        }
    }

    fn remove(&mut self, key: &str) {
        let Some(count) = self.counts.get_mut(key) else { return };
        *count -= 1;
        if *count == 0 {
            self.counts.remove(key);
            self.changed = true;
        }
    }

    pub(super) fn contains(&self, key: &str) -> bool {
        self.counts.contains_key(key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.counts.keys().map(|key| &**key)
    }

    /// Tells whether keys came or went since this was last asked.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }
}

fn requirements(selector: &Selector) -> &[Requirement] {
    match selector {
        Selector::Labels(selector) => selector.requirements(),
        Selector::Fqdn(_) => &[],
    }
}

/// What a change of services brings.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceChanges {
    /// The subjects of rules that changed, and whether they are about the local node.
    pub(super) subjects: Vec<(Selector, bool)>,
    /// The prefixes that those rules name now.
    pub(super) added: Vec<Prefix>,
    /// The prefixes that they named before.
    pub(super) removed: Vec<Prefix>,
}

impl LoadedRule {
    /// Replaces services by what stands behind them now; returns whether anything changed.
    fn reload(&mut self, services: &Services, options: &Options) -> bool {
        let mut changed = false;
        for element in &mut self.elements {
            let peers = load_peers(&element.element.peers, services, options);
            changed |= peers != element.peers;
            element.peers = peers;
        }
        changed
    }

    /// Returns the keys of labels that the rule's selectors look at, each as often as they do.
    fn label_keys(&self) -> impl Iterator<Item = &str> {
        let peers = self.elements.iter().filter_map(|element| match &element.peers {
            LoadedPeers::AnyOf(selectors) => Some(selectors.iter().map(|selector| &**selector)),
            LoadedPeers::Nobody | LoadedPeers::Unrestricted => None,
        });
        let selectors = peers.flatten().chain([&self.subject]);
        selectors.flat_map(requirements).map(|requirement| requirement.key.key())
    }

    /// Returns the prefixes that CIDR peers name, those of `except` included.
    fn prefixes(&self) -> impl Iterator<Item = Prefix> + '_ {
        let peers = self.elements.iter().filter_map(|element| match &element.peers {
            LoadedPeers::AnyOf(selectors) => Some(selectors),
            LoadedPeers::Nobody | LoadedPeers::Unrestricted => None,
        });
        peers.flatten().flat_map(|selector| named_prefixes(selector))
    }
}

/// Returns the prefixes that a selector of a CIDR peer names. Other selectors may ask for CIDR
/// labels too, beside labels of pods; these name no prefix.
fn named_prefixes(selector: &Selector) -> impl Iterator<Item = Prefix> + '_ {
    let requirements = requirements(selector);
    let of_cidr_peer = requirements.iter().all(|requirement| {
        let source = requirement.key.source();
        matches!(source, LabelSource::Cidr | LabelSource::CidrGroup | LabelSource::Reserved)
    });
    let keys = requirements.iter().filter(move |_| of_cidr_peer).map(|r| &r.key);
    keys.filter_map(|key| key.prefix().copied())
}

/// Returns the peers with services replaced by what stands behind them.
fn load_peers(peers: &Peers, services: &Services, options: &Options) -> LoadedPeers {
    match peers {
        Peers::Nobody => LoadedPeers::Nobody,
        Peers::Unrestricted => LoadedPeers::Unrestricted,
        // QUIRK-5: services that do not exist are nobody, not everybody.
        Peers::AnyOf(peers) => {
            let selectors = peers.iter().flat_map(|peer| match peer {
                Peer::Selector(selector) => vec![Arc::new(selector.clone())],
                Peer::Service(selector) => {
                    let selected = services.values().filter(|s| s.is_selected_by(selector));
                    selected.flat_map(|service| service.peers(options)).collect()
                }
            });
            LoadedPeers::AnyOf(selectors.collect())
        }
    }
}

fn selected_services(element: &Element) -> impl Iterator<Item = &ServiceSelector> {
    element.peers.listed().iter().filter_map(|peer| match peer {
        Peer::Service(selector) => Some(&**selector),
        Peer::Selector(_) => None,
    })
}
