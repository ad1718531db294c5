//! Selectors over label sets (SEL).

use std::collections::BTreeMap;

use super::label::Labels;
use super::prefix::Prefix;

/// Start of the keys of the labels that name CIDR groups (CG-1).
pub(super) const CIDR_GROUP_NAME: &str = "io.cilium.policy.cidrgroupname/";

/// A peer selector. Two are the same if they are written the same after extension and scoping
/// (MERGE-4); the derived order is the canonical one of AUTH-9.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Selector {
    /// Identities by their labels.
    Labels(LabelSelector),
    /// Prefixes of CIDR groups by the labels of the groups (CG-3).
    CidrGroups(LabelSelector),
    /// Addresses learnt for a `toFQDNs` item, by its text (FQDN-1).
    Fqdn(String),
}

/// A conjunction of requirements on labels (SEL-1), keys extended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct LabelSelector {
    pub(super) match_labels: BTreeMap<String, String>,
    pub(super) match_expressions: Vec<Requirement>,
}

/// A requirement on one key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Requirement {
    pub(super) key: String,
    pub(super) operator: Operator,
    pub(super) values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl Selector {
    pub(super) fn wildcard() -> Self {
        Self::Labels(LabelSelector::default())
    }

    /// Returns the selector of one label with an empty value.
    pub(super) fn label(extended_key: &str) -> Self {
        Self::Labels(LabelSelector::default().with_label(extended_key, ""))
    }

    /// Returns whether this is the selector without requirements (SEL-8).
    pub(super) fn is_wildcard(&self) -> bool {
        *self == Self::wildcard()
    }

    pub(super) fn matches(&self, labels: &Labels) -> bool {
        match self {
            Self::Labels(selector) => selector.matches(labels),
            // QUIRK-10: netpol never lets a group selector reach what is in no group.
            Self::CidrGroups(selector) => is_in_cidr_group(labels) && selector.matches(labels),
            Self::Fqdn(text) => labels.value("fqdn", text).is_some(),
        }
    }
}

impl LabelSelector {
    pub(super) fn with_label(mut self, key: &str, value: &str) -> Self {
        self.match_labels.insert(key.to_owned(), value.to_owned());
        self
    }

    pub(super) fn with_expression(mut self, key: &str, operator: Operator) -> Self {
        let requirement = Requirement { key: key.to_owned(), operator, values: Vec::new() };
        self.match_expressions.push(requirement);
        self
    }

    /// Returns whether a key occurs, with any operator (PEER-2).
    pub(super) fn has_key(&self, holds: impl Fn(&str) -> bool) -> bool {
        self.match_labels.keys().any(|key| holds(key))
            || self.match_expressions.iter().any(|requirement| holds(&requirement.key))
    }

    pub(super) fn matches(&self, labels: &Labels) -> bool {
        let label_matches =
            |(key, value): (&String, &String)| find(labels, key) == Some(value.as_str());
        self.match_labels.iter().all(label_matches)
            && self.match_expressions.iter().all(|requirement| requirement.matches(labels))
    }
}

impl Requirement {
    /// SEL-5
    fn matches(&self, labels: &Labels) -> bool {
        let value = find(labels, &self.key);
        let listed = value.is_some_and(|value| self.values.iter().any(|wanted| wanted == value));
        match self.operator {
            Operator::In => listed,
            Operator::NotIn => !listed,
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

/// Returns the value of the first label, in the order of keys, that an extended key means (SEL-3).
fn find<'a>(labels: &'a Labels, extended_key: &str) -> Option<&'a str> {
    let (source, key) = extended_key.split_once('.')?;
    labels
        .iter()
        .find(|(label_key, label)| {
            (source == "any" || source == label.source)
                && (key == *label_key || cidr_contains(source, key, &label.source, label_key))
        })
        .map(|(_, label)| label.value.as_str())
}

/// SEL-4: a CIDR requirement is met by the label of a narrower prefix too.
fn cidr_contains(source: &str, key: &str, label_source: &str, label_key: &str) -> bool {
    if source != "cidr" || label_source != "cidr" {
        return false;
    }
    match (Prefix::from_label_key(key), Prefix::from_label_key(label_key)) {
        (Some(wanted), Some(actual)) => wanted.covers(&actual),
        _ => false,
    }
}

fn is_in_cidr_group(labels: &Labels) -> bool {
    labels
        .iter()
        .any(|(key, label)| label.source == "cidrgroup" && key.starts_with(CIDR_GROUP_NAME))
}
