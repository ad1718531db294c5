//! What is read from a packet.

use core::fmt;
use core::net::IpAddr;

use super::BadPacket;
use crate::{Direction, Flow, IdentityId, Protocol};

/// What the bytes of a packet are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// An IP packet.
    Ip(Headers),
    /// Not an IP packet: the Ethernet type, such as 0x0806 for ARP. Policy has nothing to say
    /// about it (PKT-4).
    NotIp(u16),
    /// A packet that must be dropped, whatever policy says.
    Bad(BadPacket),
}

impl Parsed {
    /// Returns the headers, if this is an IP packet.
    #[must_use]
    pub const fn headers(&self) -> Option<&Headers> {
        match self {
            Self::Ip(headers) => Some(headers),
            Self::NotIp(_) | Self::Bad(_) => None,
        }
    }
}

/// What packets of one direction of a connection have in common.
///
/// Ports are in host byte order. They are 0 where the protocol has none; of an ICMP echo
/// request the identifier is the destination port, and of an echo reply the source
/// port, so that the reply to a packet has the reversed tuple, and another request has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tuple {
    /// The source address.
    pub src: IpAddr,
    /// The destination address, of the same family.
    pub dst: IpAddr,
    /// The protocol.
    pub protocol: Protocol,
    /// The source port.
    pub src_port: u16,
    /// The destination port.
    pub dst_port: u16,
}

impl Tuple {
    /// Returns the tuple of the other direction.
    #[must_use]
    pub const fn reversed(&self) -> Self {
        Self {
            src: self.dst,
            dst: self.src,
            protocol: self.protocol,
            src_port: self.dst_port,
            dst_port: self.src_port,
        }
    }
}

/// The headers of an IP packet, as far as policy and connection tracking ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headers {
    /// Addresses, protocol and ports.
    pub tuple: Tuple,
    /// What the protocol says besides.
    pub transport: Transport,
    /// Which fragment it is, if it is one.
    pub fragment: Option<Fragment>,
    /// Whether the IPv4 header has options. Cilium drops such packets before policy (PKT-7).
    pub ip_options: bool,
}

impl Headers {
    /// Returns the port that policy is asked about: the destination port, the type of an ICMP
    /// message (ICMP-2), 0 for other protocols and for fragments that do not tell (PKT-2).
    #[must_use]
    pub const fn policy_port(&self) -> u16 {
        match self.transport {
            Transport::Icmp(message) => message.kind as u16,
            _ => self.tuple.dst_port,
        }
    }

    /// Returns the flow that this packet is to a policy: `peer` is the identity of the source on
    /// ingress, of the destination on egress (FLOW-1).
    #[must_use]
    pub const fn flow(&self, direction: Direction, peer: IdentityId) -> Flow {
        Flow { direction, peer, protocol: self.tuple.protocol, port: self.policy_port() }
    }

    /// Tells whether this is an ICMPv6 neighbour solicitation or advertisement. From a pod these
    /// are handled before policy (PKT-4).
    #[must_use]
    pub const fn is_neighbour_discovery(&self) -> bool {
        match self.transport {
            Transport::Icmp(IcmpMessage { kind, .. }) => {
                self.tuple.protocol.number() == Protocol::ICMPV6.number()
                    && matches!(kind, 135 | 136)
            }
            _ => false,
        }
    }

    /// Tells whether this is an ICMP message that a packet needs fragmentation. By default these
    /// are allowed without asking policy (ICMP-4).
    #[must_use]
    pub const fn is_fragmentation_needed(&self) -> bool {
        match self.transport {
            Transport::Icmp(IcmpMessage { kind, code, .. }) => {
                self.tuple.protocol.number() == Protocol::ICMP.number() && kind == 3 && code == 4
            }
            _ => false,
        }
    }
}

/// What the transport header says besides ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP and its flags.
    Tcp(TcpFlags),
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
    /// ICMP of either family.
    Icmp(IcmpMessage),
    /// Another protocol, none of whose bytes are read.
    Other,
    /// A fragment that does not begin with the transport header.
    Missing,
}

/// An ICMP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpMessage {
    /// The type.
    pub kind: u8,
    /// The code.
    pub code: u8,
    /// Of an error: the tuple of the packet that caused it, as its sender wrote it (CT-3). It is
    /// there only if that sender is who gets the message.
    pub about: Option<Tuple>,
}

impl IcmpMessage {
    /// Tells whether a message of this type reports about another packet (CT-3).
    #[must_use]
    pub const fn is_error(protocol: Protocol, kind: u8) -> bool {
        match protocol {
            Protocol::ICMP => matches!(kind, 3 | 11 | 12),
            Protocol::ICMPV6 => matches!(kind, 1..=4),
            _ => false,
        }
    }

    /// Tells whether a message of this type asks for an echo, or is one.
    #[must_use]
    pub const fn is_echo(protocol: Protocol, kind: u8) -> bool {
        match protocol {
            Protocol::ICMP => matches!(kind, 0 | 8),
            Protocol::ICMPV6 => matches!(kind, 128 | 129),
            _ => false,
        }
    }
}

/// The flags of a TCP header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct TcpFlags(u8);

impl TcpFlags {
    /// The sender has no more to say.
    pub const FIN: Self = Self(0x01);
    /// The sender begins a connection.
    pub const SYN: Self = Self(0x02);
    /// The connection does not exist, or no more.
    pub const RST: Self = Self(0x04);
    /// The sender has received something.
    pub const ACK: Self = Self(0x10);

    /// Returns the flags of byte 13 of a TCP header.
    #[must_use]
    pub const fn new(bits: u8) -> Self {
        Self(bits)
    }

    /// Returns the byte.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Tells whether all of these flags are set.
    #[must_use]
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}

impl core::ops::BitOr for TcpFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for TcpFlags {
    /// Writes the names of the flags that are set, with commas between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 8] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];
        let set = NAMES.iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 == 1);
        for (n, (_, name)) in set.enumerate() {
            let comma = if n == 0 { "" } else { "," };
            write!(f, "{comma}{name}")?;
        }
        Ok(())
    }
}

/// Which fragment of a packet this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fragment {
    /// The number that fragments of a packet share, per source, destination and protocol.
    pub id: u32,
    /// Where it begins, in bytes; 0 for the fragment with the transport header.
    pub offset: u16,
    /// Whether more fragments follow.
    pub more: bool,
}
