//! One file per command.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod eval;
pub(crate) mod list;
pub(crate) mod map;
