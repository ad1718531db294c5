//! Name selectors as they are written, and which of them are valid.

use super::name::canonical_name;
use crate::Error;

/// The longest pattern, in bytes (spec `LIM-4`).
pub const MAX_PATTERN_LEN: usize = 255;

/// One item of `toFQDNs` or of a port rule's `dns` list (spec `DNS-4` to `DNS-12`).
///
/// # Examples
///
/// ```
/// use netpol_l7::{NameSelector, SelectorKind};
///
/// let selector = NameSelector::pattern("*.cilium.io");
/// selector.check_agent(SelectorKind::ToFqdns)?;
/// selector.check_schema()?;
///
/// let error = NameSelector::name("*.cilium.io").check_schema().unwrap_err();
/// assert_eq!(error.field(), Some("matchName"));
/// # Ok::<(), netpol_l7::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NameSelector {
    /// A name, to be matched exactly.
    pub match_name: Option<String>,
    /// A name with stars.
    pub match_pattern: Option<String>,
}

/// Where a name selector stands. The two places differ in small ways (spec `DNS-9`, `DNS-12`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SelectorKind {
    /// In `egress.toFQDNs`: it selects addresses by the names they were learnt for.
    ToFqdns,
    /// In `toPorts.rules.dns`: it allows names to be asked for.
    DnsRule,
}

/// What runs of stars in a pattern mean (spec `L7Q-3`, `TRN-4`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PatternDialect {
    /// Cilium 1.19 as released: `**.` in front is one or more whole labels; any other run is one star;
    /// nothing but stars, with or without a final dot, is the pattern `*`.
    #[default]
    Release,
    /// Cilium before that: a run of stars is one star, and only `*` itself is special.
    Snapshot,
}

impl NameSelector {
    /// Returns the selector of a name.
    pub fn name(name: impl Into<String>) -> Self {
        Self { match_name: Some(name.into()), match_pattern: None }
    }

    /// Returns the selector of a pattern.
    pub fn pattern(pattern: impl Into<String>) -> Self {
        Self { match_name: None, match_pattern: Some(pattern.into()) }
    }

    /// Checks what Cilium's agent checks: the characters, and some lengths (spec `FQDNV`).
    ///
    /// # Errors
    ///
    /// Returns the first mistake, with its field.
    pub fn check_agent(&self, kind: SelectorKind) -> Result<(), Error> {
        let (name, pattern) = self.texts();
        if kind == SelectorKind::ToFqdns && !name.is_empty() && !pattern.is_empty() {
            return Err(Error::invalid("only one of matchName and matchPattern is allowed")); // FQDNV-1
        }
        check_characters(name, false).map_err(|error| error.in_field("matchName"))?;
        check_characters(pattern, true).map_err(|error| error.in_field("matchPattern"))?;
        match kind {
            // The length of the canonical form counts: 254 characters, and 255 with a final dot.
            SelectorKind::ToFqdns => {
                check_length(canonical_name(name).len()).map_err(|e| e.in_field("matchName"))?;
                check_length(canonical_name(pattern).len()).map_err(|e| e.in_field("matchPattern"))
            }
            SelectorKind::DnsRule => {
                check_length(pattern.len()).map_err(|error| error.in_field("matchPattern"))
            }
        }
    }

    /// Checks what the schema of Cilium's custom resources checks: exactly one of the fields, its length,
    /// and that no label in it is empty (spec `FQDNV-1` to `FQDNV-4`).
    ///
    /// # Errors
    ///
    /// Returns the first mistake, with its field.
    pub fn check_schema(&self) -> Result<(), Error> {
        let (field, text) = match (&self.match_name, &self.match_pattern) {
            (Some(name), None) => ("matchName", name),
            (None, Some(pattern)) => ("matchPattern", pattern),
            _ => {
                return Err(Error::invalid(
                    "exactly one of matchName and matchPattern is required",
                ));
            }
        };
        check_characters(text, field == "matchPattern")
            .and_then(|()| check_length(text.len()))
            .and_then(|()| check_labels(text))
            .map_err(|error| error.in_field(field))
    }

    /// Returns both fields, empty if absent: the agent does not tell these apart.
    pub(super) fn texts(&self) -> (&str, &str) {
        let Self { match_name, match_pattern } = self;
        (match_name.as_deref().unwrap_or_default(), match_pattern.as_deref().unwrap_or_default())
    }
}

fn check_characters(text: &str, stars: bool) -> Result<(), Error> {
    let valid = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c) || (stars && c == '*');
    match text.chars().find(|&c| !valid(c)) {
        None => Ok(()),
        Some('*') => Err(Error::invalid("a name must not contain `*`")
            .with_help("write a name with stars as matchPattern")),
        Some(c) => Err(Error::invalid(format!("character `{}` is not allowed", c.escape_debug()))
            .with_help(
                "letters, digits, `-`, `_` and dots are allowed, in patterns also `*`; names in \
                        other alphabets are written in their `xn--` form",
            )),
    }
}

fn check_length(len: usize) -> Result<(), Error> {
    if len > MAX_PATTERN_LEN {
        return Err(Error::invalid(format!("longer than {MAX_PATTERN_LEN} characters")));
    }
    Ok(())
}

fn check_labels(text: &str) -> Result<(), Error> {
    if text.is_empty() || text.starts_with('.') || text.contains("..") {
        return Err(Error::invalid("a label is empty"));
    }
    Ok(())
}
