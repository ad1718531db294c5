//! Transport headers: TCP (RFC 9293), UDP (RFC 768), SCTP (RFC 9260), ICMP (RFC 792, RFC 4443).

use core::net::IpAddr;

use super::{BadPacket, Fragment, IcmpMessage, TcpFlags, Transport, Tuple, ipv4, ipv6};
use crate::Protocol;

/// The most bytes of a packet behind its IP header.
const MAX_PAYLOAD: usize = 65_535;

/// What comes behind the IP headers.
pub(super) struct Payload<'a> {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) protocol: Protocol,
    pub(super) fragment: Option<Fragment>,
    pub(super) bytes: &'a [u8],
}

/// Reads the transport header.
pub(super) fn parse(payload: Payload<'_>) -> Result<(Tuple, Transport), BadPacket> {
    let Payload { src, dst, protocol, fragment, bytes } = payload;
    if let Some(fragment) = fragment {
        check_fragment(protocol, fragment, bytes.len())?;
    }
    let tuple = |src_port, dst_port| Tuple { src, dst, protocol, src_port, dst_port };
    if fragment.is_some_and(|fragment| fragment.offset > 0) {
        return Ok((tuple(0, 0), Transport::Missing)); // PKT-2
    }
    match protocol {
        Protocol::TCP => {
            let header: &[u8; 20] = bytes.first_chunk().ok_or(BadPacket::Truncated)?;
            let [a, b, c, d, _, _, _, _, _, _, _, _, offset, flags, ..] = *header;
            if offset >> 4 < 5 {
                return Err(BadPacket::HeaderLength);
            }
            let tuple = tuple(u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            Ok((tuple, Transport::Tcp(TcpFlags::new(flags))))
        }
        Protocol::UDP => {
            let [a, b, c, d, ..] = *bytes.first_chunk::<8>().ok_or(BadPacket::Truncated)?;
            let tuple = tuple(u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            Ok((tuple, Transport::Udp))
        }
        Protocol::SCTP => {
            let [a, b, c, d, ..] = *bytes.first_chunk::<12>().ok_or(BadPacket::Truncated)?;
            let tuple = tuple(u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            Ok((tuple, Transport::Sctp))
        }
        Protocol::ICMP | Protocol::ICMPV6 if is_icmp_of_family(protocol, src) => {
            let (head, rest) = bytes.split_first_chunk::<8>().ok_or(BadPacket::Truncated)?;
            let [kind, code, _, _, id0, id1, ..] = *head;
            let (src_port, dst_port) = echo_ports(protocol, kind, [id0, id1]);
            // A report goes to who sent the packet that it is about.
            let about = match IcmpMessage::is_error(protocol, kind) {
                true => quote(protocol, rest).filter(|about| about.src == dst),
                false => None,
            };
            let message = IcmpMessage { kind, code, about };
            Ok((tuple(src_port, dst_port), Transport::Icmp(message)))
        }
        _ => Ok((tuple(0, 0), Transport::Other)),
    }
}

/// Returns the tuple of a quoted packet; an error quotes 8 bytes of its payload at least.
pub(super) fn quoted(src: IpAddr, dst: IpAddr, protocol: Protocol, bytes: &[u8]) -> Option<Tuple> {
    let [a, b, c, d, e, f, ..] = *bytes.first_chunk::<8>()?;
    let (src_port, dst_port) = match protocol {
        Protocol::TCP | Protocol::UDP | Protocol::SCTP => {
            (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))
        }
        Protocol::ICMP | Protocol::ICMPV6 => {
            // There are no errors about errors, and nothing else is tracked.
            if !is_icmp_of_family(protocol, src) || !IcmpMessage::is_echo(protocol, a) {
                return None;
            }
            echo_ports(protocol, a, [e, f])
        }
        _ => (0, 0),
    };
    Some(Tuple { src, dst, protocol, src_port, dst_port })
}

/// Returns what stands for the ports of an ICMP message: see [`Tuple`].
fn echo_ports(protocol: Protocol, kind: u8, id: [u8; 2]) -> (u16, u16) {
    let id = u16::from_be_bytes(id);
    match (protocol, kind) {
        (Protocol::ICMP, 8) | (Protocol::ICMPV6, 128) => (0, id),
        (Protocol::ICMP, 0) | (Protocol::ICMPV6, 129) => (id, 0),
        _ => (0, 0),
    }
}

fn quote(protocol: Protocol, bytes: &[u8]) -> Option<Tuple> {
    match protocol {
        Protocol::ICMP => ipv4::quoted(bytes),
        _ => ipv6::quoted(bytes),
    }
}

/// Tells whether ICMP is that of the address family; the other one is a protocol like any other.
fn is_icmp_of_family(protocol: Protocol, addr: IpAddr) -> bool {
    (protocol == Protocol::ICMP) == addr.is_ipv4()
}

fn check_fragment(protocol: Protocol, fragment: Fragment, len: usize) -> Result<(), BadPacket> {
    if protocol.is_icmp() {
        return Err(BadPacket::FragmentedIcmp); // PKT-3
    }
    // RFC 1858: no fragment may write over the flags of the TCP header in the first one.
    let over_tcp = protocol == Protocol::TCP && 0 < fragment.offset && fragment.offset < 20;
    let too_long = usize::from(fragment.offset) + len > MAX_PAYLOAD;
    if over_tcp || too_long || (fragment.more && len == 0) {
        return Err(BadPacket::Fragment);
    }
    Ok(())
}
