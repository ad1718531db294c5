mod oracle;
mod writer;

use proptest::prelude::*;

use self::oracle::oracle;
use super::*;
use crate::doc::node::Value;

/// Reads all documents of a text, and what is reported.
fn read(text: &str) -> (Vec<Node>, Report) {
    read_within(text, Limits::default())
}

fn read_within(text: &str, limits: Limits) -> (Vec<Node>, Report) {
    let source = Source::named("t.yaml", text);
    let mut report = Report::new();
    let mut cx = Context { source: &source, report: &mut report };
    let mut trees = Vec::new();
    each_document(&mut cx, limits, |_, node| trees.push(node.clone()));
    (trees, report)
}

/// Returns a tree as compact text, without places.
fn flat(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => format!("#{number}"),
        Value::String(text) => format!("{text:?}"),
        Value::Sequence(items) => {
            let items: Vec<String> = items.iter().map(flat).collect();
            format!("[{}]", items.join(","))
        }
        Value::Mapping(fields) => {
            let fields = fields.iter();
            let fields: Vec<String> =
                fields.map(|(key, value)| format!("{:?}:{}", key.text, flat(value))).collect();
            format!("{{{}}}", fields.join(","))
        }
    }
}

/// Returns the documents of a text in which nothing is wrong.
fn trees(text: &str) -> Vec<String> {
    let (trees, report) = read(text);
    assert!(report.is_empty(), "{text}\n{report}");
    trees.iter().map(flat).collect()
}

#[test]
fn every_style_is_read() {
    let cases = [
        ("a: b", r#"{"a":"b"}"#),
        ("a:   b   # c\n\n# d\nc : d#e\n", r#"{"a":"b","c":"d#e"}"#),
        ("a:\nb: ~\nc: null\n", r#"{"a":null,"b":null,"c":null}"#),
        ("a:\n- b\n-   c\n-\n- - d\n  - e\n", r#"{"a":["b","c",null,["d","e"]]}"#),
        ("- a: b\n  c:\n    d: e\n- f: g\n", r#"[{"a":"b","c":{"d":"e"}},{"f":"g"}]"#),
        ("-\n  a: b\n-\n  - c\n", r#"[{"a":"b"},["c"]]"#),
        ("a: b\n  c\n\n  d\ne: f\n", r#"{"a":"b c\nd","e":"f"}"#),
        ("a: b\n  - c\n", r#"{"a":"b - c"}"#),
        (
            "a: http://b/?c#d\nb: -x\nc: :y\nd: ?z\n",
            r#"{"a":"http://b/?c#d","b":"-x","c":":y","d":"?z"}"#,
        ),
        ("a: 'b''c'\n\"d\\t\\x41\\u00e4\\U0001F600\\/\": e\n", r#"{"a":"b'c","d\tAä😀/":"e"}"#),
        ("a: \"b\n  c\n\n  d \\\n   e\\\n\n\n  f \"\n", r#"{"a":"b c\nd e\n\nf "}"#),
        ("a: 'b \n\n\n c'\n", r#"{"a":"b\n\nc"}"#),
        ("a: |\n  b\n   c\n\n  d\n\ne: f\n", r#"{"a":"b\n c\n\nd\n","e":"f"}"#),
        ("a: |-\n  b\n\nc: |+\n  d\n\ne: f\n", r#"{"a":"b","c":"d\n\n","e":"f"}"#),
        ("a: >\n  b\n  c\n\n  d\n    e\n  f\n", r#"{"a":"b c\nd\n  e\nf\n"}"#),
        ("a: |2-\n   b\n  c\n", r#"{"a":" b\nc"}"#),
        ("a: | # c\n\n  b\n", r#"{"a":"\nb\n"}"#),
        ("a: |\nb: |-\n\nc: d\n", r#"{"a":"","b":"","c":"d"}"#),
        ("- |\n a\n- >-\n b\n c\n", r#"["a\n","b c"]"#),
        (
            "[a, [b], {c: d, 'e':f, \"g\":[h]}, i: j, ]",
            r#"["a",["b"],{"c":"d","e":"f","g":["h"]},{"i":"j"}]"#,
        ),
        ("{a: , b: [], c: {}, d: e f\n g, # h\n}", r#"{"a":null,"b":[],"c":{},"d":"e f g"}"#),
        (
            "a: {b: 1, c: true, d: 1.5, e: 1e3, f: \"1\"}",
            r#"{"a":{"b":1,"c":true,"d":#1.5,"e":#1e3,"f":"1"}}"#,
        ),
        (
            "a: &x [b]\nc: *x\nd: &x e\nf: *x\ng: &y\n  h: i\nj: [*y, &z k, *z]\n",
            r#"{"a":["b"],"c":["b"],"d":"e","f":"e","g":{"h":"i"},"j":[{"h":"i"},"k","k"]}"#,
        ),
        ("- &a\n  b: c\n- *a\n- &d e\n", r#"[{"b":"c"},{"b":"c"},"e"]"#),
        ("\u{FEFF}%YAML 1.2\n---\na: b\r\nc:\r\n  - d\r\n", r#"{"a":"b","c":["d"]}"#),
        ("a: \tb\n\t\n \t# c\nd: e\t\n", r#"{"a":"b","d":"e"}"#),
        ("\t{\"a\": 1}\t", r#"{"a":1}"#),
        ("ä: ö\n😀: [ü]\n", r#"{"ä":"ö","😀":["ü"]}"#),
    ];
    for (text, wanted) in cases {
        assert_eq!(trees(text), [wanted], "{text}");
    }
}

#[test]
fn documents_are_read_one_by_one() {
    assert_eq!(trees("a\n---\nb\n...\n---\n# c\n--- d\n"), [r#""a""#, r#""b""#, r#""d""#]);
    // YAML ends a document even inside of a scalar.
    assert_eq!(trees("a: |\n  b\n---\nc\n"), [r#"{"a":"b\n"}"#, r#""c""#]);
}

#[test]
fn what_looks_like_yaml_and_is_none_is_refused() {
    let cases = [
        ("[-]", "t.yaml:1:2: error: `-` cannot stand here"),
        (
            "[- a]",
            "t.yaml:1:2: error: items between brackets have no dashes (separate them with commas)",
        ),
        ("[a\n: b]", "t.yaml:1:1: error: the `[` that stands here is not closed (add `]`)"),
        ("{\"a\nb\": c}", "t.yaml:1:2: error: a key must be on one line"),
        (
            "a: &b &c d",
            "t.yaml:1:7: error: a value has one name, and an alias has none (remove this one)",
        ),
        (
            "- &a b\n- &c *a",
            "t.yaml:2:6: error: a value has one name, and an alias has none (remove this one)",
        ),
        (
            "&a b: c",
            "t.yaml:1:1: error: an anchor on the line on which a list or mapping begins (put the anchor on the line before)",
        ),
        (
            "- &a - b",
            "t.yaml:1:3: error: an anchor on the line on which a list or mapping begins (put the anchor on the line before)",
        ),
        (
            "--- a: b",
            "t.yaml:1:5: error: a list or mapping cannot begin on the line of `---` (begin it on the next)",
        ),
        (
            "... a",
            "t.yaml:1:5: error: something stands behind the end of the value (quote the whole value, or remove the rest)",
        ),
    ];
    for (text, wanted) in cases {
        let (trees, report) = read(text);
        assert_eq!(report.to_string(), wanted, "{text}");
        assert!(trees.is_empty());
    }
}

#[test]
fn tabs_are_no_indentation() {
    let wanted = "t.yaml:2:1: error: a tab in an indentation (indent with spaces only)";
    assert_eq!(read("a: b\n\tc\n").1.to_string(), wanted);
    assert_eq!(read("a:\n\tb: c\n").1.to_string(), wanted);
    assert_eq!(trees("a: b\n \tc\n"), [r#"{"a":"b c"}"#]);
    assert_eq!(trees("a: |\n  \tb\n"), [r#"{"a":"\tb\n"}"#]);
}

#[test]
fn tabs_are_no_spaces() {
    let wanted = "t.yaml:1:3: error: a tab behind a colon or dash (write a space)";
    assert_eq!(read("a:\tb\n").1.to_string(), wanted);
    assert_eq!(trees("-\tb\n"), [r#"["b"]"#]);
    let wanted = "t.yaml:1:2: error: a tab in an indentation (indent with spaces only)";
    assert_eq!(read("-\tb: c\n").1.to_string(), wanted);
}

#[test]
fn places_are_counted_in_bytes_and_in_characters() {
    let text = "ä: \"ö\"\r\nb:\n- {ü: [x, yy]}\n- |\n  z\n- *a\n".replace("*a", "1");
    let (trees, _) = read(&text);
    let root = &trees[0];
    let place = |node: &Node| {
        let Span { start, end, line, column } = node.span;
        (text.get(start..end).unwrap(), line, column)
    };
    assert_eq!(place(root.get("ä").unwrap()), ("\"ö\"", 1, 4));
    let Value::Sequence(items) = &root.get("b").unwrap().value else {
        panic!("{root:?}");
    };
    assert_eq!(place(&items[0]), ("{ü: [x, yy]}", 3, 3));
    let Value::Sequence(inner) = &items[0].get("ü").unwrap().value else {
        panic!("{items:?}");
    };
    assert_eq!(place(&inner[1]), ("yy", 3, 11));
    assert_eq!(place(&items[1]), ("|\n  z", 4, 3));
    assert_eq!(place(&items[2]), ("1", 6, 3));
    let Value::Mapping(fields) = &root.value else {
        panic!("{root:?}");
    };
    let keys: Vec<_> = fields.iter().map(|(key, _)| (key.span.line, key.span.column)).collect();
    assert_eq!(keys, [(1, 1), (2, 1)]);
    assert_eq!((root.span.start, root.span.end), (0, text.len() - 1));
}

#[test]
fn a_large_document_in_brackets_is_read_piece_by_piece() {
    let fields: String = (0..200_000).map(|n| format!("\"ä{n}\": [{{\"b\": {n}}}],")).collect();
    let text = format!("ä: 1\n---\n# c\n {{{fields}\n\"last\": [x]}}\n");
    assert!(text.len() > tree::MAX_AHEAD);
    let (trees, report) = read(&text);
    assert!(report.is_empty(), "{report}");
    let last = trees[1].get("last").unwrap();
    assert_eq!(text.get(last.span.start..last.span.end), Some("[x]"));
    assert_eq!((last.span.line, last.span.column), (5, 9));
    assert_eq!((trees[1].span.line, trees[1].span.column), (4, 2));
    let second = trees[1].get("ä1").unwrap().span;
    assert_eq!(text.get(second.start..second.end), Some("[{\"b\": 1}]"));
    assert_eq!((second.line, second.column), (4, 26));
}

#[test]
fn the_parser_keeps_no_more_than_memory_allows() {
    let n = tree::MAX_AHEAD / 2;
    let wanted = "error: a value, comment or list has more than 2097152 characters (is a quote or a \
                  bracket not closed?)";
    let cases = [
        (format!("a: [[{}]]", "b,".repeat(n)), "1:5"),
        (format!("a:\n- [[{}]]", "*b ".repeat(n)), "2:3"),
        (format!("a: \"{}", "b ".repeat(n)), "1:4"),
        (format!("a: |\n{}", " b\n".repeat(n)), "1:4"),
    ];
    for (text, place) in cases {
        let (trees, report) = read(&text);
        assert_eq!(report.to_string(), format!("t.yaml:{place}: {wanted}"));
        assert!(trees.is_empty());
    }
    // Not a piece, but the whole is longer.
    let text = format!("a: [{}]", "b,".repeat(n + 1));
    assert_eq!(read(&text).0.len(), 1);
}

/// Asserts that every plain scalar on one line spans what it says.
fn check_spans(node: &Node, text: &str) {
    let written = text.get(node.span.start..node.span.end).unwrap();
    let place = span_at(text, node.span.start, written.len());
    assert_eq!(node.span, place, "{written} in\n{text}");
    match &node.value {
        Value::String(value)
            if !written.contains(['\n', '\'', '"']) && !written.starts_with(['*', '|', '>']) =>
        {
            assert_eq!(value, written, "{text}");
        }
        Value::Sequence(items) => items.iter().for_each(|item| check_spans(item, text)),
        Value::Mapping(fields) => fields.iter().for_each(|(key, value)| {
            let written = text.get(key.span.start..key.span.end).unwrap();
            assert!(written.starts_with(['"', '\'']) || written == key.text, "{written}\n{text}");
            check_spans(value, text);
        }),
        _ => {}
    }
}

/// Texts to change at random: what people write, and every style.
const SEEDS: [&str; 4] = [
    "apiVersion: cilium.io/v2 # c\nkind: CiliumNetworkPolicy\nmetadata:\n  name: a\nspec:\n  \
     endpointSelector:\n    matchLabels: {app: web, 'k8s:x': \"y\"}\n  ingress:\n  - fromEndpoints:\n    \
     - matchLabels:\n        app: b\n    toPorts:\n      - ports:\n          - port: \"80\"\n            \
     protocol: TCP\n\n    # d\n    -   {port: '1', protocol: UDP}\n",
    "a: |\n  b\n   c\n\n  d\ne: >-\n  f\n  g\n\n    h\n  i\nj: \"k\\n\n  l\"\nm: n\n  o\n\n  p\nq: 'r'\n",
    "- a: &x [b, c]\n  d: *x\n- - e\n  - f: g\n    h:\n    - i\n-\n  j: null\n---\nk\n",
    "{\"a\": [1, 2.5, true, null], \"b\": {\"c\": \"d\\u00e4\\\"\"},\n \"e\": [], \"f\": {}, g: h i}\n",
];

/// What is put into them.
const BITS: [&str; 48] = [
    ": ", ":", "- ", "-", "\n", "  ", " ", "\"", "'", "[", "]", "{", "}", ", ", ",", "#", " #",
    "|\n", ">\n", "|-\n", ">+2\n", "---\n", "...\n", "a", "b: c", "\n  - ", "\n    ", "\t", "\\",
    "\\n", "\\x4", "\n\n", "é", "😀", "null", "0x1", "\r\n", "&a ", "*a", "? ", "!", "%", "@",
    "<<", "''", "{{", "\u{85}", "~",
];

/// A change: where, how many characters go, and what comes.
fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, &'static str)>> {
    let bit = prop::sample::select(&BITS[..]);
    prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, bit), 1..6)
}

fn changed(seed: &str, changes: Vec<(prop::sample::Index, usize, &str)>) -> String {
    let mut text: Vec<char> = seed.chars().collect();
    for (index, n_removed, bit) in changes {
        let start = index.index(text.len() + 1);
        let end = (start + n_removed).min(text.len());
        text.splice(start..end, bit.chars());
    }
    text.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn what_is_accepted_is_what_the_parser_reads_and_where_it_stands(
        seed in prop::sample::select(&SEEDS[..]),
        changes in changes(),
    ) {
        let text = changed(seed, changes);
        let (trees, report) = read(&text);
        if report.has_errors() {
            // Whatever is wrong has a place.
            prop_assert!(report.errors().all(|error| error.place().line > 0));
            return Ok(());
        }
        let mut ours: Vec<String> = trees.iter().map(flat).collect();
        trees.iter().for_each(|tree| check_spans(tree, &text));
        match oracle(&text) {
            Ok(mut theirs) => {
                // It counts empty documents.
                theirs.retain(|tree| tree != "null");
                ours.retain(|tree| tree != "null");
                prop_assert_eq!(ours, theirs, "{}", text);
            }
            // It does not resolve aliases here.
            Err(error) => prop_assert!(error.starts_with("Alias("), "{error}\n{text}"),
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}|[ \\-:\\[\\]{}'\"|>&*#,a\n]{0,60}") {
        let (trees, report) = read(&text);
        prop_assert!(report.has_errors() || !trees.is_empty());
    }

    #[test]
    fn trees_survive_writing_in_any_style(tree in writer::trees(), choices in writer::choices()) {
        let text = writer::written(&tree, choices);
        let wanted = tree.flat();
        prop_assert_eq!(trees(&text), [wanted.as_str()], "{}", text);
        prop_assert_eq!(oracle(&text), Ok(vec![wanted]), "{}", text);
    }
}

#[test]
fn time_grows_with_the_size_of_the_text_and_no_faster() {
    const N: usize = 1 << 18;
    let cases = [
        "[".repeat(N),
        "{".repeat(N),
        "[],".repeat(N),
        format!("[{}]", "a: b, ".repeat(N)),
        format!("{{{}}}", (0..N).map(|n| format!("k{n}: v, ")).collect::<String>()),
        "- ".repeat(N),
        "a: ".repeat(N),
        "a:\n".repeat(N),
        format!("a: {}", "b\n ".repeat(N)),
        format!("a: \"{}", "b\n ".repeat(N)),
        format!("a: |\n{}", " b\n".repeat(N)),
        format!("a: >\n{}", "\n".repeat(N)),
        format!("a: b\n{}c: d", "\n".repeat(N)),
        format!("a: b{}", " ".repeat(N)),
        format!("a: [{}]", "ä, ".repeat(N)),
        format!("a: [{}]", "'b', # c\n".repeat(N)),
        format!("- a\n{}", "- b\n".repeat(N)),
        format!("a: &a b\nc: [{}]", "*a, ".repeat(N)),
        format!("[{}]", (0..N).map(|n| format!("&a{n} x, *a{n}, ")).collect::<String>()),
        "---\n".repeat(N),
        "a\n---\n".repeat(N / 2),
        "&a ".repeat(N),
        "*".repeat(N),
        "\"\\\n".repeat(N),
        "#".repeat(N),
        "'".repeat(N),
    ];
    // Quadratic time would be minutes.
    let start = std::time::Instant::now();
    for text in &cases {
        let (trees, report) = read(text);
        assert!(!trees.is_empty() || report.has_errors());
    }
    assert!(start.elapsed().as_secs() < 60);
}
