//! Labels and label sets (LBL, LAB).

use std::collections::BTreeMap;

use super::prefix::Prefix;

/// The labels of one identity: keyed by key alone, so that two sources cannot share a key (LBL-4).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Labels {
    by_key: BTreeMap<String, SourceAndValue>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SourceAndValue {
    pub(super) source: String,
    pub(super) value: String,
}

impl Labels {
    /// Returns the set with the one label `reserved:<key>`.
    pub(super) fn reserved(key: &str) -> Self {
        let mut labels = Self::default();
        labels.insert("reserved", key, "");
        labels
    }

    /// Adds a label, in place of one with the same key.
    pub(super) fn insert(&mut self, source: &str, key: &str, value: &str) {
        let label = SourceAndValue { source: source.to_owned(), value: value.to_owned() };
        self.by_key.insert(key.to_owned(), label);
    }

    /// Adds those labels whose keys are not there yet.
    pub(super) fn add_missing(&mut self, others: &Self) {
        for (key, label) in &others.by_key {
            if !self.by_key.contains_key(key) {
                self.by_key.insert(key.clone(), label.clone());
            }
        }
    }

    /// Keeps the labels for which `keep(source, key)` holds.
    pub(super) fn retain(&mut self, keep: impl Fn(&str, &str) -> bool) {
        self.by_key.retain(|key, label| keep(&label.source, key));
    }

    /// Returns (key, source and value), in the order of keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &SourceAndValue)> {
        self.by_key.iter().map(|(key, label)| (key.as_str(), label))
    }

    pub(super) fn is_reserved(&self, key: &str) -> bool {
        self.by_key.get(key).is_some_and(|label| label.source == "reserved")
    }

    pub(super) fn value(&self, source: &str, key: &str) -> Option<&str> {
        self.by_key
            .get(key)
            .filter(|label| label.source == source)
            .map(|label| label.value.as_str())
    }

    /// Returns the labels as text in the order of the text, CIDR keys as prefixes (LAB-12).
    pub(super) fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> =
            self.iter().map(|(key, label)| text(&label.source, key, &label.value)).collect();
        texts.sort();
        texts
    }
}

fn text(source: &str, key: &str, value: &str) -> String {
    let key = if source == "cidr" { prefix_text(key) } else { key.to_owned() };
    match value {
        "" => format!("{source}:{key}"),
        value => format!("{source}:{key}={value}"),
    }
}

/// Returns the ordinary spelling of the prefix in the key of a CIDR label.
fn prefix_text(key: &str) -> String {
    Prefix::from_label_key(key).map_or_else(|| key.to_owned(), |prefix| prefix.to_string())
}

/// Returns the extended form of a selector's key: `src:key` is `src.key`, a key without source is
/// `any.key` (SEL-2, LBL-3).
pub(super) fn extended_key(key: &str) -> String {
    let without_value = |rest: &str| rest.split('=').next().unwrap_or_default().to_owned();
    if let Some(rest) = key.strip_prefix('$') {
        return format!("reserved.{}", without_value(rest));
    }
    if let Some((source, rest)) = key.split_once(':') {
        let source = if matches!(source, "" | "unspec") { "any" } else { source };
        return format!("{source}.{}", without_value(rest));
    }
    if key.starts_with("reserved.") {
        return without_value(key);
    }
    format!("any.{}", without_value(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_extended_by_their_source() {
        let rows = [
            ("k8s:app", "k8s.app"),
            ("app", "any.app"),
            (":app", "any.app"),
            ("any:app", "any.app"),
            ("unspec:app", "any.app"),
            ("$host", "reserved.host"),
            ("reserved:host", "reserved.host"),
            ("reserved.host", "reserved.host"),
            ("k8s.app", "any.k8s.app"),
            ("k8s:app.kubernetes.io/name", "k8s.app.kubernetes.io/name"),
        ];
        for (key, extended) in rows {
            assert_eq!(extended_key(key), extended);
        }
    }

    #[test]
    fn a_later_label_replaces_one_with_the_same_key() {
        let mut labels = Labels::default();
        labels.insert("k8s", "app", "a");
        labels.insert("container", "app", "b");
        assert_eq!(labels.texts(), ["container:app=b"]);
    }
}
