//! Every document of the conformance vectors is accepted or refused as Cilium does it, less its
//! defects.

use std::fs;
use std::path::{Path, PathBuf};

use netpol_policy::{Options, Unsupported};

use crate::read::read;

/// Documents that Cilium accepts and netpol refuses: file, index and quirk.
const REFUSED: &[(&str, usize, &str)] = &[
    ("features/deny/requires", 0, "QUIRK-15"),
    ("features/peers/requires", 0, "QUIRK-15"),
    ("features/peers/to-requires", 0, "QUIRK-15"),
    ("features/ports/octal", 0, "QUIRK-16"),
    ("reject/auth", 5, "QUIRK-8"),
    ("reject/combined-egress-peers", 5, "QUIRK-15"),
    ("reject/combined-ingress-peers", 3, "QUIRK-15"),
    ("reject/fqdn", 12, "QUIRK-8"),
    ("reject/http", 17, "QUIRK-8"),
    ("reject/ports", 14, "QUIRK-16"),
    ("reject/unknown-fields", 0, "QUIRK-8"),
    ("reject/unknown-fields", 1, "QUIRK-8"),
    ("reject/unknown-fields", 2, "QUIRK-8"),
    ("reject/unknown-fields", 3, "QUIRK-8"),
    ("reject/unknown-fields", 4, "QUIRK-8"),
    ("reject/unknown-fields", 5, "QUIRK-8"),
];

#[test]
fn reject_vectors_are_judged_as_cilium_judges_them() {
    let n_documents = check_folder("reject", 33);
    assert!(n_documents >= 200, "only {n_documents} documents");
}

#[test]
fn tutorial_vectors_are_judged_as_cilium_judges_them() {
    check_folder("tutorial", 15);
}

#[test]
fn feature_vectors_are_accepted() {
    check_folder("features", 200);
}

/// Checks every Cilium policy of a folder and returns how many there are.
fn check_folder(folder: &str, n_files: usize) -> usize {
    let root = root();
    let mut files = Vec::new();
    find_files(&root.join(folder), &mut files);
    assert!(files.len() >= n_files, "only {} files", files.len());
    let mut wrong = Vec::new();
    let mut n_documents = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(&root).unwrap().with_extension("");
        let name = name.to_string_lossy().into_owned();
        for (index, document) in documents(&text).iter().enumerate() {
            if !is_policy(document) {
                continue;
            }
            n_documents += 1;
            let refused = REFUSED.iter().any(|(f, i, _)| *f == name && *i == index);
            let wanted = !refused && expectations(&text).get(index).copied().unwrap_or(true);
            let (policies, report) = read(document, &options(&text));
            if (policies.len() == 1) != wanted || report.has_errors() == wanted {
                wrong.push(format!("{name}[{index}] accepted should be {wanted}\n{report}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    n_documents
}

/// Returns every Cilium policy in the scenarios of a folder.
pub(crate) fn all_documents(folder: &str) -> Vec<String> {
    let mut files = Vec::new();
    find_files(&root().join(folder), &mut files);
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    let documents = texts.flat_map(|text| documents(&text));
    documents.filter(|document| is_policy(document)).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/conformance")
}

fn is_policy(document: &str) -> bool {
    let mut lines = document.lines();
    lines.any(|line| {
        let kind = line.strip_prefix("kind: ");
        matches!(kind, Some("CiliumNetworkPolicy" | "CiliumClusterwideNetworkPolicy"))
    })
}

fn find_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
}

/// Returns the documents in the block `policies: |` of a scenario.
fn documents(scenario: &str) -> Vec<String> {
    let (_, block) = scenario.split_once("policies: |\n").unwrap();
    let lines = block.lines().take_while(|line| line.is_empty() || line.starts_with("  "));
    let text: Vec<&str> = lines.map(|line| line.get(2..).unwrap_or("")).collect();
    text.join("\n").split("\n---\n").map(str::to_owned).collect()
}

/// Returns whether Cilium accepts each document, if the scenario is about that.
fn expectations(scenario: &str) -> Vec<bool> {
    let is_item = |line: &&str| line.starts_with("  - {") && line.contains("accepted: ");
    let items = scenario.lines().filter(is_item);
    items.map(|line| line.contains("accepted: true")).collect()
}

fn options(scenario: &str) -> Options {
    let config = scenario.lines().find(|line| line.starts_with("config: "));
    let is_set = |word: &str| config.is_some_and(|config| config.contains(word));
    let mut options = Options::default();
    options.unsupported = Unsupported::Delegate;
    options.node_selector_labels = is_set("nodeSelectorLabels: true");
    options.extended_ip_protocols = is_set("extendedIPProtocols: true");
    options.l7_proxy = !is_set("l7Proxy: false");
    options.icmp_rules = !is_set("icmpRules: false");
    options
}
