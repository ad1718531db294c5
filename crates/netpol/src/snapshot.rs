//! One published revision.

use netpol_core::{Direction, Flow, IpCache};

use netpol_policy::fqdn::NameIndex;

use crate::slots::Slots;
use crate::{Packet, PacketVerdict, Side};

/// The number of a published state; each publication has a greater one than the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(pub(crate) u64);

impl Revision {
    /// Returns the number; 0 before the first publication.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// One published revision: everything that a verdict needs, never changed.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) revision: Revision,
    pub(crate) ipcache: IpCache,
    /// The managed endpoints, with their addresses and policies.
    pub(crate) slots: Slots,
    /// The names that DNS gave for addresses.
    pub(crate) names: NameIndex,
}

impl Snapshot {
    /// Returns the revision before the first publication: no endpoints, everything outside.
    pub(crate) fn empty(ipcache: IpCache) -> Self {
        Self {
            revision: Revision::default(),
            ipcache,
            slots: Slots::default(),
            names: NameIndex::default(),
        }
    }

    /// Returns what the policies of both sides say about a packet (FLOW-1).
    #[inline]
    pub(crate) fn verdict(&self, packet: &Packet) -> PacketVerdict {
        let mut verdict = PacketVerdict::NONE;
        self.write_verdict(packet, &mut verdict);
        verdict
    }

    /// Writes what the policies of both sides say about a packet over a verdict without sides.
    #[inline(always)]
    pub(crate) fn write_verdict(&self, packet: &Packet, out: &mut PacketVerdict) {
        out.src_identity = self.ipcache.identity(packet.src);
        out.dst_identity = self.ipcache.identity(packet.dst);
        if let Some(slot) = self.slots.at(packet.src) {
            slot.write_side(Direction::Egress, out.dst_identity, packet, &mut out.egress);
        }
        if let Some(slot) = self.slots.at(packet.dst) {
            slot.write_side(Direction::Ingress, out.src_identity, packet, &mut out.ingress);
        }
    }

    /// Returns what one side says about a packet of the same flow whose port is not known (PKT-2).
    pub(crate) fn without_port(&self, side: &Side) -> Side {
        let Side::Policy { endpoint, flow, enforced, .. } = *side else { return *side };
        let Some(slot) = self.slots.of(endpoint) else { return *side };
        let table = slot.policy.direction(flow.direction).table();
        let verdict = table.lookup_without_port(flow.peer, flow.protocol);
        Side::Policy { endpoint, flow: Flow { port: 0, ..flow }, enforced, verdict }
    }
}
