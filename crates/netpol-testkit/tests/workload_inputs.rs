//! The workloads' inputs: bytes on which every measurement must agree.
//!
//! The digests are those of the files that a plain script with the same seeds writes.

use std::fmt::Write as _;

use netpol_core::IdentityId;
use netpol_testkit::workload::{
    Blocks, Cluster, Names, Pod, Requests, digest, numbered_labels, numbered_prefixes,
};

fn digest_of(text: &str) -> String {
    digest(text.lines())
}

fn labels(pods: &[(IdentityId, Pod)]) -> String {
    numbered_labels(pods.iter().map(|(id, pod)| (*id, pod.identity_labels())))
}

#[test]
fn a_cluster_is_the_same_everywhere() {
    let cluster = Cluster::new(20, 110);
    let files = [
        (
            cluster.policies.clone(),
            "4a94e6acc692ba49ededd60137f115c2d5d7a88cae9710390a8db1cc139ae319",
        ),
        (labels(&cluster.pods), "47f1ef4e8e0ec8887d5003353b1c0cfecfd45155338a7c9c00a7500b64f06ef1"),
        (
            numbered_prefixes(&cluster.prefixes),
            "6e1477a66cceca5b25ac8925de1b0bf0e7fa87b5c42ecd8b0614a6a524b96e11",
        ),
        (
            labels(&cluster.new_pods),
            "b493f7aff1d13cc5e1c2cb0df45bc232e3524788d2cf0b30db867d081b26bc52",
        ),
        (cluster.added.clone(), "1ff672e4a32284b1c887b7459945d87c48d624d961e1c69d708967e81323655f"),
        (
            cluster.replacements.clone(),
            "a2d927c01e444a2909871f41415d99de1af36b35584098c958e013a631c42166",
        ),
    ];
    for (number, (text, expected)) in files.iter().enumerate() {
        assert_eq!(digest_of(text), *expected, "file {number}");
    }
}

#[test]
fn the_endpoints_of_a_cluster_are_its_first_pods() {
    let cluster = Cluster::new(1, 110);
    let mut text = String::new();
    for (endpoint, id) in cluster.endpoints() {
        writeln!(text, "{endpoint}\t{id}").unwrap();
    }
    assert_eq!(
        digest_of(&text),
        "df7f17e746b9ef151b2728ab7038f588fdf432e39c19b2a10a8916689eb582cc"
    );
}

#[test]
fn a_large_cluster_is_the_same_everywhere() {
    let cluster = Cluster::new(1000, 1000);
    assert_eq!(
        digest_of(&cluster.policies),
        "1b13a48bb4fefcb877e8d9298e7de8d9825eead42724a5d66cd0d2ce388317a1"
    );
    assert_eq!(
        digest_of(&numbered_prefixes(&cluster.prefixes)),
        "9ee9cae9c34eb132d76b22ea98217445d5be3192978d0f6b83136c5063136ac6"
    );
}

#[test]
fn a_policy_with_many_prefixes_is_the_same_everywhere() {
    let blocks = Blocks::new(1000);
    assert_eq!(
        digest_of(&blocks.policy),
        "01dd1c38364290139375d2003e3e5250bf82bfaad4d54af543fd15c2970e2325"
    );
    assert_eq!(
        digest_of(&numbered_prefixes(&blocks.prefixes)),
        "8ecd02f29f86832587ff1072dac23e0e7bcd2d2abbb12a3a8c5a68ad58a591d5"
    );
}

#[test]
fn names_and_answers_are_the_same_everywhere() {
    let names = Names::new(50, 200, 400);
    let lines = |names: &[String]| names.iter().map(|name| format!("{name}\n")).collect::<String>();
    assert_eq!(
        digest_of(&names.policy),
        "3665bda8850cf4fdf9412e265e8e6216d66a905cacbf002779cb40594618b771"
    );
    assert_eq!(
        digest_of(&lines(&names.names)),
        "4b30b32f1366c71fe8fb24de6ebe7914c8d68124bf01ec4e8f2dd411b30a085c"
    );
    let mut responses = String::new();
    for response in &names.responses {
        let addresses: Vec<String> = response.addresses.iter().map(ToString::to_string).collect();
        writeln!(responses, "{}\t{}\t{}", response.name, addresses.join(","), response.ttl)
            .unwrap();
    }
    assert_eq!(
        digest_of(&responses),
        "fdf2762f613052418809029d7c88d2c1ba7390bb975a72097f74ed00ec453fc1"
    );
}

#[test]
fn requests_are_the_same_everywhere() {
    let known = [
        (
            10,
            "ca86b8947c229ff8a6e308608c977e00c2996e389b5e6a8d5a892831d004018c",
            "06e20c17a7de40332d291d83a548099abe9e30e10a4a12e60d4b7c714decd04e",
        ),
        (
            100,
            "1e3b573fc1c0a528e61df7eb3c2e053dff81d12dd063c5927a559a93e68617eb",
            "08f38bb9596da2a97f5b3168cc001826b9dda06d56ff10892eec7b6e610dc625",
        ),
        (
            1000,
            "a4bff15831dad1f5964f4c908b4df4da80a69e8818f229c874ad88e4c79ea4f7",
            "e666686afe9588a61a70da92330a4b7243b4c366c0ad99e8962dfbac5b258526",
        ),
    ];
    let lines = |pairs: &[(String, String)]| {
        let lines = pairs.iter().map(|(method, path)| format!("{method}\t{path}\n"));
        digest_of(&lines.collect::<String>())
    };
    for (n_rules, rules, requests) in known {
        let workload = Requests::new(n_rules);
        assert_eq!(lines(&workload.rules), rules, "{n_rules} rules");
        assert_eq!(lines(&workload.requests), requests, "requests for {n_rules} rules");
    }
}
