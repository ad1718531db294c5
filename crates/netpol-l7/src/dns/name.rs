//! Canonical names.

/// The longest name that is looked at, in bytes of its presentation form.
///
/// A name in a DNS message has at most 255 octets, which are at most 1,004 characters even if each of
/// them is escaped. A longer name matches nothing but a DNS rule that allows every name.
pub const MAX_NAME_LEN: usize = 1024;

/// Returns the canonical form of a name: ASCII letters in lower case, one final dot unless it ends in a
/// dot that is not escaped (spec `DNS-1`).
///
/// # Examples
///
/// ```
/// use netpol_l7::canonical_name;
///
/// assert_eq!(canonical_name("WWW.Cilium.io"), "www.cilium.io.");
/// assert_eq!(canonical_name("www.cilium.io."), "www.cilium.io.");
/// assert_eq!(canonical_name(""), ".");
/// // The dot is escaped, so it does not end the name.
/// assert_eq!(canonical_name(r"a\."), r"a\..");
/// ```
pub fn canonical_name(name: &str) -> String {
    let mut canonical = name.to_ascii_lowercase();
    if !is_final(name.as_bytes()) {
        canonical.push('.');
    }
    canonical
}

/// Returns whether a name ends in a dot that is not escaped.
fn is_final(name: &[u8]) -> bool {
    let Some(front) = name.strip_suffix(b".") else {
        return false;
    };
    let backslashes = front.iter().rev().take_while(|&&b| b == b'\\').count();
    backslashes.is_multiple_of(2)
}

/// Returns whether a byte may stand where a pattern has a star.
pub(super) fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// A canonical name in memory of a fixed size.
pub(super) struct Canonical {
    bytes: [u8; MAX_NAME_LEN + 1],
    len: usize,
}

impl Canonical {
    /// Returns the canonical form of a name; `None` if the name is too long.
    pub(super) fn new(name: &[u8]) -> Option<Self> {
        let mut bytes = [0; MAX_NAME_LEN + 1];
        if name.len() > MAX_NAME_LEN {
            return None;
        }
        for (to, from) in bytes.iter_mut().zip(name) {
            *to = from.to_ascii_lowercase();
        }
        let mut len = name.len();
        if !is_final(name) {
            *bytes.get_mut(len)? = b'.';
            len += 1;
        }
        Some(Self { bytes, len })
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The labels of a canonical name or pattern that have not been looked at, taken from the right.
///
/// The root `.` has one empty label. A dot separates labels even where a backslash stands before it: the
/// label with the backslash then matches no pattern.
#[derive(Clone, Copy)]
pub(super) struct Labels<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Labels<'a> {
    pub(super) fn new(canonical: &'a [u8]) -> Self {
        Self { rest: Some(canonical.strip_suffix(b".").unwrap_or(canonical)) }
    }

    /// Returns whether no label is left.
    pub(super) fn is_empty(self) -> bool {
        self.rest.is_none()
    }

    /// Returns whether at least one label is left, and all that are left are non-empty and plain.
    pub(super) fn are_plain(self) -> bool {
        !self.is_empty() && self.into_iter().all(|label| !label.is_empty() && is_plain_text(label))
    }

    /// Takes the last label.
    pub(super) fn split(self) -> Option<(Self, &'a [u8])> {
        let rest = self.rest?;
        Some(match rest.iter().rposition(|&b| b == b'.') {
            Some(dot) => (Self { rest: rest.get(..dot) }, rest.get(dot + 1..).unwrap_or_default()),
            None => (Self { rest: None }, rest),
        })
    }
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (rest, label) = self.split()?;
        *self = rest;
        Some(label)
    }
}

/// Returns whether a star can stand for all of a text.
pub(super) fn is_plain_text(text: &[u8]) -> bool {
    text.iter().copied().all(is_plain)
}
