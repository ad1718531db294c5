//! What can be said about documents only when all of them are known.

pub(crate) mod codes;
mod settled;
mod subjects;
mod unmatched;

use netpol::{Problem, Report};

use crate::inventory::{Inventory, Sources};
use settled::Settled;
use subjects::Subjects;

/// Returns the problems of documents that stand when all documents are known, and those that only
/// show then, in the order of the texts.
pub(crate) fn lint(inventory: &Inventory, sources: &Sources, report: &Report) -> Vec<Problem> {
    let mut problems = report.problems().to_vec();
    // If documents are missing, nothing can be said about all of them together.
    if !report.has_errors() {
        let subjects = Subjects::of(inventory);
        let settled = Settled::new(&subjects);
        problems.retain(|problem| !settled.contains(problem));
        problems.extend(unmatched::unmatched(&subjects, sources));
    }
    problems.sort_by_cached_key(|problem| {
        let span = problem.span();
        (sources.index(problem.source().name()), span.line, span.column)
    });
    problems
}
