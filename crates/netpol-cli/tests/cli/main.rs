//! What the command line tool does, from the outside: output, exit codes, agreement of commands.

mod agreement;
mod check;
mod eval;
mod hostile;
mod list;
mod map;
mod support;
mod usage;
