//! The managed endpoints of a revision.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use netpol_core::{Direction, Flow, IdentityId, LpmTable, Prefix};
use netpol_policy::SortedMap;
use netpol_policy::compile::SubjectPolicy;

use crate::{EndpointId, Packet, Side};

/// How many slots a page has.
const PAGE: usize = 32;

/// The managed endpoints, each in a slot with its policy. A copy shares what it has in common, so a
/// publication costs what has changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots {
    // INVARIANT: the numbers in here are those of slots in use, which are 0 to `len`.
    by_address: LpmTable,
    by_endpoint: SortedMap<EndpointId, u32>,
    pages: Vec<Arc<[Option<Slot>; PAGE]>>,
    len: u32,
}

/// A managed endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) endpoint: EndpointId,
    pub(crate) policy: Arc<SubjectPolicy>,
    addresses: Arc<[IpAddr]>,
}

impl Slots {
    /// The number of no slot.
    pub(crate) const NONE: u32 = u32::MAX;

    /// Sets the policy and the addresses of an endpoint. The addresses are nobody else's: who had
    /// them before has been [moved away](Self::keep_addresses).
    pub(crate) fn set(
        &mut self,
        endpoint: EndpointId,
        policy: &Arc<SubjectPolicy>,
        addresses: &[IpAddr],
    ) {
        let number = self.by_endpoint.get(&endpoint).copied().unwrap_or(self.len);
        let known = self.get(number).map(|slot| &slot.addresses).filter(|its| ***its == *addresses);
        let addresses = match known {
            Some(known) => Arc::clone(known),
            None => {
                for addr in addresses {
                    self.by_address.insert(Prefix::host(*addr), number);
                }
                addresses.into()
            }
        };
        if number == self.len {
            self.by_endpoint.insert(endpoint, number);
            self.len += 1;
        }
        self.put(number, Some(Slot { endpoint, policy: Arc::clone(policy), addresses }));
    }

    /// Takes all addresses from an endpoint that has others, or none, from now on.
    pub(crate) fn keep_addresses(&mut self, endpoint: EndpointId, addresses: &[IpAddr]) {
        let Some(number) = self.by_endpoint.get(&endpoint).copied() else { return };
        let Some(slot) = self.get(number).filter(|slot| *slot.addresses != *addresses) else {
            return;
        };
        let slot = Slot { addresses: Arc::default(), ..slot.clone() };
        let old = self.put(number, Some(slot));
        for addr in old.iter().flat_map(|slot| slot.addresses.iter()) {
            self.by_address.remove(&Prefix::host(*addr));
        }
    }

    /// Removes an endpoint; the last one moves to its slot.
    pub(crate) fn remove(&mut self, endpoint: EndpointId) {
        self.keep_addresses(endpoint, &[]);
        let Some(number) = self.by_endpoint.remove(&endpoint) else { return };
        self.len -= 1;
        let Some(last) = self.put(self.len, None) else { return };
        if number == self.len {
            return;
        }
        self.by_endpoint.insert(last.endpoint, number);
        for addr in last.addresses.iter() {
            self.by_address.insert(Prefix::host(*addr), number);
        }
        self.put(number, Some(last));
    }

    /// Returns the endpoint that has an address.
    #[inline]
    pub(crate) fn at(&self, addr: IpAddr) -> Option<&Slot> {
        self.get(self.by_address.lookup(addr)?)
    }

    /// Returns the slot of an endpoint.
    pub(crate) fn of(&self, endpoint: EndpointId) -> Option<&Slot> {
        self.get(*self.by_endpoint.get(&endpoint)?)
    }

    /// Returns the slot with a number.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<&Slot> {
        self.pages.get(number as usize / PAGE)?.get(number as usize % PAGE)?.as_ref()
    }

    /// Writes the number of the slot of each IPv4 address, or [`Slots::NONE`], to the same index of
    /// `numbers`.
    pub(crate) fn numbers_v4(&self, addrs: &[Ipv4Addr], numbers: &mut [u32]) {
        self.by_address.lookup_v4_batch(addrs, Self::NONE, numbers);
    }

    /// Writes the number of the slot of each IPv6 address, or [`Slots::NONE`], to the same index of
    /// `numbers`.
    pub(crate) fn numbers_v6(&self, addrs: &[Ipv6Addr], numbers: &mut [u32]) {
        self.by_address.lookup_v6_batch(addrs, Self::NONE, numbers);
    }

    /// Puts something into a slot; returns what was there.
    fn put(&mut self, number: u32, slot: Option<Slot>) -> Option<Slot> {
        let number = number as usize;
        if number / PAGE == self.pages.len() {
            self.pages.push(Arc::new([const { None }; PAGE]));
        }
        let page = Arc::make_mut(self.pages.get_mut(number / PAGE)?);
        std::mem::replace(page.get_mut(number % PAGE)?, slot)
    }
}

impl Slot {
    /// Writes what the policy says about a packet from or to a peer.
    ///
    /// PERF: answers are written where the caller wants them, field by field. Returned, they would
    /// be copied right after that, several times, and processors wait there.
    #[inline(always)]
    pub(crate) fn write_side(
        &self,
        direction: Direction,
        peer: IdentityId,
        packet: &Packet,
        side: &mut Side,
    ) {
        if packet.is_fragmentation_needed() {
            *side = Side::Exempt { endpoint: self.endpoint };
            return;
        }
        let flow = Flow { direction, peer, protocol: packet.protocol, port: packet.port };
        self.write_verdict(flow, side);
    }

    /// Returns what the policy says about a flow.
    pub(crate) fn decide(&self, flow: &Flow) -> Side {
        let mut side = Side::None;
        self.write_verdict(*flow, &mut side);
        side
    }

    #[inline(always)]
    fn write_verdict(&self, flow: Flow, side: &mut Side) {
        let policy = self.policy.direction(flow.direction);
        *side = Side::Policy {
            endpoint: self.endpoint,
            flow,
            enforced: policy.is_enforced(),
            verdict: policy.lookup(&flow),
        };
    }
}

#[cfg(test)]
mod tests;
