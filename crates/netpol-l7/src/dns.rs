//! DNS names: selectors, patterns, sets of them (spec `DNS`, `FQDNV`).
//!
//! [`NameSelector`] is what is written, [`NameMatcher`] one of them compiled, [`NameSet`] many.

mod compiled;
mod matcher;
mod name;
mod persisted;
mod selector;
mod set;

pub use self::matcher::NameMatcher;
pub use self::name::{MAX_NAME_LEN, canonical_name};
pub use self::persisted::dns_rules_regex;
pub use self::selector::{MAX_PATTERN_LEN, NameSelector, PatternDialect, SelectorKind};
pub use self::set::NameSet;
