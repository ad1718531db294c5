//! Documents of every kind, read from text.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test both say what is wrong")]

mod bad_input;
mod kubernetes;
mod labels;
mod manifests;
mod random;
mod vectors;

use netpol_policy::doc::{self, Object, Read};
use netpol_policy::{Options, Source};

/// Reads a text named `t.yaml`.
fn read(text: &str) -> Read {
    doc::read(&Source::named("t.yaml", text), &Options::default())
}

/// Returns the objects of a text in which nothing is wrong.
fn objects(text: &str) -> Vec<Object> {
    let read = read(text);
    assert!(read.report.is_empty(), "{text}\n{}", read.report);
    read.objects
}

/// Returns what is wrong with a text, one problem a line.
fn problems(text: &str) -> String {
    read(text).report.to_string()
}
