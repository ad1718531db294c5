//! Nothing that is written makes the reader panic, take long, or accept by accident.

use netpol_policy::Options;

use crate::read::{cnp, elements, read};
use crate::vectors::all_documents;

/// What is written behind each key in turn.
const VALUES: [&str; 8] = ["null", "[]", "{}", "7", "\"\"", "[null]", "[{}]", "{x: [y z]}"];

#[test]
fn a_document_is_a_policy_or_has_an_error() {
    let mut n_documents = 0;
    for document in all_documents("reject") {
        for changed in changes(&document) {
            let (policies, report) = read(&changed, &Options::default());
            assert_eq!(policies.len() == 1, !report.has_errors(), "{changed}\n{report}");
            n_documents += 1;
        }
    }
    assert!(n_documents > 9_000, "only {n_documents} documents");
}

/// Returns the document with each line left out, and with each value replaced. The first lines
/// say what kind of document it is.
fn changes(document: &str) -> Vec<String> {
    let lines: Vec<&str> = document.lines().collect();
    let mut changed = Vec::new();
    for (index, line) in lines.iter().enumerate().skip(2) {
        let replaced = |new: &str| {
            let mut lines = lines.clone();
            lines[index] = new;
            lines.join("\n")
        };
        changed.push(replaced(""));
        if let Some((key, _)) = line.split_once(": ") {
            let with = |value: &&str| replaced(&format!("{key}: {value}"));
            changed.extend(VALUES.iter().map(with));
        }
    }
    changed
}

#[test]
fn null_is_never_accepted() {
    // TYP-6
    for document in all_documents("reject") {
        let (_, spec) = document.split_once("\nspec:").unwrap_or(("", ""));
        for line in spec.lines().filter(|line| line.contains(": ")) {
            let (key, _) = line.split_once(": ").unwrap();
            let changed = document.replace(line, &format!("{key}: null"));
            let (_, report) = read(&changed, &Options::default());
            assert!(report.has_errors(), "{changed}");
        }
    }
}

#[test]
fn many_of_everything_are_read_in_time_that_grows_with_them() {
    const MANY: usize = 50_000;
    let repeat = |item: &str| vec![item; MANY].join(", ");
    let ports = "ports: [{port: \"443\", protocol: TCP}]";
    let names: Vec<String> = (0..MANY).map(|n| format!("n{n}.a")).collect();
    let texts = [
        elements("ingress", &format!("- fromEntities: [{}]", repeat("cluster"))),
        elements(
            "egress",
            &format!("- toPorts: [{{{ports}, serverNames: [{}]}}]", names.join(", ")),
        ),
        elements(
            "egress",
            &format!("- toCIDRSet: [{{cidr: 0.0.0.0/0, except: [{}]}}]", repeat("10.0.0.0/8")),
        ),
    ];
    for text in texts {
        let (policies, report) = read(&text, &Options::default());
        assert_eq!(policies.len(), 1, "{report}");
    }
}

#[test]
fn many_rules_with_names_are_compared_in_time_that_grows_with_them() {
    const MANY: usize = 20_000;
    let rule = |n: usize| {
        format!(
            "- {{endpointSelector: {{matchLabels: {{a: b{n}}}}}, egress: [{{toFQDNs: [{{matchName: a.b}}]}}]}}\n"
        )
    };
    let rules: String = (0..MANY).map(rule).collect();
    let head = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p}\nspecs:\n";
    let (policies, report) = read(&format!("{head}{rules}"), &Options::default());
    assert_eq!(policies[0].rules.len(), MANY);
    assert_eq!(report.warnings().count(), MANY);
}

#[test]
fn a_flood_of_unknown_fields_ends_in_an_error() {
    let fields: String = (0..200_000).map(|n| format!("field{n}: x\n")).collect();
    let (policies, report) = read(&cnp(&fields), &Options::default());
    assert!(policies.is_empty() && report.has_errors());
}
