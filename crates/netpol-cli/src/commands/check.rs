//! `netpol check`: everything that is wrong with documents.

use netpol::Problem;
use netpol_policy::doc::Skipped;
use serde::Serialize;

use crate::cli::{CheckArgs, CheckFormat};
use crate::failure::{Failure, Outcome};
use crate::inventory::{Loaded, load};
use crate::lint::{codes, lint};
use crate::output::{
    Paint, ProblemJson, SkippedJson, print, printable, render_problem, sarif, to_json,
};

/// Reports everything that is wrong.
pub(crate) fn run(args: &CheckArgs) -> Result<Outcome, Failure> {
    check_codes(&args.allow)?;
    let Loaded { sources, report, skipped, n_objects, inventory } = load(&args.input, &[])?;
    let mut problems = lint(&inventory, &sources, &report);
    problems.retain(|problem| problem.is_error() || !is_allowed(problem, &args.allow));
    print(&match args.output {
        CheckFormat::Text => text(&problems, &skipped, n_objects),
        CheckFormat::Json => to_json(&Findings::new(&problems, &skipped, n_objects)),
        CheckFormat::Sarif => to_json(&sarif(&problems, codes::meaning)),
    })?;
    Ok(outcome(&problems))
}

fn check_codes(allowed: &[String]) -> Result<(), Failure> {
    let Some(unknown) = allowed.iter().find(|word| codes::meaning(word).is_none()) else {
        return Ok(());
    };
    let words: Vec<&str> = codes::all().map(|(code, _)| code.0).collect();
    let help = format!("write one of {}", words.join(", "));
    Err(Failure::new(format!("there is no code `{unknown}` to allow"), help))
}

fn is_allowed(problem: &Problem, allowed: &[String]) -> bool {
    allowed.iter().any(|word| word == problem.code().0)
}

/// Errors make the input unusable; warnings are findings.
fn outcome(problems: &[Problem]) -> Outcome {
    if problems.iter().any(Problem::is_error) {
        Outcome::Unusable
    } else if problems.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Findings
    }
}

fn text(problems: &[Problem], skipped: &[Skipped], n_objects: usize) -> String {
    let paint = Paint::stdout();
    let mut text = String::new();
    for problem in problems {
        text.push_str(&render_problem(problem, paint));
        text.push_str("\n\n");
    }
    for document in skipped {
        text.push_str(&printable(&document.to_string()));
        text.push('\n');
    }
    let n_errors = problems.iter().filter(|problem| problem.is_error()).count();
    let errors = count(n_errors, "error");
    let warnings = count(problems.len() - n_errors, "warning");
    let usable = count(n_objects, "usable document");
    text.push_str(&format!("{usable}, {} skipped, {errors}, {warnings}\n", skipped.len()));
    text
}

fn count(n: usize, what: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {what}{plural}")
}

/// The findings as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Findings<'a> {
    usable_documents: usize,
    problems: Vec<ProblemJson<'a>>,
    skipped: Vec<SkippedJson<'a>>,
}

impl<'a> Findings<'a> {
    fn new(problems: &'a [Problem], skipped: &'a [Skipped], usable_documents: usize) -> Self {
        Self {
            usable_documents,
            problems: problems.iter().map(ProblemJson::from).collect(),
            skipped: skipped.iter().map(SkippedJson::from).collect(),
        }
    }
}
