//! Protocols and ports.

use core::fmt;

/// An IP protocol number; 0 means *any* in keys of policy maps (PORT-6).
///
/// # Examples
///
/// ```
/// use netpol_core::Protocol;
///
/// assert_eq!(Protocol::TCP.number(), 6);
/// assert_eq!(Protocol::parse("udp"), Some(Protocol::UDP));
/// assert_eq!(Protocol::new(47).to_string(), "47");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Protocol(u8);

impl Protocol {
    /// Any protocol: the wildcard in keys of policy maps.
    pub const ANY: Self = Self(0);
    /// ICMP for IPv4.
    pub const ICMP: Self = Self(1);
    /// IGMP.
    pub const IGMP: Self = Self(2);
    /// TCP.
    pub const TCP: Self = Self(6);
    /// UDP.
    pub const UDP: Self = Self(17);
    /// ICMP for IPv6.
    pub const ICMPV6: Self = Self(58);
    /// VRRP.
    pub const VRRP: Self = Self(112);
    /// SCTP.
    pub const SCTP: Self = Self(132);

    /// Returns the protocol with this number, as in the IPv4 header's protocol field.
    #[must_use]
    pub const fn new(number: u8) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Tells whether this is [`Protocol::ANY`].
    #[must_use]
    pub const fn is_any(self) -> bool {
        self.0 == 0
    }

    /// Tells whether this is ICMP of either family, whose types take the place of ports (ICMP-2).
    #[must_use]
    pub const fn is_icmp(self) -> bool {
        matches!(self, Self::ICMP | Self::ICMPV6)
    }

    /// Returns the protocol with this name (in any case) or decimal number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, protocol)| *protocol)
            .or_else(|| text.parse().ok().map(Self))
    }

    /// Returns the name, if the protocol has one here.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(_, protocol)| *protocol == self).map(|(name, _)| *name)
    }
}

const NAMES: [(&str, Protocol); 8] = [
    ("ANY", Protocol::ANY),
    ("ICMP", Protocol::ICMP),
    ("IGMP", Protocol::IGMP),
    ("TCP", Protocol::TCP),
    ("UDP", Protocol::UDP),
    ("ICMPv6", Protocol::ICMPV6),
    ("VRRP", Protocol::VRRP),
    ("SCTP", Protocol::SCTP),
];

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "{}", self.0),
        }
    }
}

/// An inclusive range of ports in host byte order; for ICMP, of types.
///
/// # Examples
///
/// ```
/// use netpol_core::PortRange;
///
/// let range = PortRange::new(80, 90);
/// assert!(range.contains(85) && !range.contains(91));
/// // An end that is not above the start is no end (PORTV-8).
/// assert_eq!(PortRange::new(443, 80), PortRange::single(443));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortRange {
    start: u16,
    end: u16,
}

impl PortRange {
    /// Every port.
    pub const ALL: Self = Self { start: 0, end: u16::MAX };

    /// Returns `start..=end`, or the single port `start` if `end` is not greater (PORT-8).
    #[must_use]
    pub const fn new(start: u16, end: u16) -> Self {
        let end = if end > start { end } else { start };
        Self { start, end }
    }

    /// Returns the range of one port.
    #[must_use]
    pub const fn single(port: u16) -> Self {
        Self { start: port, end: port }
    }

    /// Returns the first port.
    #[must_use]
    pub const fn start(self) -> u16 {
        self.start
    }

    /// Returns the last port.
    #[must_use]
    pub const fn end(self) -> u16 {
        self.end
    }

    /// Tells whether every port is in the range.
    #[must_use]
    pub const fn is_all(self) -> bool {
        self.start == 0 && self.end == u16::MAX
    }

    /// Tells whether `port` is in the range.
    #[must_use]
    pub const fn contains(self, port: u16) -> bool {
        self.start <= port && port <= self.end
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.start == self.end {
            write!(f, "{}", self.start)
        } else {
            write!(f, "{}-{}", self.start, self.end)
        }
    }
}
