//! The policy maps of the workloads, line for line those of the reference.

use std::io::Read as _;
use std::path::Path;

use netpol_testkit::workload::{Blocks, Cluster, LoadedCluster, digest, policies_of};

/// Returns the lines of a golden file, sorted as ours are.
fn golden(name: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/goldens/w1-maps");
    let file = std::fs::File::open(folder.join(name)).expect("a golden file");
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("packed text");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

/// W1: entries and their digest, and the lines of the file of that name.
#[track_caller]
fn check_cluster(n_policies: u32, n_identities: u32, n_entries: usize, expected: &str) {
    let loaded = LoadedCluster::new(&Cluster::new(n_policies, n_identities));
    let lines = loaded.lines();
    let expected_lines = golden(&format!("w1-{n_policies}-{n_identities}.tsv.gz"));
    let differing = lines.iter().zip(&expected_lines).find(|(ours, theirs)| ours != theirs);
    assert_eq!(differing, None);
    assert_eq!(lines.len(), n_entries);
    assert_eq!(expected_lines.len(), n_entries);
    assert_eq!(digest(lines.iter().map(String::as_str)), expected);
    assert_eq!(loaded.entry_count(), n_entries);
}

#[test]
fn maps_of_100_policies_and_1000_identities() {
    let digest = "fa95a3123e3c685a44aa330a7957d6922df0bdd152e385dbe9deffa45e37990b";
    check_cluster(100, 1000, 711, digest);
}

#[test]
fn maps_of_100_policies_and_10000_identities() {
    let digest = "e23313fde3103acb2a24cfd040812f2fefa6a7daeeba3cbfb634d1dfc26fa5a5";
    check_cluster(100, 10_000, 5900, digest);
}

#[test]
fn maps_of_1000_policies_and_1000_identities() {
    let digest = "0a0846e251c112d3baf0470f0556a776b2b19fa5e383a7d6e0c5d9befcf60aef";
    check_cluster(1000, 1000, 1310, digest);
}

#[test]
fn maps_of_1000_policies_and_10000_identities() {
    let digest = "52936f50cd18773206d790ca45ac74720e9f809a76268cb8f909801a58c698d0";
    check_cluster(1000, 10_000, 9408, digest);
}

/// W4
#[test]
fn the_map_of_a_policy_with_1000_prefixes() {
    let blocks = Blocks::new(1000);
    let mut loaded = LoadedCluster::of_prefixes(&blocks.prefixes);
    for policy in policies_of(&blocks.policy) {
        loaded.repository.insert_policy(policy);
    }
    loaded.resolve_first();
    assert_eq!(loaded.entry_count(), 1001);
}
