//! Documents of the conformance vectors that are no Cilium policies.

use std::fs;
use std::path::{Path, PathBuf};

use netpol_policy::doc::{self, NetworkPolicyGate, ReadOptions};
use netpol_policy::{Options, Source};

/// Texts of the block `policies: |`, split at lines `---`, with whether they are accepted.
fn documents(folder: &str, n_files: usize) -> Vec<(String, String, bool)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/conformance");
    let mut files = Vec::new();
    find_files(&root.join(folder), &mut files);
    assert!(files.len() >= n_files, "only {} files in {folder}", files.len());
    let mut documents = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let accepted: Vec<bool> = text
            .lines()
            .filter(|line| line.starts_with("  - {") && line.contains("accepted: "))
            .map(|line| line.contains("accepted: true"))
            .collect();
        for (index, document) in block(&text).split("\n---\n").enumerate() {
            let name = format!("{}[{index}]", file.display());
            let accepted = accepted.get(index).copied().unwrap_or(true);
            documents.push((name, document.to_owned(), accepted));
        }
    }
    documents
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

fn block(scenario: &str) -> String {
    let (_, block) = scenario.split_once("policies: |\n").unwrap();
    let lines = block.lines();
    let lines = lines.take_while(|line| line.is_empty() || line.starts_with("  "));
    let lines: Vec<&str> = lines.map(|line| line.get(2..).unwrap_or("")).collect();
    lines.join("\n")
}

fn is_cilium_policy(document: &str) -> bool {
    document.contains("kind: CiliumNetworkPolicy\n")
        || document.contains("kind: CiliumClusterwideNetworkPolicy\n")
}

#[test]
fn documents_are_judged_as_cilium_judges_them() {
    let mut n_documents = 0;
    let mut wrong = Vec::new();
    for (folder, n_files) in [("features", 200), ("reject", 33), ("tutorial", 15)] {
        for (name, text, accepted) in documents(folder, n_files) {
            if is_cilium_policy(&text) {
                continue;
            }
            n_documents += 1;
            let mut reading = ReadOptions::default();
            // The vectors say what the agent checks.
            reading.gate = NetworkPolicyGate::Agent;
            let source = Source::named("t.yaml", &text);
            let read = doc::read_all([&source], &Options::default(), &reading);
            if (read.objects.len() == 1) != accepted {
                wrong.push(format!("{name} accepted should be {accepted}\n{}", read.report));
            }
        }
    }
    assert!(n_documents >= 35, "only {n_documents} documents");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_api_server_refuses_what_the_agent_lets_pass() {
    let mut refused = Vec::new();
    for (_, text, accepted) in documents("reject", 33) {
        let read = crate::read(&text);
        if text.contains("kind: NetworkPolicy\n") && accepted && read.report.has_errors() {
            refused.push(read.report.to_string());
        }
    }
    assert_eq!(
        refused,
        [
            "t.yaml:9:36: error: `tcp` is no protocol of a NetworkPolicy (write TCP)",
            "t.yaml:9:52: error: `11.0.0.0/8` is no part of 10.0.0.0/8 (name a smaller prefix inside \
             of `cidr`)",
        ],
    );
}

#[test]
fn the_tutorials_mistakes_are_pointed_at() {
    let wanted = [
        (
            "bad-indentation",
            "t.yaml:12:8: error: the indentation of `toPorts` fits nothing above it (align it with \
             `toCIDRSet` in line 10: move it 1 space to the left)",
        ),
        (
            "integer-port",
            "t.yaml:14:21: error: `spec.egress[1].toPorts[0].ports[0].port` must be a string, not an \
             integer (quote it: \"443\")",
        ),
        (
            "integer-port",
            "t.yaml:14:21: error: `spec.egress[0].toPorts[0].ports[0].port` must be a string, not an \
             integer (quote it: \"443\")",
        ),
        (
            "malformed-cidr",
            "t.yaml:17:15: error: `172.224.3/32` is no prefix (an IPv4 address needs four numbers: \
             172.224.3.0/24 or 172.224.3.x/32)",
        ),
        (
            "no-kind",
            "t.yaml:1:1: error: `kind` is missing (say what this is, such as `kind: NetworkPolicy`)",
        ),
    ];
    let mut refused = documents("tutorial", 15);
    refused.retain(|(.., accepted)| !accepted);
    refused.sort();
    assert_eq!(refused.len(), wanted.len());
    for ((name, text, _), (wanted_name, wanted)) in refused.iter().zip(wanted) {
        let errors = crate::read(text).report;
        let first = errors.errors().next().map(ToString::to_string);
        assert!(name.contains(wanted_name), "{name}");
        assert_eq!(first.as_deref(), Some(wanted), "{name}");
    }
}
