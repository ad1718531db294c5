//! Selectors: predicates over identities.

use std::fmt;
use std::mem;
use std::sync::Arc;

use netpol_core::{Label, LabelSet, LabelSource, SelectKey, keys};

/// How a requirement compares (SEL-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operator {
    /// The label exists and its value is listed.
    In,
    /// The label does not exist, or its value is not listed.
    NotIn,
    /// The label exists.
    Exists,
    /// The label does not exist.
    DoesNotExist,
}

impl Operator {
    /// Returns the operator as documents write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "In",
            Self::NotIn => "NotIn",
            Self::Exists => "Exists",
            Self::DoesNotExist => "DoesNotExist",
        }
    }

    /// Returns the operator that documents write so; the case counts.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::In, Self::NotIn, Self::Exists, Self::DoesNotExist]
            .into_iter()
            .find(|operator| operator.as_str() == text)
    }
}

/// One condition on the labels of an identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Requirement {
    /// The key that is looked for.
    pub key: SelectKey,
    /// How it is compared.
    pub operator: Operator,
    /// The values; empty for `Exists` and `DoesNotExist`.
    pub values: Vec<Arc<str>>,
}

impl Requirement {
    /// Returns the condition that a label has this value.
    #[must_use]
    pub fn equals(key: SelectKey, value: &str) -> Self {
        Self { key, operator: Operator::In, values: vec![value.into()] }
    }

    /// Returns the condition that a label exists.
    #[must_use]
    pub fn exists(key: SelectKey) -> Self {
        Self { key, operator: Operator::Exists, values: Vec::new() }
    }

    /// Returns the condition that a label does not exist.
    #[must_use]
    pub fn does_not_exist(key: SelectKey) -> Self {
        Self { key, operator: Operator::DoesNotExist, values: Vec::new() }
    }

    /// Tells whether the condition holds for these labels (SEL-3, SEL-5).
    #[must_use]
    pub fn matches(&self, labels: &LabelSet) -> bool {
        let found = labels.find(&self.key);
        let listed = |label: &Label| self.values.iter().any(|value| **value == *label.value());
        match self.operator {
            Operator::In => found.is_some_and(listed),
            Operator::NotIn => !found.is_some_and(listed),
            Operator::Exists => found.is_some(),
            Operator::DoesNotExist => found.is_none(),
        }
    }
}

/// A conjunction of conditions on labels (SEL-1).
///
/// Two selectors are the same if they are written the same: `matchLabels` in any order, then
/// `matchExpressions` as they stand (MERGE-4). Cloning is cheap: the conditions are shared.
///
/// # Examples
///
/// ```
/// use netpol_core::{LabelSet, SelectKey};
/// use netpol_policy::rule::{LabelSelector, Requirement};
///
/// let selector = LabelSelector::new([(SelectKey::parse("app"), "b".into())], []);
/// assert!(selector.matches(&LabelSet::from_canonical("k8s:app=b;")));
/// assert!(LabelSelector::default().is_wildcard());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabelSelector {
    // The first `n_labels` are `matchLabels` in order of their keys, the rest `matchExpressions`.
    // Shared, so that what is in force is not kept twice.
    requirements: Arc<[Requirement]>,
    n_labels: usize,
    // Whether only members of CIDR groups match (QUIRK-10).
    cidr_groups_only: bool,
}

impl LabelSelector {
    /// Returns the selector of these labels and these expressions. Of labels with the same
    /// extended key the last counts.
    #[must_use]
    pub fn new(
        labels: impl IntoIterator<Item = (SelectKey, Arc<str>)>,
        expressions: impl IntoIterator<Item = Requirement>,
    ) -> Self {
        let equals =
            |(key, value)| Requirement { key, operator: Operator::In, values: vec![value] };
        let mut requirements: Vec<Requirement> = labels.into_iter().map(equals).collect();
        // The sort is stable, so that of equal keys the one that counts stays the last.
        requirements.sort_by(|a, b| label_order(&a.key).cmp(&label_order(&b.key)));
        requirements.dedup_by(|later, earlier| {
            let same = later.key == earlier.key;
            if same {
                mem::swap(later, earlier);
            }
            same
        });
        let n_labels = requirements.len();
        requirements.extend(expressions);
        Self { requirements: requirements.into(), n_labels, cidr_groups_only: false }
    }

    /// Sets the value that the label with this key must have, replacing what `matchLabels` said
    /// about the very same key (SUBJ-2).
    pub fn set_label(&mut self, key: SelectKey, value: Arc<str>) {
        let labels = self.requirements.get(..self.n_labels).unwrap_or_default();
        let place = labels.binary_search_by(|r| label_order(&r.key).cmp(&label_order(&key)));
        let requirement = Requirement { key, operator: Operator::In, values: vec![value] };
        let mut requirements = self.requirements.to_vec();
        match place {
            Ok(index) => requirements.splice(index..=index, [requirement]).for_each(drop),
            Err(index) => {
                requirements.insert(index, requirement);
                self.n_labels += 1;
            }
        }
        self.requirements = requirements.into();
    }

    /// Adds an expression behind the others.
    pub fn add_expression(&mut self, requirement: Requirement) {
        self.requirements = self.requirements.iter().cloned().chain([requirement]).collect();
    }

    /// Lets only members of CIDR groups match, whatever the group. No single label says so, as
    /// the name of a group is in the key (QUIRK-10).
    pub fn restrict_to_cidr_groups(&mut self) {
        self.cidr_groups_only = true;
    }

    /// Tells whether only members of CIDR groups match.
    #[must_use]
    pub fn is_restricted_to_cidr_groups(&self) -> bool {
        self.cidr_groups_only
    }

    /// Returns all conditions on single labels.
    #[must_use]
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// Tells whether some condition, of whatever kind, is about a key that `wanted` accepts (PEER-2).
    #[must_use]
    pub fn mentions(&self, wanted: impl Fn(&SelectKey) -> bool) -> bool {
        self.requirements.iter().any(|requirement| wanted(&requirement.key))
    }

    /// Tells whether there is no condition, so that every identity matches (SEL-8).
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.requirements.is_empty() && !self.cidr_groups_only
    }

    /// Tells whether this is the selector of the entity `none`, which nothing ever matches.
    #[must_use]
    pub fn is_none_entity(&self) -> bool {
        self.requirements.iter().any(|requirement| {
            let key = &requirement.key;
            key.source() == &LabelSource::Reserved
                && key.key() == "none"
                && matches!(requirement.operator, Operator::In | Operator::Exists)
        })
    }

    /// Tells whether all conditions hold.
    #[must_use]
    pub fn matches(&self, labels: &LabelSet) -> bool {
        let all_hold = self.requirements.iter().all(|requirement| requirement.matches(labels));
        all_hold && (!self.cidr_groups_only || labels.iter().any(names_cidr_group))
    }
}

/// In which order `matchLabels` are kept, whatever the order in which they are written.
fn label_order(key: &SelectKey) -> (&LabelSource, &str) {
    (key.source(), key.key())
}

/// Tells whether a label says in which CIDR group a prefix is (CG-1).
fn names_cidr_group(label: &Label) -> bool {
    *label.source() == LabelSource::CidrGroup && label.key().starts_with(keys::CIDR_GROUP_NAME)
}

impl fmt::Display for LabelSelector {
    /// Writes the conditions as kubectl does, for example `any:app=b,k8s:tier in (x,y),!any:old`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cidr_groups_only {
            write!(f, "cidrgroup:{}*", keys::CIDR_GROUP_NAME)?;
        }
        for (index, requirement) in self.requirements.iter().enumerate() {
            if index > 0 || self.cidr_groups_only {
                f.write_str(",")?;
            }
            write!(f, "{requirement}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, operator, values } = self;
        match (operator, values.as_slice()) {
            (Operator::In, [value]) => write!(f, "{key}={value}"),
            (Operator::In, values) => write!(f, "{key} in ({})", values.join(",")),
            (Operator::NotIn, values) => write!(f, "{key} notin ({})", values.join(",")),
            (Operator::Exists, _) => write!(f, "{key}"),
            (Operator::DoesNotExist, _) => write!(f, "!{key}"),
        }
    }
}

/// A name selector of `toFQDNs` (FQDN-1): it matches identities that carry its text as a label,
/// which addresses get when a DNS answer for a matching name is learnt.
///
/// Two are the same only if they are written the same (SID-2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FqdnSelector {
    /// The exact name, as written.
    pub match_name: Option<Arc<str>>,
    /// A pattern with `*`, as written.
    pub match_pattern: Option<Arc<str>>,
}

impl FqdnSelector {
    /// Returns the text that stands for the selector: the name, or else the pattern.
    #[must_use]
    pub fn text(&self) -> &str {
        self.match_name.as_deref().or(self.match_pattern.as_deref()).unwrap_or("")
    }

    /// Returns the label that selected addresses carry (SID-1).
    #[must_use]
    pub fn label(&self) -> Label {
        Label::new(LabelSource::Fqdn, self.text(), "")
    }
}

/// A predicate over identities.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Selector {
    /// Identities whose labels meet all conditions. Without conditions it is the wildcard
    /// selector, which becomes the identity 0 of policy maps (SEL-8).
    Labels(LabelSelector),
    /// Addresses learnt for a name.
    Fqdn(FqdnSelector),
}

impl Selector {
    /// Returns the wildcard selector.
    #[must_use]
    pub fn any() -> Self {
        Self::Labels(LabelSelector::default())
    }

    /// Tells whether this is the wildcard selector.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        matches!(self, Self::Labels(selector) if selector.is_wildcard())
    }

    /// Tells whether an identity with these labels is selected.
    #[must_use]
    pub fn matches(&self, labels: &LabelSet) -> bool {
        match self {
            Self::Labels(selector) => selector.matches(labels),
            // The text may hold what looks like another label's key, so the source decides.
            Self::Fqdn(selector) => labels
                .get(selector.text())
                .is_some_and(|label| *label.source() == LabelSource::Fqdn),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Labels(selector) if selector.is_wildcard() => f.write_str("*"),
            Self::Labels(selector) => write!(f, "{selector}"),
            Self::Fqdn(selector) => write!(f, "{}", selector.label()),
        }
    }
}
