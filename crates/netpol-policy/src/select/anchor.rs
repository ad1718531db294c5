//! An index of selectors by what labels must have for them to match.
//!
//! Every selector is filed under one of its positive conditions, its *anchor*: an identity
//! without a label that meets the anchor cannot match. A new identity is then compared only
//! with the selectors filed under its own labels, however many others there are. Selectors
//! that hold negative conditions only can match anything and are always candidates.

use std::hash::Hash;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use netpol_core::{LabelSet, LabelSource, PrefixMap, SelectKey, cidr_label_prefix};

use super::{StrMap, slot};
use crate::rule::{LabelSelector, Operator, Selector};

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
type Set<K> = HashSet<K, foldhash::fast::RandomState>;

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
    by_value: StrMap<StrMap<Set<T>>>,
    by_key: StrMap<Set<T>>,
    by_prefix: PrefixMap<Set<T>>,
    unanchored: Set<T>,
    // Where each item is filed: the number of the condition that is its anchor.
    filed: Map<T, Option<usize>>,
}

impl<T> Default for SelectorIndex<T> {
    fn default() -> Self {
        Self {
            by_value: StrMap::default(),
            by_key: StrMap::default(),
            by_prefix: PrefixMap::new(),
            unanchored: Set::default(),
            filed: Map::default(),
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
        let choice = self.choose(selector);
        self.filed.insert(item, choice);
        match anchor(selector, choice) {
            Anchor::Values(key, values) => {
                let by_value = slot(&mut self.by_value, key);
                for value in values {
                    slot(by_value, value).insert(item);
                }
            }
            Anchor::Key(key) => {
                slot(&mut self.by_key, key).insert(item);
            }
            Anchor::Prefix(prefix) => match self.by_prefix.get_mut(&prefix) {
                Some(items) => {
                    items.insert(item);
                }
                None => {
                    self.by_prefix.insert(prefix, [item].into_iter().collect());
                }
            },
            Anchor::None => {
                self.unanchored.insert(item);
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
        for label in labels {
            let by_value = self.by_value.get(label.key()).and_then(|v| v.get(label.value()));
            let items = by_value.into_iter().chain(self.by_key.get(label.key())).flatten();
            items.copied().for_each(&mut found);
            if *label.source() == LabelSource::Cidr
                && let Some(prefix) = cidr_label_prefix(label.key())
            {
                let around = self.by_prefix.covering(&prefix);
                around.flat_map(|(_, items)| items).copied().for_each(&mut found);
            }
        }
        self.unanchored.iter().copied().for_each(&mut found);
    }

    /// Returns the condition with the fewest items beside it, so that no crowd gathers under a
    /// label that all have, such as a namespace.
    fn choose(&self, selector: &Selector) -> Option<usize> {
        let Selector::Labels(selector) = selector else {
            return None;
        };
        let crowd = |(index, _): &(usize, _)| match label_anchor(selector, Some(*index)) {
            Anchor::Values(key, values) => {
                let by_value = self.by_value.get(key);
                let crowd = |value: &Arc<str>| {
                    by_value.and_then(|v| v.get(value.as_ref())).map_or(0, Set::len)
                };
                values.iter().map(crowd).sum::<usize>() + values.len()
            }
            Anchor::Prefix(prefix) => self.by_prefix.get(&prefix).map_or(0, Set::len),
            Anchor::Key(key) => self.by_key.get(key).map_or(0, Set::len) + WIDE,
            Anchor::None => usize::MAX,
        };
        let indexed = selector.requirements().iter().enumerate();
        indexed.filter(|(_, r)| is_positive(r.operator)).min_by_key(crowd).map(|(index, _)| index)
    }
}

/// How many items a value may have before the mere existence of a key is a better anchor.
const WIDE: usize = 1000;

const fn is_positive(operator: Operator) -> bool {
    matches!(operator, Operator::In | Operator::Exists)
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
