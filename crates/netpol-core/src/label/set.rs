//! The labels of one identity.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::{Label, LabelSource, SelectKey};

/// The labels of one identity, sorted by key; no key occurs twice (LBL-4).
///
/// Cloning is cheap: the labels are shared.
///
/// # Examples
///
/// ```
/// use netpol_core::{Label, LabelSet};
///
/// let set: LabelSet = ["k8s:b=2", "k8s:a=1"].map(Label::parse).into_iter().collect();
/// assert_eq!(set.canonical(), "k8s:a=1;k8s:b=2;");
/// // A later label replaces one with the same key, whatever its source.
/// let set = set.with(Label::parse("container:a=3"));
/// assert_eq!(set.canonical(), "container:a=3;k8s:b=2;");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabelSet {
    labels: Arc<[Label]>,
}

impl LabelSet {
    /// Returns the set without labels.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the set with a label added; one with the same key is replaced (LAB-5).
    #[must_use]
    pub fn with(&self, label: Label) -> Self {
        self.iter().cloned().chain([label]).collect()
    }

    /// Returns the set written in the canonical form (LAB-7).
    ///
    /// The form is ambiguous where a value holds a `;` (IDQ-2); Kubernetes allows none.
    #[must_use]
    pub fn from_canonical(text: &str) -> Self {
        text.split(';').map(Label::parse).collect()
    }

    /// Returns the form by which sets are compared and allocated: the store forms of all
    /// labels, in bytewise order of the keys (LBL-5).
    #[must_use]
    pub fn canonical(&self) -> String {
        self.iter().map(Label::store_form).collect()
    }

    /// Returns the label with this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Label> {
        let index = self.labels.binary_search_by(|label| label.key().cmp(key)).ok()?;
        self.labels.get(index)
    }

    /// Returns the first label, in order of keys, that a selector's key asks for (SEL-3).
    #[must_use]
    pub fn find(&self, wanted: &SelectKey) -> Option<&Label> {
        match wanted.source() {
            LabelSource::Cidr => self.iter().find(|label| label.has_key(wanted)),
            _ => self.get(wanted.key()).filter(|label| label.has_key(wanted)),
        }
    }

    /// Tells whether the reserved label `name` is in the set.
    #[must_use]
    pub fn has_reserved(&self, name: &str) -> bool {
        self.get(name).is_some_and(|label| label.is_reserved(name))
    }

    /// Returns the labels in order of their keys.
    pub fn iter(&self) -> core::slice::Iter<'_, Label> {
        self.labels.iter()
    }

    /// Returns the number of labels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Tells whether there is no label.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

impl FromIterator<Label> for LabelSet {
    /// Collects labels; of those with equal keys the last is kept, those without key are left
    /// out (LBL-4, LAB-2.4).
    fn from_iter<I: IntoIterator<Item = Label>>(labels: I) -> Self {
        let mut sorted: Vec<Label> = labels.into_iter().filter(|l| !l.key().is_empty()).collect();
        // Stable, so that the last of equal keys stays last.
        sorted.sort_by(|a, b| a.key().cmp(b.key()));
        let mut unique: Vec<Label> = Vec::with_capacity(sorted.len());
        for label in sorted {
            if unique.last().is_some_and(|last| last.key() == label.key()) {
                unique.pop();
            }
            unique.push(label);
        }
        Self { labels: unique.into() }
    }
}

impl<'a> IntoIterator for &'a LabelSet {
    type Item = &'a Label;
    type IntoIter = core::slice::Iter<'a, Label>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for LabelSet {
    /// Writes the labels as text, sorted, with commas between; prefixes as such (LAB-12).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut texts: Vec<Box<str>> = self.iter().map(printable).collect();
        texts.sort_unstable();
        f.write_str(&texts.join(","))
    }
}

/// Returns the label as people read it: a CIDR label with a real prefix (LAB-12).
fn printable(label: &Label) -> Box<str> {
    use alloc::format;
    if *label.source() == LabelSource::Cidr
        && let Some(prefix) = super::cidr_label_prefix(label.key())
    {
        return format!("cidr:{prefix}").into();
    }
    format!("{label}").into()
}
