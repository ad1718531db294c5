//! From the Ethernet header to the IP header.

use super::transport::{self, Payload};
use super::{BadPacket, Parsed, ipv4, ipv6};

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
/// The most VLAN tags that are read: one of the customer, one of the provider.
const MAX_TAGS: usize = 2;

/// Reads a packet that begins with an Ethernet header.
///
/// # Examples
///
/// ```
/// use netpol_core::packet::{BadPacket, Parsed, parse};
///
/// assert_eq!(parse(&[0; 7]), Parsed::Bad(BadPacket::Truncated));
/// let mut arp = [0; 42];
/// arp[12..14].copy_from_slice(&[0x08, 0x06]);
/// assert_eq!(parse(&arp), Parsed::NotIp(0x0806));
/// ```
#[must_use]
pub fn parse(frame: &[u8]) -> Parsed {
    let Some(([.., high, low], mut rest)) = frame.split_first_chunk::<14>() else {
        return Parsed::Bad(BadPacket::Truncated);
    };
    let mut kind = u16::from_be_bytes([*high, *low]);
    for _ in 0..MAX_TAGS {
        if !is_tag(kind) {
            break;
        }
        let Some(([_, _, high, low], inner)) = rest.split_first_chunk::<4>() else {
            return Parsed::Bad(BadPacket::Truncated);
        };
        kind = u16::from_be_bytes([*high, *low]);
        rest = inner;
    }
    match kind {
        IPV4 => finish(ipv4::parse(rest)),
        IPV6 => finish(ipv6::parse(rest)),
        tag if is_tag(tag) => Parsed::Bad(BadPacket::TooManyTags),
        other => Parsed::NotIp(other),
    }
}

/// Reads a packet that begins with an IP header of either version.
///
/// # Examples
///
/// ```
/// use netpol_core::Protocol;
/// use netpol_core::packet::parse_ip;
///
/// let bytes = [
///     0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 1, 2, 10, 0, 2, 3, // IPv4
///     0x9c, 0x40, 0, 53, 0, 8, 0, 0, // UDP
/// ];
/// let parsed = parse_ip(&bytes);
/// let headers = parsed.headers().unwrap();
/// assert_eq!(headers.tuple.protocol, Protocol::UDP);
/// assert_eq!((headers.tuple.src_port, headers.policy_port()), (40_000, 53));
/// ```
#[must_use]
pub fn parse_ip(packet: &[u8]) -> Parsed {
    match packet.first().map(|first| first >> 4) {
        None => Parsed::Bad(BadPacket::Truncated),
        Some(4) => finish(ipv4::parse(packet)),
        Some(6) => finish(ipv6::parse(packet)),
        Some(_) => Parsed::Bad(BadPacket::Version),
    }
}

/// Tells whether a VLAN tag follows (IEEE 802.1Q, 802.1ad).
const fn is_tag(kind: u16) -> bool {
    matches!(kind, 0x8100 | 0x88a8)
}

#[inline(always)]
fn finish(payload: Result<Payload<'_>, BadPacket>) -> Parsed {
    payload.map_or_else(Parsed::Bad, transport::parse)
}
