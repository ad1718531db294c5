//! Why a command cannot do what it was asked to.

use std::fmt;

/// Why a command cannot do what it was asked to, and what to do about it. The exit code is 2.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    help: String,
}

impl Failure {
    /// Returns the failure. The message is lower case without a final stop, with user input in
    /// backticks; so is the help, which says what to do.
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }

    /// Returns what is wrong.
    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Returns what to do about it.
    pub(crate) fn help(&self) -> &str {
        &self.help
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// How a command that did its work ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing to complain about, or the flow is allowed.
    Fine,
    /// Findings, or the flow is denied.
    Findings,
    /// The input cannot be used; what is wrong with it has been said.
    Unusable,
}

impl Outcome {
    /// Returns the exit code of the process.
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Findings => 1,
            Self::Unusable => 2,
        }
    }
}
