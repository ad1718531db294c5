//! What a reader is asked about.

use std::net::IpAddr;

use netpol_core::Protocol;
use netpol_core::packet::{Headers, Transport};

/// The first packet of a connection, as far as policy is concerned.
///
/// Replies and ICMP errors that belong to a connection follow its verdict and are not asked
/// for (CT-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Packet {
    /// The source address.
    pub src: IpAddr,
    /// The destination address, after service translation (PKT-9).
    pub dst: IpAddr,
    /// The protocol.
    pub protocol: Protocol,
    /// The destination port in host byte order; the type for ICMP; 0 for protocols without
    /// ports (PORT-7, ICMP-2).
    pub port: u16,
    /// The code for ICMP, else 0. It counts for *fragmentation needed* only (ICMP-4).
    pub icmp_code: u8,
}

impl Packet {
    /// Returns the packet that opens a TCP connection.
    pub fn tcp(src: impl Into<IpAddr>, dst: impl Into<IpAddr>, port: u16) -> Self {
        Self::new(src, dst, Protocol::TCP, port)
    }

    /// Returns a UDP packet.
    pub fn udp(src: impl Into<IpAddr>, dst: impl Into<IpAddr>, port: u16) -> Self {
        Self::new(src, dst, Protocol::UDP, port)
    }

    /// Returns an ICMP packet of the family of its addresses.
    pub fn icmp(src: impl Into<IpAddr>, dst: impl Into<IpAddr>, kind: u8, code: u8) -> Self {
        let src: IpAddr = src.into();
        let protocol = if src.is_ipv4() { Protocol::ICMP } else { Protocol::ICMPV6 };
        Self { icmp_code: code, ..Self::new(src, dst, protocol, u16::from(kind)) }
    }

    /// Returns a packet of any protocol.
    pub fn new(
        src: impl Into<IpAddr>,
        dst: impl Into<IpAddr>,
        protocol: Protocol,
        port: u16,
    ) -> Self {
        Self { src: src.into(), dst: dst.into(), protocol, port, icmp_code: 0 }
    }

    /// Returns what policy is asked about a packet whose headers were read. The port of a fragment
    /// that does not tell is 0 (PKT-2).
    #[must_use]
    pub fn of(headers: &Headers) -> Self {
        let Headers { tuple, transport, .. } = headers;
        let icmp_code = match transport {
            Transport::Icmp(message) => message.code,
            _ => 0,
        };
        Self { icmp_code, ..Self::new(tuple.src, tuple.dst, tuple.protocol, headers.policy_port()) }
    }

    /// Tells whether this is ICMPv4 *fragmentation needed*, which passes before any lookup, even
    /// against a deny (ICMP-4).
    #[must_use]
    pub fn is_fragmentation_needed(&self) -> bool {
        self.protocol == Protocol::ICMP && self.port == 3 && self.icmp_code == 4
    }
}
