//! Why a line could not be read.

use std::error::Error;
use std::fmt;

/// Why a line of a flow log could not be read.
///
/// Its text says what is wrong and, where that is known, in which column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    kind: ReadErrorKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ReadErrorKind {
    TooLong { len: usize, max: usize },
    Json(String),
}

impl ReadError {
    pub(crate) const fn too_long(len: usize, max: usize) -> Self {
        Self { kind: ReadErrorKind::TooLong { len, max } }
    }

    pub(crate) fn json(error: &serde_json::Error) -> Self {
        Self { kind: ReadErrorKind::Json(error.to_string()) }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ReadErrorKind::TooLong { len, max } => {
                write!(f, "the line has {len} bytes, more than {max}")
            }
            ReadErrorKind::Json(message) => f.write_str(message),
        }
    }
}

impl Error for ReadError {}
