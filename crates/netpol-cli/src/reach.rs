//! What the policies of endpoints allow: exact sets of connections, peer by peer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::rc::Rc;

use netpol::{AuthType, Direction, EndpointId, Engine, IdentityId, Protocol, Reader, Side};
use netpol_core::PortRange;

use crate::connections::{Connections, PortSet};
use crate::inventory::Face;

/// Computes what endpoints may do, and remembers it.
///
/// Each set is exact: within the blocks of ports that the keys of a policy map name, all ports have
/// the same verdict, so one of them is asked for.
pub(crate) struct Reach<'e> {
    engine: &'e Engine,
    reader: Reader,
    cuts: HashMap<EndpointId, Cuts>,
    known: HashMap<(EndpointId, Direction, IdentityId), Rc<Connections>>,
    everything: Rc<Connections>,
}

/// Where the verdicts of one policy map can change: for a direction and a peer, the first ports of
/// blocks, and the ports behind the last ones.
type Cuts = HashMap<(Direction, IdentityId), BTreeMap<Protocol, BTreeSet<u16>>>;

impl<'e> Reach<'e> {
    /// Returns what the endpoints of an engine may do, as of its newest revision.
    pub(crate) fn new(engine: &'e Engine) -> Self {
        Self {
            engine,
            reader: engine.reader(),
            cuts: HashMap::new(),
            known: HashMap::new(),
            everything: Rc::new(Connections::all()),
        }
    }

    /// Returns the identity of an address.
    pub(crate) fn identity(&mut self, ip: IpAddr) -> IdentityId {
        self.reader.identity(ip)
    }

    /// Returns what the policy of `subject` allows in a direction with a peer; everything if it
    /// has none.
    pub(crate) fn side(
        &mut self,
        subject: Face,
        direction: Direction,
        peer: IdentityId,
    ) -> Rc<Connections> {
        let Some(endpoint) = subject.endpoint else { return Rc::clone(&self.everything) };
        if let Some(known) = self.known.get(&(endpoint, direction, peer)) {
            return Rc::clone(known);
        }
        let connections = Rc::new(self.compute(endpoint, direction, peer));
        self.known.insert((endpoint, direction, peer), Rc::clone(&connections));
        connections
    }

    /// Returns what both sides allow.
    pub(crate) fn between(&mut self, from: Face, to: Face) -> Connections {
        let egress = self.side(from, Direction::Egress, to.identity);
        let ingress = self.side(to, Direction::Ingress, from.identity);
        egress.intersection(&ingress)
    }

    fn compute(
        &mut self,
        endpoint: EndpointId,
        direction: Direction,
        peer: IdentityId,
    ) -> Connections {
        let engine = self.engine;
        let cuts = self.cuts.entry(endpoint).or_insert_with(|| cuts(engine, endpoint));
        let mut protocols: BTreeMap<Protocol, BTreeSet<u16>> = BTreeMap::new();
        for identity in [peer, IdentityId::ANY] {
            for (protocol, ports) in cuts.get(&(direction, identity)).into_iter().flatten() {
                protocols.entry(*protocol).or_default().extend(ports);
            }
        }
        let reader = &mut self.reader;
        let mut allows = |protocol, port| {
            is_open(&reader.endpoint_verdict(endpoint, direction, peer, protocol, port))
        };
        let unlisted = (1..=u8::MAX).map(Protocol::new).find(|p| !protocols.contains_key(p));
        let others = unlisted.is_some_and(|protocol| allows(protocol, 0));
        let sets = protocols.iter().map(|(protocol, starts)| {
            (*protocol, open_ports(starts, |port| allows(*protocol, port)))
        });
        Connections::new(sets.collect::<Vec<_>>(), others)
    }
}

/// Tells whether a side lets a connection be opened, be it through a proxy or after
/// authentication. One that never succeeds is a denial.
pub(crate) fn is_open(side: &Side) -> bool {
    let fails = side.verdict().is_some_and(|verdict| verdict.auth() == AuthType::AlwaysFail);
    side.is_allowed() && !fails
}

fn cuts(engine: &Engine, endpoint: EndpointId) -> Cuts {
    let mut cuts = Cuts::new();
    let Some(map) = engine.policy_map(endpoint) else { return cuts };
    let with_protocol = map.iter().filter(|(key, _)| !key.protocol().is_any());
    for (key, _) in with_protocol {
        let protocols = cuts.entry((key.direction(), key.identity())).or_default();
        let starts = protocols.entry(key.protocol()).or_default();
        starts.insert(key.port().value());
        starts.extend(key.port().last().checked_add(1));
    }
    cuts
}

/// Returns the ports that are open, where that can change at `starts` only.
fn open_ports(starts: &BTreeSet<u16>, mut is_open: impl FnMut(u16) -> bool) -> PortSet {
    let mut open = PortSet::default();
    let behind = starts.iter().copied().filter(|start| *start > 0);
    let begins = [0].into_iter().chain(behind.clone());
    let ends = behind.map(|start| start - 1).chain([u16::MAX]);
    for (begin, end) in begins.zip(ends) {
        if is_open(begin) {
            open.push(PortRange::new(begin, end));
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::open_ports;

    #[test]
    fn every_stretch_is_asked_for_once() {
        let mut asked = Vec::new();
        let starts = BTreeSet::from([0, 80, 81, u16::MAX]);
        let open = open_ports(&starts, |port| {
            asked.push(port);
            port == 80 || port == u16::MAX
        });
        assert_eq!(asked, [0, 80, 81, u16::MAX]);
        assert_eq!(open.to_string(), "80,65535");
        assert_eq!(open_ports(&BTreeSet::new(), |_| true).to_string(), "0-65535");
    }
}
