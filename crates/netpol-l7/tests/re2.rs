//! Regular expressions against the verdicts of RE2 itself.
//!
//! `data/re2.json.gz` holds generated expressions, half of them from a grammar and half noise, with
//! whether RE2 (the C++ library, release 2025-11-05, default options) accepts them and which whole values
//! they match. Left out are the two things that RE2 accepts and Go, the first gate, does not: `\C` and
//! group names beyond ASCII.

#![expect(clippy::unwrap_used, reason = "a failed test says where it failed")]

use flate2::read::GzDecoder;
use netpol_l7::{HttpMatcher, HttpRequest, HttpRule, Scratch, regex_size};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    pattern: String,
    valid: bool,
    matches: Vec<String>,
    misses: Vec<String>,
}

fn rows() -> Vec<Row> {
    let data: &[u8] = include_bytes!("data/re2.json.gz");
    serde_json::from_reader(GzDecoder::new(data)).unwrap()
}

fn path_rule(pattern: &str) -> HttpRule {
    HttpRule { path: Some(pattern.into()), ..HttpRule::default() }
}

#[test]
fn the_same_expressions_are_accepted() {
    let rows = rows();
    assert_eq!(rows.len(), 4060);
    for Row { pattern, valid, .. } in rows {
        let size = regex_size(&pattern);
        assert_eq!(size.is_ok(), valid, "{pattern:?} {size:?}");
    }
}

#[test]
fn the_same_values_match() {
    let mut scratch = Scratch::new();
    // An empty expression is no condition at all (HTTP-1), so there is nothing to compare.
    for row in rows().into_iter().filter(|row| row.valid && !row.pattern.is_empty()) {
        let Row { pattern, matches, misses, .. } = row;
        let matcher = HttpMatcher::new([(0, path_rule(&pattern))]).unwrap();
        let values = matches.iter().map(|v| (v, true)).chain(misses.iter().map(|v| (v, false)));
        for (value, expected) in values {
            let request = HttpRequest::new("GET", value);
            let allowed = matcher.decide(&request, &mut scratch).is_allowed();
            assert_eq!(allowed, expected, "{pattern:?} on {value:?}");
        }
    }
}

/// All expressions in one matcher, which is too large for one automaton: the rules that allow are those
/// that allow alone.
#[test]
fn the_same_values_match_in_one_large_set() {
    let rows: Vec<_> =
        rows().into_iter().filter(|row| row.valid && !row.pattern.is_empty()).collect();
    let rules = || rows.iter().map(|row| path_rule(&row.pattern));
    let all = HttpMatcher::new((0..).zip(rules())).unwrap();
    let alone: Vec<_> = rules().map(|rule| HttpMatcher::new([(0, rule)]).unwrap()).collect();
    let mut scratch = Scratch::new();
    for row in rows.iter().step_by(17) {
        for value in row.matches.iter().chain(&row.misses) {
            let request = HttpRequest::new("GET", value);
            let first =
                alone.iter().position(|rule| rule.decide(&request, &mut scratch).is_allowed());
            let decision = all.decide(&request, &mut scratch);
            assert_eq!(decision.rule(), first.map(|i| i as u32), "{value:?}");
        }
    }
}
