//! Named jobs of the repository: `cargo xtask JOB`.
#![forbid(unsafe_code)]

mod header;
mod lint;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask lint | header [--verify] | symbols LIBRARY

  lint      check the rules of the house that no other tool checks
  header    make include/netpol.h; --verify: check that the committed one is up to date
  symbols   check that the built C library exports what the header declares, and nothing else
";

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["lint"] => finish(&lint::run(&root)),
        ["header"] => finish(&header::run(&root, false)),
        ["header", "--verify"] => finish(&header::run(&root, true)),
        ["symbols", library] => finish(&header::symbols(&root, library)),
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
