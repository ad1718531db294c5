//! `netpol completions`: scripts by which shells complete commands.

use clap::CommandFactory;

use crate::cli::{Cli, CompletionsArgs};
use crate::failure::{Failure, Outcome};
use crate::output;

/// Writes the script for a shell.
pub(crate) fn run(args: &CompletionsArgs) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "netpol", &mut script);
    output::print_bytes(&script)?;
    Ok(Outcome::Fine)
}
