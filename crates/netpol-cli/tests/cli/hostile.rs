//! Input that nobody sends in good faith: an error with a place, never a panic.

use crate::support::{Run, TempFolder, run_in};

/// Checks one file with this content.
fn check(test: &str, bytes: &[u8]) -> Run {
    let folder = TempFolder::new(test);
    folder.write("in.yaml", bytes);
    run_in(folder.path(), &["check", "-f", "in.yaml"], None)
}

#[track_caller]
fn assert_refused(test: &str, bytes: &[u8], place: &str) {
    let run = check(test, bytes);
    assert_eq!((run.code, run.stderr.as_str()), (2, ""), "{test}: {}", run.stdout);
    assert!(run.stdout.contains(&format!("--> {place}")), "{test}: {}", run.stdout);
    assert!(run.stdout.contains("error["), "{test}: {}", run.stdout);
}

#[test]
fn an_empty_file_is_refused() {
    assert_refused("empty", b"", "in.yaml");
    assert_refused("blank", b"\n# nothing\n---\n", "in.yaml");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    assert_refused("binary", b"\x7fELF\x02\x01\x01\0\0\0\0\0", "in.yaml:1:");
    assert_refused("utf-16", b"\xff\xfek\0i\0n\0d\0", "in.yaml:1:1");
    assert_refused("latin-1", b"kind: caf\xe9\n", "in.yaml:1:10");
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let run = check(
        "escapes",
        b"\"\\e[31mkind\": x\nkind: \"\\e]0;title\\a\"\napiVersion: v1\nmetadata: {name: a}\n",
    );
    let harmless = |text: &str| text.chars().all(|c| c == '\n' || !c.is_control());
    assert!(harmless(&run.stdout), "{:?}", run.stdout);
    let folder = TempFolder::new("escaped-name");
    let run = run_in(folder.path(), &["check", "-f", "\x1b[31m"], None);
    assert!(harmless(&run.stderr), "{:?}", run.stderr);
}

#[test]
fn anchors_that_explode_are_refused() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", before.trim_end_matches(", ")));
    }
    assert_refused("anchors", text.as_bytes(), "in.yaml:");
}

#[test]
fn deep_nesting_is_refused() {
    assert_refused("flow", "[".repeat(100_000).as_bytes(), "in.yaml:1:");
    let lines = (0..3_000).map(|depth| format!("{}a:\n", " ".repeat(depth)));
    assert_refused("block", lines.collect::<String>().as_bytes(), "in.yaml:");
}

#[test]
fn a_file_of_100_megabytes_is_refused() {
    let run = check("large", &vec![b'#'; 100 << 20]);
    assert_eq!(run.code, 2);
    let expected = "error[limit]: the file is larger than 64 MiB\n --> in.yaml:1:1\n";
    assert!(run.stdout.starts_with(expected), "{}", run.stdout);
}

#[test]
fn unknown_words_are_refused_at_their_place() {
    assert_refused(
        "version",
        b"apiVersion: cilium.io/v3\nkind: CiliumNetworkPolicy\nmetadata: {name: a}\n",
        "in.yaml:1:13",
    );
    assert_refused(
        "kind",
        b"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolcy\nmetadata: {name: a}\n",
        "in.yaml:2:7",
    );
    assert_refused("scalar", b"just text\n", "in.yaml:1:1");
    let twice =
        b"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: a}\nkind: x\n";
    assert_refused("duplicate", twice, "in.yaml:4:1");
}

#[test]
fn addresses_of_two_pods_may_not_clash() {
    let pod = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{containers: []}}\nstatus: {{podIP: 10.0.0.1}}\n---\n"
        )
    };
    let run = check("clash", format!("{}{}", pod("a"), pod("b")).as_bytes());
    assert_eq!(run.code, 2);
    assert!(
        run.stdout.contains("address `10.0.0.1` belongs to `default/a` already"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("--> in.yaml:7:1"), "{}", run.stdout);
}
