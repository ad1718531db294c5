//! The known identities, indexed by their labels.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use netpol_core::{IdentityId, LabelSet, LabelSource, Prefix, SelectKey, cidr_label_prefix};

use super::{IdentitySet, StrMap, slot};
use crate::rule::{LabelSelector, Operator, Requirement, Selector};

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// The known identities and their labels, indexed so that those a selector matches are found
/// without looking at the others.
#[derive(Clone, Debug, Default)]
pub struct IdentityIndex {
    labels: Map<IdentityId, LabelSet>,
    by_key: StrMap<ByValue>,
    // In order of the prefixes, so that those inside a block are next to each other.
    by_prefix: BTreeMap<Prefix, IdentitySet>,
}

/// The identities that have a key: all of them, and for each value.
#[derive(Clone, Debug, Default)]
struct ByValue {
    all: IdentitySet,
    by_value: StrMap<IdentitySet>,
}

impl IdentityIndex {
    /// Adds an identity; one that is known must be removed first.
    pub fn insert(&mut self, id: IdentityId, labels: LabelSet) {
        for label in &labels {
            let by_value = slot(&mut self.by_key, label.key());
            by_value.all.insert(id);
            slot(&mut by_value.by_value, label.value()).insert(id);
            if let Some(prefix) = cidr_prefix(label) {
                self.by_prefix.entry(prefix).or_default().insert(id);
            }
        }
        self.labels.insert(id, labels);
    }

    /// Removes an identity; returns its labels.
    pub fn remove(&mut self, id: IdentityId) -> Option<LabelSet> {
        let labels = self.labels.remove(&id)?;
        for label in &labels {
            self.remove_label(id, label);
        }
        Some(labels)
    }

    fn remove_label(&mut self, id: IdentityId, label: &netpol_core::Label) {
        if let Some(by_value) = self.by_key.get_mut(label.key()) {
            by_value.all.remove(id);
            if let Some(ids) = by_value.by_value.get_mut(label.value()) {
                ids.remove(id);
                if ids.is_empty() {
                    by_value.by_value.remove(label.value());
                }
            }
            if by_value.all.is_empty() {
                self.by_key.remove(label.key());
            }
        }
        if let Some(prefix) = cidr_prefix(label)
            && let Some(ids) = self.by_prefix.get_mut(&prefix)
        {
            ids.remove(id);
            if ids.is_empty() {
                self.by_prefix.remove(&prefix);
            }
        }
    }

    /// Returns the labels of an identity.
    #[must_use]
    pub fn labels(&self, id: IdentityId) -> Option<&LabelSet> {
        self.labels.get(&id)
    }

    /// Returns all identities and their labels, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (IdentityId, &LabelSet)> {
        self.labels.iter().map(|(id, labels)| (*id, labels))
    }

    /// Returns the number of identities.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Tells whether no identity is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Returns the identities that a selector matches.
    #[must_use]
    pub fn matching(&self, selector: &Selector) -> IdentitySet {
        match selector {
            Selector::Fqdn(fqdn) => self.filter(selector, self.having(fqdn.text())),
            Selector::Labels(labels) => match self.narrowest(labels) {
                None => self.filter(selector, self.labels.keys().copied()),
                Some(narrowest) => self.filter_by(selector, narrowest),
            },
        }
    }

    fn filter(
        &self,
        selector: &Selector,
        candidates: impl Iterator<Item = IdentityId>,
    ) -> IdentitySet {
        candidates
            .filter(|id| self.labels.get(id).is_some_and(|labels| selector.matches(labels)))
            .collect()
    }

    /// Looks only at the identities that can meet all positive conditions, beginning with those
    /// that can meet one of them.
    fn filter_by(&self, selector: &Selector, condition: &Requirement) -> IdentitySet {
        let Requirement { key, operator, values } = condition;
        match (key.prefix(), operator) {
            // SEL-4: for a block without exceptions there is nothing more to ask.
            (Some(prefix), Operator::Exists) if is_only_condition(selector) => {
                self.inside(*prefix).collect()
            }
            (Some(prefix), _) => self.filter(selector, self.inside(*prefix)),
            (None, Operator::In) => {
                let having = self.value_sets(key, values).flat_map(IdentitySet::iter);
                let others = self.other_sets(selector, condition);
                self.filter(selector, having.filter(|id| in_each(*id, &others)))
            }
            (None, _) => self.filter(selector, self.having(key.key())),
        }
    }

    /// Returns, for each other condition that a label has one of some values, the identities that
    /// have them, the smallest sets first.
    fn other_sets<'a>(
        &'a self,
        selector: &'a Selector,
        than: &Requirement,
    ) -> Vec<Vec<&'a IdentitySet>> {
        let Selector::Labels(selector) = selector else { return Vec::new() };
        let others = selector.requirements().iter().filter(|r| {
            r.operator == Operator::In && r.key.prefix().is_none() && !std::ptr::eq(*r, than)
        });
        let sets = others.map(|r| self.value_sets(&r.key, &r.values).collect());
        let mut sets: Vec<Vec<&IdentitySet>> = sets.collect();
        sets.sort_by_key(|sets| sets.iter().map(|set| set.len()).sum::<usize>());
        sets
    }

    /// Returns the positive condition that the fewest identities can meet, if there is one.
    fn narrowest<'a>(&self, selector: &'a LabelSelector) -> Option<&'a Requirement> {
        let positive = selector.requirements().iter().filter_map(|r| Some((self.bound(r)?, r)));
        positive.min_by_key(|(bound, _)| *bound).map(|(_, requirement)| requirement)
    }

    /// Returns how many identities can meet a positive condition at most, or `None` for a
    /// negative one.
    fn bound(&self, condition: &Requirement) -> Option<usize> {
        let Requirement { key, operator, values } = condition;
        match operator {
            Operator::NotIn | Operator::DoesNotExist => None,
            _ if key.prefix().is_some() => Some(CIDR_BOUND),
            Operator::Exists => Some(self.by_key.get(key.key()).map_or(0, |v| v.all.len())),
            Operator::In => Some(self.value_sets(key, values).map(IdentitySet::len).sum()),
        }
    }

    fn value_sets<'a>(
        &'a self,
        key: &SelectKey,
        values: &'a [Arc<str>],
    ) -> impl Iterator<Item = &'a IdentitySet> {
        let by_value = self.by_key.get(key.key());
        values.iter().filter_map(move |value| by_value?.by_value.get(value.as_ref()))
    }

    fn having(&self, key: &str) -> impl Iterator<Item = IdentityId> + '_ {
        self.by_key.get(key).into_iter().flat_map(|by_value| by_value.all.iter())
    }

    /// Returns the identities whose CIDR label lies inside a prefix (SEL-4).
    fn inside(&self, prefix: Prefix) -> impl Iterator<Item = IdentityId> + '_ {
        let inside = self.by_prefix.range(prefix..);
        let inside = inside.take_while(move |(inner, _)| prefix.contains_prefix(inner));
        inside.flat_map(|(_, ids)| ids.iter())
    }
}

/// Tells whether a selector has no condition besides one.
fn is_only_condition(selector: &Selector) -> bool {
    matches!(selector, Selector::Labels(labels)
        if labels.requirements().len() == 1 && !labels.is_restricted_to_cidr_groups())
}

/// Tells whether an identity is in some set of each list.
fn in_each(id: IdentityId, lists: &[Vec<&IdentitySet>]) -> bool {
    lists.iter().all(|sets| sets.iter().any(|set| set.contains(id)))
}

/// Assumed number of identities inside a prefix: smaller than most other sets, larger than none.
const CIDR_BOUND: usize = 1;

fn cidr_prefix(label: &netpol_core::Label) -> Option<Prefix> {
    if *label.source() == LabelSource::Cidr { cidr_label_prefix(label.key()) } else { None }
}
