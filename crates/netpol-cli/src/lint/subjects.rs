//! Which rules apply to which of the given workloads.

use std::sync::Arc;

use netpol::{Engine, LabelSet};
use netpol_policy::rule::{LabelSelector, Policy, Rule};

use crate::inventory::Inventory;

/// The policies and the given workloads.
pub(super) struct Subjects<'i> {
    /// The policies, in order of their places.
    policies: Vec<&'i Arc<Policy>>,
    /// The labels of the given workloads, each set once.
    workloads: Vec<&'i LabelSet>,
}

impl<'i> Subjects<'i> {
    /// Returns the policies and workloads of an inventory.
    pub(super) fn of(inventory: &'i Inventory) -> Self {
        let Inventory { engine, entries, .. } = inventory;
        let mut policies: Vec<&Arc<Policy>> = engine.policies().collect();
        policies.sort_by(|a, b| a.place.cmp(&b.place));
        let workloads = entries.iter().filter(|entry| entry.kind.is_workload());
        let labels = workloads.filter_map(|entry| labels(engine, entry.face.endpoint?));
        let mut workloads: Vec<&LabelSet> = labels.collect();
        workloads.sort_unstable();
        workloads.dedup();
        Self { policies, workloads }
    }

    /// Returns the policies, in order of their places.
    pub(super) fn policies(&self) -> impl Iterator<Item = &'i Policy> {
        self.policies.iter().map(|policy| &***policy)
    }

    /// Returns all rules.
    pub(super) fn rules(&self) -> impl Iterator<Item = &'i Rule> {
        self.policies().flat_map(|policy| &policy.rules)
    }

    /// Returns the labels of the given workloads.
    pub(super) fn workloads(&self) -> &[&'i LabelSet] {
        &self.workloads
    }

    /// Tells whether every endpoint that a rule applies to has, by some other rule, what `helps`
    /// asks for. With given workloads it is about these; else about whoever there may be.
    pub(super) fn are_all_helped(&self, rule: &Rule, helps: impl Fn(&Rule) -> bool) -> bool {
        let helpers: Vec<&Rule> = self.rules().filter(|rule| helps(rule)).collect();
        let same_kind = |helper: &&&Rule| helper.subject.node == rule.subject.node;
        let mut selected =
            self.workloads.iter().filter(|l| rule.subject.selector.matches(l)).peekable();
        if rule.subject.node || selected.peek().is_none() {
            let selector = &rule.subject.selector;
            return helpers
                .iter()
                .filter(same_kind)
                .any(|h| includes(&h.subject.selector, selector));
        }
        let is_helped = |labels: &&LabelSet| {
            helpers.iter().filter(same_kind).any(|helper| helper.subject.selector.matches(labels))
        };
        selected.all(is_helped)
    }
}

fn labels(engine: &Engine, endpoint: netpol::EndpointId) -> Option<&LabelSet> {
    engine.endpoint_labels(endpoint)
}

/// Tells whether a selector surely matches whatever another one matches: it has no condition
/// that the other has not.
fn includes(wide: &LabelSelector, narrow: &LabelSelector) -> bool {
    let mut conditions = wide.requirements().iter();
    conditions.all(|condition| narrow.requirements().contains(condition))
}
