//! Verdicts on packets as bytes.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use netpol_core::packet::{BadPacket, Headers, Parsed, Transport};
use netpol_core::{Decision, Direction, DropReason, Protocol};

use crate::batch::Ends;
use crate::snapshot::Snapshot;
use crate::{Packet, PacketVerdict, Side, batch};

/// How many frames are parsed before policy is asked about any.
const CHUNK: usize = 64;
/// The Ethernet type of ARP.
const ARP: u16 = 0x0806;

/// The answer for a packet as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameVerdict {
    /// The policies of both sides decided.
    Packet(PacketVerdict),
    /// A fragment of an IPv4 packet behind the first one, whose port is not known: only entries
    /// for every port matched it (PKT-2). Who tracks fragments asks for a [`Packet`] with the port
    /// of the first one.
    Fragment(PacketVerdict),
    /// Not an IP packet: the Ethernet type. ARP is no matter of policy (PKT-4).
    NotIp(u16),
    /// To be dropped, whatever policy says.
    Drop(FrameDrop),
}

/// Why a packet as bytes is dropped without policy being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameDrop {
    /// It cannot be trusted.
    Bad(BadPacket),
    /// Its IPv4 header has options (PKT-7).
    IpOptions,
    /// It is a fragment of an IPv6 packet behind the first one, whose port is not known (PKT-2).
    Ipv6Fragment,
}

impl FrameVerdict {
    /// The verdict that nothing passes with: to fill a slice that is then written to.
    pub const DENY: Self = Self::Drop(FrameDrop::Bad(BadPacket::Truncated));

    /// Tells whether the packet passes: both sides allow it, or it is ARP.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        match self {
            Self::Packet(verdict) | Self::Fragment(verdict) => verdict.is_allowed(),
            Self::NotIp(kind) => *kind == ARP,
            Self::Drop(_) => false,
        }
    }

    /// Returns what the policies of both sides said, if they were asked.
    #[must_use]
    pub const fn packet(&self) -> Option<&PacketVerdict> {
        match self {
            Self::Packet(verdict) | Self::Fragment(verdict) => Some(verdict),
            Self::NotIp(_) | Self::Drop(_) => None,
        }
    }

    const fn packet_mut(&mut self) -> Option<&mut PacketVerdict> {
        match self {
            Self::Packet(verdict) | Self::Fragment(verdict) => Some(verdict),
            Self::NotIp(_) | Self::Drop(_) => None,
        }
    }

    /// Tells whether it is a fragment that no entry for every port allows on ingress: Cilium reports
    /// these as `FRAG_NOSUPPORT` (PKT-2, LKP-5).
    #[must_use]
    pub fn is_unsupported_fragment(&self) -> bool {
        let Self::Fragment(verdict) = self else { return false };
        let ingress = verdict.side(Direction::Ingress).verdict();
        verdict.denied_at() == Some(Direction::Ingress)
            && ingress.is_some_and(|verdict| {
                verdict.decision() == Decision::DefaultDeny
                    && verdict.drop_reason() == Some(DropReason::Policy)
            })
    }
}

impl fmt::Display for FrameDrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad(bad) => fmt::Display::fmt(bad, f),
            Self::IpOptions => f.pad("ip options"),
            Self::Ipv6Fragment => f.pad("ipv6 fragment"),
        }
    }
}

/// Returns the verdict on what was parsed.
#[inline]
pub(crate) fn decide(snapshot: &Snapshot, parsed: &Parsed) -> FrameVerdict {
    let mut verdict = unasked(parsed);
    if let (Some(asked), Some(headers)) = (verdict.packet_mut(), parsed.headers()) {
        snapshot.write_verdict(&Packet::of(headers), asked);
        correct(snapshot, Exception::of(headers), asked);
    }
    verdict
}

/// Writes the verdict on each frame to the same index of `verdicts`; parses all of a few frames
/// before it asks policy about any.
pub(crate) fn decide_batch(
    snapshot: &Snapshot,
    (asked, ends): (&mut Asked, &mut Ends),
    frames: &[&[u8]],
    verdicts: &mut [FrameVerdict],
    parse: impl Fn(&[u8]) -> Parsed,
) {
    let Asked { packets, exceptions } = asked;
    for (frames, verdicts) in frames.chunks(CHUNK).zip(verdicts.chunks_mut(CHUNK)) {
        let mut exceptional = false;
        let places = packets.iter_mut().zip(&mut *exceptions);
        for ((frame, verdict), (packet, exception)) in frames.iter().zip(&mut *verdicts).zip(places)
        {
            let parsed = parse(frame);
            *verdict = unasked(&parsed);
            *exception = Exception::None;
            if let Some(headers) = parsed.headers() {
                *packet = Packet::of(headers);
                *exception = Exception::of(headers);
                exceptional |= *exception != Exception::None;
            }
        }
        let packets = packets.get(..frames.len()).unwrap_or_default();
        batch::decide(snapshot, ends, packets, verdicts, FrameVerdict::packet_mut);
        if exceptional {
            for (verdict, exception) in verdicts.iter_mut().zip(&*exceptions) {
                if let Some(verdict) = verdict.packet_mut() {
                    correct(snapshot, *exception, verdict);
                }
            }
        }
    }
}

/// What is asked about a few frames. Kept by a reader, as to fill it anew for each batch takes time.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    // Of frames that are decided it is asked in vain, and not looked at.
    packets: [Packet; CHUNK],
    exceptions: [Exception; CHUNK],
}

impl Asked {
    pub(crate) const fn new() -> Self {
        const ANY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let packet = Packet { src: ANY, dst: ANY, protocol: Protocol::ANY, port: 0, icmp_code: 0 };
        Self { packets: [packet; CHUNK], exceptions: [Exception::None; CHUNK] }
    }
}

/// Packets about which policy says something else than about others of the same flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exception {
    None,
    /// Its port is not known (PKT-2).
    LaterFragment,
    /// What a pod says about neighbours (PKT-4).
    Neighbours,
}

impl Exception {
    #[inline(always)]
    fn of(headers: &Headers) -> Self {
        if is_later_fragment(headers) {
            Self::LaterFragment
        } else if headers.is_neighbour_discovery() {
            Self::Neighbours
        } else {
            Self::None
        }
    }
}

/// Returns the verdict on what was parsed; without sides yet if policy is to be asked.
#[inline(always)]
fn unasked(parsed: &Parsed) -> FrameVerdict {
    let headers = match parsed {
        Parsed::Bad(bad) => return FrameVerdict::Drop(FrameDrop::Bad(*bad)),
        Parsed::NotIp(kind) => return FrameVerdict::NotIp(*kind),
        Parsed::Ip(headers) => headers,
    };
    if headers.ip_options {
        return FrameVerdict::Drop(FrameDrop::IpOptions);
    }
    match (is_later_fragment(headers), headers.tuple.src.is_ipv6()) {
        (true, true) => FrameVerdict::Drop(FrameDrop::Ipv6Fragment),
        (true, false) => FrameVerdict::Fragment(PacketVerdict::NONE),
        (false, _) => FrameVerdict::Packet(PacketVerdict::NONE),
    }
}

/// Corrects what policy said about a packet that it says something else about.
#[inline(always)]
fn correct(snapshot: &Snapshot, exception: Exception, verdict: &mut PacketVerdict) {
    match exception {
        Exception::None => {}
        Exception::LaterFragment => {
            for side in [&mut verdict.egress, &mut verdict.ingress] {
                *side = snapshot.without_port(side);
            }
        }
        // PKT-4: what a pod says about neighbours is no matter of its policy.
        Exception::Neighbours => {
            if let Side::Policy { endpoint, .. } = verdict.egress {
                verdict.egress = Side::Exempt { endpoint };
            }
        }
    }
}

fn is_later_fragment(headers: &Headers) -> bool {
    headers.transport == Transport::Missing
}
