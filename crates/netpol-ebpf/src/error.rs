//! What is wrong with bytes that were read.

use core::error::Error;
use core::fmt;

/// Why bytes are not a key or a value of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Size { expected: usize, found: usize },
    Field { name: &'static str, offset: usize },
}

impl DecodeError {
    pub(crate) const fn size(expected: usize, found: usize) -> Self {
        Self { kind: Kind::Size { expected, found } }
    }

    pub(crate) const fn field(name: &'static str, offset: usize) -> Self {
        Self { kind: Kind::Field { name, offset } }
    }

    /// Returns where the field begins that is invalid, in bytes; `None` if the size is wrong.
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_ebpf::policy::Key;
    ///
    /// let error = Key::from_bytes(&[0; 12]).unwrap_err();
    /// assert_eq!(error.offset(), Some(0));
    /// assert_eq!(error.to_string(), "invalid prefix length at byte 0");
    /// ```
    #[must_use]
    pub const fn offset(&self) -> Option<usize> {
        match self.kind {
            Kind::Size { .. } => None,
            Kind::Field { offset, .. } => Some(offset),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Size { expected, found } => write!(f, "{found} bytes in place of {expected}"),
            Kind::Field { name, offset } => write!(f, "invalid {name} at byte {offset}"),
        }
    }
}

impl Error for DecodeError {}
