//! Transport headers: TCP (RFC 9293), UDP (RFC 768), SCTP (RFC 9260), ICMP (RFC 792, RFC 4443).

use core::net::IpAddr;

use super::{
    BadPacket, Fragment, Headers, IcmpMessage, Parsed, TcpFlags, Transport, Tuple, ipv4, ipv6,
};
use crate::Protocol;

/// The most bytes of a packet behind its IP header.
const MAX_PAYLOAD: usize = 65_535;

/// What comes behind the IP headers, and what they say.
pub(super) struct Payload<'a> {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) protocol: Protocol,
    pub(super) fragment: Option<Fragment>,
    pub(super) ip_options: bool,
    pub(super) bytes: &'a [u8],
}

impl Payload<'_> {
    /// Returns the headers with these ports.
    #[inline(always)]
    fn headers(&self, [src_port, dst_port]: [u16; 2], transport: Transport) -> Parsed {
        let Self { src, dst, protocol, fragment, ip_options, .. } = *self;
        let tuple = Tuple { src, dst, protocol, src_port, dst_port };
        Parsed::Ip(Headers { tuple, transport, fragment, ip_options })
    }
}

/// Reads the transport header.
// PERF: each kind of packet is written where the caller wants it, at once. Put together from parts, it would be
// copied right after its bytes were written one by one, and processors wait there: 38 ns instead of 14.
#[inline(always)]
pub(super) fn parse(payload: Payload<'_>) -> Parsed {
    let Payload { protocol, fragment, bytes, .. } = payload;
    if let Some(fragment) = fragment {
        match check_fragment(protocol, fragment, bytes.len()) {
            Err(bad) => return Parsed::Bad(bad),
            Ok(()) if fragment.offset > 0 => return payload.headers([0, 0], Transport::Missing), // PKT-2
            Ok(()) => {}
        }
    }
    match protocol {
        Protocol::TCP => match bytes.first_chunk::<20>() {
            Some([.., offset, _, _, _, _, _, _, _]) if offset >> 4 < 5 => {
                Parsed::Bad(BadPacket::HeaderLength)
            }
            Some([a, b, c, d, .., flags, _, _, _, _, _, _]) => {
                payload.headers(ports([*a, *b, *c, *d]), Transport::Tcp(TcpFlags::new(*flags)))
            }
            None => Parsed::Bad(BadPacket::Truncated),
        },
        Protocol::UDP => match bytes.first_chunk::<8>() {
            Some([a, b, c, d, ..]) => payload.headers(ports([*a, *b, *c, *d]), Transport::Udp),
            None => Parsed::Bad(BadPacket::Truncated),
        },
        Protocol::SCTP => match bytes.first_chunk::<12>() {
            Some([a, b, c, d, ..]) => payload.headers(ports([*a, *b, *c, *d]), Transport::Sctp),
            None => Parsed::Bad(BadPacket::Truncated),
        },
        Protocol::ICMP | Protocol::ICMPV6 if is_icmp_of_family(protocol, payload.src) => {
            parse_icmp(&payload)
        }
        _ => payload.headers([0, 0], Transport::Other),
    }
}

/// Returns the two ports that a transport header begins with.
#[inline(always)]
const fn ports([a, b, c, d]: [u8; 4]) -> [u16; 2] {
    [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]
}

#[inline(never)]
fn parse_icmp(payload: &Payload<'_>) -> Parsed {
    let Payload { dst, protocol, bytes, .. } = *payload;
    let Some((head, rest)) = bytes.split_first_chunk::<8>() else {
        return Parsed::Bad(BadPacket::Truncated);
    };
    let [kind, code, _, _, id0, id1, ..] = *head;
    // A report goes to who sent the packet that it is about.
    let about = match IcmpMessage::is_error(protocol, kind) {
        true => quote(protocol, rest).filter(|about| about.src == dst),
        false => None,
    };
    let message = IcmpMessage { kind, code, about };
    payload.headers(echo_ports(protocol, kind, [id0, id1]), Transport::Icmp(message))
}

/// Returns the tuple of a quoted packet; an error quotes 8 bytes of its payload at least.
pub(super) fn quoted(src: IpAddr, dst: IpAddr, protocol: Protocol, bytes: &[u8]) -> Option<Tuple> {
    let [a, b, c, d, e, f, ..] = *bytes.first_chunk::<8>()?;
    let [src_port, dst_port] = match protocol {
        Protocol::TCP | Protocol::UDP | Protocol::SCTP => ports([a, b, c, d]),
        Protocol::ICMP | Protocol::ICMPV6 => {
            // There are no errors about errors, and nothing else is tracked.
            if !is_icmp_of_family(protocol, src) || !IcmpMessage::is_echo(protocol, a) {
                return None;
            }
            echo_ports(protocol, a, [e, f])
        }
        _ => [0, 0],
    };
    Some(Tuple { src, dst, protocol, src_port, dst_port })
}

/// Returns what stands for the ports of an ICMP message: see [`Tuple`].
fn echo_ports(protocol: Protocol, kind: u8, id: [u8; 2]) -> [u16; 2] {
    let id = u16::from_be_bytes(id);
    match (protocol, kind) {
        (Protocol::ICMP, 8) | (Protocol::ICMPV6, 128) => [0, id],
        (Protocol::ICMP, 0) | (Protocol::ICMPV6, 129) => [id, 0],
        _ => [0, 0],
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
