//! Name selectors of the workload and the names that they match (W5).

use netpol_l7::{NameMatcher, NameSet, PatternDialect, SelectorKind, canonical_name};
use netpol_testkit::workload::Names;

/// Returns how many names match, and how many matches there are.
fn matches(dialect: PatternDialect) -> (usize, u32) {
    let names = Names::new(1000, 10_000, 10_000);
    let mut set = NameSet::new();
    for (tag, selector) in (0..).zip(&names.selectors) {
        let matcher = NameMatcher::new(SelectorKind::ToFqdns, selector, dialect);
        set.insert(tag, &matcher.expect("a valid selector"));
    }
    let counts = names.names.iter().map(|name| {
        let mut count = 0;
        set.for_each_match(&canonical_name(name), |_| count += 1);
        count
    });
    let counts: Vec<u32> = counts.collect();
    (counts.iter().filter(|count| **count > 0).count(), counts.iter().sum())
}

#[test]
fn selectors_match_as_many_names_as_those_of_the_reference() {
    // The reference is of before the release, where `**.` is one star (TRN-4).
    assert_eq!(matches(PatternDialect::Snapshot), (2936, 3391));
}

#[test]
fn more_names_match_where_two_stars_stand_for_several_labels() {
    assert_eq!(matches(PatternDialect::Release), (3231, 3711));
}
