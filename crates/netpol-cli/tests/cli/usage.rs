//! Help, completions, exit codes, and what every command has in common.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::support::{TempFolder, assert_golden, netpol, run_in};

#[test]
fn help_has_examples_and_exit_codes() {
    for command in ["check", "eval", "list", "map", "completions"] {
        let run = netpol(&[command, "--help"]);
        assert_eq!(run.code, 0);
        assert!(run.stdout.contains("Examples:\n"), "{}", run.stdout);
        assert_golden(&format!("help-{command}.txt"), &run.stdout);
    }
    let run = netpol(&["--help"]);
    assert_golden("help.txt", &run.stdout);
}

#[test]
fn completions_are_written_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = netpol(&["completions", shell]);
        assert_eq!(run.code, 0);
        assert!(run.stdout.contains("netpol") && run.stdout.contains("endpoint"), "{shell}");
    }
}

#[test]
fn wrong_arguments_are_unusable_input() {
    let cases: [&[&str]; 7] = [
        &[],
        &["chek"],
        &["check"],
        &["list", "-f", "clinic", "-o", "yaml"],
        &["eval", "-f", "clinic", "--from", "host"],
        &["eval", "-f", "clinic", "--from", "a", "--to", "b", "--port", "0"],
        &["eval", "-f", "clinic", "--from", "a", "--to", "b", "--port", "70000"],
    ];
    for args in cases {
        let run = netpol(args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(
            run.stderr.contains("Usage:") || run.stderr.contains("--help"),
            "{args:?}: {}",
            run.stderr
        );
    }
}

#[test]
fn files_that_cannot_be_read_are_unusable_input() {
    let run = netpol(&["check", "-f", "missing.yaml"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("cannot read `missing.yaml`"), "{}", run.stderr);
    assert!(run.stderr.contains("help: check the path"), "{}", run.stderr);
}

#[test]
fn folders_are_searched_deeper_on_demand() {
    let folder = TempFolder::new("folders");
    folder.write("a/b/policy.yml", b"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x}\nspec: {podSelector: {}}\n");
    folder.write(
        "a/b/c/more.json",
        br#"{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}"#,
    );
    folder.write("a/b/notes.txt", b"no manifest");
    let run = run_in(folder.path(), &["check", "-f", "a"], None);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("add -R"), "{}", run.stderr);
    let run = run_in(folder.path(), &["check", "-f", "a/b"], None);
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (0, "1 usable document, 0 skipped, 0 errors, 0 warnings\n")
    );
    let run = run_in(folder.path(), &["check", "-R", "-f", "a"], None);
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains("a/b/c/more.json:1:1: skipped Secret s\n"), "{}", run.stdout);
}

#[test]
fn output_that_is_no_terminal_has_no_colours() {
    let run = netpol(&["check", "-f", "bad"]);
    assert!(!run.stdout.contains('\x1b'));
    let run = netpol(&["check", "-f", "missing.yaml"]);
    assert!(!run.stderr.contains('\x1b'));
}

#[test]
fn a_pipe_that_closes_early_is_no_panic() {
    for args in [
        &["list", "-f", "clinic"][..],
        &["completions", "bash"],
        &["--help"],
        &["check", "-f", "bad"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_netpol"))
            .args(args)
            .current_dir(crate::support::fixtures())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let code = child.wait().unwrap().code();
        assert!(!stderr.contains("panicked"), "{args:?}: {stderr}");
        let fine = if args[0] == "check" { 2 } else { 0 };
        assert_eq!(code, Some(fine), "{args:?}: {stderr}");
    }
}
