//! What is wrong with a regular expression, and where.

use core::fmt;

use super::{MAX_REGEX_LEN, MAX_REGEX_SIZE};

/// A part of a regular expression that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) offset: usize,
    /// The offending text, shortened.
    fragment: String,
    problem: Problem,
}

/// The kinds of mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    BackReference,
    Escape,
    GroupName,
    GroupSyntax,
    LookAround,
    MissingBracket,
    MissingParen,
    NamedClass,
    NothingToRepeat,
    Range,
    RepeatOfRepeat,
    RepeatSize,
    TooDeep,
    TooLarge,
    TooLong,
    TrailingBackslash,
    UnexpectedParen,
}

impl SyntaxError {
    /// The text `pattern[start..end]` is wrong. Positions off a character border are moved inwards.
    pub(super) fn new(pattern: &str, start: usize, end: usize, problem: Problem) -> Self {
        let fragment = pattern.get(start..end).or_else(|| pattern.get(start..)).unwrap_or_default();
        Self { offset: start, fragment: shorten(fragment), problem }
    }

    /// The expression as a whole is wrong.
    pub(super) fn whole(pattern: &str, problem: Problem) -> Self {
        Self::new(pattern, 0, pattern.len(), problem)
    }

    /// Returns advice on how to write it instead, if there is any.
    pub(crate) fn help(&self) -> Option<&'static str> {
        Some(match self.problem {
            Problem::LookAround | Problem::BackReference => {
                "RE2 has neither lookaround nor back references; list the allowed forms as separate rules"
            }
            Problem::NothingToRepeat => {
                "the value is a regular expression, not a glob: write `.*` for any text"
            }
            Problem::RepeatOfRepeat => "put the inner repetition into a group: `(?:a*)*`",
            Problem::Escape => "escape only punctuation; to match a backslash write `\\\\`",
            Problem::MissingParen | Problem::UnexpectedParen => {
                "to match a parenthesis itself write `\\(` or `\\)`"
            }
            Problem::MissingBracket => "to match a bracket itself write `\\[`",
            Problem::GroupSyntax => "the known flags are `i`, `m`, `s` and `U`",
            Problem::RepeatSize => "a repetition may count to 1000, nested ones to 1000 together",
            Problem::NamedClass => {
                "the known classes are `[:alpha:]` and the like, and `\\p{..}` with the short name of a \
                 category (`\\p{Lu}`) or the name of a script (`\\p{Greek}`)"
            }
            Problem::TooDeep | Problem::TooLarge | Problem::TooLong => {
                "split the expression over several rules: rules of one list are alternatives"
            }
            _ => return None,
        })
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offset, fragment, problem } = self;
        write!(f, "regular expression: ")?;
        match problem {
            Problem::BackReference => write!(f, "back reference `{fragment}` is not supported")?,
            Problem::Escape => write!(f, "unknown escape `{fragment}`")?,
            Problem::GroupName => write!(f, "invalid group name in `{fragment}`")?,
            Problem::GroupSyntax => write!(f, "unsupported group `{fragment}`")?,
            Problem::LookAround => write!(f, "lookaround `{fragment}` is not supported")?,
            Problem::MissingBracket => write!(f, "missing `]` after `{fragment}`")?,
            Problem::MissingParen => write!(f, "missing `)` after `{fragment}`")?,
            Problem::NamedClass => write!(f, "unknown character class `{fragment}`")?,
            Problem::NothingToRepeat => write!(f, "nothing to repeat before `{fragment}`")?,
            Problem::Range => write!(f, "invalid range `{fragment}`")?,
            Problem::RepeatOfRepeat => write!(f, "repetition `{fragment}` follows a repetition")?,
            Problem::RepeatSize => write!(f, "invalid repetition `{fragment}`")?,
            Problem::TooDeep => {
                return write!(f, "nested too deeply at byte {offset}");
            }
            Problem::TooLarge => {
                return write!(f, "too large: more than {MAX_REGEX_SIZE} instructions");
            }
            Problem::TooLong => return write!(f, "longer than {MAX_REGEX_LEN} bytes"),
            Problem::TrailingBackslash => write!(f, "backslash at the end")?,
            Problem::UnexpectedParen => write!(f, "unexpected `)`")?,
        }
        write!(f, " at byte {offset}")
    }
}

/// Cuts a text after 40 characters.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
