//! Verdicts on packets as bytes.

use std::fmt;

use netpol_core::packet::{BadPacket, Headers, Parsed, Transport};
use netpol_core::{Decision, Direction, DropReason};

use crate::snapshot::Snapshot;
use crate::{Packet, PacketVerdict, Side, batch};

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
pub(crate) fn decide(snapshot: &Snapshot, parsed: &Parsed) -> FrameVerdict {
    match question(parsed) {
        Question::Decided(verdict) => verdict,
        Question::Packet(packet) => {
            let verdict = snapshot.verdict(&packet);
            asked(snapshot, parsed, verdict)
        }
    }
}

/// Writes the verdict on each frame to the same index of `verdicts`; parses all of a few frames
/// before it asks policy about any.
pub(crate) fn decide_batch(
    snapshot: &Snapshot,
    frames: &[&[u8]],
    verdicts: &mut [FrameVerdict],
    parse: impl Fn(&[u8]) -> Parsed,
) {
    const CHUNK: usize = 64;
    let mut parsed = [Parsed::NotIp(0); CHUNK];
    for (frames, verdicts) in frames.chunks(CHUNK).zip(verdicts.chunks_mut(CHUNK)) {
        for (parsed, frame) in parsed.iter_mut().zip(frames) {
            *parsed = parse(frame);
        }
        let parsed = parsed.get(..frames.len().min(verdicts.len())).unwrap_or_default();
        let packet = |parsed: &Parsed| match question(parsed) {
            Question::Packet(packet) => packet,
            // Asked in vain, and not looked at.
            Question::Decided(_) => Packet::tcp([0, 0, 0, 0], [0, 0, 0, 0], 0),
        };
        batch::decide(snapshot, parsed, packet, |place, verdict| {
            let Some((parsed, out)) = parsed.get(place).zip(verdicts.get_mut(place)) else {
                return;
            };
            *out = match question(parsed) {
                Question::Decided(verdict) => verdict,
                Question::Packet(_) => asked(snapshot, parsed, verdict),
            };
        });
    }
}

enum Question {
    Decided(FrameVerdict),
    Packet(Packet),
}

/// Returns what policy is asked about a packet, if at all.
fn question(parsed: &Parsed) -> Question {
    let headers = match parsed {
        Parsed::Bad(bad) => return Question::Decided(FrameVerdict::Drop(FrameDrop::Bad(*bad))),
        Parsed::NotIp(kind) => return Question::Decided(FrameVerdict::NotIp(*kind)),
        Parsed::Ip(headers) => headers,
    };
    if headers.ip_options {
        return Question::Decided(FrameVerdict::Drop(FrameDrop::IpOptions));
    }
    if is_later_fragment(headers) && headers.tuple.src.is_ipv6() {
        return Question::Decided(FrameVerdict::Drop(FrameDrop::Ipv6Fragment));
    }
    Question::Packet(Packet::of(headers))
}

/// Returns the verdict on an IP packet that policy said this about.
fn asked(snapshot: &Snapshot, parsed: &Parsed, mut verdict: PacketVerdict) -> FrameVerdict {
    let Some(headers) = parsed.headers() else { return FrameVerdict::DENY };
    if is_later_fragment(headers) {
        for side in [&mut verdict.egress, &mut verdict.ingress] {
            *side = snapshot.without_port(side);
        }
        return FrameVerdict::Fragment(verdict);
    }
    // PKT-4: what a pod says about neighbours is no matter of its policy.
    if headers.is_neighbour_discovery()
        && let Side::Policy { endpoint, .. } = verdict.egress
    {
        verdict.egress = Side::Exempt { endpoint };
    }
    FrameVerdict::Packet(verdict)
}

fn is_later_fragment(headers: &Headers) -> bool {
    headers.transport == Transport::Missing
}
