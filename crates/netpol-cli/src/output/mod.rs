//! What is printed, and how.

mod json;
mod problem;
mod sarif;
mod table;
mod terminal;

pub(crate) use json::{OriginJson, ProblemJson, SkippedJson, to_json};
pub(crate) use problem::{print_problems, render_problem};
pub(crate) use sarif::sarif;
pub(crate) use table::Table;
pub(crate) use terminal::{Paint, note, print, print_bytes, print_failure, printable};
