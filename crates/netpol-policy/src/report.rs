//! What is wrong with documents.

use std::fmt;
use std::sync::Arc;

use crate::{Place, Source, Span};

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Legal, but surely not meant, or without effect.
    Warning,
    /// The document is not used.
    Error,
}

impl Severity {
    /// Returns `warning` or `error`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A stable word for a kind of problem, such as `unknown-field`: lower case with hyphens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub &'static str);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

/// One thing that is wrong with a document, and where.
///
/// # Examples
///
/// ```
/// use netpol_policy::{Code, Problem, Source, Span};
///
/// let source = Source::named("db.yaml", "port: 443\n");
/// let span = Span { start: 6, end: 9, line: 1, column: 7 };
/// let problem = Problem::error(Code("wrong-type"), &source, span, "`port` is a string")
///     .with_help("write \"443\"");
/// assert_eq!(problem.to_string(), "db.yaml:1:7: error: `port` is a string (write \"443\")");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    severity: Severity,
    code: Code,
    source: Source,
    span: Span,
    path: Arc<str>,
    message: String,
    help: Option<String>,
}

impl Problem {
    /// Returns the problem that makes a document unusable. The message is lower case without a
    /// final stop, with user input in backticks.
    #[must_use]
    pub fn error(code: Code, source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, source, span, message.into())
    }

    /// Returns the problem that is only worth a look.
    #[must_use]
    pub fn warning(code: Code, source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, source, span, message.into())
    }

    fn new(severity: Severity, code: Code, source: &Source, span: Span, message: String) -> Self {
        let source = source.clone();
        Self { severity, code, source, span, path: "".into(), message, help: None }
    }

    /// Returns the problem with advice on what to write instead.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Returns the problem with the path of the field, such as `spec.ingress[0].toPorts`.
    #[must_use]
    pub fn with_path(self, path: &str) -> Self {
        Self { path: path.into(), ..self }
    }

    /// Returns how bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Tells whether the document is unusable.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Returns the stable word for this kind of problem.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Returns the text that the problem is in.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Returns the stretch of text that is wrong.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// Returns file, line and column.
    #[must_use]
    pub fn place(&self) -> Place {
        self.source.place(self.span)
    }

    /// Returns the path of the field; empty if the problem concerns no field.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns what is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns what to write instead, if that is known.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { severity, message, .. } = self;
        write!(f, "{}: {}: {message}", self.place(), severity.as_str())?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// All problems of one or more documents, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    problems: Vec<Problem>,
}

impl Report {
    /// Returns the report without problems.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Adds all problems of another report.
    pub fn extend(&mut self, other: Self) {
        self.problems.extend(other.problems);
    }

    /// Returns all problems.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Returns the problems that make a document unusable.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.is_error())
    }

    /// Returns the problems that do not.
    pub fn warnings(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| !problem.is_error())
    }

    /// Tells whether some document is unusable.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// Tells whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }
}

impl fmt::Display for Report {
    /// Writes one problem a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let line_end = if index == 0 { "" } else { "\n" };
            write!(f, "{line_end}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Report {}
