//! HTTP rules as they are written.

use core::str::FromStr;

use crate::Error;
use crate::regex::Regex;

/// One item of a port rule's `http` list. All its fields must hold; the empty rule allows every request
/// (spec `HTTP-1`, `L7V-13`).
///
/// Expressions are in RE2 syntax and match characters: a value that is not valid UTF-8 matches none.
///
/// # Examples
///
/// ```
/// use netpol_l7::HttpRule;
///
/// let rule = HttpRule {
///     method: Some("GET".into()),
///     path: Some("/docs(/.*)?".into()),
///     headers: vec!["X-Vpn: 1".into()],
///     ..HttpRule::default()
/// };
/// rule.check()?;
/// # Ok::<(), netpol_l7::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRule {
    /// Regular expression for the whole method. `None` or empty: any.
    pub method: Option<String>,
    /// Regular expression for the whole path with the query. `None` or empty: any.
    pub path: Option<String>,
    /// Regular expression for the whole host with the port. `None` or empty: any, and none.
    pub host: Option<String>,
    /// Headers that must be there: `Name` alone, or with the exact value after the first blank,
    /// `Name: value` (spec `HTTP-10`).
    pub headers: Vec<String>,
    /// Headers with an action for the case that they do not match (spec `HM`).
    pub header_matches: Vec<HeaderMatch>,
}

/// One item of an HTTP rule's `headerMatches` list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderMatch {
    /// The header's name.
    pub name: String,
    /// The wanted value. Without value and secret the header just has to be there.
    pub value: Option<String>,
    /// What became of the secret that the item names.
    pub secret: Secret,
    /// What to do if the header does not match.
    pub mismatch: Mismatch,
}

/// What became of a secret that holds the wanted value of a header (spec `HM-1`, `HM-7`).
///
/// In logs the value of a secret is replaced by `[redacted]` (spec `HM-6`).
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Secret {
    /// The item names no secret.
    #[default]
    None,
    /// Its single value was read together with the policy. It is taken before the item's `value`.
    Read(String),
    /// Its value was delivered separately. It is taken before the item's `value`.
    Delivered(String),
    /// It is to be delivered separately and has not been. Without a `value` the item fails, whatever its
    /// action.
    Undelivered,
    /// It cannot be read, or has more than one value. Without a `value` the rule never matches (spec
    /// `L7Q-1`).
    Unreadable,
}

/// What to do with a request whose header does not match (spec `HM-5`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mismatch {
    /// The rule does not allow the request.
    #[default]
    Fail,
    /// Log it.
    Log,
    /// Append a header with the wanted value.
    Add,
    /// Remove the header if it has another value.
    Delete,
    /// Set the header to the wanted value.
    Replace,
}

impl HttpRule {
    /// Checks what is checked when a document is accepted: the expressions for path and method, and the
    /// header matches (spec `HTTP-4`, `L7V`).
    ///
    /// The host is not among it, see [`check_host`](Self::check_host).
    ///
    /// # Errors
    ///
    /// Returns the first mistake, with its field.
    pub fn check(&self) -> Result<(), Error> {
        let regexes = [("path", &self.path), ("method", &self.method)];
        for (field, pattern) in regexes {
            parse(pattern.as_deref()).map_err(|error| error.in_field(field))?;
        }
        self.header_matches.iter().try_for_each(HeaderMatch::check)
    }

    /// Checks the expression for the host.
    ///
    /// Cilium accepts a document with a bad one. A rule that has one allows nothing here (spec `HTTP-4`,
    /// `L7Q-2`), so it deserves a warning.
    ///
    /// # Errors
    ///
    /// Returns the mistake.
    pub fn check_host(&self) -> Result<(), Error> {
        parse(self.host.as_deref()).map(drop).map_err(|error| error.in_field("host"))
    }
}

impl HeaderMatch {
    fn check(&self) -> Result<(), Error> {
        if self.name.is_empty() {
            return Err(Error::invalid("header name is missing").in_field("headerMatches"));
        }
        Ok(())
    }
}

/// Reads the expression of a field. An empty one is the same as none (HTTP-1).
pub(super) fn parse(pattern: Option<&str>) -> Result<Option<Regex>, Error> {
    match pattern {
        None | Some("") => Ok(None),
        Some(pattern) => Regex::parse(pattern).map(Some).map_err(Error::regex),
    }
}

impl FromStr for Mismatch {
    type Err = Error;

    /// Reads `LOG`, `ADD`, `DELETE` or `REPLACE`, exactly in capitals. The empty text is the default.
    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(match text {
            "" => Self::Fail,
            "LOG" => Self::Log,
            "ADD" => Self::Add,
            "DELETE" => Self::Delete,
            "REPLACE" => Self::Replace,
            _ => {
                return Err(Error::invalid(format!(
                    "unknown mismatch action `{}`",
                    text.escape_debug()
                ))
                .with_help("the actions are LOG, ADD, DELETE and REPLACE")
                .in_field("headerMatches"));
            }
        })
    }
}

impl core::fmt::Debug for Secret {
    /// Shows what became of the secret, not its value.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Read(_) => "Read([redacted])",
            Self::Delivered(_) => "Delivered([redacted])",
            Self::Undelivered => "Undelivered",
            Self::Unreadable => "Unreadable",
        })
    }
}
