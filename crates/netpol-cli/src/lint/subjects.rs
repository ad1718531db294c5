//! The policies, the given workloads, and which selectors match which of them.

use std::collections::HashMap;
use std::sync::Arc;

use netpol::{LabelSet, Place};
use netpol_policy::rule::{Element, LabelSelector, Peer, Policy, Rule, Selector};
use netpol_policy::select::SelectorIndex;

use crate::inventory::Inventory;

/// The policies, the given workloads, and which selectors match which of them.
pub(super) struct Subjects<'i> {
    /// In order of their places.
    policies: Vec<&'i Policy>,
    /// The labels of the given workloads, each set once.
    workloads: Vec<&'i LabelSet>,
    /// For every selector in the policies the workloads that it matches.
    matched: HashMap<&'i LabelSelector, Vec<usize>>,
}

impl<'i> Subjects<'i> {
    /// Returns the policies and workloads of an inventory.
    pub(super) fn of(Inventory { engine, entries, .. }: &'i Inventory) -> Self {
        let mut policies: Vec<&Policy> = engine.policies().map(Arc::as_ref).collect();
        policies.sort_unstable_by(|a, b| a.place.cmp(&b.place));
        let endpoints = entries.iter().filter(|entry| entry.kind.is_workload());
        let endpoints = endpoints.filter_map(|entry| entry.face.endpoint);
        let mut workloads: Vec<&LabelSet> =
            endpoints.filter_map(|endpoint| engine.endpoint_labels(endpoint)).collect();
        workloads.sort_unstable();
        workloads.dedup();
        let matched = matches(&policies, &workloads);
        Self { policies, workloads, matched }
    }

    /// Returns the policies, in order of their places.
    pub(super) fn policies(&self) -> &[&'i Policy] {
        &self.policies
    }

    /// Returns the last policy that begins before a place in its file.
    pub(super) fn policy_at(&self, place: &Place) -> Option<&'i Policy> {
        let behind = self.policies.partition_point(|policy| policy.place <= *place);
        let policy = *self.policies.get(behind.checked_sub(1)?)?;
        (policy.place.file == place.file).then_some(policy)
    }

    /// Returns the labels of the given workloads.
    pub(super) fn workloads(&self) -> &[&'i LabelSet] {
        &self.workloads
    }

    /// Returns which of the given workloads a selector of the policies matches.
    pub(super) fn matched(&self, selector: &LabelSelector) -> &[usize] {
        self.matched.get(selector).map_or(&[], Vec::as_slice)
    }
}

fn matches<'i>(
    policies: &[&'i Policy],
    workloads: &[&'i LabelSet],
) -> HashMap<&'i LabelSelector, Vec<usize>> {
    let rules = policies.iter().flat_map(|policy| &policy.rules);
    let mut matched: HashMap<&LabelSelector, Vec<usize>> =
        rules.flat_map(selectors).map(|selector| (selector, Vec::new())).collect();
    let selectors: Vec<&LabelSelector> = matched.keys().copied().collect();
    let mut index = SelectorIndex::default();
    for (number, selector) in selectors.iter().enumerate() {
        index.insert(&Selector::Labels((*selector).clone()), number);
    }
    for (number, labels) in workloads.iter().enumerate() {
        index.candidates(labels, |candidate| {
            let selector = selectors.get(candidate).filter(|selector| selector.matches(labels));
            if let Some(matching) = selector.and_then(|selector| matched.get_mut(selector)) {
                matching.push(number);
            }
        });
    }
    matched
}

/// Returns the selectors of a rule, that of its subject first.
fn selectors(rule: &Rule) -> impl Iterator<Item = &LabelSelector> {
    let peers = rule.elements.iter().flat_map(|element| peer_selectors(element));
    [&rule.subject.selector].into_iter().chain(peers)
}

/// Returns the label selectors among the peers of an element.
pub(super) fn peer_selectors(element: &Element) -> impl Iterator<Item = &LabelSelector> {
    element.peers.listed().iter().filter_map(|peer| match peer {
        Peer::Selector(Selector::Labels(selector)) => Some(selector),
        Peer::Selector(Selector::Fqdn(_)) | Peer::Service(_) => None,
    })
}
