//! The oracle against the project's own vectors.

use std::path::{Path, PathBuf};

use netpol_testkit::runner::{self, OracleEngine};
use netpol_testkit::scenario;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

#[test]
fn the_oracle_agrees_with_the_vectors() {
    let suite = scenario::load(&testdata().join("conformance")).unwrap();
    let deviations = runner::deviations_from_file(&testdata().join("deviations.json")).unwrap();
    let report = runner::run(&OracleEngine, &suite, &deviations);
    assert!(report.is_success(), "{}{report}", report.failure_text(20));
    assert_eq!(report.deviating_unlisted, 0, "{report}");
    assert!(report.scenarios.passed >= 400, "{report}");
    assert!(report.flows.passed >= 20_000, "{report}");
}

#[test]
fn every_vector_has_its_maps() {
    let suite = scenario::load(&testdata().join("conformance")).unwrap();
    let bare = suite.flows.iter().filter(|scenario| scenario.maps.is_none());
    assert_eq!(bare.map(|scenario| scenario.name.as_str()).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_listed_deviation_is_about_a_vector() {
    let suite = scenario::load(&testdata().join("conformance")).unwrap();
    let deviations = runner::deviations_from_file(&testdata().join("deviations.json")).unwrap();
    let flows = suite.flows.iter().map(|scenario| scenario.name.as_str());
    let rejects = suite.rejects.iter().map(|scenario| scenario.name.as_str());
    let known: Vec<&str> = flows.chain(rejects).collect();
    // The examples of the corpus are not part of the project.
    let unknown = |name: &&str| !known.contains(name) && !name.starts_with("corpus/");
    assert_eq!(deviations.names().filter(unknown).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn the_examples_of_the_corpus_are_looked_for_beside_the_vectors() {
    let suite = scenario::load(&testdata().join("conformance")).unwrap();
    let is_skipped = suite.skipped.iter().any(|text| text.starts_with("corpus:"));
    let has_examples = testdata().join("corpus/cilium-examples").is_dir();
    assert_eq!(is_skipped, !has_examples);
}
