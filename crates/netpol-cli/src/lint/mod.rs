//! What can be said about documents only when all of them are known.

pub(crate) mod codes;
mod settled;
mod subjects;
mod unmatched;

use netpol::{Problem, Report};

use crate::inventory::{Inventory, Sources};
use subjects::Subjects;

/// Returns the problems of documents that stand when all documents are known, and those that only
/// show then, in the order of the texts.
pub(crate) fn lint(inventory: &Inventory, sources: &Sources, report: &Report) -> Vec<Problem> {
    let mut problems = Vec::new();
    if report.has_errors() {
        // Documents are missing, so nothing can be said about all of them together.
        problems.extend(report.problems().iter().cloned());
    } else {
        let subjects = Subjects::of(inventory);
        let stands = |problem: &&Problem| !settled::is_settled(problem, &subjects);
        problems.extend(report.problems().iter().filter(stands).cloned());
        problems.extend(unmatched::unmatched(&subjects, sources));
    }
    problems.sort_by_cached_key(|problem| {
        let span = problem.span();
        (sources.index(problem.source().name()), span.line, span.column)
    });
    problems
}
