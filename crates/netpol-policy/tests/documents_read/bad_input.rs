//! Input that is no good: an error with a place, and nothing worse.

use netpol_policy::doc::{self, Limits, ReadOptions};
use netpol_policy::{Options, Source};

use crate::{problems, read};

/// Asserts that every text leads to these problems and to no object.
fn check(cases: &[(&str, &str)]) {
    for (text, wanted) in cases {
        let read = read(text);
        assert_eq!(read.report.to_string(), *wanted, "{text}");
        assert!(read.objects.is_empty(), "{text}");
    }
}

const POLICY: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\n";

#[test]
fn an_empty_file_is_an_error() {
    let wanted = "t.yaml:1:1: error: the source holds no document (comments and blank lines alone \
                  are no document)";
    check(&[("", wanted), ("# nothing\n\n---\n", wanted), ("\u{FEFF}", wanted)]);
}

#[test]
fn bytes_that_are_no_text_are_an_error() {
    let cases: [(&[u8], &str); 4] = [
        (
            b"a: b\nc: \xC3\xA4\xE4\n",
            "t.yaml:2:5: error: the bytes from here on are no UTF-8 text (is this a text file?)",
        ),
        (
            b"\xFF\xFEa\0",
            "t.yaml:1:1: error: the bytes from here on are no UTF-8 text (this looks like UTF-16: \
             save it as UTF-8)",
        ),
        (
            b"\x7FELF\x02\x01",
            "t.yaml:1:1: error: the character U+007F is not allowed in YAML (is this a text file? in \
             quotes, `\\u` and four digits stand for any character)",
        ),
        (
            b"a: b\r\nc: \0\r\n",
            "t.yaml:2:4: error: the character U+0000 is not allowed in YAML (is this a text file? in \
             quotes, `\\u` and four digits stand for any character)",
        ),
    ];
    for (bytes, wanted) in cases {
        let read = doc::read_bytes("t.yaml", bytes, &Options::default());
        assert_eq!(read.report.to_string(), wanted);
    }
}

#[test]
fn a_100_mb_file_is_refused_without_a_look() {
    let bytes = vec![b'#'; 100 << 20];
    let wanted = "t.yaml:1:1: error: the source has 104857600 bytes, of which 67108864 are allowed \
                  (split it into several files)";
    let read = doc::read_bytes("t.yaml", &bytes, &Options::default());
    assert_eq!(read.report.to_string(), wanted);
    assert_eq!(problems(&String::from_utf8(bytes).unwrap()), wanted);
}

#[test]
fn every_limit_is_an_error() {
    let read = |text: &str, change: fn(&mut Limits)| {
        let mut reading = ReadOptions::default();
        change(&mut reading.limits);
        let source = Source::named("t.yaml", text);
        let read = doc::read_all([&source], &Options::default(), &reading);
        read.report.to_string()
    };
    let deep = format!("a: {}{}", "[".repeat(64), "]".repeat(64));
    let wanted = "t.yaml:1:67: error: the document is nested more than 64 levels deep";
    assert_eq!(read(&deep, |_| {}), wanted);
    let deep: String = (0..70).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    let wanted = "t.yaml:65:65: error: the document is nested more than 64 levels deep";
    assert_eq!(read(&deep, |_| {}), wanted);
    let wanted = "t.yaml:1:11: error: the document has more than 3 values";
    assert_eq!(read("[a, b, c, d]", |limits| limits.max_nodes = 3), wanted);
    let wanted = "t.yaml:3:1: error: the source has more than 1 documents";
    let text = "kind: A\n---\nkind: B\n";
    assert!(read(text, |limits| limits.max_documents = 1).ends_with(wanted));
    let wanted = "t.yaml:1:1: error: the source has 6 bytes, of which 5 are allowed (split it into \
                  several files)";
    assert_eq!(read("a: bcd", |limits| limits.max_bytes = 5), wanted);
    // However high the limit, nesting does not exhaust the stack.
    let deep = "[".repeat(100_000);
    let wanted = "t.yaml:1:256: error: the document is nested more than 200 levels deep";
    assert_eq!(read(&deep, |limits| limits.max_depth = usize::MAX), wanted);
}

#[test]
fn anchors_do_not_explode() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..10 {
        let last = n - 1;
        let aliases = vec![format!("*a{last}"); 10].join(", ");
        text += &format!("a{n}: &a{n} [{aliases}]\n");
    }
    let wanted = "error: the document has more than 2000000 values";
    assert!(problems(&text).ends_with(wanted), "{}", problems(&text));
    // A long text used often.
    let aliases = vec!["*a"; 2_000].join(", ");
    let text = format!("a: &a {}\nb: [{aliases}]\n", "x".repeat(100_000));
    let wanted = "error: anchors and aliases stand for more than 67108864 bytes";
    assert!(problems(&text).ends_with(wanted));
    // Anchors inside each other.
    let text = format!("a: {}x{}\n", "&a [".repeat(64), "]".repeat(64));
    assert!(problems(&text).ends_with("nested more than 64 levels deep"));
    let text = format!("a: {} x\n", "&a ".repeat(100_000));
    assert!(
        problems(&text).ends_with("a value has one name, and an alias has none (remove this one)")
    );
    check(&[
        (
            "a: &a [*a]",
            "t.yaml:1:8: error: there is no anchor `a` before this (quote a value that \
                        begins with `*`)",
        ),
        (
            "a: *b",
            "t.yaml:1:4: error: there is no anchor `b` before this (quote a value that begins \
                   with `*`)",
        ),
    ]);
}

#[test]
fn reports_are_bounded() {
    let text =
        format!("{POLICY}spec:\n  podSelector: {{}}\n  ingress: [{}]", "{a: b}, ".repeat(150_000));
    let read = read(&text);
    assert_eq!(read.report.problems().len(), 100_001);
    let last = read.report.problems().last().unwrap();
    assert_eq!(last.message(), "the source has more than 100000 problems");
    assert!(read.objects.is_empty());
    // Neither messages nor paths repeat what is long.
    let key = "k".repeat(1 << 20);
    let text = format!("{POLICY}spec:\n  podSelector:\n    matchLabels: {{{key}: {{}}}}\n");
    let read = crate::read(&text);
    let problem = read.report.problems().last().unwrap();
    assert!(problem.path().len() < 400 && problem.message().len() < 1_100);
}

#[test]
fn duplicate_keys_are_errors_that_name_the_first() {
    check(&[
        (
            "a: 1\nb: 2\na: 3\n",
            "t.yaml:3:1: error: the key `a` stands here a second time (it stands first in line 1: \
             remove one)",
        ),
        (
            "{\"a\": 1, \"b\": {\"c\": 1, \"c\": 2}, 'a': 2}",
            "t.yaml:1:24: error: the key `c` stands here a second time (it stands first in line 1: \
             remove one)\n\
             t.yaml:1:33: error: the key `a` stands here a second time (it stands first in line 1: \
             remove one)",
        ),
    ]);
    // Large mappings too, in little time.
    let mut text: String = (0..100_000).map(|n| format!("k{n}: x\n")).collect();
    text += "k77: y\n";
    let wanted = "t.yaml:100001:1: error: the key `k77` stands here a second time (it stands first \
                  in line 78: remove one)";
    assert_eq!(problems(&text), wanted);
}

#[test]
fn keys_that_are_no_strings_are_told_to_be_quoted() {
    check(&[
        ("1: x\n", "t.yaml:1:1: error: the key `1` is an integer, not a string (quote it: \"1\")"),
        (
            "a: {true: x, ~: y}",
            "t.yaml:1:5: error: the key `true` is a boolean, not a string (quote it: \"true\")\n\
             t.yaml:1:14: error: the key `~` is null, not a string (quote it: \"~\")",
        ),
        (
            "? [a]\n: b\n",
            "t.yaml:1:1: error: keys that begin with `?` are not part of Kubernetes documents (write \
             `key: value`)",
        ),
        (
            "[a]: b\n",
            "t.yaml:1:1: error: a key must be a string (write the key as a word, or in \
                      quotes)",
        ),
        (
            "<<: {a: b}\n",
            "t.yaml:1:1: error: merge keys are not part of Kubernetes documents (write the fields \
             out, or use an alias for a whole value)",
        ),
        (
            "a: !!str x\n",
            "t.yaml:1:4: error: tags are not part of Kubernetes documents (remove the tag; quote a \
             value that is to be a string)",
        ),
        (
            "%TAG ! x\n---\na: b\n",
            "t.yaml:1:1: error: directives are not part of Kubernetes documents (remove the line, or \
             quote a value that begins with `%`)\n\
             t.yaml:3:1: error: `kind` is missing (say what this is, such as `kind: NetworkPolicy`)\n\
             t.yaml:3:1: error: `apiVersion` is missing (say which version of the kind this is, such \
             as `apiVersion: cilium.io/v2`)",
        ),
    ]);
}

#[test]
fn broken_yaml_is_explained() {
    check(&[
        ("a:\n\tb: c\n", "t.yaml:2:1: error: a tab in an indentation (indent with spaces only)"),
        ("a:\n  -\tb: c\n", "t.yaml:2:4: error: a tab in an indentation (indent with spaces only)"),
        (
            "a: \"b\nc: d\n",
            "t.yaml:1:4: error: the quote that begins here is not closed (write \" at the end of the \
             value)",
        ),
        (
            "a: 'b\n",
            "t.yaml:1:4: error: the quote that begins here is not closed (write ' at the end of the \
             value)",
        ),
        (
            "metadata:\n  name:a\n  namespace: b\n",
            "t.yaml:2:3: error: `name:a` is no `key: value` (put a space behind the colon)",
        ),
        (
            "metadata:\n  name: a\n  namespace:b\n",
            "t.yaml:3:3: error: `namespace:b` is no `key: value` (put a space behind the colon)",
        ),
        (
            "a: b: c\n",
            "t.yaml:1:5: error: a second colon on one line (quote the value, or put what it belongs \
             to on a line of its own)",
        ),
        (
            "a: \"b\" c\n",
            "t.yaml:1:8: error: something stands behind the end of the value (quote the whole value, \
             or remove the rest)",
        ),
        (
            "a: - b\n",
            "t.yaml:1:4: error: a list cannot begin on the line of its key (begin the list on the \
             next line, or write it as `[a, b]`)",
        ),
        ("a: [b, c\nd: e\n", "t.yaml:1:4: error: the `[` that stands here is not closed (add `]`)"),
        ("a: {b: c\n", "t.yaml:1:4: error: the `{` that stands here is not closed (add `}`)"),
        (
            "a: [b} \n",
            "t.yaml:1:6: error: a comma or `]` should stand here, in the list that begins in line 1",
        ),
        ("a: [b,, c]\n", "t.yaml:1:7: error: nothing stands before this comma (remove the comma)"),
        (
            "a: {{ .Values.a }}\n",
            "t.yaml:1:4: error: this looks like a template, not like a document (render the template \
             first, and read what comes out)",
        ),
        (
            "a: {b:1}\n",
            "t.yaml:1:5: error: `b:1` is no `key: value` (put a space behind the colon)",
        ),
        ("a: @b\n", "t.yaml:1:4: error: `@` cannot begin a value (quote the value)"),
        (
            "a: \"\\d\"\n",
            "t.yaml:1:6: error: a backslash that begins no escape (write two backslashes, or use \
             single quotes)",
        ),
        (
            "a:\n  b: c\n  - d\n",
            "t.yaml:3:3: error: a list item among the keys of a mapping (indent it if it belongs to \
             the key above, or remove the dash)",
        ),
        (
            "a:\n  b: c\n d: e\n",
            "t.yaml:3:2: error: the indentation of `d` fits nothing above it (align it with `a` in \
             line 1: move it 1 space to the left)",
        ),
        (
            "a:\n    b: c\n   d: e\n",
            "t.yaml:3:4: error: the indentation of `d` fits nothing above it (align it with `b` in \
             line 2: move it 1 space to the right)",
        ),
        (
            "a: b\n  c: d\n",
            "t.yaml:2:3: error: the indentation of `c` fits nothing above it (align it with `a` in \
             line 1: move it 2 spaces to the left)",
        ),
        (
            "a: |\n  b\n c\n",
            "t.yaml:3:2: error: the indentation of `c` fits nothing above it (align it with `a` in \
             line 1: move it 1 space to the left)",
        ),
        (
            "a: b\nc\n",
            "t.yaml:2:1: error: `c` is no `key: value` (put a colon behind the key, or indent the \
             line if it belongs to the one above)",
        ),
        (
            "ä: ü\nö: \"é\" x\n",
            "t.yaml:2:8: error: something stands behind the end of the value (quote the whole value, \
             or remove the rest)",
        ),
        ("a\n", "t.yaml:1:1: error: a document must be a mapping, not a string"),
        (
            "kind:NetworkPolicy\n",
            "t.yaml:1:1: error: a document must be a mapping, not a string (put a space behind the \
             colon of `kind:`)",
        ),
        ("- a\n", "t.yaml:1:1: error: a document must be a mapping, not a list"),
    ]);
}

#[test]
fn a_broken_document_does_not_spoil_the_others() {
    let text =
        format!("a: [\n---\n{POLICY}---\nb: \"\n...\n{}", POLICY.replace("name: a", "name: b"));
    let read = read(&text);
    assert_eq!(read.objects.len(), 2);
    let places: Vec<String> = read.report.errors().map(|error| error.place().to_string()).collect();
    assert_eq!(places, ["t.yaml:1:4", "t.yaml:7:4"]);
}

#[test]
fn documents_say_what_they_are() {
    check(&[
        (
            "metadata: {name: a}\n",
            "t.yaml:1:1: error: `kind` is missing (say what this is, such as `kind: NetworkPolicy`)\n\
             t.yaml:1:1: error: `apiVersion` is missing (say which version of the kind this is, such \
             as `apiVersion: cilium.io/v2`)",
        ),
        ("kind: Pod\n", "t.yaml:1:1: error: `apiVersion` is missing (add `apiVersion: v1`)"),
        (
            "apiVersion: cilium.io/v1\nkind: CiliumNetworkPolicy\n",
            "t.yaml:1:13: error: `cilium.io/v1` has no `CiliumNetworkPolicy` (write cilium.io/v2)",
        ),
        (
            "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicies\n",
            "t.yaml:2:7: error: `cilium.io/v2` has no `CiliumNetworkPolicies` (did you mean \
             `CiliumNetworkPolicy`?)",
        ),
        (
            "apiVersion: v1\nkind: 5\n",
            "t.yaml:2:7: error: `kind` must be a string, not an integer (quote it: \"5\")",
        ),
    ]);
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n---\n\
                apiVersion: serving.knative.dev/v1\nkind: Service\n";
    let read = read(text);
    let skipped: Vec<String> = read.skipped.iter().map(ToString::to_string).collect();
    assert_eq!(skipped, ["t.yaml:1:1: skipped ConfigMap b/a", "t.yaml:5:1: skipped Service"]);
    assert!(read.report.is_empty() && read.objects.is_empty());
}

#[test]
fn names_and_labels_are_checked() {
    let metadata = |metadata: &str| {
        problems(&format!("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n{metadata}"))
    };
    let cases = [(
        "",
        "t.yaml:2:1: error: `metadata` is missing (add `metadata: {name: ...}`)\n\
              t.yaml:1:1: warning: without `podSelector` the policy is about every pod of the \
              namespace (write `podSelector: {}` if that is meant)",
    )];
    for (text, wanted) in cases {
        let found = metadata(text);
        assert!(wanted.starts_with(&found) || found == wanted, "{found}");
    }
    let spec = "\nspec: {podSelector: {}}\n";
    let cases = [
        (
            "metadata: {name: A_b}",
            "t.yaml:3:18: error: `A_b` is no name: it is not made of lower case letters, digits and \
             `-`, with `.` between and letters or digits at both ends of each part",
        ),
        (
            "metadata: {name: 5}",
            "t.yaml:3:18: error: `metadata.name` must be a string, not an \
                                 integer (quote it: \"5\")",
        ),
        (
            "metadata: {}",
            "t.yaml:3:11: error: `metadata.name` is missing (every object needs a \
                          name, by which it is replaced and removed)",
        ),
        (
            "metadata: {name: a, namespace: a.b}",
            "t.yaml:3:32: error: `a.b` is no name: it is not made of lower case letters, digits and \
             `-`, with letters or digits at both ends",
        ),
        (
            "metadata: {name: a, nmae: b, labels: {a b: c, d: \"e f\", g: 1}, annotations: {x: 1}}",
            "t.yaml:3:21: error: unknown field `metadata.nmae` (did you mean `name`?)\n\
             t.yaml:3:39: error: `a b` is no label key: it is not made of letters, digits, `-`, `_` \
             and `.`, with letters or digits at both ends\n\
             t.yaml:3:50: error: `e f` is no label value: it is not made of letters, digits, `-`, \
             `_` and `.`, with letters or digits at both ends\n\
             t.yaml:3:60: error: `metadata.labels.g` must be a string, not an integer (quote it: \
             \"1\")\n\
             t.yaml:3:81: error: `metadata.annotations.x` must be a string, not an integer (quote \
             it: \"1\")",
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(metadata(&format!("{text}{spec}")), wanted, "{text}");
    }
    let fine =
        "metadata: {name: a, namespace: \"\", labels: null, creationTimestamp: null, uid: x}";
    assert_eq!(metadata(&format!("{fine}{spec}")), "");
}

#[test]
fn an_object_must_not_stand_there_twice() {
    let text = format!("{POLICY}spec: {{podSelector: {{}}}}\n");
    let other = text.replace("name: a", "name: a, namespace: other");
    let both = [("a.yaml", format!("{text}---\n{other}")), ("b.yaml", text)];
    let sources = both.map(|(name, text)| Source::named(name, &text));
    let read = doc::read_all(&sources, &Options::default(), &ReadOptions::default());
    assert_eq!(read.objects.len(), 2);
    assert_eq!(
        read.report.to_string(),
        "b.yaml:3:18: error: the NetworkPolicy `default/a` stands here a second time (it stands \
         first in a.yaml:1:1: remove or rename one)",
    );
}

#[test]
fn words_that_others_take_for_booleans_are_pointed_out() {
    let text =
        format!("{POLICY}spec:\n  podSelector:\n    matchLabels: {{a: on, b: \"on\", c: one}}\n");
    assert_eq!(
        problems(&text),
        "t.yaml:6:22: warning: other readers of YAML take `on` for a boolean (quote it: \"on\")",
    );
}
