use std::fmt;

/// A world that the oracle refuses to judge.
///
/// netpol refuses such documents too; an oracle that guessed would hide it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    document: Option<usize>,
    message: String,
}

impl Unsupported {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { document: None, message: message.into() }
    }

    pub(super) fn in_document(self, document: usize) -> Self {
        Self { document: Some(document), ..self }
    }

    /// Returns the position of the document that is to blame, counted from 0, if it is one.
    pub fn document(&self) -> Option<usize> {
        self.document
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(document) = self.document {
            write!(f, "document {document}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Unsupported {}
