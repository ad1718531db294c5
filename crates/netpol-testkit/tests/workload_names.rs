//! Name selectors of the workload and the names that they match (W5).

use netpol_l7::{NameMatcher, NameSet, PatternDialect, SelectorKind, canonical_name};
use netpol_testkit::workload::Names;

#[test]
fn selectors_match_as_many_names_as_those_of_the_reference() {
    let names = Names::new(1000, 10_000, 10_000);
    let mut set = NameSet::new();
    for (tag, selector) in (0..).zip(&names.selectors) {
        let dialect = PatternDialect::Release;
        set.insert(tag, &NameMatcher::new(SelectorKind::ToFqdns, selector, dialect).unwrap());
    }
    let counts = names.names.iter().map(|name| {
        let mut count = 0;
        set.for_each_match(&canonical_name(name), |_| count += 1);
        count
    });
    let counts: Vec<u32> = counts.collect();
    assert_eq!(counts.iter().filter(|count| **count > 0).count(), 2936);
    assert_eq!(counts.iter().sum::<u32>(), 3391);
}
