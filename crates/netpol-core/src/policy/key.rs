//! The key of a policy map.

use core::fmt;

use crate::{Direction, IdentityId, PortRange, Protocol};

/// An aligned block of ports: the ports that agree with a value in the first `len` bits (MAP-3).
///
/// Length 16 is one port, 0 is every port. The order is by value, then from broad to narrow.
///
/// # Examples
///
/// ```
/// use netpol_core::PortPrefix;
///
/// let block = PortPrefix::new(16, 12).unwrap(); // 16 to 31
/// assert!(block.contains(31) && !block.contains(32));
/// assert!(PortPrefix::new(17, 12).is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortPrefix {
    // INVARIANT: `len <= 16`, and bits behind `len` are zero.
    value: u16,
    len: u8,
}

impl PortPrefix {
    /// Every port.
    pub const ALL: Self = Self { value: 0, len: 0 };

    /// Returns the block, or `None` if `len` is above 16 or `value` has bits behind it.
    #[must_use]
    pub const fn new(value: u16, len: u8) -> Option<Self> {
        if len > 16 || value & !mask(len) != 0 {
            return None;
        }
        Some(Self { value, len })
    }

    /// Returns the block of one port.
    #[must_use]
    pub const fn single(port: u16) -> Self {
        Self { value: port, len: 16 }
    }

    /// Returns the block of `len` bits, at most 16, that holds `port`.
    #[must_use]
    pub const fn of_port(port: u16, len: u8) -> Self {
        let len = if len > 16 { 16 } else { len };
        Self { value: port & mask(len), len }
    }

    /// Returns the first port.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.value
    }

    /// Returns how many leading bits are compared, 0 to 16.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "the length of a prefix, not of a collection")]
    pub const fn len(self) -> u8 {
        self.len
    }

    /// Tells whether the block holds every port.
    #[must_use]
    pub const fn is_all(self) -> bool {
        self.len == 0
    }

    /// Returns the last port.
    #[must_use]
    pub const fn last(self) -> u16 {
        self.value | !mask(self.len)
    }

    /// Tells whether the block holds `port`.
    #[must_use]
    pub const fn contains(self, port: u16) -> bool {
        port & mask(self.len) == self.value
    }

    /// Tells whether `other` is this block or lies inside it.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        self.len <= other.len && self.contains(other.value)
    }
}

/// Returns the 16-bit mask of the first `len` bits.
const fn mask(len: u8) -> u16 {
    match len {
        0 => 0,
        _ => u16::MAX << (16 - len as u32),
    }
}

impl fmt::Display for PortPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.value, self.len)
    }
}

/// The fewest aligned blocks that make up a range, in ascending order (MAP-3).
///
/// # Examples
///
/// ```
/// use netpol_core::{PortPrefixes, PortRange};
///
/// let blocks: Vec<_> = PortPrefixes::new(PortRange::new(80, 90)).map(|b| b.to_string()).collect();
/// assert_eq!(blocks, ["80/13", "88/15", "90/16"]);
/// ```
#[derive(Clone, Debug)]
pub struct PortPrefixes {
    // The rest of the range; 32 bits, so that the start can pass the last port.
    next: u32,
    end: u32,
}

impl PortPrefixes {
    /// Returns the blocks of a range.
    #[must_use]
    pub const fn new(range: PortRange) -> Self {
        Self { next: range.start() as u32, end: range.end() as u32 }
    }
}

impl Iterator for PortPrefixes {
    type Item = PortPrefix;

    fn next(&mut self) -> Option<PortPrefix> {
        if self.next > self.end {
            return None;
        }
        // The largest block that is aligned at the start and does not pass the end.
        let aligned = self.next.trailing_zeros().min(16);
        let fits = (self.end - self.next + 1).ilog2();
        let bits = aligned.min(fits);
        #[expect(clippy::cast_possible_truncation, reason = "at most 65535 and at most 16")]
        let block = PortPrefix { value: self.next as u16, len: (16 - bits) as u8 };
        self.next += 1 << bits;
        Some(block)
    }
}

/// The key of a policy map (MAP-1).
///
/// The order is by direction, identity, protocol and port block: broad before narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PolicyKey {
    // INVARIANT: without protocol there is no port.
    direction: Direction,
    identity: IdentityId,
    protocol: Protocol,
    port: PortPrefix,
}

impl PolicyKey {
    /// Returns the key; without protocol it is for every port, whatever `port` says (MAP-1).
    #[must_use]
    pub fn new(
        direction: Direction,
        identity: IdentityId,
        protocol: Protocol,
        port: PortPrefix,
    ) -> Self {
        let port = if protocol.is_any() { PortPrefix::ALL } else { port };
        Self { direction, identity, protocol, port }
    }

    /// Returns the key for everything that an identity sends or receives.
    #[must_use]
    pub fn l3(direction: Direction, identity: IdentityId) -> Self {
        Self::new(direction, identity, Protocol::ANY, PortPrefix::ALL)
    }

    /// Returns the direction.
    #[must_use]
    pub const fn direction(self) -> Direction {
        self.direction
    }

    /// Returns the identity of the peer; [`IdentityId::ANY`] for every one.
    #[must_use]
    pub const fn identity(self) -> IdentityId {
        self.identity
    }

    /// Returns the protocol; [`Protocol::ANY`] for every one.
    #[must_use]
    pub const fn protocol(self) -> Protocol {
        self.protocol
    }

    /// Returns the block of ports.
    #[must_use]
    pub const fn port(self) -> PortPrefix {
        self.port
    }

    /// Returns the same key for another identity.
    #[must_use]
    pub const fn with_identity(self, identity: IdentityId) -> Self {
        Self { identity, ..self }
    }

    /// Returns how many bits of protocol and port are compared: 0, 8, or 9 to 24 (LKP-6).
    #[must_use]
    pub const fn match_len(self) -> u8 {
        if self.protocol.is_any() { 0 } else { 8 + self.port.len() }
    }

    /// Tells whether protocol and ports of `other` are these or lie inside them.
    #[must_use]
    pub fn covers_l4(&self, other: &Self) -> bool {
        self.protocol.is_any() || (self.protocol == other.protocol && self.port.covers(other.port))
    }

    /// Tells whether this key matches at least what `other` matches (MAP-5).
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.direction == other.direction
            && (self.identity == IdentityId::ANY || self.identity == other.identity)
            && self.covers_l4(other)
    }
}

impl fmt::Display for PolicyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { direction, identity, protocol, port } = self;
        match *identity {
            IdentityId::ANY => write!(f, "{direction} *"),
            _ => write!(f, "{direction} {identity}"),
        }?;
        match protocol.is_any() {
            true => write!(f, " * {port}"),
            false => write!(f, " {protocol} {port}"),
        }
    }
}
