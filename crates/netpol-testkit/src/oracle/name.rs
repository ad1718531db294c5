//! DNS names against `matchName` and `matchPattern` (DNS).

use super::error::Unsupported;
use super::json::{self, Object};
use crate::world::RepeatedStars;

/// An item of `toFQDNs` or of `rules.dns`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamePattern {
    match_name: Option<String>,
    match_pattern: Option<String>,
    stars: RepeatedStars,
}

impl NamePattern {
    /// Returns the DNS rule that allows every name.
    pub(super) fn everything() -> Self {
        let stars = RepeatedStars::default();
        Self { match_name: None, match_pattern: Some("*".to_owned()), stars }
    }

    pub(super) fn read(item: &Object, stars: RepeatedStars) -> Result<Self, Unsupported> {
        json::only_keys(item, &["matchName", "matchPattern"])?;
        let field =
            |key| Ok(json::text(item, key)?.filter(|text| !text.is_empty()).map(str::to_owned));
        Ok(Self { match_name: field("matchName")?, match_pattern: field("matchPattern")?, stars })
    }

    /// Returns the text of the identity label, as written (SID-1).
    pub(super) fn label(&self) -> &str {
        self.match_name.as_deref().or(self.match_pattern.as_deref()).unwrap_or_default()
    }

    /// Returns whether an address learnt for the name belongs to this item of `toFQDNs`.
    pub(super) fn selects(&self, name: &str) -> bool {
        let name = canonical(name);
        match (&self.match_name, &self.match_pattern) {
            (None, None) => name == ".", // DNS-11
            (Some(wanted), _) => name == canonical(wanted),
            (None, Some(pattern)) if self.is_star(pattern) => name == "." || is_ordinary(&name), // DNS-9
            (None, Some(pattern)) => self.matches_pattern(pattern, &name),
        }
    }

    /// Returns whether this item of `rules.dns` lets the name be asked for (DNS-12).
    pub(super) fn allows_query(&self, name: &str) -> bool {
        let name = canonical(name);
        let by_name = self.match_name.as_deref().is_some_and(|wanted| name == canonical(wanted));
        let by_pattern = self
            .match_pattern
            .as_deref()
            .is_some_and(|pattern| self.is_star(pattern) || self.matches_pattern(pattern, &name));
        by_name || by_pattern
    }

    /// Returns whether the pattern means every name (DNS-9, DNS-10, L7Q-3).
    fn is_star(&self, pattern: &str) -> bool {
        let stars = pattern.strip_suffix('.').unwrap_or(pattern);
        match self.stars {
            RepeatedStars::Snapshot => pattern == "*",
            RepeatedStars::Release => !stars.is_empty() && stars.bytes().all(|byte| byte == b'*'),
        }
    }

    /// DNS-8, and L7Q-3 for a leading run of stars.
    fn matches_pattern(&self, pattern: &str, name: &str) -> bool {
        let pattern = canonical(pattern);
        let stars = pattern.len() - pattern.trim_start_matches('*').len();
        let rest = &pattern[stars..];
        let has_whole_labels =
            self.stars == RepeatedStars::Release && stars >= 2 && rest.starts_with('.');
        if has_whole_labels {
            return dots(name)
                .filter(|dot| is_ordinary(&name[..*dot]))
                .any(|dot| matches_glob(rest.as_bytes(), &name.as_bytes()[dot..]));
        }
        matches_glob(pattern.as_bytes(), name.as_bytes())
    }
}

/// DNS-1: lower case, with a final dot.
fn canonical(name: &str) -> String {
    let mut name = name.to_ascii_lowercase();
    let backslashes =
        name.strip_suffix('.').map(|rest| rest.len() - rest.trim_end_matches('\\').len());
    let ends_in_dot = backslashes.is_some_and(|count| count % 2 == 0);
    if !ends_in_dot {
        name.push('.');
    }
    name
}

/// One or more labels of at least one ordinary character.
fn is_ordinary(name: &str) -> bool {
    let labels = name.strip_suffix('.').unwrap_or(name).split('.');
    labels.into_iter().all(|label| !label.is_empty() && label.bytes().all(is_name_byte))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn dots(name: &str) -> impl Iterator<Item = usize> + '_ {
    name.bytes().enumerate().filter(|(_, byte)| *byte == b'.').map(|(index, _)| index)
}

/// A star is any run of ordinary characters, never a dot; everything else is literal.
fn matches_glob(pattern: &[u8], name: &[u8]) -> bool {
    // Whether the pattern so far matches the first n bytes of the name, for each n.
    let mut matched = vec![false; name.len() + 1];
    matched[0] = true;
    for wanted in pattern {
        if *wanted == b'*' {
            for (index, byte) in name.iter().enumerate() {
                matched[index + 1] |= matched[index] && is_name_byte(*byte);
            }
        } else {
            for (index, byte) in name.iter().enumerate().rev() {
                matched[index + 1] = matched[index] && byte == wanted;
            }
            matched[0] = false;
        }
    }
    matched[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> NamePattern {
        let stars = RepeatedStars::Snapshot;
        NamePattern { match_name: None, match_pattern: Some(text.to_owned()), stars }
    }

    #[test]
    fn stars_do_not_cross_dots() {
        let rows = [
            ("*.cilium.io", "www.cilium.io", true),
            ("*.cilium.io", "cilium.io", false),
            ("*.cilium.io", "a.b.cilium.io", false),
            ("*cilium.io", "sub-cilium.io", true),
            ("*cilium.io", "www.cilium.io", false),
            ("part*ial.com", "part-extra-ial.com", true),
            ("part*ial.com", "part.ial.com", false),
            ("*.*", "a.b", true),
            ("*.*", "a", false),
            ("a**b.io", "axb.io", true),
            ("WWW.cilium.io.", "www.CILIUM.io", true),
        ];
        for (text, name, expected) in rows {
            assert_eq!(pattern(text).selects(name), expected, "{text} {name}");
            assert_eq!(pattern(text).allows_query(name), expected, "{text} {name}");
        }
    }

    #[test]
    fn the_lone_star_differs_between_peers_and_queries() {
        assert!(pattern("*").allows_query("we!rd.cilium.io"));
        assert!(!pattern("*").selects("we!rd.cilium.io"));
        assert!(pattern("*").selects("."));
        let empty = NamePattern { match_pattern: None, ..pattern("") };
        assert!(empty.selects("."));
        assert!(!empty.allows_query("."));
    }

    #[test]
    fn repeated_stars_are_read_by_the_rule_that_is_asked_for() {
        let rows = [
            ("**.cilium.io", "www.cilium.io", true, true),
            ("**.cilium.io", "a.b.cilium.io", false, true),
            ("**.cilium.io", ".cilium.io", true, false),
            ("**.cilium.io", "cilium.io", false, false),
            ("a**b.io", "axb.io", true, true),
            ("**", "a.b", false, true),
            ("*.", "a.b", false, true),
        ];
        for (text, name, snapshot, release) in rows {
            let pattern = pattern(text);
            assert_eq!(pattern.selects(name), snapshot, "{text} {name}");
            let pattern = NamePattern { stars: RepeatedStars::Release, ..pattern };
            assert_eq!(pattern.selects(name), release, "{text} {name}");
        }
    }
}
