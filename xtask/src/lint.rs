//! The rules of the house that no other tool checks; see ARCHITECTURE.md.

use std::fs;
use std::path::{Path, PathBuf};

/// Lines that a source file may have, its tests aside.
const MAX_LINES: usize = 800;

/// Which of our crates each may use: dependencies point one way.
const ALLOWED: [(&str, &[&str]); 9] = [
    ("netpol-core", &[]),
    ("netpol-ebpf", &["netpol-core"]),
    ("netpol-flowlog", &["netpol-core"]),
    ("netpol-l7", &[]),
    ("netpol-policy", &["netpol-core", "netpol-l7"]),
    ("netpol", &["netpol-core", "netpol-l7", "netpol-policy"]),
    ("netpol-capi", &["netpol", "netpol-core", "netpol-policy"]),
    ("netpol-cli", &["netpol", "netpol-core", "netpol-ebpf", "netpol-flowlog", "netpol-policy"]),
    ("netpol-testkit", &["netpol", "netpol-core", "netpol-l7", "netpol-policy"]),
];

/// Crates in which some modules may be unsafe, each block argued.
const MAY_BE_UNSAFE: [&str; 2] = ["netpol-capi", "netpol-core"];

/// Runs all checks below `root` and returns what is wrong, one line each.
pub(crate) fn run(root: &Path) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, allowed) in ALLOWED {
        check_dependencies(root, name, allowed, &mut findings);
        check_unsafe(root, name, &mut findings);
    }
    for file in sources(root) {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        check_length(&name, &text, &mut findings);
        check_words(&name, &text, &mut findings);
        check_layers(&name, &text, &mut findings);
    }
    findings
}

fn check_dependencies(root: &Path, name: &str, allowed: &[&str], findings: &mut Vec<String>) {
    let manifest = root.join("crates").join(name).join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap_or_default();
    let dependencies = text.split("\n[").find(|section| section.starts_with("dependencies]"));
    let lines = dependencies.unwrap_or_default().lines().skip(1);
    let names = lines.filter_map(|line| line.split(['.', ' ', '=']).next());
    for dependency in names.filter(|dependency| dependency.starts_with("netpol")) {
        if !allowed.contains(&dependency) {
            findings.push(format!("crates/{name}: must not depend on {dependency}"));
        }
    }
}

fn check_unsafe(root: &Path, name: &str, findings: &mut Vec<String>) {
    if MAY_BE_UNSAFE.contains(&name) {
        return;
    }
    let folder = root.join("crates").join(name).join("src");
    let main = ["lib.rs", "main.rs"].map(|file| folder.join(file));
    let texts = main.iter().filter_map(|file| fs::read_to_string(file).ok());
    if !texts.into_iter().any(|text| text.contains("#![forbid(unsafe_code)]")) {
        findings.push(format!("crates/{name}: `#![forbid(unsafe_code)]` is missing"));
    }
}

fn check_length(name: &str, text: &str, findings: &mut Vec<String>) {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let lines = code.lines().count();
    if lines > MAX_LINES && !name.contains("tests") {
        findings.push(format!("{name}: {lines} lines, more than {MAX_LINES}"));
    }
}

/// What nobody should find in the project: unfinished work and places of one machine.
fn check_words(name: &str, text: &str, findings: &mut Vec<String>) {
    // Written in halves, so that this file has none of them.
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[ig", "nore"),
        concat!("/home", "/"),
        concat!("/root", "/"),
    ];
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(word) = words.iter().find(|word| line.contains(**word)) {
            findings.push(format!("{name}:{number}: `{word}`"));
        }
    }
}

/// Types of documents do not leave `doc`, and the oracle shares no code with what it checks.
fn check_layers(name: &str, text: &str, findings: &mut Vec<String>) {
    let downstream = ["compile", "select", "repository", "ipcache", "rule", "fqdn"];
    let in_downstream =
        |folder: &str| name.starts_with(&format!("crates/netpol-policy/src/{folder}/"));
    let code = || text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let says = |words: &[&str]| code().any(|line| words.iter().any(|word| line.contains(word)));
    if downstream.iter().any(|folder| in_downstream(folder)) && says(&["crate::doc"]) {
        findings.push(format!("{name}: uses `doc`, whose types must not leave it"));
    }
    let oracle = name.starts_with("crates/netpol-testkit/src/oracle/");
    if oracle && says(&["use netpol", "netpol::", "netpol_core", "netpol_policy", "netpol_l7"]) {
        findings.push(format!("{name}: the oracle uses code that it checks"));
    }
}

/// Returns the source files of the workspace.
fn sources(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in ["crates", "xtask", "benches", "fuzz", "examples"] {
        collect(&root.join(folder), &mut files);
    }
    files.sort();
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !["target", "corpus", "artifacts"].contains(&name) {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
