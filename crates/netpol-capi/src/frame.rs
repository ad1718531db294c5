//! What a reader says about packets as bytes.

use core::mem::MaybeUninit;

use netpol::{BadPacket, FrameDrop, FrameVerdict, PacketVerdict, Protocol, Reader, Side};

use crate::error::{Failure, netpol_status};
use crate::guard::guard_status;
use crate::pointer::{exclusive, places, slice};
use crate::reader::{CHUNK, netpol_reader};
use crate::verdict::netpol_verdict;
use crate::{NETPOL_NULL, NETPOL_OK};

/// The packet must be dropped, whatever policy says: `drop_reason` says why.
pub const NETPOL_FRAME_DROP: u8 = 0;
/// The policies of both sides were asked; `verdict` is what they say.
pub const NETPOL_FRAME_PACKET: u8 = 1;
/// The same for a fragment of an IPv4 packet behind the first one: only entries for every port matched it.
pub const NETPOL_FRAME_FRAGMENT: u8 = 2;
/// Not an IP packet: `ether_type` says what it is. Only ARP may pass.
pub const NETPOL_FRAME_NOT_IP: u8 = 3;

/// There is no verdict, because the question was wrong or the library failed.
pub const NETPOL_DROP_ERROR: u8 = 0;
/// The packet ends within a header.
pub const NETPOL_DROP_TRUNCATED: u8 = 1;
/// It has more VLAN tags than are read.
pub const NETPOL_DROP_TOO_MANY_TAGS: u8 = 2;
/// The IP version is not that of the Ethernet type, or neither 4 nor 6.
pub const NETPOL_DROP_VERSION: u8 = 3;
/// A header says that it is shorter than it can be.
pub const NETPOL_DROP_HEADER_LENGTH: u8 = 4;
/// It has more IPv6 extension headers than are read.
pub const NETPOL_DROP_TOO_MANY_EXTENSIONS: u8 = 5;
/// It asks to be routed to somewhere else than its destination.
pub const NETPOL_DROP_SOURCE_ROUTE: u8 = 6;
/// It is a fragment of an ICMP message.
pub const NETPOL_DROP_FRAGMENTED_ICMP: u8 = 7;
/// It is a fragment that cannot be trusted.
pub const NETPOL_DROP_FRAGMENT: u8 = 8;
/// Its IPv4 header has options.
pub const NETPOL_DROP_IP_OPTIONS: u8 = 9;
/// It is a fragment of an IPv6 packet behind the first one.
pub const NETPOL_DROP_IPV6_FRAGMENT: u8 = 10;
/// It cannot be trusted for a reason that this version of the ABI has no number for.
pub const NETPOL_DROP_BAD_PACKET: u8 = 255;

/// The bytes of a packet.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct netpol_bytes {
    /// The first byte; may be NULL if `len` is 0.
    pub data: *const u8,
    /// The number of bytes.
    pub len: usize,
}

/// The answer for a packet as bytes. All zero means that it must not pass.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct netpol_frame_verdict {
    /// What the policies of both sides say, if they were asked; else a deny. Ports and protocols of sides are
    /// those that a policy was asked about, and 0 if none was.
    pub verdict: netpol_verdict,
    /// For packets that are not IP the Ethernet type in host byte order, else 0.
    pub ether_type: u16,
    /// `NETPOL_FRAME_...`.
    pub kind: u8,
    /// `NETPOL_DROP_...`, for `NETPOL_FRAME_DROP`.
    pub drop_reason: u8,
    /// 1 if the packet may pass, be it through a proxy; else 0.
    pub allowed: u8,
    /// 1 for a fragment that is denied because no entry for every port allows it, else 0.
    pub unsupported_fragment: u8,
    /// 0.
    pub reserved: [u8; 2],
}

/// Writes the verdict on a packet of `len` bytes from `data` on, which begins with an Ethernet header. Allocates
/// nothing.
///
/// A packet that cannot be read is no failure but dropped, with the reason. On any failure `verdict` is a drop,
/// and the status says why.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_reader_frame_verdict(
    reader: *mut netpol_reader,
    data: *const u8,
    len: usize,
    verdict: *mut netpol_frame_verdict,
) -> netpol_status {
    // SAFETY: what this function asks of its caller is what the other one does.
    unsafe { one(reader, data, len, verdict, Reader::frame_verdict) }
}

/// Does what `netpol_reader_frame_verdict` does for a packet that begins with its IP header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_reader_ip_verdict(
    reader: *mut netpol_reader,
    data: *const u8,
    len: usize,
    verdict: *mut netpol_frame_verdict,
) -> netpol_status {
    // SAFETY: what this function asks of its caller is what the other one does.
    unsafe { one(reader, data, len, verdict, Reader::ip_verdict) }
}

/// Writes the verdicts on `count` packets, which begin with Ethernet headers, to as many places. Allocates
/// nothing. Each verdict is that of one whole revision.
///
/// The status is that of the first packet whose bytes are not there, NETPOL_NULL; its verdict, and those of others
/// like it, is a drop, and all others are judged all the same. If nothing can be judged, every verdict is a drop.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_reader_frame_verdict_batch(
    reader: *mut netpol_reader,
    frames: *const netpol_bytes,
    verdicts: *mut netpol_frame_verdict,
    count: usize,
) -> netpol_status {
    // SAFETY: what this function asks of its caller is what the other one does.
    unsafe { many(reader, frames, verdicts, count, Reader::frame_verdict_batch) }
}

/// Does what `netpol_reader_frame_verdict_batch` does for packets that begin with their IP headers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_reader_ip_verdict_batch(
    reader: *mut netpol_reader,
    packets: *const netpol_bytes,
    verdicts: *mut netpol_frame_verdict,
    count: usize,
) -> netpol_status {
    // SAFETY: what this function asks of its caller is what the other one does.
    unsafe { many(reader, packets, verdicts, count, Reader::ip_verdict_batch) }
}

/// Judges one packet.
///
/// # Safety
///
/// The pointers are as conventions 1 to 4 of the header have them.
unsafe fn one(
    reader: *mut netpol_reader,
    data: *const u8,
    len: usize,
    verdict: *mut netpol_frame_verdict,
    ask: impl FnOnce(&mut Reader, &[u8]) -> FrameVerdict,
) -> netpol_status {
    // SAFETY: the caller promises an output or NULL (convention 3), of which nothing is asked.
    let Some(place) = (unsafe { verdict.cast::<MaybeUninit<netpol_frame_verdict>>().as_mut() })
    else {
        return NETPOL_NULL;
    };
    let place = place.write(netpol_frame_verdict::DROP);
    guard_status(|| {
        // SAFETY: the caller promises NULL or a reader of its own (conventions 1 and 2).
        let reader = unsafe { exclusive(reader, "reader") }?;
        // SAFETY: the caller promises so many bytes, or NULL (convention 4).
        let packet = unsafe { slice(data, len, "data") }?;
        place.fill(&ask(&mut reader.reader, packet));
        Ok(())
    })
}

/// Judges packets, many together.
///
/// # Safety
///
/// The pointers are as conventions 1 to 4 of the header have them.
unsafe fn many(
    reader: *mut netpol_reader,
    packets: *const netpol_bytes,
    verdicts: *mut netpol_frame_verdict,
    count: usize,
    ask: impl Fn(&mut Reader, &[&[u8]], &mut [FrameVerdict]),
) -> netpol_status {
    // SAFETY: the caller promises place for so many verdicts, or NULL (convention 3).
    let places = match unsafe { places(verdicts, count, "verdicts") } {
        Ok(places) => places,
        Err(failure) => return failure.status(),
    };
    places.fill(MaybeUninit::new(netpol_frame_verdict::DROP));
    let mut first_bad = NETPOL_OK;
    let status = guard_status(|| {
        // SAFETY: the caller promises NULL or a reader of its own (conventions 1 and 2).
        let reader = unsafe { exclusive(reader, "reader") }?;
        // SAFETY: the caller promises so many packets, or NULL (convention 3).
        let packets = unsafe { slice(packets, count, "packets") }?;
        for (packets, places) in packets.chunks(CHUNK).zip(places.chunks_mut(CHUNK)) {
            let mut frames: [&[u8]; CHUNK] = [&[]; CHUNK];
            for (frame, packet) in frames.iter_mut().zip(packets) {
                // SAFETY: the caller promises the bytes, or NULL (convention 4).
                match unsafe { slice(packet.data, packet.len, "data") } {
                    Ok(bytes) => *frame = bytes,
                    // It is asked about as an empty packet, which is dropped.
                    Err(failure) => first_bad = first_of(first_bad, &failure),
                }
            }
            reader.judge(&ask, frames.get(..packets.len()).unwrap_or_default(), places);
        }
        Ok(())
    });
    if status == NETPOL_OK {
        return first_bad;
    }
    // Also what was judged before a panic.
    places.fill(MaybeUninit::new(netpol_frame_verdict::DROP));
    status
}

fn first_of(status: netpol_status, failure: &Failure) -> netpol_status {
    if status == NETPOL_OK { failure.status() } else { status }
}

impl netpol_reader {
    fn judge(
        &mut self,
        ask: &impl Fn(&mut Reader, &[&[u8]], &mut [FrameVerdict]),
        frames: &[&[u8]],
        places: &mut [MaybeUninit<netpol_frame_verdict>],
    ) {
        let mut answers = [FrameVerdict::DENY; CHUNK];
        ask(&mut self.reader, frames, &mut answers);
        for (place, answer) in places.iter_mut().zip(&answers) {
            place.write(netpol_frame_verdict::DROP).fill(answer);
        }
    }
}

impl netpol_frame_verdict {
    /// The answer where there is none.
    const DROP: Self = Self {
        verdict: netpol_verdict::DENY,
        ether_type: 0,
        kind: NETPOL_FRAME_DROP,
        drop_reason: NETPOL_DROP_ERROR,
        allowed: 0,
        unsupported_fragment: 0,
        reserved: [0; 2],
    };

    /// Puts an answer in the place of a drop; whether the packet may pass comes last.
    fn fill(&mut self, answer: &FrameVerdict) {
        match answer {
            FrameVerdict::Packet(verdict) => self.fill_asked(NETPOL_FRAME_PACKET, verdict),
            FrameVerdict::Fragment(verdict) => self.fill_asked(NETPOL_FRAME_FRAGMENT, verdict),
            FrameVerdict::NotIp(ether_type) => {
                (self.kind, self.ether_type) = (NETPOL_FRAME_NOT_IP, *ether_type);
            }
            FrameVerdict::Drop(reason) => self.drop_reason = drop_number(*reason),
        }
        self.unsupported_fragment = answer.is_unsupported_fragment().into();
        self.allowed = answer.is_allowed().into();
    }

    fn fill_asked(&mut self, kind: u8, verdict: &PacketVerdict) {
        self.kind = kind;
        let asked = [&verdict.egress, &verdict.ingress].into_iter().find_map(|side| match side {
            Side::Policy { flow, .. } => Some((flow.protocol, flow.port)),
            Side::None | Side::Exempt { .. } => None,
        });
        self.verdict.fill(asked.unwrap_or((Protocol::ANY, 0)), verdict);
    }
}

const fn drop_number(reason: FrameDrop) -> u8 {
    match reason {
        FrameDrop::IpOptions => NETPOL_DROP_IP_OPTIONS,
        FrameDrop::Ipv6Fragment => NETPOL_DROP_IPV6_FRAGMENT,
        FrameDrop::Bad(bad) => match bad {
            BadPacket::Truncated => NETPOL_DROP_TRUNCATED,
            BadPacket::TooManyTags => NETPOL_DROP_TOO_MANY_TAGS,
            BadPacket::Version => NETPOL_DROP_VERSION,
            BadPacket::HeaderLength => NETPOL_DROP_HEADER_LENGTH,
            BadPacket::TooManyExtensions => NETPOL_DROP_TOO_MANY_EXTENSIONS,
            BadPacket::SourceRoute => NETPOL_DROP_SOURCE_ROUTE,
            BadPacket::FragmentedIcmp => NETPOL_DROP_FRAGMENTED_ICMP,
            BadPacket::Fragment => NETPOL_DROP_FRAGMENT,
            _ => NETPOL_DROP_BAD_PACKET,
        },
    }
}
