//! What the command line tool does, from the outside: output, exit codes, agreement of commands.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test both say what is wrong")]

mod agreement;
mod check;
mod eval;
mod hostile;
mod list;
mod map;
mod requests;
mod support;
mod usage;
