//! What the property tests share.

use netpol_testkit::generate::Recipe;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, RngSeed};

/// Returns how many cases a property is tried with: `NETPOL_PROPTEST_CASES`, or the given number.
///
/// The given number are always the same cases, so that a failure can be repeated; asking for more
/// asks for new ones.
pub(crate) fn config(cases: u32) -> Config {
    let wanted = std::env::var("NETPOL_PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    Config {
        cases: wanted.unwrap_or(cases),
        rng_seed: if wanted.is_some() { RngSeed::Random } else { RngSeed::Fixed(1) },
        max_shrink_iters: 2000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    }
}

/// Returns recipes of worlds with some endpoints, documents and flows.
pub(crate) fn recipes() -> impl Strategy<Value = Recipe> {
    let config = prop_oneof![2 => Just(Vec::new()), 3 => strings(4)];
    (
        config,
        prop::collection::vec(strings(16), 1..8),
        prop::collection::vec(strings(12), 0..6),
        prop::collection::vec(strings(120), 1..6),
        prop::collection::vec(strings(12), 24..=24),
    )
        .prop_map(|(config, endpoints, facts, documents, flows)| Recipe {
            config,
            endpoints,
            facts,
            documents,
            flows,
        })
}

/// Returns strings of up to so many bytes.
pub(crate) fn strings(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..=most)
}
