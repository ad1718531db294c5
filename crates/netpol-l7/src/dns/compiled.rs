//! Compiled name selectors.

use super::name::{Labels, canonical_name, is_plain_text};
use super::selector::{NameSelector, PatternDialect, SelectorKind};

/// What a selector's field asks of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing: every name, whatever is in it (DNS-9 in DNS rules).
    Everything,
    /// One or more non-empty plain labels, or the root (DNS-9 in `toFQDNs`).
    AnyName,
    /// To be equal to this canonical name.
    Exact(Box<[u8]>),
    Pattern(Pattern),
}

/// A name with stars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// From the right, as [`Labels`] are.
    pub(super) labels: Vec<Label>,
    /// One or more non-empty plain labels stand before these (`**.` in front).
    pub(super) deep: bool,
}

/// What one label of a name has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Literal(Box<[u8]>),
    /// `*`: any plain label, the empty one too.
    Any,
    Glob(Glob),
}

/// A label with stars and other characters: `prefix * middle * .. * suffix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob {
    pub(super) prefix: Box<[u8]>,
    pub(super) suffix: Box<[u8]>,
    middle: Vec<Box<[u8]>>,
}

/// Compiles a valid selector: one form for each field that is set.
pub(super) fn forms(
    kind: SelectorKind,
    selector: &NameSelector,
    dialect: PatternDialect,
) -> Vec<Form> {
    match (selector.texts(), kind) {
        // DNS-11, DNS-12: the empty selector is the root in `toFQDNs` and nothing in DNS rules.
        (("", ""), SelectorKind::ToFqdns) => vec![Form::Exact((*b".").into())],
        ((name, pattern), kind) => {
            let name = (!name.is_empty()).then(|| Form::exact(name));
            let pattern = (!pattern.is_empty()).then(|| Form::pattern(kind, pattern, dialect));
            name.into_iter().chain(pattern).collect()
        }
    }
}

/// Returns whether a pattern is `*`, or means it.
pub(super) fn is_star(pattern: &str, dialect: PatternDialect) -> bool {
    match dialect {
        PatternDialect::Snapshot => pattern == "*", // DNS-10
        PatternDialect::Release => {
            let stars = pattern.strip_suffix('.').unwrap_or(pattern);
            !stars.is_empty() && stars.bytes().all(|b| b == b'*')
        }
    }
}

/// Takes a leading run of stars with its dot off a pattern, if the run stands for several labels.
pub(super) fn split_deep(pattern: &str, dialect: PatternDialect) -> (bool, &str) {
    let rest = pattern.trim_start_matches('*');
    let stars = pattern.len() - rest.len();
    match rest.strip_prefix('.') {
        Some(rest) if stars >= 2 && dialect == PatternDialect::Release => (true, rest),
        _ => (false, pattern),
    }
}

impl Form {
    fn exact(name: &str) -> Self {
        Self::Exact(canonical_name(name).into_bytes().into())
    }

    fn pattern(kind: SelectorKind, pattern: &str, dialect: PatternDialect) -> Self {
        if is_star(pattern, dialect) {
            return match kind {
                SelectorKind::ToFqdns => Self::AnyName,
                SelectorKind::DnsRule => Self::Everything,
            };
        }
        if !pattern.contains('*') {
            return Self::exact(pattern);
        }
        let canonical = canonical_name(pattern);
        let (deep, rest) = split_deep(&canonical, dialect);
        let labels = Labels::new(rest.as_bytes()).map(Label::new).collect();
        Self::Pattern(Pattern { labels, deep })
    }

    /// Returns whether the canonical name has this form. [`Form::Everything`] does not depend on the name.
    pub(super) fn matches(&self, name: &[u8]) -> bool {
        match self {
            Self::Everything => true,
            Self::AnyName => is_any_name(name),
            Self::Exact(exact) => **exact == *name,
            Self::Pattern(pattern) => pattern.matches(name),
        }
    }
}

/// Returns whether a canonical name is the root or made of non-empty plain labels.
pub(super) fn is_any_name(name: &[u8]) -> bool {
    name == b"." || Labels::new(name).are_plain()
}

impl Pattern {
    fn matches(&self, name: &[u8]) -> bool {
        let Self { labels, deep } = self;
        let mut rest = Labels::new(name);
        let suffix = labels.iter().all(|label| rest.next().is_some_and(|text| label.matches(text)));
        suffix && if *deep { rest.are_plain() } else { rest.is_empty() }
    }
}

impl Label {
    fn new(label: &[u8]) -> Self {
        if !label.contains(&b'*') {
            return Self::Literal(label.into());
        }
        let mut parts: Vec<Box<[u8]>> = label.split(|&b| b == b'*').map(Into::into).collect();
        let suffix = parts.pop().unwrap_or_default();
        let prefix = if parts.is_empty() { Box::default() } else { parts.remove(0) };
        parts.retain(|part| !part.is_empty());
        if prefix.is_empty() && suffix.is_empty() && parts.is_empty() {
            return Self::Any;
        }
        Self::Glob(Glob { prefix, suffix, middle: parts })
    }

    fn matches(&self, label: &[u8]) -> bool {
        match self {
            Self::Literal(literal) => **literal == *label,
            Self::Any => is_plain_text(label),
            Self::Glob(glob) => is_plain_text(label) && glob.matches(label),
        }
    }
}

impl Glob {
    /// Returns whether a plain label fits. Taking each middle part at its first place is as good as any.
    pub(super) fn matches(&self, label: &[u8]) -> bool {
        let Self { prefix, suffix, middle } = self;
        let inner = label.strip_prefix(&**prefix).and_then(|rest| rest.strip_suffix(&**suffix));
        let Some(mut rest) = inner else { return false };
        middle.iter().all(|part| match find(rest, part) {
            Some(end) => {
                rest = rest.get(end..).unwrap_or_default();
                true
            }
            None => false,
        })
    }
}

/// Returns where the first occurrence of `part` ends.
fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part).map(|start| start + part.len())
}
