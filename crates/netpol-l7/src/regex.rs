//! Regular expressions of policy authors: RE2 syntax, whole-value matching, linear time.
//!
//! Three steps. [`Regex::parse`] reads the text as RE2 and Go's `regexp` do and refuses what they
//! refuse ([`parse`], [`class`]). [`shape`] recognises the expressions that need no automaton at all:
//! literals, literal prefixes, literal suffixes. [`RegexSet`] turns the others, many at once, into
//! automata of bounded size ([`emit`] writes them in the syntax that `regex-automata` reads, with
//! nothing left to that syntax's own defaults).

mod ast;
mod class;
mod emit;
mod parse;
mod scripts;
mod set;
mod shape;
mod syntax_error;

pub(crate) use self::set::{LazyCaches, RegexSet};
pub(crate) use self::shape::Shape;
pub(crate) use self::syntax_error::SyntaxError;

use self::ast::Node;
use self::syntax_error::Problem;

/// The longest accepted regular expression, in bytes.
pub const MAX_REGEX_LEN: usize = 16 * 1024;

/// The deepest accepted nesting of alternations and repetitions in one regular expression.
///
/// RE2 and Go stop at 1,000.
pub const MAX_REGEX_NESTING: usize = 250;

/// The largest accepted size of one regular expression, in [`regex_size`] units.
pub const MAX_REGEX_SIZE: usize = 20_000;

/// The largest accepted total size of the regular expressions of one matcher that are not plain
/// literals, prefixes or suffixes, in [`regex_size`] units.
pub const MAX_REGEX_TOTAL: usize = 2_000_000;

/// Returns about how many instructions the program of a regular expression has in RE2.
///
/// Counted repetitions count as often as they may repeat. The number is an estimate: from about 100
/// on, Cilium's proxy refuses the whole policy of an endpoint (spec `L7Q-2`), so a linter should warn
/// there. netpol itself accepts sizes up to [`MAX_REGEX_SIZE`].
///
/// # Errors
///
/// The expression is not valid RE2 syntax or exceeds a limit.
///
/// # Examples
///
/// ```
/// assert!(netpol_l7::regex_size("/public/.*")? < 100);
/// assert!(netpol_l7::regex_size("/[a-z]{200}")? > 100);
///
/// let error = netpol_l7::regex_size("/(?!admin).*").unwrap_err();
/// assert_eq!(error.offset(), Some(1));
/// # Ok::<(), netpol_l7::Error>(())
/// ```
pub fn regex_size(pattern: &str) -> Result<usize, crate::Error> {
    Regex::parse(pattern).map(|regex| regex.size).map_err(crate::Error::regex)
}

/// A checked regular expression.
#[derive(Clone, Debug)]
pub(crate) struct Regex {
    node: Node,
    size: usize,
}

impl Regex {
    /// Reads an expression in RE2 syntax (HTTP-3).
    pub(crate) fn parse(pattern: &str) -> Result<Self, SyntaxError> {
        let node = parse::parse(pattern)?;
        let size = node.size();
        if size > MAX_REGEX_SIZE {
            return Err(SyntaxError::whole(pattern, Problem::TooLarge));
        }
        Ok(Self { node, size })
    }

    /// Returns the literal forms that are together equivalent to the expression, if there are any.
    pub(crate) fn shapes(&self) -> Option<Vec<Shape>> {
        shape::shapes(&self.node)
    }
}

#[cfg(test)]
mod tests;
