//! Why a packet cannot be trusted.

use core::fmt;

/// Why a packet is dropped before policy is asked (PKT-3, PKT-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BadPacket {
    /// It ends within a header.
    Truncated,
    /// It has more VLAN tags than are read.
    TooManyTags,
    /// The IP version is not that of the Ethernet type, or neither 4 nor 6.
    Version,
    /// A header says that it is shorter than it can be.
    HeaderLength,
    /// It has more IPv6 extension headers than are read, or one of them twice that may be there once.
    TooManyExtensions,
    /// It asks to be routed to somewhere else than its destination (RFC 5095).
    SourceRoute,
    /// It is a fragment of an ICMP message (PKT-3).
    FragmentedIcmp,
    /// It is a fragment that may be laid over ports or flags, or reaches behind the longest packet
    /// (RFC 1858, RFC 3128).
    Fragment,
}

impl BadPacket {
    /// Returns the reason in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Truncated => "truncated header",
            Self::TooManyTags => "too many vlan tags",
            Self::Version => "unknown ip version",
            Self::HeaderLength => "invalid header length",
            Self::TooManyExtensions => "too many extension headers",
            Self::SourceRoute => "source route",
            Self::FragmentedIcmp => "fragmented icmp",
            Self::Fragment => "invalid fragment",
        }
    }
}

impl fmt::Display for BadPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
