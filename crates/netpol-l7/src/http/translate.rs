//! From a rule as written to conditions and actions (spec `HTTP-10`, `HM-2`).

use super::field::FieldBuilder;
use super::header::{Name, NameTable, Wanted};
use super::rule::{HeaderMatch, HttpRule, Mismatch, Secret, parse};
use crate::Error;

/// The fields of a request that rules have expressions for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Path,
    Host,
    Method,
}

/// All fields; of equally telling ones the first is preferred.
pub(super) const FIELDS: [Field; 3] = [Field::Path, Field::Host, Field::Method];

/// A condition on a header.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) name: Name,
    pub(super) wanted: Wanted,
}

/// A header match that acts or that depends on a secret delivered separately. It runs after all
/// conditions of its rule hold (HM-3).
#[derive(Debug)]
pub(super) struct Action {
    pub(super) name: Name,
    /// The name in lower case, for logs and changes.
    pub(super) text: Box<str>,
    pub(super) wanted: Wanted,
    pub(super) mismatch: Mismatch,
    /// The value is a secret: logs must not show it (HM-6).
    pub(super) redact: bool,
    /// The secret is not there and nothing stands in for it: always fails (HM-7).
    pub(super) undelivered: bool,
}

/// A rule without its expressions, which are numbers in the field's index.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) tag: u32,
    pub(super) fields: [Option<u32>; 3],
    pub(super) conditions: Vec<Condition>,
    pub(super) actions: Vec<Action>,
    /// The names of all matchers, as written.
    names: Vec<String>,
}

/// Numbers what rules have in common.
#[derive(Default)]
pub(super) struct Translator {
    pub(super) fields: [FieldBuilder; 3],
    pub(super) names: NameTable,
    /// Why rules were left out that can allow nothing.
    pub(super) unusable: Vec<Error>,
}

impl Translator {
    /// Translates a list of rules and sorts it as the proxy does (HTTP-14).
    ///
    /// The order decides which of several matching rules is named, and what header actions see.
    pub(super) fn list(&mut self, rules: &[(u32, HttpRule)]) -> Result<Vec<Translated>, Error> {
        let mut list = Vec::with_capacity(rules.len());
        for (tag, rule) in rules {
            list.extend(self.rule(*tag, rule).map_err(|error| error.in_rule(*tag))?);
        }
        list.sort_by(|a, b| (a.names.len(), &a.names).cmp(&(b.names.len(), &b.names)));
        Ok(list)
    }

    /// Translates a rule; `None` if it can allow nothing.
    fn rule(&mut self, tag: u32, rule: &HttpRule) -> Result<Option<Translated>, Error> {
        rule.check()?;
        let usable =
            rule.check_host().and_then(|()| rule.header_matches.iter().try_for_each(usable));
        if let Err(error) = usable {
            self.unusable.push(error.in_rule(tag));
            return Ok(None);
        }
        let HttpRule { method, path, host, headers, header_matches } = rule;
        let mut translated = Translated {
            tag,
            fields: [None; 3],
            conditions: Vec::new(),
            actions: Vec::new(),
            names: Vec::new(),
        };
        self.expression(&mut translated, Field::Path, path.as_deref())?;
        self.expression(&mut translated, Field::Host, host.as_deref())?;
        self.expression(&mut translated, Field::Method, method.as_deref())?;
        for header in headers {
            let (name, wanted) = split(header);
            self.condition(&mut translated, name, wanted);
        }
        for entry in header_matches {
            self.header_match(&mut translated, entry);
        }
        translated.names.sort_unstable();
        Ok(Some(translated))
    }

    fn expression(
        &mut self,
        rule: &mut Translated,
        field: Field,
        pattern: Option<&str>,
    ) -> Result<(), Error> {
        if let (Some(pattern), Some(regex)) = (pattern, parse(pattern)?) {
            let number = self.fields[field as usize].number(pattern, regex);
            rule.fields[field as usize] = Some(number);
            rule.names.push(field.header().to_owned());
        }
        Ok(())
    }

    fn condition(&mut self, rule: &mut Translated, name: &str, wanted: Wanted) {
        rule.conditions.push(Condition { name: self.names.number(name), wanted });
        rule.names.push(name.to_owned());
    }

    fn header_match(&mut self, rule: &mut Translated, entry: &HeaderMatch) {
        let HeaderMatch { name, value, secret, mismatch } = entry;
        let value = value.as_deref().unwrap_or_default();
        // HM-1: a secret that could be read goes before the value.
        let (text, separate, redact) = match secret {
            Secret::None | Secret::Unreadable => (value, false, false),
            Secret::Read(secret) => (secret.as_str(), false, true),
            Secret::Delivered(secret) => (secret.as_str(), true, true),
            Secret::Undelivered => (value, true, true),
        };
        let wanted = match text {
            "" => Wanted::Present, // HM-4
            text => Wanted::Exact(text.as_bytes().into()),
        };
        // HM-2
        if *mismatch == Mismatch::Fail && !separate {
            return self.condition(rule, name, wanted);
        }
        rule.actions.push(Action {
            name: self.names.number(name),
            text: name.to_ascii_lowercase().into(),
            wanted,
            mismatch: *mismatch,
            redact,
            undelivered: *secret == Secret::Undelivered && value.is_empty(),
        });
    }
}

impl Field {
    /// Returns the name of the header that the field is (HTTP-1).
    fn header(self) -> &'static str {
        match self {
            Self::Path => ":path",
            Self::Host => ":authority",
            Self::Method => ":method",
        }
    }

    /// Returns the name of the field in a policy.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Host => "host",
            Self::Method => "method",
        }
    }
}

/// Splits the text of a header at the first blank (HTTP-10).
fn split(header: &str) -> (&str, Wanted) {
    match header.split_once(' ') {
        Some((name, value)) => (name.trim_end_matches(':'), Wanted::Exact(value.as_bytes().into())),
        None => (header, Wanted::Present),
    }
}

/// Returns an error for a header match that makes its rule unusable.
fn usable(entry: &HeaderMatch) -> Result<(), Error> {
    let HeaderMatch { name, value, secret, mismatch } = entry;
    if *secret == Secret::Unreadable && value.as_deref().unwrap_or_default().is_empty() {
        // L7Q-1: never match. Cilium lets all requests pass that have the header.
        return Err(Error::invalid(format!("secret for header `{name}` cannot be read"))
            .in_field("headerMatches"));
    }
    let changes = matches!(mismatch, Mismatch::Add | Mismatch::Delete | Mismatch::Replace);
    // These headers are fields of the request; `host` is stored as `:authority`.
    if changes && (name.starts_with(':') || name.eq_ignore_ascii_case("host")) {
        return Err(Error::invalid(format!("action on pseudo header `{name}` is not supported"))
            .in_field("headerMatches"));
    }
    Ok(())
}
