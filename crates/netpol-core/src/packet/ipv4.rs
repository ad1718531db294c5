//! The IPv4 header (RFC 791).

use core::net::{IpAddr, Ipv4Addr};

use super::transport::{self, Payload};
use super::{BadPacket, Fragment, Tuple};
use crate::Protocol;

const HEADER: usize = 20;

/// Reads a packet that begins with an IPv4 header, up to what that carries.
#[inline(always)]
pub(super) fn parse(packet: &[u8]) -> Result<Payload<'_>, BadPacket> {
    let header = Header::read(packet)?;
    // Behind the total length there may be padding of the frame.
    let packet = packet.get(..header.total_len).ok_or(BadPacket::Truncated)?;
    Ok(Payload {
        src: IpAddr::V4(header.src),
        dst: IpAddr::V4(header.dst),
        protocol: header.protocol,
        fragment: header.fragment,
        ip_options: header.len > HEADER,
        bytes: packet.get(header.len..).ok_or(BadPacket::HeaderLength)?,
    })
}

/// Returns the tuple of a packet that an ICMP error quotes, if it is quoted far enough.
pub(super) fn quoted(packet: &[u8]) -> Option<Tuple> {
    let header = Header::read(packet).ok()?;
    if header.fragment.is_some_and(|fragment| fragment.offset > 0) {
        return None;
    }
    let bytes = packet.get(header.len..)?;
    transport::quoted(IpAddr::V4(header.src), IpAddr::V4(header.dst), header.protocol, bytes)
}

struct Header {
    src: Ipv4Addr,
    dst: Ipv4Addr,
    protocol: Protocol,
    fragment: Option<Fragment>,
    // Lengths in bytes, of the header and of the packet.
    len: usize,
    total_len: usize,
}

impl Header {
    #[inline(always)]
    fn read(packet: &[u8]) -> Result<Self, BadPacket> {
        let header: &[u8; HEADER] = packet.first_chunk().ok_or(BadPacket::Truncated)?;
        let [first, _, len0, len1, id0, id1, frag0, frag1, _, protocol, _, _, rest @ ..] = *header;
        let [a, b, c, d, e, f, g, h] = rest;
        if first >> 4 != 4 {
            return Err(BadPacket::Version);
        }
        let len = usize::from(first & 0xf) * 4;
        let total_len = usize::from(u16::from_be_bytes([len0, len1]));
        if len < HEADER || total_len < len {
            return Err(BadPacket::HeaderLength);
        }
        let frag = u16::from_be_bytes([frag0, frag1]);
        let (offset, more) = ((frag & 0x1fff) * 8, frag & 0x2000 != 0);
        let id = u16::from_be_bytes([id0, id1]).into();
        Ok(Self {
            src: Ipv4Addr::new(a, b, c, d),
            dst: Ipv4Addr::new(e, f, g, h),
            protocol: Protocol::new(protocol),
            fragment: (more || offset > 0).then_some(Fragment { id, offset, more }),
            len,
            total_len,
        })
    }
}
