//! The text of the regular expressions that Cilium compiles selectors to (spec `DNS`, *compiled form*).

use super::compiled::{is_star, split_deep};
use super::name::canonical_name;
use super::selector::{NameSelector, PatternDialect};

/// What a star stands for.
const STAR: &str = "[-a-zA-Z0-9_]*";

/// One or more whole labels.
const DEEP: &str = "([-a-zA-Z0-9_]+([.][-a-zA-Z0-9_]+){0,})";

/// The pattern `*` in `toFQDNs`.
const ANY_NAME: &str = "(^([-a-zA-Z0-9_]+[.])+$)|(^[.]$)";

/// The expression that matches every name.
const EVERYTHING: &str = "(?:)";

/// Returns the expression of one selector in `toFQDNs`.
pub(super) fn to_fqdns_regex(selector: &NameSelector, dialect: PatternDialect) -> String {
    match selector.texts() {
        ("", pattern) if is_star(pattern, dialect) => ANY_NAME.to_owned(),
        ("", pattern) => format!("^{}$", expression(pattern, dialect)),
        (name, _) => format!("^{}$", literal(&canonical_name(name))),
    }
}

/// Returns the regular expression that Cilium compiles a list of DNS rules to and keeps over restarts.
///
/// # Examples
///
/// ```
/// use netpol_l7::{NameSelector, PatternDialect, dns_rules_regex};
///
/// let rules = [NameSelector::name("cilium.io"), NameSelector::pattern("*.cilium.io")];
/// assert_eq!(
///     dns_rules_regex(&rules, PatternDialect::Release),
///     "^(?:cilium[.]io[.]|[-a-zA-Z0-9_]*[.]cilium[.]io[.])$",
/// );
/// ```
pub fn dns_rules_regex<'a>(
    rules: impl IntoIterator<Item = &'a NameSelector>,
    dialect: PatternDialect,
) -> String {
    let mut alternatives = Vec::new();
    let mut empty = true;
    for rule in rules {
        empty = false;
        let (name, pattern) = rule.texts();
        if !name.is_empty() {
            alternatives.push(literal(&canonical_name(name)));
        }
        if is_star(pattern, dialect) {
            return EVERYTHING.to_owned();
        }
        if !pattern.is_empty() {
            alternatives.push(expression(pattern, dialect));
        }
    }
    if empty {
        return EVERYTHING.to_owned();
    }
    format!("^(?:{})$", alternatives.join("|"))
}

/// Returns the expression of a pattern that is not `*`.
fn expression(pattern: &str, dialect: PatternDialect) -> String {
    let canonical = canonical_name(pattern);
    let (deep, rest) = split_deep(&canonical, dialect);
    let rest = match dialect {
        PatternDialect::Snapshot => literal(rest),
        PatternDialect::Release => literal(&single_stars(rest)),
    };
    if deep { format!("{DEEP}[.]{rest}") } else { rest }
}

/// Replaces the characters that mean something.
fn literal(text: &str) -> String {
    text.replace('.', "[.]").replace('*', STAR)
}

/// Makes one star of each run of stars.
fn single_stars(pattern: &str) -> String {
    let mut last = '\0';
    let mut single = pattern.to_owned();
    single.retain(|c| {
        let repeated = c == '*' && last == '*';
        last = c;
        !repeated
    });
    single
}
