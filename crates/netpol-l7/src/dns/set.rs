//! Many name selectors, tested together against one name.

mod trie;

use std::collections::HashMap;

use self::trie::Node;
use super::compiled::{Form, is_any_name};
use super::matcher::NameMatcher;
use super::name::{Canonical, Labels};

/// A set of name selectors, each with a tag of the caller's.
///
/// Selectors come and go one at a time. A test does not grow with the number of selectors, only with the
/// number of labels in the name and of selectors that match it or almost do: names are found by their
/// hash, patterns in a tree of labels read from the right.
///
/// # Examples
///
/// ```
/// use netpol_l7::{NameMatcher, NameSelector, NameSet, PatternDialect, SelectorKind};
///
/// let compile = |selector| NameMatcher::new(SelectorKind::ToFqdns, &selector, PatternDialect::Release);
/// let name = compile(NameSelector::name("www.cilium.io"))?;
/// let pattern = compile(NameSelector::pattern("*.cilium.io"))?;
///
/// let mut set = NameSet::new();
/// set.insert(1, &name);
/// set.insert(2, &pattern);
/// let mut tags = Vec::new();
/// set.for_each_match("www.cilium.io.", |tag| tags.push(tag));
/// tags.sort();
/// assert_eq!(tags, [1, 2]);
///
/// assert!(set.remove(1, &name));
/// assert_eq!(set.first_match("www.cilium.io."), Some(2));
/// # Ok::<(), netpol_l7::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct NameSet {
    len: usize,
    /// Selectors that match every name.
    everything: Vec<u32>,
    /// Selectors that match every plain name and the root.
    any_name: Vec<u32>,
    /// By canonical name.
    exact: HashMap<Box<[u8]>, Vec<u32>>,
    patterns: Node,
}

impl NameSet {
    /// Returns a set without selectors.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a selector. The same one may be in the set several times, with equal or different tags.
    pub fn insert(&mut self, tag: u32, matcher: &NameMatcher) {
        self.len += usize::from(!matcher.forms.is_empty());
        for form in &matcher.forms {
            match form {
                Form::Everything => self.everything.push(tag),
                Form::AnyName => self.any_name.push(tag),
                Form::Exact(name) => self.exact.entry(name.clone()).or_default().push(tag),
                Form::Pattern(pattern) => self.patterns.insert(&pattern.labels, pattern.deep, tag),
            }
        }
    }

    /// Removes a selector that was added with this tag, once. Returns whether it was there.
    pub fn remove(&mut self, tag: u32, matcher: &NameMatcher) -> bool {
        let mut removed = false;
        for form in &matcher.forms {
            removed |= match form {
                Form::Everything => take(&mut self.everything, tag),
                Form::AnyName => take(&mut self.any_name, tag),
                Form::Exact(name) => self.remove_exact(name, tag),
                Form::Pattern(pattern) => self.patterns.remove(&pattern.labels, pattern.deep, tag),
            };
        }
        self.len -= usize::from(removed);
        removed
    }

    /// Returns how many selectors there are, without those that match nothing.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there are no selectors.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Calls `found` with the tag of each selector that matches a name, in no particular order.
    ///
    /// A selector with both fields may be named twice. The name is taken as by
    /// [`NameMatcher::is_match`]. Nothing is allocated.
    pub fn for_each_match<N: AsRef<[u8]> + ?Sized>(&self, name: &N, mut found: impl FnMut(u32)) {
        self.everything.iter().copied().for_each(&mut found);
        let Some(name) = Canonical::new(name.as_ref()) else {
            return;
        };
        let name = name.as_bytes();
        if !self.any_name.is_empty() && is_any_name(name) {
            self.any_name.iter().copied().for_each(&mut found);
        }
        self.exact.get(name).into_iter().flatten().copied().for_each(&mut found);
        self.patterns.for_each_match(Labels::new(name), &mut found);
    }

    /// Returns the smallest tag of the selectors that match a name.
    pub fn first_match<N: AsRef<[u8]> + ?Sized>(&self, name: &N) -> Option<u32> {
        let mut first = None;
        self.for_each_match(name, |tag| {
            first = Some(first.map_or(tag, |first: u32| first.min(tag)));
        });
        first
    }

    fn remove_exact(&mut self, name: &[u8], tag: u32) -> bool {
        let Some(tags) = self.exact.get_mut(name) else {
            return false;
        };
        let removed = take(tags, tag);
        if tags.is_empty() {
            self.exact.remove(name);
        }
        removed
    }
}

/// Takes one occurrence of a tag off a list.
fn take(tags: &mut Vec<u32>, tag: u32) -> bool {
    let place = tags.iter().position(|&other| other == tag);
    place.map(|place| tags.swap_remove(place)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NameSelector, PatternDialect, SelectorKind};

    #[test]
    fn nothing_is_left_of_removed_selectors() {
        let texts = ["a.io", "*.io", "**.io", "a*.b.io", "*a.b.io", "a*a.io", "*"];
        let matchers: Vec<_> = (0..)
            .zip(texts.map(NameSelector::pattern))
            .map(|(tag, selector)| {
                let kind = SelectorKind::ToFqdns;
                (tag, NameMatcher::new(kind, &selector, PatternDialect::Release).unwrap())
            })
            .collect();
        let mut set = NameSet::new();
        matchers.iter().for_each(|(tag, matcher)| set.insert(*tag, matcher));
        assert!(matchers.iter().all(|(tag, matcher)| set.remove(*tag, matcher)));
        assert!(!matchers.iter().any(|(tag, matcher)| set.remove(*tag, matcher)));
        let NameSet { len, everything, any_name, exact, patterns } = set;
        assert_eq!((len, everything.len(), any_name.len(), exact.len()), (0, 0, 0, 0));
        assert!(patterns.is_empty());
    }
}
