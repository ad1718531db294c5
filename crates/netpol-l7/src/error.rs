//! The error of this crate.

use core::fmt;

use crate::regex::SyntaxError;

/// A rule that cannot be compiled, and why.
///
/// The text says which field and, for regular expressions, which byte is meant.
///
/// # Examples
///
/// ```
/// use netpol_l7::{HttpMatcher, HttpRule};
///
/// let rule = HttpRule { path: Some("*".into()), ..HttpRule::default() };
/// let error = HttpMatcher::new([(7, rule)]).unwrap_err();
/// assert_eq!(error.rule(), Some(7));
/// assert_eq!(error.field(), Some("path"));
/// assert_eq!(error.offset(), Some(0));
/// assert_eq!(error.to_string(), "path: regular expression: nothing to repeat before `*` at byte 0");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    kind: Kind,
    rule: Option<u32>,
    field: Option<&'static str>,
    help: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Regex(SyntaxError),
    Invalid(String),
}

impl Error {
    /// Returns the tag of the rule that is meant, if one rule alone is.
    pub fn rule(&self) -> Option<u32> {
        self.inner.rule
    }

    /// Returns the field of the rule that is meant, as it is written in a policy: `path`.
    pub fn field(&self) -> Option<&'static str> {
        self.inner.field
    }

    /// Returns where in the field's text the mistake is, in bytes from its begin.
    pub fn offset(&self) -> Option<usize> {
        match &self.inner.kind {
            Kind::Regex(error) => Some(error.offset),
            Kind::Invalid(_) => None,
        }
    }

    /// Returns advice on how to write it instead.
    pub fn help(&self) -> Option<&'static str> {
        match &self.inner.kind {
            Kind::Regex(error) => error.help(),
            Kind::Invalid(_) => self.inner.help,
        }
    }

    #[cold]
    pub(crate) fn regex(error: SyntaxError) -> Self {
        Self::new(Kind::Regex(error))
    }

    #[cold]
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid(message.into()))
    }

    fn new(kind: Kind) -> Self {
        Self { inner: Box::new(Inner { kind, rule: None, field: None, help: None }) }
    }

    pub(crate) fn in_field(mut self, field: &'static str) -> Self {
        self.inner.field = Some(field);
        self
    }

    pub(crate) fn in_rule(mut self, tag: u32) -> Self {
        self.inner.rule = Some(tag);
        self
    }

    pub(crate) fn with_help(mut self, help: &'static str) -> Self {
        self.inner.help = Some(help);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, rule: _, field, help: _ } = &*self.inner;
        if let Some(field) = field {
            write!(f, "{field}: ")?;
        }
        match kind {
            Kind::Regex(error) => write!(f, "{error}"),
            Kind::Invalid(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {}
