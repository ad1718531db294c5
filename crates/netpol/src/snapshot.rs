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
        let src_identity = self.ipcache.identity(packet.src);
        let dst_identity = self.ipcache.identity(packet.dst);
        let side = |direction, own, peer| {
            self.slots.at(own).map_or(Side::None, |slot| slot.side(direction, peer, packet))
        };
        PacketVerdict {
            src_identity,
            dst_identity,
            egress: side(Direction::Egress, packet.src, dst_identity),
            ingress: side(Direction::Ingress, packet.dst, src_identity),
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
