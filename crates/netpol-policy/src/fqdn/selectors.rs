//! The registered selectors, and the labels that names get from them.

use std::collections::BTreeMap;
use std::sync::Arc;

use netpol_core::{IpFamily, Label, LabelSet, world_label};
use netpol_l7::{
    Error, NameMatcher, NameSelector, NameSet, PatternDialect, SelectorKind, canonical_name,
};

use super::Set;
use crate::rule::FqdnSelector;

/// Returns the label sets that get an identity as soon as a selector is registered, so that its
/// first answer only has to bring an address (SID-8).
///
/// # Examples
///
/// ```
/// use netpol_policy::fqdn::preallocated_identities;
/// use netpol_policy::rule::FqdnSelector;
///
/// let selector = FqdnSelector { match_name: None, match_pattern: Some("*.cilium.io".into()) };
/// let identities = preallocated_identities(&selector, true).map(|labels| labels.to_string());
/// assert!(identities.eq([
///     "fqdn:*.cilium.io,reserved:world-ipv4",
///     "fqdn:*.cilium.io,reserved:world-ipv6",
/// ]));
/// ```
pub fn preallocated_identities(
    selector: &FqdnSelector,
    dual_stack: bool,
) -> impl Iterator<Item = LabelSet> + use<> {
    let families = [IpFamily::V4, IpFamily::V6].into_iter().take(if dual_stack { 2 } else { 1 });
    let label = selector.label();
    families
        .map(move |family| [label.clone(), world_label(family, dual_stack)].into_iter().collect())
}

/// The registered selectors.
#[derive(Clone, Debug, Default)]
pub(super) struct Selectors {
    registered: BTreeMap<FqdnSelector, Registered>,
    set: NameSet,
    // By the selectors' tags in the set; free places are used again.
    labels: Vec<Option<Label>>,
    free: Vec<u32>,
    // Many names match the same selectors, and share their labels.
    label_lists: Set<Arc<[Label]>>,
}

#[derive(Clone, Debug)]
struct Registered {
    tag: u32,
    matcher: NameMatcher,
}

impl Selectors {
    /// Adds a selector; returns `None` if it is there already (SLC-3).
    ///
    /// # Errors
    ///
    /// The selector is invalid.
    pub(super) fn register(
        &mut self,
        selector: &FqdnSelector,
        dialect: PatternDialect,
    ) -> Result<Option<NameMatcher>, Error> {
        if self.registered.contains_key(selector) {
            return Ok(None);
        }
        let matcher = compile(selector, dialect)?;
        let tag = self.add_label(selector.label());
        self.set.insert(tag, &matcher);
        self.registered.insert(selector.clone(), Registered { tag, matcher: matcher.clone() });
        Ok(Some(matcher))
    }

    /// Removes a selector; returns `None` if it is not there.
    pub(super) fn unregister(&mut self, selector: &FqdnSelector) -> Option<NameMatcher> {
        let Registered { tag, matcher } = self.registered.remove(selector)?;
        self.set.remove(tag, &matcher);
        if let Some(place) = self.labels.get_mut(tag as usize) {
            *place = None;
            self.free.push(tag);
        }
        Some(matcher)
    }

    fn add_label(&mut self, label: Label) -> u32 {
        if let Some(tag) = self.free.pop()
            && let Some(place) = self.labels.get_mut(tag as usize)
        {
            *place = Some(label);
            return tag;
        }
        self.labels.push(Some(label));
        // Fewer selectors than that fit any memory.
        u32::try_from(self.labels.len() - 1).unwrap_or(u32::MAX)
    }

    /// Returns the labels of a name, in order (SID-1, SID-2).
    pub(super) fn labels_of(&mut self, name: &str) -> Arc<[Label]> {
        let mut labels: Vec<Label> = Vec::new();
        self.set.for_each_match(name, |tag| {
            let label = self.labels.get(tag as usize).and_then(Option::as_ref);
            // The empty selector's label has no key, and no identity carries such a label.
            labels.extend(label.filter(|label| !label.key().is_empty()).cloned());
        });
        labels.sort_unstable();
        labels.dedup();
        if let Some(list) = self.label_lists.get(labels.as_slice()) {
            return Arc::clone(list);
        }
        let list: Arc<[Label]> = labels.into();
        self.label_lists.insert(Arc::clone(&list));
        list
    }

    /// Forgets labels that no name has any more.
    pub(super) fn tidy(&mut self) {
        self.label_lists.retain(|list| Arc::strong_count(list) > 1);
    }

    /// Returns the selectors, in order, with what they are compiled to.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&FqdnSelector, &NameMatcher)> {
        self.registered.iter().map(|(selector, Registered { matcher, .. })| (selector, matcher))
    }
}

fn compile(selector: &FqdnSelector, dialect: PatternDialect) -> Result<NameMatcher, Error> {
    let FqdnSelector { match_name, match_pattern } = selector;
    let text = |field: &Option<Arc<str>>| field.as_deref().map(str::to_owned);
    let selector =
        NameSelector { match_name: text(match_name), match_pattern: text(match_pattern) };
    NameMatcher::new(SelectorKind::ToFqdns, &selector, dialect)
}

/// Returns the only name that a selector matches, if its text has no star.
pub(super) fn exact_name(selector: &FqdnSelector) -> Option<String> {
    let text = selector.text();
    (!text.is_empty() && !text.contains('*')).then(|| canonical_name(text))
}
