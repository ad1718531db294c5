//! `netpol check`.

use serde_json::Value;

use crate::support::{TempFolder, assert_golden, netpol, netpol_with_stdin, run_in};

/// Checks a fixture; returns severity, code, line, column, message and help of each problem.
fn problems(args: &[&str]) -> Vec<(String, String, u64, u64, String, String)> {
    let run = netpol(&[&["check", "-o", "json"], args].concat());
    let findings: Value = serde_json::from_str(&run.stdout).unwrap();
    let text = |problem: &Value, key: &str| problem[key].as_str().unwrap_or_default().to_owned();
    let number = |problem: &Value, key: &str| problem[key].as_u64().unwrap();
    let row = |problem: &Value| {
        (
            text(problem, "severity"),
            text(problem, "code"),
            number(problem, "line"),
            number(problem, "column"),
            text(problem, "message"),
            text(problem, "help"),
        )
    };
    findings["problems"].as_array().unwrap().iter().map(row).collect()
}

/// Asserts the only problem of a fixture.
#[track_caller]
fn assert_problem(file: &str, expected: (&str, &str, u64, u64, &str, &str)) {
    let (severity, code, line, column, message, help) = expected;
    let expected = (severity.into(), code.into(), line, column, message.into(), help.into());
    assert_eq!(problems(&["-f", file]), [expected]);
}

#[test]
fn an_integer_port_is_to_be_quoted() {
    assert_problem(
        "bad/integer-port.yaml",
        (
            "error",
            "wrong-type",
            12,
            21,
            "`spec.ingress[0].toPorts[0].ports[0].port` must be a string, not an integer",
            "quote it: \"8443\"",
        ),
    );
}

#[test]
fn a_cidr_needs_four_numbers() {
    assert_problem(
        "bad/malformed-cidr.yaml",
        (
            "error",
            "invalid-cidr",
            10,
            17,
            "`198.51.7/32` is no prefix",
            "an IPv4 address needs four numbers: 198.51.7.0/24 or 198.51.7.x/32",
        ),
    );
}

#[test]
fn to_ports_must_be_as_far_in_as_the_peers() {
    assert_problem(
        "bad/misindented.yaml",
        (
            "error",
            "syntax",
            11,
            8,
            "the indentation of `toPorts` fits nothing above it",
            "align it with `toCIDRSet` in line 9: move it 1 space to the left",
        ),
    );
}

#[test]
fn a_dash_too_many_is_a_warning() {
    assert_problem(
        "bad/dash-trap.yaml",
        (
            "warning",
            "dash-trap",
            11,
            5,
            "this is an element of its own: these ports may be reached everywhere, and the element \
             before it is about all ports",
            "remove the dash and indent `toPorts` like the field above it, if these ports are meant \
             for those peers",
        ),
    );
}

#[test]
fn every_problem_of_every_file_is_reported_at_once() {
    let run = netpol(&["check", "-f", "bad"]);
    assert_golden("check-bad.txt", &run.stdout);
    assert_eq!((run.code, run.stderr.as_str()), (2, ""));
}

#[test]
fn warnings_alone_are_findings() {
    assert_eq!(netpol(&["check", "-f", "bad/dash-trap.yaml"]).code, 1);
    let allowed = netpol(&["check", "-f", "bad/dash-trap.yaml", "--allow", "dash-trap"]);
    assert_eq!(
        (allowed.code, allowed.stdout.as_str()),
        (0, "1 usable document, 0 skipped, 0 errors, 0 warnings\n",)
    );
}

#[test]
fn errors_cannot_be_allowed() {
    let run = netpol(&["check", "-f", "bad/integer-port.yaml", "--allow", "wrong-type"]);
    assert_eq!(run.code, 2);
    let run = netpol(&["check", "-f", "bad/dash-trap.yaml", "--allow", "dash-trip"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("there is no code `dash-trip` to allow"), "{}", run.stderr);
    assert!(run.stderr.contains("dash-trap"), "the help lists what there is: {}", run.stderr);
}

#[test]
fn documents_of_other_kinds_are_skipped() {
    let run = netpol(&["check", "-f", "clinic", "--allow", "empty-element"]);
    let expected = "\
clinic/app.yaml:108:1: skipped ConfigMap clinic/settings
13 usable documents, 1 skipped, 0 errors, 0 warnings
";
    assert_eq!((run.code, run.stdout.as_str()), (0, expected));
}

#[test]
fn an_object_stands_in_one_file_only() {
    let problems = problems(&["-f", "duplicates"]);
    let [(severity, code, line, column, message, help)] = problems.as_slice() else {
        panic!("{problems:?}")
    };
    assert_eq!(
        (severity.as_str(), code.as_str(), *line, *column),
        ("error", "duplicate-object", 4, 9)
    );
    assert!(message.contains("clinic/same"), "{message}");
    assert!(help.contains("duplicates/one.yaml:1:1"), "{help}");
}

#[test]
fn a_file_that_is_named_twice_is_read_once() {
    let run = netpol(&["check", "-f", "duplicates/one.yaml", "-f", "./duplicates/one.yaml"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[test]
fn selectors_are_compared_with_the_given_workloads() {
    let run = netpol(&["check", "-f", "lint/app.yaml", "-f", "lint/unmatched.yaml"]);
    assert_golden("check-unmatched.txt", &run.stdout);
    assert_eq!(run.code, 1);
    // Without workloads nothing can be said.
    assert_eq!(netpol(&["check", "-f", "lint/unmatched.yaml"]).code, 0);
}

#[test]
fn names_need_a_dns_rule_in_some_document() {
    let found = problems(&["-f", "lint/app.yaml", "-f", "lint/names.yaml"]);
    let places: Vec<_> = found.iter().map(|problem| (problem.1.as_str(), problem.2)).collect();
    assert_eq!(places, [("no-dns-rule", 16)]);
    // Without workloads only the selectors can be compared: whom `dns` is for is not known.
    let found = problems(&["-f", "lint/names.yaml"]);
    let places: Vec<_> = found.iter().map(|problem| (problem.1.as_str(), problem.2)).collect();
    assert_eq!(places, [("no-dns-rule", 8), ("no-dns-rule", 16)]);
}

#[test]
fn rules_that_contradict_each_other_are_both_named() {
    let found = problems(&["-f", "lint/app.yaml", "-f", "lint/conflict.yaml"]);
    let (severity, code, line, _, message, _) = &found[0];
    assert_eq!((severity.as_str(), code.as_str(), *line), ("error", "policy-conflict", 8));
    for part in ["`clinic/records`", "cnp:clinic/by-http", "cnp:clinic/by-sni", "conflict.yaml:19"]
    {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn findings_can_be_had_as_json_and_sarif() {
    let json = netpol(&["check", "-f", "bad/many.yaml", "-f", "clinic/app.yaml", "-o", "json"]);
    assert_golden("check-many.json", &json.stdout);
    let sarif = netpol(&["check", "-f", "bad/many.yaml", "-o", "sarif"]);
    assert_golden("check-many.sarif", &sarif.stdout);
    assert_eq!((json.code, sarif.code), (2, 2));
}

#[test]
fn each_sarif_result_points_at_its_rule() {
    let run = netpol(&["check", "-f", "bad", "-o", "sarif"]);
    let log: Value = serde_json::from_str(&run.stdout).unwrap();
    let (driver, results) = (&log["runs"][0]["tool"]["driver"], &log["runs"][0]["results"]);
    assert_eq!(log["version"], "2.1.0");
    for result in results.as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(driver["rules"][index]["id"], result["ruleId"]);
        assert!(driver["rules"][index]["shortDescription"]["text"].is_string());
    }
}

#[test]
fn standard_input_is_a_file_too() {
    let policy = std::fs::read(crate::support::fixtures().join("bad/integer-port.yaml")).unwrap();
    let run = netpol_with_stdin(&["check", "-f", "-"], &policy);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("--> <stdin>:12:21"), "{}", run.stdout);
}

#[test]
fn the_namespace_of_the_command_line_is_for_those_who_name_none() {
    let folder = TempFolder::new("namespace");
    folder.write(
        "a.yaml",
        b"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\nspec: {podSelector: {}}\n---\n\
          apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a, namespace: b}\nspec: {podSelector: {}}\n",
    );
    assert_eq!(run_in(folder.path(), &["check", "-f", "."], None).code, 0);
    assert_eq!(run_in(folder.path(), &["check", "-f", ".", "-n", "b"], None).code, 2);
}
