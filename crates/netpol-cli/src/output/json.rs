//! JSON that several commands share.

use netpol::{Place, Problem};
use netpol_policy::doc::Skipped;
use netpol_policy::rule::Origin;
use serde::Serialize;

/// Returns a value as indented JSON with a line end.
pub(crate) fn to_json(value: &impl Serialize) -> String {
    // Our own types have string keys and no fallible implementations.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// A place in a file.
#[derive(Debug, Serialize)]
pub(crate) struct PlaceJson<'a> {
    file: &'a str,
    line: u32,
    column: u32,
}

impl<'a> From<&'a Place> for PlaceJson<'a> {
    fn from(Place { file, line, column }: &'a Place) -> Self {
        Self { file, line: *line, column: *column }
    }
}

/// A problem of a document.
#[derive(Debug, Serialize)]
pub(crate) struct ProblemJson<'a> {
    severity: &'static str,
    code: &'static str,
    file: &'a str,
    line: u32,
    column: u32,
    /// The field; empty if the problem concerns none.
    path: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
}

impl<'a> From<&'a Problem> for ProblemJson<'a> {
    fn from(problem: &'a Problem) -> Self {
        let span = problem.span();
        Self {
            severity: problem.severity().as_str(),
            code: problem.code().0,
            file: problem.source().name(),
            line: span.line,
            column: span.column,
            path: problem.path(),
            message: problem.message(),
            help: problem.help(),
        }
    }
}

/// A document of a kind that is not read.
#[derive(Debug, Serialize)]
pub(crate) struct SkippedJson<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(flatten)]
    place: PlaceJson<'a>,
}

impl<'a> From<&'a Skipped> for SkippedJson<'a> {
    fn from(Skipped { kind, namespace, name, place }: &'a Skipped) -> Self {
        Self { kind, namespace: namespace.as_deref(), name: name.as_deref(), place: place.into() }
    }
}

/// A rule: where an element of a policy comes from.
#[derive(Debug, Serialize)]
pub(crate) struct OriginJson<'a> {
    policy: String,
    /// Absent for a document with one rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    spec: Option<u32>,
    list: &'static str,
    /// Absent where the policy as a whole is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
    #[serde(flatten)]
    place: PlaceJson<'a>,
}

impl<'a> From<&'a Origin> for OriginJson<'a> {
    fn from(origin: &'a Origin) -> Self {
        let Origin { policy, spec, list, index, place } = origin;
        Self {
            policy: policy.to_string(),
            spec: *spec,
            list: list.as_str(),
            index: *index,
            place: place.into(),
        }
    }
}
