//! How much is read.

/// How much of a source is read, so that no input exhausts memory or time.
///
/// # Examples
///
/// ```
/// use netpol_policy::doc::Limits;
///
/// let mut limits = Limits::default();
/// limits.max_bytes = 1 << 20;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one source, and bytes of text that the aliases of one document stand for; default
    /// 64 MiB.
    pub max_bytes: usize,
    /// Documents in one source, empty ones not counted; default 200,000.
    pub max_documents: usize,
    /// Collections inside each other; default 64, at most 200.
    pub max_depth: usize,
    /// Values of one document, those that its aliases stand for included; default 2,000,000.
    pub max_nodes: usize,
}

impl Limits {
    /// What [`Limits::max_depth`] is cut down to, so that no document exhausts the stack.
    pub const MAX_DEPTH: usize = 200;
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 64 << 20, max_documents: 200_000, max_depth: 64, max_nodes: 2_000_000 }
    }
}
