//! HTTP rules: method, path, host, headers, header matches (spec `HTTP`, `HM`, `L7E`).
//!
//! [`HttpRule`] is what is written. [`program`] compiles lists of them: the expressions of each field are
//! collected in a [`field`] index, every rule is filed under the most telling of its fields, header
//! names are numbered ([`header`]). [`search`] runs a request through it, in a [`run`] if there are
//! header actions.

mod edits;
mod effects;
mod field;
mod header;
mod matcher;
mod program;
mod request;
mod rule;
mod run;
mod search;
mod translate;

pub use self::effects::{HeaderChange, HttpEffects};
pub use self::matcher::HttpMatcher;
pub use self::request::{Header, HttpRequest};
pub use self::rule::{HeaderMatch, HttpRule, Mismatch, Secret};

pub(crate) use self::program::{Group, Program};
pub(crate) use self::search::{HttpScratch, decide, effects};
