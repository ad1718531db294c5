//! An index of selectors by what labels must have for them to match.
//!
//! Every selector is filed under one of its positive conditions, its *anchor*: an identity
//! without a label that meets the anchor cannot match. A new identity is then compared only
//! with the selectors filed under its own labels, however many others there are. Selectors
//! that hold negative conditions only can match anything and are always candidates.
//!
//! Beside each filed item stands the hash of a label that its selector asks for too, if there is
//! one. Items that ask for another `app` in the same namespace are passed over by it, without a look
//! at their selectors.

use std::hash::{BuildHasher as _, Hash};
use std::sync::Arc;

use hashbrown::HashMap;
use netpol_core::{LabelSet, LabelSource, PrefixMap, SelectKey, cidr_label_prefix};

use super::{StrMap, slot};
use crate::rule::{LabelSelector, Operator, Requirement, Selector};

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
/// Items, each with the hash of a label that it asks for besides its anchor.
type Items<T> = Map<T, Option<u64>>;

/// An index of items by the selectors that stand for them.
///
/// # Examples
///
/// ```
/// use netpol_core::{LabelSet, SelectKey};
/// use netpol_policy::rule::{LabelSelector, Selector};
/// use netpol_policy::select::SelectorIndex;
///
/// let app = |name: &str| {
///     Selector::Labels(LabelSelector::new([(SelectKey::parse("app"), name.into())], []))
/// };
/// let mut index = SelectorIndex::default();
/// index.insert(&app("web"), 1);
/// index.insert(&app("db"), 2);
/// let mut found = Vec::new();
/// index.candidates(&LabelSet::from_canonical("k8s:app=web;"), |item| found.push(item));
/// assert_eq!(found, [1]);
/// ```
#[derive(Clone, Debug)]
pub struct SelectorIndex<T> {
    // Key of a label, then its value.
    by_value: StrMap<StrMap<Items<T>>>,
    by_key: StrMap<Items<T>>,
    by_prefix: PrefixMap<Items<T>>,
    unanchored: Items<T>,
    // Where each item is filed: the number of the condition that is its anchor.
    filed: Map<T, Option<usize>>,
    hasher: foldhash::fast::RandomState,
}

impl<T> Default for SelectorIndex<T> {
    fn default() -> Self {
        Self {
            by_value: StrMap::default(),
            by_key: StrMap::default(),
            by_prefix: PrefixMap::new(),
            unanchored: Items::default(),
            filed: Map::default(),
            hasher: foldhash::fast::RandomState::default(),
        }
    }
}

/// What a selector is filed under.
enum Anchor<'a> {
    Values(&'a str, &'a [Arc<str>]),
    Key(&'a str),
    Prefix(netpol_core::Prefix),
    None,
}

impl<T: Copy + Eq + Hash> SelectorIndex<T> {
    /// Files an item under a selector. An item must not be filed twice.
    pub fn insert(&mut self, selector: &Selector, item: T) {
        let choice = self.choose(selector, |_, r| is_positive(r.operator));
        let also = self.choose(selector, |index, r| Some(index) != choice && is_one_label(r));
        let also = self.label_hash(selector, also);
        self.filed.insert(item, choice);
        match anchor(selector, choice) {
            Anchor::Values(key, values) => {
                let by_value = slot(&mut self.by_value, key);
                for value in values {
                    slot(by_value, value).insert(item, also);
                }
            }
            Anchor::Key(key) => {
                slot(&mut self.by_key, key).insert(item, also);
            }
            Anchor::Prefix(prefix) => match self.by_prefix.get_mut(&prefix) {
                Some(items) => {
                    items.insert(item, also);
                }
                None => {
                    self.by_prefix.insert(prefix, [(item, also)].into_iter().collect());
                }
            },
            Anchor::None => {
                self.unanchored.insert(item, also);
            }
        }
    }

    /// Removes an item that is filed under this selector.
    pub fn remove(&mut self, selector: &Selector, item: T) {
        let Some(choice) = self.filed.remove(&item) else {
            return;
        };
        match anchor(selector, choice) {
            Anchor::Values(key, values) => self.remove_values(key, values, item),
            Anchor::Key(key) => {
                if let Some(items) = self.by_key.get_mut(key) {
                    items.remove(&item);
                    if items.is_empty() {
                        self.by_key.remove(key);
                    }
                }
            }
            Anchor::Prefix(prefix) => {
                if let Some(items) = self.by_prefix.get_mut(&prefix) {
                    items.remove(&item);
                    if items.is_empty() {
                        self.by_prefix.remove(&prefix);
                    }
                }
            }
            Anchor::None => {
                self.unanchored.remove(&item);
            }
        }
    }

    fn remove_values(&mut self, key: &str, values: &[Arc<str>], item: T) {
        let Some(by_value) = self.by_value.get_mut(key) else {
            return;
        };
        for value in values {
            if let Some(items) = by_value.get_mut(value.as_ref()) {
                items.remove(&item);
                if items.is_empty() {
                    by_value.remove(value.as_ref());
                }
            }
        }
        if by_value.is_empty() {
            self.by_value.remove(key);
        }
    }

    /// Calls `found` for every item whose selector may match these labels. No item is missed;
    /// one may come twice, and some will not match after all.
    pub fn candidates(&self, labels: &LabelSet, mut found: impl FnMut(T)) {
        let hashes: Vec<u64> =
            labels.iter().map(|label| self.hasher.hash_one((label.key(), label.value()))).collect();
        let mut look_at = |items: &Items<T>| {
            let likely = |also: &Option<u64>| also.is_none_or(|hash| hashes.contains(&hash));
            let likely = items.iter().filter(|(_, also)| likely(also));
            likely.for_each(|(item, _)| found(*item));
        };
        for label in labels {
            let by_value = self.by_value.get(label.key()).and_then(|v| v.get(label.value()));
            by_value.into_iter().chain(self.by_key.get(label.key())).for_each(&mut look_at);
            if *label.source() == LabelSource::Cidr
                && let Some(prefix) = cidr_label_prefix(label.key())
            {
                self.by_prefix.covering(&prefix).for_each(|(_, items)| look_at(items));
            }
        }
        look_at(&self.unanchored);
    }

    /// Returns the hash of the label that a condition asks for.
    fn label_hash(&self, selector: &Selector, condition: Option<usize>) -> Option<u64> {
        match anchor(selector, condition) {
            Anchor::Values(key, [value]) => Some(self.hasher.hash_one((key, &**value))),
            _ => None,
        }
    }

    /// Returns the condition, of those that will do, with the fewest items beside it, so that no
    /// crowd gathers under a label that all have, such as a namespace.
    fn choose(
        &self,
        selector: &Selector,
        will_do: impl Fn(usize, &Requirement) -> bool,
    ) -> Option<usize> {
        let Selector::Labels(selector) = selector else {
            return None;
        };
        let crowd = |(index, _): &(usize, _)| match label_anchor(selector, Some(*index)) {
            Anchor::Values(key, values) => {
                let by_value = self.by_value.get(key);
                let crowd = |value: &Arc<str>| {
                    by_value.and_then(|v| v.get(value.as_ref())).map_or(0, Items::len)
                };
                values.iter().map(crowd).sum::<usize>() + values.len()
            }
            Anchor::Prefix(prefix) => self.by_prefix.get(&prefix).map_or(0, Items::len),
            Anchor::Key(key) => self.by_key.get(key).map_or(0, Items::len) + WIDE,
            Anchor::None => usize::MAX,
        };
        let indexed = selector.requirements().iter().enumerate();
        indexed.filter(|(index, r)| will_do(*index, r)).min_by_key(crowd).map(|(index, _)| index)
    }
}

/// How many items a value may have before the mere existence of a key is a better anchor.
const WIDE: usize = 1000;

const fn is_positive(operator: Operator) -> bool {
    matches!(operator, Operator::In | Operator::Exists)
}

/// Tells whether exactly one label meets a condition, whatever its source.
fn is_one_label(condition: &Requirement) -> bool {
    let is_cidr = *condition.key.source() == LabelSource::Cidr;
    condition.operator == Operator::In && condition.values.len() == 1 && !is_cidr
}

fn anchor(selector: &Selector, choice: Option<usize>) -> Anchor<'_> {
    match selector {
        Selector::Fqdn(selector) => Anchor::Key(selector.text()),
        Selector::Labels(selector) => label_anchor(selector, choice),
    }
}

fn label_anchor(selector: &LabelSelector, choice: Option<usize>) -> Anchor<'_> {
    let Some(requirement) = choice.and_then(|index| selector.requirements().get(index)) else {
        return Anchor::None;
    };
    match (&requirement.key, requirement.operator) {
        (key, _) if *key.source() == LabelSource::Cidr => cidr_anchor(key),
        (key, Operator::In) => Anchor::Values(key.key(), &requirement.values),
        (key, Operator::Exists) => Anchor::Key(key.key()),
        (_, Operator::NotIn | Operator::DoesNotExist) => Anchor::None,
    }
}

/// A condition on a CIDR label holds for every prefix inside (SEL-4).
fn cidr_anchor(key: &SelectKey) -> Anchor<'_> {
    match key.prefix() {
        Some(prefix) => Anchor::Prefix(*prefix),
        None => Anchor::Key(key.key()),
    }
}
