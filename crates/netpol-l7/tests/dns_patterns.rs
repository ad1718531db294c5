//! DNS names and patterns against the golden vectors.

#![expect(clippy::unwrap_used, reason = "a failed test says where it failed")]

mod goldens;

use netpol_l7::{
    L7Policy, L7Rules, NameMatcher, NameSelector, NameSet, PatternDialect, SelectorKind,
    SelectorPolicy, canonical_name, dns_rules_regex,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Goldens {
    #[serde(rename = "description")]
    _description: String,
    selectors: Vec<SelectorRow>,
    matches: Vec<MatchRow>,
    rule_lists: Vec<ListRow>,
    canonical_names: Vec<CanonicalRow>,
    repeated_star_regex: Vec<RegexRow>,
    repeated_star: Vec<StarRow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
enum Kind {
    #[serde(rename = "toFQDNs")]
    ToFqdns,
    #[serde(rename = "dns")]
    Dns,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SelectorRow {
    kind: Kind,
    match_name: Option<String>,
    match_pattern: Option<String>,
    #[serde(rename = "crd_valid")]
    crd_valid: bool,
    #[serde(rename = "agent_valid")]
    agent_valid: bool,
    #[serde(rename = "agent_error")]
    agent_error: Option<String>,
    #[serde(rename = "cilium_regex")]
    cilium_regex: Option<String>,
    #[serde(rename = "identity_label")]
    identity_label: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct MatchRow {
    kind: Kind,
    match_name: Option<String>,
    match_pattern: Option<String>,
    query: String,
    matches: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListRow {
    rules: Vec<ListItem>,
    cilium_regex: String,
    query: String,
    allowed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ListItem {
    match_name: Option<String>,
    match_pattern: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CanonicalRow {
    r#in: String,
    canonical: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RegexRow {
    kind: Kind,
    match_pattern: String,
    #[serde(rename = "snapshot_regex")]
    snapshot: String,
    #[serde(rename = "release_regex")]
    release: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct StarRow {
    kind: Kind,
    match_pattern: String,
    query: String,
    snapshot: bool,
    release: bool,
}

fn goldens() -> Goldens {
    goldens::read("dns-patterns.json.gz")
}

impl From<Kind> for SelectorKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::ToFqdns => Self::ToFqdns,
            Kind::Dns => Self::DnsRule,
        }
    }
}

fn selector(match_name: &Option<String>, match_pattern: &Option<String>) -> NameSelector {
    NameSelector { match_name: match_name.clone(), match_pattern: match_pattern.clone() }
}

/// Compiles a selector; if the released behaviour differs for it (`L7Q-3`), the vector shows the
/// snapshot's, and the row is about that.
fn snapshot(kind: Kind, selector: &NameSelector) -> NameMatcher {
    NameMatcher::new(kind.into(), selector, PatternDialect::Snapshot).unwrap()
}

fn has_repeated_star(pattern: &str) -> bool {
    pattern == "*." || pattern.contains("**")
}

#[test]
fn selectors_are_valid_or_not() {
    let rows = goldens().selectors;
    assert_eq!(rows.len(), 184);
    for row in rows {
        let selector = selector(&row.match_name, &row.match_pattern);
        let agent = selector.check_agent(row.kind.into());
        assert_eq!(agent.is_ok(), row.agent_valid, "{selector:?} {:?}", row.agent_error);
        assert_eq!(selector.check_schema().is_ok(), row.crd_valid, "{selector:?}");
        let compiled = NameMatcher::new(row.kind.into(), &selector, PatternDialect::Release);
        assert_eq!(compiled.is_ok(), row.agent_valid, "{selector:?}");
    }
}

#[test]
fn selectors_have_the_persisted_expression() {
    for row in goldens().selectors {
        let Some(regex) = row.cilium_regex else {
            assert!(!row.agent_valid);
            continue;
        };
        let selector = selector(&row.match_name, &row.match_pattern);
        assert_eq!(snapshot(row.kind, &selector).cilium_regex(), regex, "{selector:?}");
        let pattern = row.match_pattern.unwrap_or_default();
        if !has_repeated_star(&pattern) {
            let kind = row.kind.into();
            let release = NameMatcher::new(kind, &selector, PatternDialect::Release).unwrap();
            assert_eq!(release.cilium_regex(), regex, "{selector:?}");
        }
        // The identity label is the text as written; nothing here changes it (DNS-6).
        if let Some(label) = row.identity_label {
            assert_eq!(label, format!("fqdn:{}{pattern}", row.match_name.unwrap_or_default()));
        }
    }
}

#[test]
fn names_match_selectors_or_not() {
    let rows = goldens().matches;
    assert_eq!(rows.len(), 3352);
    for row in rows {
        let selector = selector(&row.match_name, &row.match_pattern);
        let matcher = snapshot(row.kind, &selector);
        assert_eq!(matcher.is_match(&row.query), row.matches, "{selector:?} {:?}", row.query);
        let mut set = NameSet::new();
        set.insert(7, &matcher);
        let expected = row.matches.then_some(7);
        assert_eq!(set.first_match(&row.query), expected, "{selector:?} {:?}", row.query);
        if !has_repeated_star(&row.match_pattern.unwrap_or_default()) {
            let kind = row.kind.into();
            let release = NameMatcher::new(kind, &selector, PatternDialect::Release).unwrap();
            assert_eq!(release.is_match(&row.query), row.matches, "{selector:?} {:?}", row.query);
        }
    }
}

#[test]
fn one_set_of_all_selectors_gives_the_same_answers() {
    let rows = goldens().matches;
    for kind in [Kind::ToFqdns, Kind::Dns] {
        let mut matchers: Vec<(NameSelector, NameMatcher)> = Vec::new();
        let mut set = NameSet::new();
        for row in rows.iter().filter(|row| row.kind == kind) {
            let selector = selector(&row.match_name, &row.match_pattern);
            if !matchers.iter().any(|(other, _)| *other == selector) {
                let matcher = snapshot(kind, &selector);
                set.insert(matchers.len() as u32, &matcher);
                matchers.push((selector, matcher));
            }
        }
        for row in rows.iter().filter(|row| row.kind == kind) {
            let selector = selector(&row.match_name, &row.match_pattern);
            let tag = matchers.iter().position(|(other, _)| *other == selector).unwrap() as u32;
            let mut found = false;
            set.for_each_match(&row.query, |other| found |= other == tag);
            assert_eq!(found, row.matches, "{selector:?} {:?}", row.query);
        }
        for (tag, (_, matcher)) in matchers.iter().enumerate() {
            set.remove(tag as u32, matcher);
        }
        assert!(set.is_empty());
        for row in rows.iter() {
            assert_eq!(set.first_match(&row.query), None);
        }
    }
}

#[test]
fn lists_of_rules_allow_names_or_not() {
    let rows = goldens().rule_lists;
    assert_eq!(rows.len(), 182);
    for row in rows {
        let selectors: Vec<_> = row
            .rules
            .iter()
            .map(|ListItem { match_name, match_pattern }| selector(match_name, match_pattern))
            .collect();
        assert_eq!(dns_rules_regex(&selectors, PatternDialect::Snapshot), row.cilium_regex);
        // A list that is written empty is no DNS rules (L7V-2).
        let rules = match selectors.as_slice() {
            [] => L7Rules::None,
            _ => L7Rules::Dns((1..).zip(selectors.iter().cloned()).collect()),
        };
        let policy = SelectorPolicy { rules, ..SelectorPolicy::new(0) };
        let compiled = L7Policy::with_dialect([&policy], PatternDialect::Snapshot).unwrap();
        let allowed = compiled.dns(&row.query).is_allowed();
        assert_eq!(allowed, row.allowed, "{selectors:?} {:?}", row.query);
    }
}

#[test]
fn names_have_a_canonical_form() {
    let rows = goldens().canonical_names;
    assert_eq!(rows.len(), 9);
    for row in rows {
        assert_eq!(canonical_name(&row.r#in), row.canonical);
    }
}

#[test]
fn repeated_stars_follow_the_dialect() {
    let rows = goldens().repeated_star_regex;
    assert_eq!(rows.len(), 40);
    for row in rows {
        let selector = NameSelector::pattern(&*row.match_pattern);
        let regex = |dialect| {
            let matcher = NameMatcher::new(row.kind.into(), &selector, dialect).unwrap();
            matcher.cilium_regex().to_owned()
        };
        assert_eq!(regex(PatternDialect::Snapshot), row.snapshot, "{}", row.match_pattern);
        assert_eq!(regex(PatternDialect::Release), row.release, "{}", row.match_pattern);
    }
    let rows = goldens().repeated_star;
    assert_eq!(rows.len(), 310);
    for row in rows {
        let selector = NameSelector::pattern(&*row.match_pattern);
        for (dialect, expected) in
            [(PatternDialect::Snapshot, row.snapshot), (PatternDialect::Release, row.release)]
        {
            let matcher = NameMatcher::new(row.kind.into(), &selector, dialect).unwrap();
            let context = format!("{dialect:?} {} {}", row.match_pattern, row.query);
            assert_eq!(matcher.is_match(&row.query), expected, "{context}");
            let mut set = NameSet::new();
            set.insert(0, &matcher);
            assert_eq!(set.first_match(&row.query).is_some(), expected, "{context}");
        }
    }
}
