//! From the bytes of a packet to what policy and connection tracking ask of it.
//!
//! [`parse`] starts at an Ethernet header, [`parse_ip`] at an IP header. Both read headers
//! only, allocate nothing, and look at no more than 2 VLAN tags and
//! 8 IPv6 extension headers. A packet that cannot be trusted is
//! not an error but a verdict: [`Parsed::Bad`] with the reason, and it must be dropped.
//!
//! Checksums are not verified.

mod bad;
mod headers;
mod ipv4;
mod ipv6;
mod link;
mod transport;

pub use bad::BadPacket;
pub use headers::{Fragment, Headers, IcmpMessage, Parsed, TcpFlags, Transport, Tuple};
pub use link::{parse, parse_ip};
