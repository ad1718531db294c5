use proptest::prelude::*;
use saphyr_parser::{Event, ScalarStyle};

use super::*;
use crate::doc::node::Value;
use crate::{Problem, Report};

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

/// Returns the documents of a text as another reader understands them.
fn oracle(text: &str) -> Result<Vec<String>, String> {
    let mut documents = Vec::new();
    for event in saphyr_parser::Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| error.to_string())?;
        documents.push(event);
    }
    let mut events = documents.into_iter();
    let mut documents = Vec::new();
    while let Some(event) = events.next() {
        if let Event::DocumentStart(_) = event {
            let first = events.next().ok_or("no event")?;
            documents.push(oracle_node(first, &mut events)?);
        }
    }
    Ok(documents)
}

fn oracle_node<'e>(
    event: Event<'e>,
    events: &mut impl Iterator<Item = Event<'e>>,
) -> Result<String, String> {
    match event {
        Event::Scalar(text, style, _, None) => Ok(oracle_scalar(&text, style)),
        Event::SequenceStart(_, None) => {
            let mut items = Vec::new();
            loop {
                match events.next().ok_or("no event")? {
                    Event::SequenceEnd => return Ok(format!("[{}]", items.join(","))),
                    event => items.push(oracle_node(event, events)?),
                }
            }
        }
        Event::MappingStart(_, None) => {
            let mut fields = Vec::new();
            loop {
                let Event::Scalar(key, ..) = (match events.next().ok_or("no event")? {
                    Event::MappingEnd => return Ok(format!("{{{}}}", fields.join(","))),
                    event => event,
                }) else {
                    return Err("a key that is no scalar".to_owned());
                };
                let value = events.next().ok_or("no event")?;
                fields.push(format!("{key:?}:{}", oracle_node(value, events)?));
            }
        }
        event => Err(format!("{event:?}")),
    }
}

fn oracle_scalar(text: &str, style: ScalarStyle) -> String {
    let value = match style {
        ScalarStyle::Plain => resolve::resolve(text),
        _ => Value::String(text.to_owned()),
    };
    let span = START;
    flat(&Node { span, value })
}

#[test]
fn scratch() {
    let mut seeds = Vec::new();
    for dir in [
        "/work/shared/corpus",
        "/work/shared/tutorial",
        "/work/shared/conformance",
        "/tmp/a1/seeds",
    ] {
        walk(std::path::Path::new(dir), &mut seeds);
    }
    println!("{} seeds", seeds.len());
    let mut x: u64 = std::env::var("SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let mut rnd = move |n: usize| {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x % n.max(1) as u64) as usize
    };
    let n: usize = std::env::var("N").ok().and_then(|s| s.parse().ok()).unwrap_or(0);
    let mut bad = 0;
    let mut accepted = 0;
    let mut refused = 0;
    let bits = [
        ": ", "- ", "\n", "  ", " ", "\"", "'", "[", "]", "{", "}", ",", "#", " #", "|\n", ">\n",
        "---\n", "a", "b: c", "\n  - ", "\t", "\\", "|-\n", ">+2\n", "\n\n", "é", "null", "0x1",
        "\r\n", "&a ", "*a", "?", "!", "%", "@", "&a", "...\n", ":", "-", "\\n", "\\u00e9", "''",
    ];
    for _ in 0..n {
        let mut t = seeds[rnd(seeds.len())].clone();
        if t.len() > 1500 {
            let mut e = 1500;
            while !t.is_char_boundary(e) {
                e -= 1;
            }
            t.truncate(e);
        }
        for _ in 0..1 + rnd(4) {
            let mut at = rnd(t.len() + 1);
            while !t.is_char_boundary(at) {
                at -= 1;
            }
            match rnd(3) {
                0 => t.insert_str(at, bits[rnd(bits.len())]),
                1 => {
                    let mut e = (at + 1 + rnd(4)).min(t.len());
                    while !t.is_char_boundary(e) {
                        e += 1;
                    }
                    t.replace_range(at..e, "");
                }
                _ => {
                    let mut e = (at + 1).min(t.len());
                    while !t.is_char_boundary(e) {
                        e += 1;
                    }
                    t.replace_range(at..e, bits[rnd(bits.len())]);
                }
            }
        }
        while t.ends_with(' ') {
            t.pop();
        }
        if !t.ends_with('\n') {
            t.push('\n');
        }
        let (trees, report) = read(&t);
        let ours: Vec<String> = trees.iter().map(flat).collect();
        let theirs = oracle(&t);
        let ok = !report.has_errors();
        if ok {
            accepted += 1
        } else {
            refused += 1
        }
        let show = match &theirs {
            Ok(theirs) => {
                let theirs: Vec<_> = theirs.iter().filter(|t| *t != "null").cloned().collect();
                if ok {
                    theirs != ours
                } else {
                    report.errors().any(|p| {
                        p.code() == codes::SYNTAX
                            && ![
                                "is no `key: value`",
                                "on one line",
                                "no key stands",
                                "tab behind a dash",
                                "`:` cannot stand",
                                "cannot begin a value",
                            ]
                            .iter()
                            .any(|m| p.message().contains(m))
                    })
                }
            }
            Err(e) => {
                ok && !e.contains("event")
                    && !e.contains("invalid indentation")
                    && !e.contains("valid YAML whitespace")
                    && !e.contains("Alias")
            }
        };
        if show && bad < 12 {
            bad += 1;
            println!("=====\n{t}\n----- ours {ok} {report}\n{ours:?}\n----- theirs {theirs:?}");
        } else if show {
            bad += 1;
        }
    }
    println!("{bad} bad, accepted {accepted} refused {refused}");
}
fn walk(path: &std::path::Path, seeds: &mut Vec<String>) {
    if path.is_dir() {
        for e in std::fs::read_dir(path).unwrap() {
            walk(&e.unwrap().path(), seeds);
        }
        return;
    }
    let ext = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    if ext != "yaml" && ext != "json" {
        return;
    }
    let text = std::fs::read_to_string(path).unwrap();
    if text.len() > 3_000_000 {
        return;
    }
    check(&text, &path.display().to_string());
    for tree in read(&text).0 {
        if let Some(policies) = tree.get("policies").and_then(Node::as_str) {
            check(policies, &path.display().to_string());
            seeds.extend(policies.split("---\n").map(str::to_owned));
        }
    }
    if ext == "yaml" {
        seeds.extend(text.split("---\n").map(str::to_owned));
    }
}
fn check(text: &str, name: &str) {
    let (trees, report) = read(text);
    let ours: Vec<String> = trees.iter().map(flat).collect();
    match oracle(text) {
        Ok(theirs) => {
            let theirs: Vec<_> = theirs.into_iter().filter(|t| t != "null").collect();
            if theirs != ours {
                println!("DIFF {name}\n {report}\n{ours:?}\n{theirs:?}");
            }
        }
        Err(e) => println!("{name}: oracle {e}; ours {report} {}", ours.len()),
    }
}
