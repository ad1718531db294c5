//! Sets of connections: protocols, each with its ports.

use std::collections::BTreeMap;
use std::fmt;

use netpol::Protocol;
use netpol_core::PortRange;

/// A set of ports, or of ICMP types: ascending ranges that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PortSet(Vec<PortRange>);

impl PortSet {
    /// Returns the set of one range.
    pub(crate) fn of(range: PortRange) -> Self {
        Self(vec![range])
    }

    /// Adds a range that begins behind all others.
    pub(crate) fn push(&mut self, range: PortRange) {
        match self.0.last_mut() {
            Some(last) if last.end().checked_add(1) == Some(range.start()) => {
                *last = PortRange::new(last.start(), range.end());
            }
            _ => self.0.push(range),
        }
    }

    /// Tells whether there is no port.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether a port is in the set.
    #[cfg(test)]
    pub(crate) fn contains(&self, port: u16) -> bool {
        self.0.iter().any(|range| range.contains(port))
    }

    /// Returns the ports that are in both sets.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let mut common = Self::default();
        let (mut ours, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(a), Some(b)) = (ours.peek(), theirs.peek()) {
            let (start, end) = (a.start().max(b.start()), a.end().min(b.end()));
            let ours_ends_first = a.end() <= b.end();
            if start <= end {
                common.push(PortRange::new(start, end));
            }
            if ours_ends_first {
                ours.next()
            } else {
                theirs.next()
            };
        }
        common
    }
}

impl fmt::Display for PortSet {
    /// Writes the ranges with commas between, such as `80,8000-8080`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{range}")?;
        }
        Ok(())
    }
}

/// A set of connections: for each protocol the destination ports.
///
/// Protocols of which nothing special is known are in the set with all their ports, or not at
/// all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Connections {
    // INVARIANT: ports lie within `usable`, and no set is what `others` says anyway.
    listed: BTreeMap<Protocol, PortSet>,
    others: bool,
}

impl Connections {
    /// Returns the set of all connections.
    pub(crate) fn all() -> Self {
        Self { listed: BTreeMap::new(), others: true }
    }

    /// Returns the set of these ports, and of all other protocols if `others` says so.
    pub(crate) fn new(ports: impl IntoIterator<Item = (Protocol, PortSet)>, others: bool) -> Self {
        let usable = |(protocol, ports): (Protocol, PortSet)| {
            (protocol, ports.intersection(&usable(protocol)))
        };
        let mut listed: BTreeMap<Protocol, PortSet> = ports.into_iter().map(usable).collect();
        listed.retain(|protocol, ports| *ports != default_ports(*protocol, others));
        Self { listed, others }
    }

    /// Tells whether every connection is in the set.
    pub(crate) fn is_all(&self) -> bool {
        self.others && self.listed.is_empty()
    }

    /// Tells whether no connection is in the set.
    pub(crate) fn is_empty(&self) -> bool {
        !self.others && self.listed.is_empty()
    }

    /// Returns the connections that are in both sets.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let protocols = self.listed.keys().chain(other.listed.keys());
        let common = |protocol: &Protocol| {
            (*protocol, self.ports(*protocol).intersection(&other.ports(*protocol)))
        };
        Self::new(protocols.map(common), self.others && other.others)
    }

    /// Returns the set without a protocol, unless all protocols but some are in it: that stays
    /// as it is.
    pub(crate) fn without_listed(&self, protocol: Protocol) -> Self {
        let mut rest = self.clone();
        if !rest.others {
            rest.listed.remove(&protocol);
        }
        rest
    }

    /// Returns the ports of a protocol.
    pub(crate) fn ports(&self, protocol: Protocol) -> PortSet {
        let listed = self.listed.get(&protocol).cloned();
        listed.unwrap_or_else(|| default_ports(protocol, self.others))
    }
}

/// Returns the ports of a protocol that packets can have.
fn usable(protocol: Protocol) -> PortSet {
    PortSet::of(match protocol {
        Protocol::TCP | Protocol::UDP | Protocol::SCTP => PortRange::new(1, u16::MAX),
        Protocol::ICMP | Protocol::ICMPV6 => PortRange::new(0, u16::from(u8::MAX)),
        _ => PortRange::single(0),
    })
}

fn default_ports(protocol: Protocol, all: bool) -> PortSet {
    if all { usable(protocol) } else { PortSet::default() }
}

/// The protocols with ports, in the order in which they are written.
const TRANSPORT: [Protocol; 3] = [Protocol::SCTP, Protocol::TCP, Protocol::UDP];

impl fmt::Display for Connections {
    /// Writes the form that users of netpol-analyzer know, such as `SCTP 1-65535,TCP 80,443`.
    ///
    /// That form knows three protocols. Others follow if the set lists them; if it holds all of
    /// them but not everything, they are written only where nothing else would be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return f.write_str("All Connections");
        }
        if self.is_empty() {
            return f.write_str("No Connections");
        }
        let transport = TRANSPORT.map(|protocol| (protocol, self.ports(protocol)));
        let nothing_else = transport.iter().all(|(_, ports)| ports.is_empty());
        let further: Vec<(Protocol, PortSet)> = match (self.others, nothing_else) {
            (true, false) => Vec::new(),
            (true, true) => [Protocol::ICMP, Protocol::ICMPV6].map(|p| (p, self.ports(p))).into(),
            (false, _) => {
                let further = self.listed.iter().filter(|(p, _)| !TRANSPORT.contains(p));
                further.map(|(protocol, ports)| (*protocol, ports.clone())).collect()
            }
        };
        let mut comma = "";
        for (protocol, ports) in transport.iter().chain(&further) {
            if ports.is_empty() {
                continue;
            }
            match has_ports(*protocol) {
                true => write!(f, "{comma}{protocol} {ports}")?,
                false => write!(f, "{comma}{protocol}")?,
            }
            comma = ",";
        }
        if comma.is_empty() { f.write_str("other protocols") } else { Ok(()) }
    }
}

fn has_ports(protocol: Protocol) -> bool {
    protocol.is_icmp() || TRANSPORT.contains(&protocol)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(ranges: &[(u16, u16)]) -> PortSet {
        let mut set = PortSet::default();
        ranges.iter().for_each(|(start, end)| set.push(PortRange::new(*start, *end)));
        set
    }

    fn listed(rows: &[(Protocol, &[(u16, u16)])]) -> Connections {
        Connections::new(rows.iter().map(|(protocol, ranges)| (*protocol, ports(ranges))), false)
    }

    #[test]
    fn touching_ranges_are_one() {
        assert_eq!(ports(&[(1, 2), (3, 5), (7, 7)]).to_string(), "1-5,7");
    }

    #[test]
    fn intersections_equal_those_of_the_single_ports() {
        let sets = [
            ports(&[]),
            ports(&[(0, u16::MAX)]),
            ports(&[(1, 10), (12, 20), (65_535, 65_535)]),
            ports(&[(0, 0), (5, 12), (20, 30), (65_000, 65_535)]),
        ];
        for a in &sets {
            for b in &sets {
                let common = a.intersection(b);
                for port in (0..100).chain(64_990..=u16::MAX) {
                    let expected = a.contains(port) && b.contains(port);
                    assert_eq!(common.contains(port), expected, "{a} and {b} at {port}");
                }
            }
        }
    }

    #[test]
    fn protocols_come_in_the_order_of_the_form() {
        let set = listed(&[
            (Protocol::TCP, &[(80, 80), (443, 443)]),
            (Protocol::UDP, &[(53, 53)]),
            (Protocol::SCTP, &[(0, u16::MAX)]),
            (Protocol::ICMP, &[(8, 8)]),
            (Protocol::VRRP, &[(0, u16::MAX)]),
        ]);
        assert_eq!(set.to_string(), "SCTP 1-65535,TCP 80,443,UDP 53,ICMP 8,VRRP");
    }

    #[test]
    fn every_port_of_three_protocols_is_not_everything() {
        let every = [(0, u16::MAX)];
        let set =
            listed(&[(Protocol::TCP, &every), (Protocol::UDP, &every), (Protocol::SCTP, &every)]);
        assert!(!set.is_all(), "PORT-5: ICMP is not among them");
        assert_eq!(set.to_string(), "SCTP 1-65535,TCP 1-65535,UDP 1-65535");
        assert_eq!(Connections::all().to_string(), "All Connections");
    }

    #[test]
    fn everything_but_one_port_lists_the_rest() {
        let set = Connections::new([(Protocol::TCP, ports(&[(0, 21), (23, u16::MAX)]))], true);
        assert_eq!(set.to_string(), "SCTP 1-65535,TCP 1-21,23-65535,UDP 1-65535");
        let both =
            set.intersection(&listed(&[(Protocol::TCP, &[(20, 25)]), (Protocol::ICMP, &[(8, 8)])]));
        assert_eq!(both.to_string(), "TCP 20-21,23-25,ICMP 8");
    }

    #[test]
    fn what_is_left_beside_the_three_protocols_is_written() {
        let none = || PortSet::default();
        let denied = [(Protocol::TCP, none()), (Protocol::UDP, none()), (Protocol::SCTP, none())];
        assert_eq!(Connections::new(denied, true).to_string(), "ICMP 0-255,ICMPv6 0-255");
    }

    #[test]
    fn a_port_that_no_packet_has_is_no_connection() {
        assert!(listed(&[(Protocol::TCP, &[(0, 0)])]).is_empty());
        assert_eq!(listed(&[]).to_string(), "No Connections");
        let all = Connections::new([(Protocol::TCP, ports(&[(1, u16::MAX)]))], true);
        assert!(all.is_all());
    }

    #[test]
    fn a_listed_protocol_can_be_left_out() {
        let set = listed(&[(Protocol::ICMP, &[(8, 8)]), (Protocol::ICMPV6, &[(128, 128)])]);
        assert_eq!(set.without_listed(Protocol::ICMPV6).to_string(), "ICMP 8");
        assert!(Connections::all().without_listed(Protocol::ICMPV6).is_all());
    }
}
