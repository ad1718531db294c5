//! Memory that decisions reuse.

use crate::http::HttpScratch;

/// Memory for decisions about HTTP requests, to be kept and reused by one thread.
///
/// It may serve any number of policies in turn. It grows to what the largest of them needs and is then
/// never allocated again, with one exception: a policy whose regular expressions do not fit into an
/// automaton of 512 KiB builds states while it runs, into a cache of a few MiB in here. Caches are kept
/// for eight such automata.
///
/// # Examples
///
/// ```
/// use netpol_l7::{HttpMatcher, HttpRequest, HttpRule, Scratch};
///
/// let matcher = HttpMatcher::new([(0, HttpRule::default())])?;
/// let mut scratch = Scratch::new();
/// for path in ["/a", "/b"] {
///     assert!(matcher.decide(&HttpRequest::new("GET", path), &mut scratch).is_allowed());
/// }
/// # Ok::<(), netpol_l7::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) http: HttpScratch,
}

impl Scratch {
    /// Returns empty memory. It is allocated at the first decision.
    pub fn new() -> Self {
        Self::default()
    }
}
