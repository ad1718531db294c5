//! Named jobs of the repository: `cargo xtask JOB`.
#![forbid(unsafe_code)]

mod lint;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask lint

  lint   check the rules of the house that no other tool checks
";

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let job = std::env::args().nth(1);
    match job.as_deref() {
        Some("lint") => finish(&lint::run(&root)),
        _ => {
            eprint!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// Prints what was found; the job has failed if that is anything.
fn finish(findings: &[String]) -> ExitCode {
    for finding in findings {
        eprintln!("{finding}");
    }
    match findings.len() {
        0 => ExitCode::SUCCESS,
        count => {
            eprintln!("{count} findings");
            ExitCode::FAILURE
        }
    }
}
