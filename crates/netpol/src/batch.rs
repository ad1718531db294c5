//! Many verdicts at once.
//!
//! One step is done for all packets of a chunk before the next, so that the waits for memory
//! overlap: addresses to identities and slots, slots and identities to table rows, rows to verdicts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netpol_core::{Direction, IdentityId};

use crate::slots::Slots;
use crate::snapshot::Snapshot;
use crate::{Packet, PacketVerdict, Side};

/// How many packets take a step together.
const CHUNK: usize = 64;
/// How many addresses they have.
const ADDRESSES: usize = 2 * CHUNK;

/// Writes the verdict on each packet to where `place` says that it is in the item with the same index,
/// if it says so. The longer of the two slices is used in part.
pub(crate) fn decide<V>(
    snapshot: &Snapshot,
    ends: &mut Ends,
    packets: &[Packet],
    verdicts: &mut [V],
    place: impl Fn(&mut V) -> Option<&mut PacketVerdict>,
) {
    for (packets, verdicts) in packets.chunks(CHUNK).zip(verdicts.chunks_mut(CHUNK)) {
        let packets = packets.get(..verdicts.len()).unwrap_or(packets);
        ends.find(snapshot, packets);
        for number in 0..packets.len() {
            ends.prefetch(snapshot, number);
        }
        for (number, (packet, verdict)) in packets.iter().zip(verdicts).enumerate() {
            if let Some(verdict) = place(verdict) {
                ends.write_verdict(snapshot, number, packet, verdict);
            }
        }
    }
}

/// What the sources and destinations of a chunk are: the source of packet `n` is at `2n`, its
/// destination behind it. Kept by a reader, as to fill it anew for each batch takes time.
#[derive(Clone, Debug)]
pub(crate) struct Ends {
    identities: [u32; ADDRESSES],
    slots: [u32; ADDRESSES],
    v4: Family<Ipv4Addr>,
    v6: Family<Ipv6Addr>,
}

/// The addresses of one family, and which ends they are.
#[derive(Clone, Debug)]
struct Family<A> {
    addresses: [A; ADDRESSES],
    ends: [u8; ADDRESSES],
    len: usize,
}

impl Ends {
    pub(crate) const fn new() -> Self {
        Self {
            identities: [0; ADDRESSES],
            slots: [Slots::NONE; ADDRESSES],
            v4: Family::new(Ipv4Addr::UNSPECIFIED),
            v6: Family::new(Ipv6Addr::UNSPECIFIED),
        }
    }

    fn find(&mut self, snapshot: &Snapshot, packets: &[Packet]) {
        let Self { identities, slots, v4, v6 } = self;
        (v4.len, v6.len) = (0, 0);
        let addrs = packets.iter().flat_map(|packet| [&packet.src, &packet.dst]);
        for (end, addr) in (0..).zip(addrs) {
            match addr {
                IpAddr::V4(addr) => v4.push(*addr, end),
                IpAddr::V6(addr) => v6.push(*addr, end),
            }
        }
        let Snapshot { ipcache, slots: table, .. } = snapshot;
        v4.look_up(|addrs, found| ipcache.identities_v4(addrs, found), identities);
        v4.look_up(|addrs, found| table.numbers_v4(addrs, found), slots);
        v6.look_up(|addrs, found| ipcache.identities_v6(addrs, found), identities);
        v6.look_up(|addrs, found| table.numbers_v6(addrs, found), slots);
    }

    /// Asks for what the lookups of a packet read first.
    fn prefetch(&self, snapshot: &Snapshot, place: usize) {
        for (direction, own, peer) in sides(place) {
            if let Some(slot) = self.slot(own).and_then(|slot| snapshot.slots.get(slot)) {
                slot.policy.direction(direction).table().prefetch(self.identity(peer));
            }
        }
    }

    #[inline(always)]
    fn write_verdict(
        &self,
        snapshot: &Snapshot,
        place: usize,
        packet: &Packet,
        out: &mut PacketVerdict,
    ) {
        out.src_identity = self.identity(2 * place);
        out.dst_identity = self.identity(2 * place + 1);
        for ((direction, own, peer), side) in
            sides(place).into_iter().zip([&mut out.egress, &mut out.ingress])
        {
            match self.slot(own).and_then(|slot| snapshot.slots.get(slot)) {
                Some(slot) => slot.write_side(direction, self.identity(peer), packet, side),
                None => *side = Side::None,
            }
        }
    }

    fn identity(&self, end: usize) -> IdentityId {
        IdentityId::new(self.identities.get(end).copied().unwrap_or(0))
    }

    fn slot(&self, end: usize) -> Option<u32> {
        self.slots.get(end).copied().filter(|slot| *slot != Slots::NONE)
    }
}

/// Returns the directions of a packet with the ends that are the endpoint and the peer.
const fn sides(place: usize) -> [(Direction, usize, usize); 2] {
    let (src, dst) = (2 * place, 2 * place + 1);
    [(Direction::Egress, src, dst), (Direction::Ingress, dst, src)]
}

impl<A: Copy> Family<A> {
    const fn new(any: A) -> Self {
        Self { addresses: [any; ADDRESSES], ends: [0; ADDRESSES], len: 0 }
    }

    #[inline]
    fn push(&mut self, addr: A, end: u8) {
        let place = self.addresses.get_mut(self.len).zip(self.ends.get_mut(self.len));
        if let Some((address, its_end)) = place {
            (*address, *its_end) = (addr, end);
            self.len += 1;
        }
    }

    /// Looks all addresses up, and writes what is found to the ends that they are.
    fn look_up(&self, look_up: impl Fn(&[A], &mut [u32]), out: &mut [u32; ADDRESSES]) {
        if self.len == 0 {
            return;
        }
        let mut found = [0; ADDRESSES];
        look_up(self.addresses.get(..self.len).unwrap_or_default(), &mut found);
        for (end, value) in self.ends.iter().zip(found).take(self.len) {
            if let Some(place) = out.get_mut(usize::from(*end)) {
                *place = value;
            }
        }
    }
}
