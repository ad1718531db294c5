//! TLS server names (spec `SNI`).

use std::collections::HashMap;

use crate::Error;

/// The longest server name in a rule, in bytes (spec `LIM-5`), and the longest indicated name that is
/// looked at. DNS names are not longer.
pub const MAX_SERVER_NAME_LEN: usize = 255;

/// One entry of a port rule's `serverNames`.
///
/// # Examples
///
/// ```
/// use netpol_l7::ServerName;
///
/// let entry = ServerName::new("*.example.com")?;
/// assert!(entry.is_match("WWW.example.com"));
/// assert!(!entry.is_match("example.com"));
/// assert!(!entry.is_match("a.b.example.com"));
/// assert!(ServerName::new("**.example.com")?.is_match("a.b.example.com"));
/// # Ok::<(), netpol_l7::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerName {
    form: Form,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Form {
    /// Equal to this, in lower case.
    Exact(Box<[u8]>),
    /// One non-empty label, a dot, then this.
    OneLabel(Box<[u8]>),
    /// Anything, a dot, then this.
    AnyDepth(Box<[u8]>),
    Nothing,
}

impl ServerName {
    /// Compiles an entry.
    ///
    /// An entry that [`check_schema`](Self::check_schema) refuses is accepted here, as Cilium's agent
    /// does; if it begins with a star in an unknown way, it matches nothing (spec `SNI-3`).
    ///
    /// # Errors
    ///
    /// The entry is empty.
    pub fn new(entry: &str) -> Result<Self, Error> {
        if entry.is_empty() {
            return Err(Error::invalid("server name is empty").in_field("serverNames"));
        }
        let lower = entry.to_ascii_lowercase();
        let boxed = |text: &str| text.as_bytes().into();
        let form = match (lower.strip_prefix("**."), lower.strip_prefix("*.")) {
            (Some(""), _) | (_, Some("")) => Form::Nothing,
            (Some(suffix), _) => Form::AnyDepth(boxed(suffix)),
            (_, Some(suffix)) => Form::OneLabel(boxed(suffix)),
            _ if lower.starts_with('*') => Form::Nothing,
            _ => Form::Exact(boxed(&lower)),
        };
        Ok(Self { form })
    }

    /// Checks what the schema of Cilium's custom resources checks (spec `TLSV-3`).
    ///
    /// # Errors
    ///
    /// The entry is too long, has other characters than names have, or a star anywhere but in `*.` or
    /// `**.` in front.
    pub fn check_schema(entry: &str) -> Result<(), Error> {
        let name = entry.strip_prefix("**.").or_else(|| entry.strip_prefix("*.")).unwrap_or(entry);
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let message = if entry.len() > MAX_SERVER_NAME_LEN {
            format!("longer than {MAX_SERVER_NAME_LEN} characters")
        } else if !name.bytes().all(plain) {
            format!("invalid server name `{}`", entry.escape_debug())
        } else if name.is_empty() || name.starts_with('.') || name.contains("..") {
            "a label is empty".to_owned()
        } else {
            return Ok(());
        };
        Err(Error::invalid(message)
            .with_help(
                "write a name, `*.name` for one label before it or `**.name` for one or more",
            )
            .in_field("serverNames"))
    }

    /// Returns whether the entry matches an indicated server name. Trailing dots count (spec `SNI-4`).
    /// Names longer than [`MAX_SERVER_NAME_LEN`] match nothing.
    pub fn is_match<N: AsRef<[u8]> + ?Sized>(&self, name: &N) -> bool {
        let name = name.as_ref();
        if name.len() > MAX_SERVER_NAME_LEN {
            return false;
        }
        let before = |suffix: &[u8]| {
            let (front, end) = name.split_at_checked(name.len().checked_sub(suffix.len())?)?;
            end.eq_ignore_ascii_case(suffix).then_some(front)?.strip_suffix(b".")
        };
        match &self.form {
            Form::Exact(text) => text.eq_ignore_ascii_case(name),
            Form::OneLabel(suffix) => {
                before(suffix).is_some_and(|label| !label.is_empty() && !label.contains(&b'.'))
            }
            Form::AnyDepth(suffix) => before(suffix).is_some(),
            Form::Nothing => false,
        }
    }
}

/// Entries, each with a number, tested together.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerNames {
    exact: Numbers,
    one_label: Numbers,
    any_depth: Numbers,
}

/// The smallest number for each text.
type Numbers = HashMap<Box<[u8]>, u32>;

impl ServerNames {
    pub(crate) fn insert(&mut self, number: u32, entry: &ServerName) {
        let (numbers, text) = match &entry.form {
            Form::Exact(text) => (&mut self.exact, text),
            Form::OneLabel(text) => (&mut self.one_label, text),
            Form::AnyDepth(text) => (&mut self.any_depth, text),
            Form::Nothing => return,
        };
        let first = numbers.entry(text.clone()).or_insert(number);
        *first = number.min(*first);
    }

    /// Returns the smallest number of the entries that match a name. No name matches nothing (SNI-2).
    pub(crate) fn first_match(&self, name: &[u8]) -> Option<u32> {
        let mut lower = [0; MAX_SERVER_NAME_LEN];
        let lower = lower.get_mut(..name.len())?;
        if name.is_empty() {
            return None;
        }
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        let name: &[u8] = lower;
        let find = |numbers: &Numbers, text: Option<&[u8]>| numbers.get(text?).copied();
        let dots = || (0..name.len()).filter(|&i| name.get(i) == Some(&b'.'));
        let one_label = dots().next().filter(|&dot| dot > 0);
        let one_label = find(&self.one_label, one_label.and_then(|dot| name.get(dot + 1..)));
        let any_depth = dots().filter_map(|dot| find(&self.any_depth, name.get(dot + 1..))).min();
        [find(&self.exact, Some(name)), one_label, any_depth].into_iter().flatten().min()
    }
}
