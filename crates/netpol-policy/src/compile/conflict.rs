//! Why the policy of a subject cannot be computed.

use std::fmt;
use std::sync::Arc;

use crate::rule::Origin;

/// Why the policy of a subject cannot be computed (MERGE-12).
///
/// The rules involved are named; the subject keeps its last good policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    kind: Kind,
    origins: Vec<Arc<Origin>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Conflict { what: &'static str, port: String },
    NoNamespace { listener: Arc<str> },
    TooManyEntries { limit: usize, count: usize },
}

impl CompileError {
    pub(crate) fn conflict(what: &'static str, port: String, origins: Vec<Arc<Origin>>) -> Self {
        Self { kind: Kind::Conflict { what, port }, origins }
    }

    pub(crate) fn no_namespace(listener: &Arc<str>, origin: &Arc<Origin>) -> Self {
        let kind = Kind::NoNamespace { listener: Arc::clone(listener) };
        Self { kind, origins: vec![Arc::clone(origin)] }
    }

    pub(crate) fn too_many(limit: usize, count: usize, culprits: Vec<Arc<Origin>>) -> Self {
        Self { kind: Kind::TooManyEntries { limit, count }, origins: culprits }
    }

    /// Returns the rules involved: those in conflict, or those with the most entries first.
    #[must_use]
    pub fn origins(&self) -> &[Arc<Origin>] {
        &self.origins
    }

    /// Tells whether the policy map would have more entries than its limit.
    #[must_use]
    pub fn is_overflow(&self) -> bool {
        matches!(self.kind, Kind::TooManyEntries { .. })
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Conflict { what, port } => {
                write!(f, "rules for the same peer and port {port} contradict each other: {what}")
            }
            Kind::NoNamespace { listener } => {
                write!(f, "listener `{listener}` is in the subject's namespace, but it has none")
            }
            Kind::TooManyEntries { limit, count } => {
                write!(f, "the policy map would have {count} entries, more than {limit}")
            }
        }?;
        let mut separator = ": ";
        for origin in &self.origins {
            write!(f, "{separator}{origin}")?;
            separator = "; ";
        }
        Ok(())
    }
}

impl std::error::Error for CompileError {}
