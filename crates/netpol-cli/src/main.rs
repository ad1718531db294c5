//! The netpol command line tool.

#![forbid(unsafe_code)]

mod cli;
mod commands;
mod connections;
mod failure;
mod input;
mod inventory;
mod lint;
mod names;
mod output;
mod outside;
mod peer;
mod question;
mod ranges;
mod reach;
mod request;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use failure::{Failure, Outcome};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return show(&usage),
    };
    match run(&cli.command) {
        Ok(outcome) => ExitCode::from(outcome.exit_code()),
        Err(failure) => {
            output::print_failure(&failure);
            ExitCode::from(Outcome::Unusable.exit_code())
        }
    }
}

/// Prints help and version, which were asked for, or what is wrong with the arguments.
fn show(usage: &clap::Error) -> ExitCode {
    // There is nobody left to tell if that fails.
    let _unheard = usage.print();
    let outcome = if usage.use_stderr() { Outcome::Unusable } else { Outcome::Fine };
    ExitCode::from(outcome.exit_code())
}

fn run(command: &Command) -> Result<Outcome, Failure> {
    match command {
        Command::Check(args) => commands::check::run(args),
        Command::Eval(args) => commands::eval::run(args),
        Command::List(args) => commands::list::run(args),
        Command::Map(args) => commands::map::run(args),
        Command::Completions(args) => commands::completions::run(args),
    }
}
