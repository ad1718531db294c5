//! A list of HTTP rules, compiled.

use super::effects::HttpEffects;
use super::program::{Group, Program};
use super::request::HttpRequest;
use super::rule::HttpRule;
use super::search;
use crate::{Decision, Error, Scratch};

/// HTTP rules of one list, compiled: a request is allowed if one of them matches it (spec `L7E-5`).
///
/// # Cost
///
/// A decision takes time linear in the request, whatever the rules are. It does not grow with rules
/// whose path (or host, or method) is a literal, a literal and `.*`, or the reverse, nor with other
/// expressions as long as a common automaton of 512 KiB holds them or as they contain literals that
/// tell them apart. It grows with rules that share all their expressions and differ in headers only.
///
/// # Examples
///
/// ```
/// use netpol_l7::{Decision, HttpMatcher, HttpRequest, HttpRule, Scratch};
///
/// let docs = HttpRule { path: Some("/docs(/.*)?".into()), ..HttpRule::default() };
/// let read = HttpRule { method: Some("GET|HEAD".into()), ..HttpRule::default() };
/// let matcher = HttpMatcher::new([(10, docs), (20, read)])?;
///
/// let mut scratch = Scratch::new();
/// let decision = matcher.decide(&HttpRequest::new("POST", "/docs/new"), &mut scratch);
/// assert_eq!(decision, Decision::Allow { rule: 10 });
/// let decision = matcher.decide(&HttpRequest::new("HEAD", "/"), &mut scratch);
/// assert_eq!(decision, Decision::Allow { rule: 20 });
/// // The expression has to match the whole path.
/// let decision = matcher.decide(&HttpRequest::new("POST", "/docs2"), &mut scratch);
/// assert_eq!(decision, Decision::Deny { rule: None });
/// # Ok::<(), netpol_l7::Error>(())
/// ```
#[derive(Debug)]
pub struct HttpMatcher {
    program: Program,
}

impl HttpMatcher {
    /// Compiles rules, each with a tag of the caller's.
    ///
    /// Among rules that match the same request, the one with the fewest conditions is named as the one
    /// that decided, as the proxy evaluates it first (spec `HTTP-14`). An empty list allows nothing.
    ///
    /// # Errors
    ///
    /// A rule fails [`HttpRule::check`], or the rules are too large together.
    pub fn new(rules: impl IntoIterator<Item = (u32, HttpRule)>) -> Result<Self, Error> {
        let rules: Vec<_> = rules.into_iter().collect();
        Ok(Self { program: Program::new([Group::Rules(&rules)])? })
    }

    /// Decides a request.
    pub fn decide(&self, request: &HttpRequest<'_>, scratch: &mut Scratch) -> Decision {
        search::decide(&self.program, request, &mut scratch.http)
    }

    /// Decides a request and tells what the header actions do to it.
    ///
    /// The decision is that of [`decide`](Self::decide).
    pub fn effects(&self, request: &HttpRequest<'_>, scratch: &mut Scratch) -> HttpEffects {
        search::effects(&self.program, request, &mut scratch.http)
    }

    /// Returns why rules were left out that can allow nothing: a bad expression for the host, a secret
    /// that cannot be read, an action on a pseudo header.
    pub fn unusable(&self) -> &[Error] {
        self.program.unusable()
    }
}
