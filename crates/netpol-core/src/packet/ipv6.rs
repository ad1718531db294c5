//! The IPv6 header and its extension headers (RFC 8200).

use core::net::{IpAddr, Ipv6Addr};

use super::transport::{self, Payload};
use super::{BadPacket, Fragment, Tuple};
use crate::Protocol;

const HEADER: usize = 40;
/// The most extension headers that are read; RFC 8200 knows of seven at once.
const MAX_EXTENSIONS: usize = 8;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;

/// Reads a packet that begins with an IPv6 header, up to what that carries.
#[inline(always)]
pub(super) fn parse(packet: &[u8]) -> Result<Payload<'_>, BadPacket> {
    let header = Header::read(packet)?;
    let rest = packet.get(HEADER..).unwrap_or_default();
    // Behind the payload there may be padding of the frame.
    let payload = rest.get(..header.payload_len).ok_or(BadPacket::Truncated)?;
    let Upper { protocol, fragment, bytes } = Upper::find(header.next, payload)?;
    let (src, dst) = (IpAddr::V6(header.src), IpAddr::V6(header.dst));
    Ok(Payload { src, dst, protocol, fragment, ip_options: false, bytes })
}

/// Returns the tuple of a packet that an ICMP error quotes, if it is quoted far enough.
pub(super) fn quoted(packet: &[u8]) -> Option<Tuple> {
    let header = Header::read(packet).ok()?;
    let Upper { protocol, fragment, bytes } =
        Upper::find(header.next, packet.get(HEADER..)?).ok()?;
    if fragment.is_some_and(|fragment| fragment.offset > 0) {
        return None;
    }
    transport::quoted(IpAddr::V6(header.src), IpAddr::V6(header.dst), protocol, bytes)
}

struct Header {
    src: Ipv6Addr,
    dst: Ipv6Addr,
    next: u8,
    // In bytes.
    payload_len: usize,
}

impl Header {
    #[inline(always)]
    fn read(packet: &[u8]) -> Result<Self, BadPacket> {
        let (head, rest) = packet.split_first_chunk::<8>().ok_or(BadPacket::Truncated)?;
        let (src, rest) = rest.split_first_chunk::<16>().ok_or(BadPacket::Truncated)?;
        let dst = rest.first_chunk::<16>().ok_or(BadPacket::Truncated)?;
        let [first, _, _, _, len0, len1, next, _] = *head;
        if first >> 4 != 6 {
            return Err(BadPacket::Version);
        }
        Ok(Self {
            src: Ipv6Addr::from(*src),
            dst: Ipv6Addr::from(*dst),
            next,
            payload_len: usize::from(u16::from_be_bytes([len0, len1])),
        })
    }
}

/// What comes behind the extension headers.
struct Upper<'a> {
    protocol: Protocol,
    fragment: Option<Fragment>,
    bytes: &'a [u8],
}

impl<'a> Upper<'a> {
    fn find(mut next: u8, mut bytes: &'a [u8]) -> Result<Self, BadPacket> {
        let mut fragment = None;
        for _ in 0..=MAX_EXTENSIONS {
            let later = fragment.is_some_and(|fragment: Fragment| fragment.offset > 0);
            let is_extension =
                matches!(next, HOP_BY_HOP | ROUTING | FRAGMENT | AUTHENTICATION | DESTINATION);
            // What follows in a later fragment is payload, whatever its header was.
            if later || !is_extension {
                let protocol = Protocol::new(next);
                return Ok(Self { protocol, fragment, bytes });
            }
            let head: &[u8; 8] = bytes.first_chunk().ok_or(BadPacket::Truncated)?;
            let [following, len, kind, left, ..] = *head;
            let size = match next {
                FRAGMENT if fragment.is_some() => return Err(BadPacket::TooManyExtensions),
                FRAGMENT => {
                    fragment = read_fragment(*head);
                    8
                }
                // RFC 5095: a route of this type says that the destination is not the last one.
                ROUTING if kind == 0 && left > 0 => return Err(BadPacket::SourceRoute),
                AUTHENTICATION => (usize::from(len) + 2) * 4,
                _ => (usize::from(len) + 1) * 8,
            };
            bytes = bytes.get(size..).ok_or(BadPacket::Truncated)?;
            next = following;
        }
        Err(BadPacket::TooManyExtensions)
    }
}

/// Returns the fragment that a fragment header describes; `None` for a whole packet (RFC 6946).
fn read_fragment(head: [u8; 8]) -> Option<Fragment> {
    let [_, _, frag0, frag1, id @ ..] = head;
    let frag = u16::from_be_bytes([frag0, frag1]);
    let (offset, more) = (frag & 0xfff8, frag & 1 != 0);
    let id = u32::from_be_bytes(id);
    (more || offset > 0).then_some(Fragment { id, offset, more })
}
