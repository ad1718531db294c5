//! What a packet asks of one endpoint's policy.

use core::fmt;

use crate::{IdentityId, Protocol};

/// The side of an endpoint that a flow meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Direction {
    /// Towards the endpoint; the peer is the source.
    Ingress = 0,
    /// From the endpoint; the peer is the destination.
    Egress = 1,
}

impl Direction {
    /// Both directions, ingress first.
    pub const BOTH: [Self; 2] = [Self::Ingress, Self::Egress];

    /// Returns 0 for ingress and 1 for egress, as kernel maps have it (MAP-14).
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns `ingress` or `egress`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a packet asks of one endpoint's policy (FLOW-1): everything a lookup needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    /// The side of the endpoint that is asked.
    pub direction: Direction,
    /// The identity of the other side: the source on ingress, the destination on egress.
    pub peer: IdentityId,
    /// The protocol of the packet.
    pub protocol: Protocol,
    /// The destination port of the connection's first packet, in host byte order; the type
    /// for ICMP, 0 for protocols without ports (PORT-7, ICMP-2).
    pub port: u16,
}
