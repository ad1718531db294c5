//! Named texts, and places in them.

use std::fmt;
use std::sync::Arc;

/// A text with the name under which problems in it are reported.
///
/// Cloning is cheap: name and text are shared.
///
/// # Examples
///
/// ```
/// use netpol_policy::Source;
///
/// let source = Source::named("db.yaml", "kind: NetworkPolicy\n");
/// assert_eq!(source.name(), "db.yaml");
/// assert_eq!(source.line(1), Some("kind: NetworkPolicy"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
}

impl Source {
    /// Returns the source with this name, usually a path, and this text.
    #[must_use]
    pub fn named(name: &str, text: &str) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the line with this number, counted from 1, without its end.
    #[must_use]
    pub fn line(&self, number: u32) -> Option<&str> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.text.lines().nth(index)
    }

    /// Returns the place where a span of this text begins.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        Place { file: Arc::clone(&self.name), line: span.line, column: span.column }
    }
}

/// A stretch of a text, with the line and column where it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
    /// Line of the first byte, counted from 1; 0 if there is no place.
    pub line: u32,
    /// Column of the first character, counted from 1 in characters; 0 if there is no place.
    pub column: u32,
}

/// A file, a line and a column: where something was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Name of the source.
    pub file: Arc<str>,
    /// Line, counted from 1.
    pub line: u32,
    /// Column, counted from 1 in characters.
    pub column: u32,
}

impl fmt::Display for Place {
    /// Writes `file:line:column`, the form that editors can follow.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
