//! Connection tracking: states, timeouts, floods, and a plain model beside it (CT).

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use netpol_core::conntrack::{Confirmed, Conntrack, ConntrackConfig, CtState, CtZone};
use netpol_core::packet::{Fragment, Headers, IcmpMessage, TcpFlags, Transport, Tuple};
use netpol_core::{Protocol, RedirectId};
use proptest::collection::vec;
use proptest::prelude::*;

mod random;

use random::Random;

const ZONE: CtZone = CtZone::DEFAULT;
const ACK: TcpFlags = TcpFlags::ACK;
const SYN: TcpFlags = TcpFlags::SYN;
const FIN: TcpFlags = TcpFlags::FIN;
const RST: TcpFlags = TcpFlags::RST;

fn packet(tuple: Tuple, transport: Transport) -> Headers {
    Headers { tuple, transport, fragment: None, ip_options: false }
}

fn tcp(tuple: Tuple, flags: TcpFlags) -> Headers {
    packet(tuple, Transport::Tcp(flags))
}

fn tuple(src: &str, src_port: u16, dst: &str, dst_port: u16, protocol: Protocol) -> Tuple {
    let addr = |text: &str| text.parse().expect("the address is valid");
    let (src, dst) = (addr(src), addr(dst));
    Tuple { src, dst, protocol, src_port, dst_port }
}

fn web() -> Tuple {
    tuple("10.0.1.2", 40_000, "10.0.2.3", 80, Protocol::TCP)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A table, and the time.
struct Node {
    conntrack: Conntrack,
    now: Duration,
}

impl Node {
    fn new(capacity: usize) -> Self {
        let conntrack = Conntrack::new(ConntrackConfig::with_capacity(capacity));
        Self { conntrack, now: secs(1000) }
    }

    fn state(&self, packet: &Headers) -> CtState {
        self.conntrack.lookup(ZONE, packet, self.now).state()
    }

    /// Lets a packet through; returns what it was.
    fn pass(&mut self, packet: &Headers) -> CtState {
        let state = self.state(packet);
        self.conntrack.confirm(ZONE, packet, RedirectId::NONE, self.now);
        state
    }
}

#[test]
fn replies_are_recognised_in_both_families() {
    for (src, dst) in [("10.0.1.2", "10.0.2.3"), ("fd00::2", "fd00::1")] {
        for (protocol, transport) in [
            (Protocol::TCP, Transport::Tcp(SYN)),
            (Protocol::UDP, Transport::Udp),
            (Protocol::SCTP, Transport::Sctp),
        ] {
            let mut node = Node::new(16);
            let there = tuple(src, 40_000, dst, 80, protocol);
            assert_eq!(node.pass(&packet(there, transport)), CtState::New);
            assert_eq!(node.state(&packet(there, transport)), CtState::Established);
            let transport = match transport {
                Transport::Tcp(_) => Transport::Tcp(SYN | ACK),
                other => other,
            };
            assert_eq!(node.state(&packet(there.reversed(), transport)), CtState::Reply);
            let elsewhere = Tuple { dst_port: 81, ..there };
            assert_eq!(node.state(&packet(elsewhere, transport)), CtState::New);
            assert_eq!(node.state(&packet(elsewhere.reversed(), transport)), CtState::New);
        }
    }
    // The same bits in the other family, or with another protocol, are another connection.
    let mut node = Node::new(16);
    node.pass(&tcp(web(), SYN));
    let v6 = |addr: IpAddr| match addr {
        IpAddr::V4(addr) => IpAddr::V6(Ipv6Addr::from_bits(addr.to_bits().into())),
        IpAddr::V6(_) => addr,
    };
    let same = Tuple { src: v6(web().src), dst: v6(web().dst), ..web() };
    assert_eq!(node.state(&tcp(same.reversed(), ACK)), CtState::New);
    let udp = Tuple { protocol: Protocol::UDP, ..web() };
    assert_eq!(node.state(&packet(udp.reversed(), Transport::Udp)), CtState::New);
}

#[test]
fn what_is_not_confirmed_is_not_remembered() {
    let node = Node::new(16);
    assert_eq!(node.state(&tcp(web(), SYN)), CtState::New);
    assert_eq!(node.state(&tcp(web().reversed(), SYN | ACK)), CtState::New); // CT-4
    assert!(node.conntrack.is_empty(node.now));
}

#[test]
fn zones_do_not_see_each_other() {
    let mut node = Node::new(16);
    let (a, b) = (CtZone::new(1), CtZone::new(2));
    node.conntrack.confirm(a, &tcp(web(), SYN), RedirectId::NONE, node.now);
    let reply = tcp(web().reversed(), SYN | ACK);
    assert_eq!(node.conntrack.lookup(a, &reply, node.now).state(), CtState::Reply);
    assert_eq!(node.conntrack.lookup(b, &reply, node.now).state(), CtState::New);
}

#[test]
fn the_redirect_is_remembered_for_replies() {
    // CT-5
    let mut node = Node::new(16);
    let proxy = RedirectId::new(7);
    node.conntrack.confirm(ZONE, &tcp(web(), SYN), proxy, node.now);
    let reply = tcp(web().reversed(), SYN | ACK);
    assert_eq!(node.conntrack.lookup(ZONE, &reply, node.now).redirect(), proxy);
    // A reply says nothing about it; the next packet of the opener does.
    node.conntrack.confirm(ZONE, &reply, RedirectId::NONE, node.now);
    assert_eq!(node.conntrack.lookup(ZONE, &reply, node.now).redirect(), proxy);
    node.conntrack.confirm(ZONE, &tcp(web(), ACK), RedirectId::NONE, node.now);
    assert_eq!(node.conntrack.lookup(ZONE, &reply, node.now).redirect(), RedirectId::NONE);
}

#[test]
fn connections_are_forgotten_in_time() {
    let rows: [(&[(bool, TcpFlags)], u64); 6] = [
        (&[(true, SYN)], 60),
        (&[(true, SYN), (false, ACK)], 8000),
        (&[(true, SYN), (false, ACK), (true, FIN)], 8000), // half closed
        (&[(true, SYN), (false, ACK), (true, FIN), (false, FIN)], 10),
        (&[(true, SYN), (false, RST)], 10),
        (&[(true, SYN), (false, ACK), (true, RST)], 10),
    ];
    for (packets, timeout) in rows {
        let mut node = Node::new(16);
        for (there, flags) in packets {
            let tuple = if *there { web() } else { web().reversed() };
            node.pass(&tcp(tuple, *flags));
        }
        let reply = tcp(web().reversed(), ACK);
        node.now += secs(timeout);
        assert_eq!(node.state(&reply), CtState::Reply, "{packets:?}");
        assert_eq!(node.conntrack.len(node.now), 1);
        node.now += secs(1);
        assert_eq!(node.state(&reply), CtState::New, "{packets:?}");
        assert_eq!(node.conntrack.len(node.now), 0);
    }
}

#[test]
fn only_packets_that_are_let_through_keep_a_connection_alive() {
    let mut node = Node::new(16);
    let there = Tuple { protocol: Protocol::UDP, ..web() };
    let there = packet(there, Transport::Udp);
    node.pass(&there);
    for _ in 0..10 {
        node.now += secs(40);
        assert_eq!(node.pass(&there), CtState::Established);
    }
    for _ in 0..2 {
        node.now += secs(40);
        node.state(&there); // denied: a rule was revoked
    }
    assert_eq!(node.state(&packet(there.tuple.reversed(), Transport::Udp)), CtState::New);
}

#[test]
fn a_closed_connection_is_opened_anew_by_either_side() {
    for there in [web(), web().reversed()] {
        let mut node = Node::new(16);
        node.pass(&tcp(web(), SYN));
        node.pass(&tcp(web().reversed(), SYN | ACK));
        node.pass(&tcp(web(), FIN | ACK));
        node.pass(&tcp(web().reversed(), FIN | ACK));
        // Not a reply, although it goes that way: policy has to be asked.
        assert_eq!(node.pass(&tcp(there, SYN)), CtState::New);
        assert_eq!(node.state(&tcp(there, ACK)), CtState::Established);
        assert_eq!(node.state(&tcp(there.reversed(), SYN | ACK)), CtState::Reply);
        node.now += secs(30);
        assert_eq!(node.state(&tcp(there.reversed(), SYN | ACK)), CtState::Reply);
    }
}

fn icmp(v4: bool, kind: u8, ports: (u16, u16), about: Option<Tuple>) -> Headers {
    let (src, dst, protocol) = match v4 {
        true => ("10.0.1.2", "10.0.2.3", Protocol::ICMP),
        false => ("fd00::2", "fd00::1", Protocol::ICMPV6),
    };
    let message = IcmpMessage { kind, code: 0, about };
    packet(tuple(src, ports.0, dst, ports.1, protocol), Transport::Icmp(message))
}

fn sent_back(mut packet: Headers) -> Headers {
    (packet.tuple.src, packet.tuple.dst) = (packet.tuple.dst, packet.tuple.src);
    packet
}

#[test]
fn echoes_are_replies_and_requests_are_not() {
    for (v4, request, reply) in [(true, 8, 0), (false, 128, 129)] {
        for id in [0, 7] {
            let mut node = Node::new(16);
            assert_eq!(node.pass(&icmp(v4, request, (0, id), None)), CtState::New);
            let answer = sent_back(icmp(v4, reply, (id, 0), None));
            assert_eq!(node.state(&answer), CtState::Reply); // ICMP-5
            let other = sent_back(icmp(v4, reply, (id + 1, 0), None));
            assert_eq!(node.state(&other), CtState::New);
            // A request of the other side with the same identifier is no reply.
            let theirs = sent_back(icmp(v4, request, (0, id), None));
            assert_eq!(node.state(&theirs), CtState::New);
        }
    }
}

#[test]
fn what_opens_no_connection_is_not_tracked() {
    let mut node = Node::new(16);
    let mut confirm =
        |packet: &Headers| node.conntrack.confirm(ZONE, packet, RedirectId::NONE, node.now);
    assert_eq!(confirm(&icmp(true, 0, (7, 0), None)), Confirmed::Untracked);
    assert_eq!(confirm(&icmp(true, 13, (0, 0), None)), Confirmed::Untracked);
    assert_eq!(confirm(&icmp(false, 135, (0, 0), None)), Confirmed::Untracked);
    let later = Headers {
        fragment: Some(Fragment { id: 1, offset: 64, more: false }),
        ..packet(Tuple { src_port: 0, dst_port: 0, ..web() }, Transport::Missing)
    };
    assert_eq!(confirm(&later), Confirmed::Untracked);
    assert!(node.conntrack.is_empty(node.now));
    let gre = Tuple { src_port: 0, dst_port: 0, protocol: Protocol::new(47), ..web() };
    assert_eq!(node.pass(&packet(gre, Transport::Other)), CtState::New);
    assert_eq!(node.state(&packet(gre.reversed(), Transport::Other)), CtState::Reply);
}

#[test]
fn errors_are_related_to_the_connection_they_quote() {
    // CT-3
    let mut node = Node::new(16);
    node.pass(&tcp(web(), SYN));
    for about in [web(), web().reversed()] {
        let error = icmp(true, 3, (0, 0), Some(about));
        assert_eq!(node.state(&error), CtState::Related);
        let confirmed = node.conntrack.confirm(ZONE, &error, RedirectId::NONE, node.now);
        assert_eq!(confirmed, Confirmed::Untracked);
    }
    let other = Tuple { src_port: 1, ..web() };
    assert_eq!(node.state(&icmp(true, 3, (0, 0), Some(other))), CtState::New);
    assert_eq!(node.state(&icmp(true, 3, (0, 0), None)), CtState::New);
    assert!(CtState::Related.skips_policy() && CtState::Reply.skips_policy()); // CT-2
    assert!(!CtState::New.skips_policy() && !CtState::Established.skips_policy());
}

#[test]
fn connections_are_removed_and_listed() {
    let mut node = Node::new(64);
    node.pass(&tcp(web(), SYN));
    node.pass(&tcp(web().reversed(), SYN | ACK));
    let listed: Vec<_> = node.conntrack.iter(node.now).collect();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].tuple, listed[0].zone, listed[0].answered), (web(), ZONE, true));
    assert_eq!(listed[0].expires, node.now + secs(8001));
    assert!(node.conntrack.remove(ZONE, &web().reversed()));
    assert!(!node.conntrack.remove(ZONE, &web()));
    assert!(node.conntrack.is_empty(node.now));
    node.pass(&tcp(web(), SYN));
    node.conntrack.clear();
    assert_eq!(node.state(&tcp(web(), SYN)), CtState::New);
}

#[test]
fn the_capacity_is_fixed() {
    let of = |capacity| Conntrack::new(ConntrackConfig::with_capacity(capacity));
    assert_eq!([0, 16, 17, 1000].map(|n| of(n).capacity()), [16, 16, 32, 1024]);
    let table = of(1 << 16);
    let overhead = table.memory_usage() - (72 << 16);
    assert!(overhead < 512, "{overhead}");
}

fn client(n: u32) -> Tuple {
    let src = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + n));
    Tuple { src, ..web() }
}

#[test]
fn connections_of_one_pattern_do_not_crowd() {
    // A hash without key would put them all into few buckets.
    let of_port = |n: u32| Tuple { src_port: n as u16, ..web() };
    let of_high_bits = |n: u32| {
        let src = IpAddr::V6((u128::from(n) << 116 | 1).into());
        Tuple { src, dst: IpAddr::V6(1.into()), ..web() }
    };
    let patterns: [&dyn Fn(u32) -> Tuple; 3] = [&of_port, &|n| client(n << 8), &of_high_bits];
    for pattern in patterns {
        let mut node = Node::new(1 << 13);
        // Answered at once, so that nothing is displaced, and half of the places at most are taken.
        for n in 1..=4000 {
            node.pass(&tcp(pattern(n), SYN));
            node.pass(&tcp(pattern(n).reversed(), SYN | ACK));
        }
        let known =
            (1..=4000).filter(|n| node.state(&tcp(pattern(*n), ACK)) == CtState::Established);
        assert_eq!(known.count(), 4000);
    }
}

/// Opens and answers connections of clients in networks of their own, 8 places of 16 at most.
fn answered(node: &mut Node, clients: u32) {
    for n in 0..clients {
        node.pass(&tcp(client(n << 8), SYN));
        node.pass(&tcp(client(n << 8).reversed(), SYN | ACK));
    }
}

#[test]
fn a_flood_of_opening_packets_leaves_answered_connections_alone() {
    let mut node = Node::new(1 << 12);
    answered(&mut node, 2000);
    let mut random = Random(1);
    let spoofed = |random: &mut Random| {
        let src = Ipv4Addr::from_bits(0xc000_0000 | random.next() as u32 >> 2);
        tcp(Tuple { src: src.into(), src_port: random.next() as u16, ..web() }, SYN)
    };
    for _ in 0..100_000 {
        node.pass(&spoofed(&mut random));
    }
    for n in 0..2000 {
        assert_eq!(node.state(&tcp(client(n << 8).reversed(), ACK)), CtState::Reply);
    }
    assert!(node.conntrack.len(node.now) <= node.conntrack.capacity());
    // A new client still gets in, and is answered before the flood displaces it.
    let mut in_time = 0;
    for n in 0..100 {
        let new = client((5000 + n) << 8);
        node.pass(&tcp(new, SYN));
        for _ in 0..200 {
            node.pass(&spoofed(&mut random));
        }
        in_time += u32::from(node.pass(&tcp(new.reversed(), SYN | ACK)) == CtState::Reply);
    }
    assert!(in_time >= 95, "{in_time}");
}

#[test]
fn one_network_cannot_displace_the_openings_of_others() {
    let mut node = Node::new(1 << 12);
    for n in 0..500 {
        node.pass(&tcp(client(n << 8), SYN));
    }
    node.now += secs(1); // The flood is younger, and yet it is what has to go.
    let source = Ipv4Addr::new(192, 0, 2, 1).into();
    for port in 0..60_000 {
        let flood = Tuple { src: source, src_port: port, ..web() };
        node.pass(&tcp(flood, SYN));
    }
    let kept = (0..500)
        .filter(|n| node.state(&tcp(client(n << 8).reversed(), SYN | ACK)) == CtState::Reply);
    let kept = kept.count();
    assert!(kept >= 490, "{kept}");
}

#[test]
fn one_network_cannot_take_all_places_with_answered_connections() {
    let mut node = Node::new(1 << 10);
    for port in 0..20_000 {
        let greedy = Tuple { src_port: port, ..web() };
        node.pass(&tcp(greedy, SYN));
        node.pass(&tcp(greedy.reversed(), SYN | ACK));
    }
    assert!(node.conntrack.len(node.now) > 900);
    let created = (0..200).filter(|n| {
        let new = client((1000 + n) << 8);
        let confirmed = node.conntrack.confirm(ZONE, &tcp(new, SYN), RedirectId::NONE, node.now);
        let replied = node.pass(&tcp(new.reversed(), SYN | ACK)) == CtState::Reply;
        confirmed == Confirmed::Created && replied
    });
    // One network of 256 cannot be told from the greedy one.
    let created = created.count();
    assert!(created >= 190, "{created}");
}

#[test]
fn a_full_table_says_so() {
    let mut node = Node::new(16);
    answered(&mut node, 400); // of many networks
    assert_eq!(node.conntrack.len(node.now), 16);
    let new = tcp(client(1000 << 8), SYN);
    let confirmed = node.conntrack.confirm(ZONE, &new, RedirectId::NONE, node.now);
    assert_eq!(confirmed, Confirmed::Full);
    assert_eq!(node.state(&tcp(new.tuple.reversed(), ACK)), CtState::New);
    node.now += secs(8001);
    let confirmed = node.conntrack.confirm(ZONE, &new, RedirectId::NONE, node.now);
    assert_eq!(confirmed, Confirmed::Created);
}

#[test]
fn the_end_of_time_is_survived() {
    let mut node = Node::new(16);
    node.now = Duration::MAX;
    node.pass(&tcp(web(), SYN));
    assert_eq!(node.state(&tcp(web().reversed(), ACK)), CtState::Reply);
}

/// The same rules with a map that never is full.
#[derive(Default)]
struct Model {
    connections: HashMap<(CtZone, Tuple), Connection>,
}

#[derive(Clone, Copy)]
struct Connection {
    answered: bool,
    closed: [bool; 2],
    reset: bool,
    expires: Duration,
}

impl Model {
    fn find(&self, zone: CtZone, tuple: Tuple, now: Duration) -> Option<(Tuple, bool)> {
        let alive = |tuple| {
            let connection = self.connections.get(&(zone, tuple));
            connection.is_some_and(|connection| connection.expires > now)
        };
        if alive(tuple) {
            Some((tuple, true))
        } else {
            alive(tuple.reversed()).then_some((tuple.reversed(), false))
        }
    }

    fn reopens(&self, zone: CtZone, opener: Tuple, flags: Option<TcpFlags>) -> bool {
        let connection = self.connections[&(zone, opener)];
        let closing = connection.reset || connection.closed == [true; 2];
        closing && flags.is_some_and(|flags| flags.has(SYN) && !flags.has(ACK))
    }

    fn state(&self, zone: CtZone, tuple: Tuple, flags: Option<TcpFlags>, now: Duration) -> CtState {
        match self.find(zone, tuple, now) {
            Some((opener, _)) if self.reopens(zone, opener, flags) => CtState::New,
            Some((_, true)) => CtState::Established,
            Some((_, false)) => CtState::Reply,
            None => CtState::New,
        }
    }

    fn confirm(&mut self, zone: CtZone, tuple: Tuple, flags: Option<TcpFlags>, now: Duration) {
        let found = self.find(zone, tuple, now);
        let found = found.filter(|(opener, _)| !self.reopens(zone, *opener, flags));
        let (opener, forward) = found.unwrap_or_else(|| {
            self.connections.remove(&(zone, tuple.reversed()));
            let new =
                Connection { answered: false, closed: [false; 2], reset: false, expires: now };
            self.connections.insert((zone, tuple), new);
            (tuple, true)
        });
        let connection = self.connections.get_mut(&(zone, opener)).expect("it was found or made");
        connection.answered |= !forward;
        if let Some(flags) = flags {
            connection.closed[usize::from(forward)] |= flags.has(FIN);
            connection.reset |= flags.has(RST);
        }
        let timeout = match flags {
            None => 60,
            Some(_) if connection.reset || connection.closed == [true; 2] => 10,
            Some(_) if connection.answered => 8000,
            Some(_) => 60,
        };
        connection.expires = now + secs(timeout + 1);
    }
}

proptest! {
    #[test]
    fn any_sequence_is_seen_as_by_a_plain_map(
        steps in vec((0u16..3, 0u16..2, any::<bool>(), 0u8..6, 0u32..2, 0u64..70, 0u8..4), 0..200),
    ) {
        let mut conntrack = Conntrack::new(ConntrackConfig::with_capacity(1 << 10));
        let mut model = Model::default();
        let mut now = secs(5);
        for (src_port, dst, back, flags, zone, wait, rare) in steps {
            now += secs(match rare {
                0 => wait,
                1 => 100 * wait,
                _ => 0,
            });
            let dst = if dst == 0 { "10.0.2.3" } else { "10.0.1.1" };
            let there = tuple("10.0.1.2", 40_000 + src_port, dst, 80, Protocol::TCP);
            let (protocol, flags) = match flags {
                0 => (Protocol::UDP, None),
                1 => (Protocol::TCP, Some(SYN)),
                2 => (Protocol::TCP, Some(SYN | ACK)),
                3 => (Protocol::TCP, Some(FIN | ACK)),
                4 => (Protocol::TCP, Some(RST)),
                _ => (Protocol::TCP, Some(ACK)),
            };
            let there = Tuple { protocol, ..there };
            let tuple = if back { there.reversed() } else { there };
            let zone = CtZone::new(zone);
            let headers = packet(tuple, flags.map_or(Transport::Udp, Transport::Tcp));
            let state = conntrack.lookup(zone, &headers, now).state();
            prop_assert_eq!(state, model.state(zone, tuple, flags, now));
            // Some packets are denied.
            if rare != 3 {
                let confirmed = conntrack.confirm(zone, &headers, RedirectId::NONE, now);
                prop_assert!(matches!(confirmed, Confirmed::Created | Confirmed::Renewed));
                model.confirm(zone, tuple, flags, now);
            }
            let alive = model.connections.values().filter(|connection| connection.expires > now);
            prop_assert_eq!(conntrack.len(now), alive.count());
            prop_assert_eq!(conntrack.iter(now).count(), conntrack.len(now));
        }
    }
}
