//! Which names an inspection or a flush is about.

use netpol_l7::{Error, NameMatcher, NameSelector, PatternDialect, SelectorKind};

/// The names that a pattern matches, or all.
#[derive(Clone, Debug)]
pub(super) enum NameFilter {
    All,
    None,
    Pattern(NameMatcher),
}

impl NameFilter {
    /// Compiles a pattern *as it stands*: it matches names, which are in lower case and end in a
    /// dot, only if it does too, or is made of stars (API-2).
    pub(super) fn new(pattern: Option<&str>, dialect: PatternDialect) -> Result<Self, Error> {
        let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) else {
            return Ok(Self::All);
        };
        let selector = NameSelector::pattern(pattern);
        let matcher = NameMatcher::new(SelectorKind::ToFqdns, &selector, dialect)?;
        let is_everything = match dialect {
            PatternDialect::Snapshot => pattern == "*",
            PatternDialect::Release => pattern.bytes().all(|b| b == b'*'),
        };
        let is_canonical =
            pattern.ends_with('.') && !pattern.bytes().any(|b| b.is_ascii_uppercase());
        Ok(if is_canonical || is_everything { Self::Pattern(matcher) } else { Self::None })
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Pattern(matcher) => matcher.is_match(name),
        }
    }
}
