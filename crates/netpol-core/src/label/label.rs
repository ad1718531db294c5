//! One label, and the key by which a selector asks for it.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use super::LabelSource;

/// One label: source, key and value (LBL-1).
///
/// The text form is `source:key=value`, or `source:key` when the value is empty.
/// Nothing is trimmed, changed in case or validated; a label with an empty key is
/// invalid and is left out of sets.
///
/// # Examples
///
/// ```
/// use netpol_core::{Label, LabelSource};
///
/// let label = Label::parse("k8s:app=web");
/// assert_eq!(label.source(), &LabelSource::K8s);
/// assert_eq!((label.key(), label.value()), ("app", "web"));
/// // The first `:` ends the source, even behind a `=` (LAB-3).
/// assert_eq!(Label::parse("a=b:c").source().as_str(), "a=b");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label {
    // First, so that the derived order is the order by key (LBL-5).
    key: Arc<str>,
    source: LabelSource,
    value: Arc<str>,
}

impl Label {
    /// Returns the label with exactly these parts.
    #[must_use]
    pub fn new(source: LabelSource, key: &str, value: &str) -> Self {
        Self { key: key.into(), source, value: value.into() }
    }

    /// Returns the label of a Kubernetes object's label `key: value` (LBL-7).
    #[must_use]
    pub fn k8s(key: &str, value: &str) -> Self {
        Self::new(LabelSource::K8s, key, value)
    }

    /// Returns the reserved label `reserved:name`.
    #[must_use]
    pub fn reserved(name: &str) -> Self {
        Self::new(LabelSource::Reserved, name, "")
    }

    /// Returns the label written as `text` (LAB-2).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (source, rest) = split_source(text);
        let source = LabelSource::parse(source.unwrap_or(""));
        if source == LabelSource::Reserved
            && let Some(name) = rest.strip_prefix('=')
        {
            return Self::new(source, name, "");
        }
        let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
        Self::new(source, key, value)
    }

    /// Returns the label with this key and value, the source being `source` or, where that
    /// is `None`, the one that `key` begins with (LAB-4).
    #[must_use]
    pub fn from_parts(source: Option<LabelSource>, key: &str, value: &str) -> Self {
        let (written, key) = split_source(key);
        let source = source.unwrap_or_else(|| LabelSource::parse(written.unwrap_or("")));
        if source == LabelSource::Reserved && key.is_empty() {
            return Self::new(source, value, "");
        }
        Self::new(source, key, value)
    }

    /// Returns the source.
    #[must_use]
    pub fn source(&self) -> &LabelSource {
        &self.source
    }

    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the value, which may be empty.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Tells whether this is the reserved label `name`, whatever its value.
    #[must_use]
    pub fn is_reserved(&self, name: &str) -> bool {
        self.source == LabelSource::Reserved && self.key() == name
    }

    /// Tells whether the label has the key that a selector asks for (LAB-9, SEL-4).
    #[must_use]
    pub fn has_key(&self, wanted: &SelectKey) -> bool {
        if *wanted.source() != LabelSource::Any && *wanted.source() != self.source {
            return false;
        }
        if *wanted.source() == LabelSource::Cidr && self.source == LabelSource::Cidr {
            return self.lies_in(wanted);
        }
        wanted.key() == self.key()
    }

    /// Tells whether this CIDR label's prefix lies inside the wanted one; keys that are no
    /// prefixes are compared as text.
    fn lies_in(&self, wanted: &SelectKey) -> bool {
        match (wanted.prefix(), super::cidr_label_prefix(self.key())) {
            (Some(outer), Some(inner)) => outer.contains_prefix(&inner),
            _ => wanted.key() == self.key(),
        }
    }

    /// Returns the form that is stored and compared, `source:key=value;` (LBL-5).
    #[must_use]
    pub fn store_form(&self) -> String {
        format!("{}:{}={};", self.source, self.key, self.value)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.key)?;
        if !self.value.is_empty() {
            write!(f, "={}", self.value)?;
        }
        Ok(())
    }
}

/// The key that a selector asks for: a source, which may be *any*, and a key (SEL-2).
///
/// # Examples
///
/// ```
/// use netpol_core::SelectKey;
///
/// assert_eq!(SelectKey::parse("k8s:app").extended(), "k8s.app");
/// assert_eq!(SelectKey::parse("app").extended(), "any.app");
/// assert_eq!(SelectKey::parse("$host").extended(), "reserved.host");
/// // A dot is no separator of a source: this asks for the key `k8s.app` of any source.
/// assert_eq!(SelectKey::parse("k8s.app").extended(), "any.k8s.app");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SelectKey {
    source: LabelSource,
    key: Arc<str>,
    // The prefix that a key of source `cidr` stands for, parsed once.
    prefix: Option<crate::Prefix>,
}

impl SelectKey {
    /// Returns the key with exactly these parts.
    #[must_use]
    pub fn new(source: LabelSource, key: &str) -> Self {
        let is_cidr = source == LabelSource::Cidr;
        let prefix = if is_cidr { super::cidr_label_prefix(key) } else { None };
        Self { source, key: key.into(), prefix }
    }

    /// Returns the key as written in a policy; what follows a `=` is cut off (SEL-2, SELV-1).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (source, rest) = split_source(text);
        let key = rest.split_once('=').map_or(rest, |(key, _)| key);
        match source {
            // LAB-2.2: in selectors, no source is any source.
            None | Some("" | "unspec") => Self::new(LabelSource::Any, key),
            Some(source) => Self::new(LabelSource::parse(source), key),
        }
    }

    /// Returns the key whose form inside Kubernetes selectors is `text` (LAB-1): what precedes
    /// the first dot is the source; without a dot any source will do.
    #[must_use]
    pub fn from_extended(text: &str) -> Self {
        match text.split_once('.') {
            None => Self::new(LabelSource::Any, text),
            // No label has the empty source, which is not that of labels without source.
            Some(("", key)) => Self::new(LabelSource::Other("".into()), key),
            Some((source, key)) => Self::new(LabelSource::parse(source), key),
        }
    }

    /// Returns the source that the label must have; [`LabelSource::Any`] if any will do.
    #[must_use]
    pub fn source(&self) -> &LabelSource {
        &self.source
    }

    /// Returns the key that the label must have.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the prefix that a key of source `cidr` stands for.
    #[must_use]
    pub fn prefix(&self) -> Option<&crate::Prefix> {
        self.prefix.as_ref()
    }

    /// Returns the form inside Kubernetes selectors, `source.key` (LAB-1).
    #[must_use]
    pub fn extended(&self) -> String {
        format!("{}.{}", self.source, self.key)
    }
}

impl fmt::Display for SelectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.key)
    }
}

/// Splits off the source that `text` begins with, if it names one (LAB-2.1).
fn split_source(text: &str) -> (Option<&str>, &str) {
    if let Some(rest) = text.strip_prefix('$') {
        (Some("reserved"), rest)
    } else if let Some((source, rest)) = text.split_once(':') {
        (Some(source), rest)
    } else if let Some(rest) = text.strip_prefix("reserved.") {
        (Some("reserved"), rest)
    } else {
        (None, text)
    }
}
