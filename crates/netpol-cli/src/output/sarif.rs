//! SARIF 2.1.0: findings for code hosts and editors.
//!
//! Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.

use std::collections::BTreeSet;
use std::fmt::Write;

use netpol::{Problem, Severity, Source, Span};
use serde::Serialize;

/// Returns the log of one run with these findings.
///
/// `meanings` has a sentence for each code.
pub(crate) fn sarif<'p>(
    problems: &'p [Problem],
    meanings: impl Fn(&str) -> Option<&'static str>,
) -> Log<'p> {
    let codes: BTreeSet<&'static str> = problems.iter().map(|problem| problem.code().0).collect();
    let codes: Vec<&'static str> = codes.into_iter().collect();
    let results = problems.iter().map(|problem| {
        let rule_index = codes.binary_search(&problem.code().0).unwrap_or_default();
        finding(problem, rule_index)
    });
    let results = results.collect();
    let rule = |id: &'static str| Rule { id, short_description: meanings(id).map(Text::from) };
    let driver = Driver {
        name: "netpol",
        version: env!("CARGO_PKG_VERSION"),
        rules: codes.into_iter().map(rule).collect(),
    };
    Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results }],
    }
}

fn finding(problem: &Problem, rule_index: usize) -> Finding<'_> {
    let text = match problem.help() {
        Some(help) => format!("{} ({help})", problem.message()),
        None => problem.message().to_owned(),
    };
    let span = problem.span();
    let uri = relative_uri(problem.source().name());
    let region = (span.line > 0).then(|| region(problem.source(), span));
    let physical_location = PhysicalLocation { artifact_location: Artifact { uri }, region };
    Finding {
        rule_id: problem.code().0,
        rule_index,
        level: match problem.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: text.into(),
        locations: [Location { physical_location, logical_locations: logical(problem.path()) }],
    }
}

fn logical(path: &str) -> Vec<Logical<'_>> {
    let path = Some(path).filter(|path| !path.is_empty());
    path.into_iter().map(|fully_qualified_name| Logical { fully_qualified_name }).collect()
}

/// Returns the stretch of text that a span covers. The end column is the one behind the last
/// character.
fn region(source: &Source, span: Span) -> Region {
    let covered = source.text().get(span.start..span.end).unwrap_or_default();
    let n_lines = covered.matches('\n').count();
    let last_line = covered.rsplit('\n').next().unwrap_or_default();
    let n_chars = u32::try_from(last_line.chars().count()).unwrap_or(u32::MAX);
    let first_column = if n_lines == 0 { span.column } else { 1 };
    Region {
        start_line: span.line,
        start_column: span.column.max(1),
        end_line: span.line.saturating_add(u32::try_from(n_lines).unwrap_or(u32::MAX)),
        end_column: first_column.max(1).saturating_add(n_chars),
    }
}

/// Returns a path as a URI reference (RFC 3986, section 4.2).
fn relative_uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        // Nothing can go wrong when writing to a string.
        let _infallible = match plain {
            true => write!(uri, "{}", char::from(byte)),
            false => write!(uri, "%{byte:02X}"),
        };
    }
    uri
}

/// The whole file.
#[derive(Debug, Serialize)]
pub(crate) struct Log<'p> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'p>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'p> {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<Finding<'p>>,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    short_description: Option<Text>,
}

#[derive(Debug, Serialize)]
struct Text {
    text: String,
}

impl<T: Into<String>> From<T> for Text {
    fn from(text: T) -> Self {
        Self { text: text.into() }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'p> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Location<'p>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'p> {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical<'p>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Debug, Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical<'p> {
    fully_qualified_name: &'p str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uri_references() {
        assert_eq!(relative_uri("./a b/c#1.yaml"), "a%20b/c%231.yaml");
        assert_eq!(relative_uri("<stdin>"), "%3Cstdin%3E");
        assert_eq!(relative_uri("größe.yaml"), "gr%C3%B6%C3%9Fe.yaml");
    }

    #[test]
    fn regions_end_behind_the_last_character() {
        let source = Source::named("a.yaml", "größe: [x,\n  y]\n");
        let whole = Span { start: 9, end: 17, line: 1, column: 8 };
        let expected = Region { start_line: 1, start_column: 8, end_line: 2, end_column: 5 };
        assert_eq!(region(&source, whole), expected);
        let key = Span { start: 0, end: 7, line: 1, column: 1 };
        let expected = Region { start_line: 1, start_column: 1, end_line: 1, end_column: 6 };
        assert_eq!(region(&source, key), expected);
    }
}
