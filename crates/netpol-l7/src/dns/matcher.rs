//! One name selector, compiled.

use super::compiled::{Form, forms};
use super::name::Canonical;
use super::persisted;
use super::selector::{NameSelector, PatternDialect, SelectorKind};
use crate::Error;

/// A compiled name selector.
///
/// # Examples
///
/// ```
/// use netpol_l7::{NameMatcher, NameSelector, PatternDialect, SelectorKind};
///
/// let selector = NameSelector::pattern("*.cloud.google.com");
/// let matcher = NameMatcher::new(SelectorKind::ToFqdns, &selector, PatternDialect::Release)?;
/// assert!(matcher.is_match("docs.cloud.google.com"));
/// assert!(matcher.is_match("DOCS.cloud.google.com."));
/// // A star never crosses a dot.
/// assert!(!matcher.is_match("a.docs.cloud.google.com"));
/// assert!(!matcher.is_match("cloud.google.com"));
/// # Ok::<(), netpol_l7::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameMatcher {
    pub(super) forms: Vec<Form>,
    regex: String,
}

impl NameMatcher {
    /// Compiles a selector.
    ///
    /// # Errors
    ///
    /// The selector fails [`NameSelector::check_agent`].
    pub fn new(
        kind: SelectorKind,
        selector: &NameSelector,
        dialect: PatternDialect,
    ) -> Result<Self, Error> {
        selector.check_agent(kind)?;
        let regex = match kind {
            SelectorKind::ToFqdns => persisted::to_fqdns_regex(selector, dialect),
            SelectorKind::DnsRule => persisted::dns_rules_regex([selector], dialect),
        };
        Ok(Self { forms: forms(kind, selector, dialect), regex })
    }

    /// Returns whether the selector matches a name.
    ///
    /// The name is in presentation form, as unpacked from a message: bytes that are not plain appear
    /// escaped (spec `DNS-2`). Case and a final dot do not matter. Nothing is allocated.
    pub fn is_match<N: AsRef<[u8]> + ?Sized>(&self, name: &N) -> bool {
        let name = Canonical::new(name.as_ref());
        self.forms.iter().any(|form| match &name {
            Some(name) => form.matches(name.as_bytes()),
            None => *form == Form::Everything,
        })
    }

    /// Returns whether the selector allows every name without looking at it (spec `DNS-9`).
    pub fn matches_everything(&self) -> bool {
        self.forms.contains(&Form::Everything)
    }

    /// Returns the regular expression that Cilium compiles the selector to and keeps over restarts.
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_l7::{NameMatcher, NameSelector, PatternDialect, SelectorKind};
    ///
    /// let selector = NameSelector::pattern("*.cilium.io");
    /// let matcher = NameMatcher::new(SelectorKind::ToFqdns, &selector, PatternDialect::Release)?;
    /// assert_eq!(matcher.cilium_regex(), "^[-a-zA-Z0-9_]*[.]cilium[.]io[.]$");
    /// # Ok::<(), netpol_l7::Error>(())
    /// ```
    pub fn cilium_regex(&self) -> &str {
        &self.regex
    }
}
