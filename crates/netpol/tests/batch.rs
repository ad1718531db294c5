//! Many verdicts at once, and verdicts on bytes, against single ones.

#![expect(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netpol::{
    BadPacket, Direction, Endpoint, Engine, FrameDrop, FrameVerdict, Packet, PacketVerdict,
    Protocol, Reader, Side, Source,
};
use proptest::collection::vec;
use proptest::prelude::*;

const POLICIES: &str = r#"
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: default}
spec:
  endpointSelector: {matchLabels: {app: a1}}
  ingress:
    - fromEndpoints: [{matchLabels: {app: a2}}]
    - toPorts: [{ports: [{port: "0", endPort: 1000, protocol: TCP}]}]
    - fromCIDR: [192.0.2.0/24, "2001:db8::/32"]
      toPorts: [{ports: [{port: "53", protocol: UDP}]}]
  ingressDeny:
    - fromEndpoints: [{matchLabels: {app: a3}}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: out, namespace: default}
spec:
  endpointSelector: {matchLabels: {app: a2}}
  egress:
    - toEndpoints: [{matchLabels: {app: a1}}]
      toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{path: /x}]}}]
    - toPorts: [{ports: [{port: "0", protocol: UDP}]}]
"#;

/// Returns an engine with pods of both families, half of them on this node.
fn engine() -> Engine {
    let mut engine = Engine::new();
    engine.apply(&Source::named("policies.yaml", POLICIES)).unwrap();
    for n in 0..60_u8 {
        let pod = Endpoint::pod("default", &format!("pod-{n}"))
            .label("app", &format!("a{}", n % 5))
            .ip([10, 0, 0, n])
            .ip(v6(n));
        engine.add_endpoint(if n % 2 == 0 { pod } else { pod.cluster("default") }).unwrap();
    }
    engine.publish();
    engine
}

fn v6(n: u8) -> Ipv6Addr {
    Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, n.into())
}

fn addr() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        6 => (0u8..70).prop_map(|n| [10, 0, 0, n].into()),
        3 => (0u8..70).prop_map(|n| v6(n).into()),
        1 => any::<u8>().prop_map(|n| [192, 0, 2, n].into()),
        1 => any::<u128>().prop_map(|bits| Ipv6Addr::from_bits(bits).into()),
    ]
}

fn packet() -> impl Strategy<Value = Packet> {
    let protocol = prop_oneof![
        Just(Protocol::TCP),
        Just(Protocol::UDP),
        Just(Protocol::ICMP),
        any::<u8>().prop_map(Protocol::new),
    ];
    let port = prop_oneof![Just(80), Just(53), 0u16..6, any::<u16>()];
    (addr(), addr(), protocol, port, 0u8..6).prop_map(|(src, dst, protocol, port, icmp_code)| {
        let mut packet = Packet::new(src, dst, protocol, port);
        packet.icmp_code = icmp_code;
        packet
    })
}

#[test]
fn a_batch_says_what_single_verdicts_say() {
    let readers = engine().reader();
    let mut config = ProptestConfig::with_cases(200);
    config.failure_persistence = None;
    proptest!(config, |(packets in vec(packet(), 0..200))| {
        let mut reader = readers.clone();
        let single: Vec<PacketVerdict> = packets.iter().map(|p| reader.verdict(p)).collect();
        let mut batch = vec![PacketVerdict::DENY; packets.len()];
        reader.verdict_batch(&packets, &mut batch);
        prop_assert_eq!(&single, &batch);
        // Of slices of different length the common part.
        let mut short = vec![PacketVerdict::DENY; packets.len() / 2];
        reader.verdict_batch(&packets, &mut short);
        prop_assert_eq!(&single[..short.len()], &short);
        let mut long = vec![PacketVerdict::DENY; packets.len() + 3];
        reader.verdict_batch(&packets, &mut long);
        prop_assert!(long[packets.len()..].iter().all(|verdict| *verdict == PacketVerdict::DENY));
    });
}

#[test]
fn what_nothing_was_written_to_denies() {
    assert!(!PacketVerdict::DENY.is_allowed());
    assert!(!FrameVerdict::DENY.is_allowed());
    assert_eq!(PacketVerdict::DENY.denied_at(), Some(Direction::Egress));
}

/// Returns a UDP or TCP packet over IPv4, from the Ethernet header on.
fn frame(src: u8, dst: u8, protocol: u8, port: u16, fragment: u16) -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend([0x08, 0x00, 0x45, 0, 0, 40, 0, 7]);
    frame.extend(fragment.to_be_bytes());
    frame.extend([64, protocol, 0, 0, 10, 0, 0, src, 10, 0, 0, dst, 0x9c, 0x40]);
    frame.extend(port.to_be_bytes());
    frame.extend([0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x02, 0, 0, 0, 0, 0, 0]);
    frame
}

/// Returns the single verdict, having compared it with that of batches, with and without Ethernet
/// header.
fn ask(reader: &mut Reader, frame: &[u8]) -> FrameVerdict {
    let single = reader.frame_verdict(frame);
    let other = [0; 3];
    let mut batch = [FrameVerdict::DENY; 3];
    reader.frame_verdict_batch(&[&other, frame, &other], &mut batch);
    assert_eq!(batch, [FrameVerdict::DENY, single, FrameVerdict::DENY]);
    if let Some(packet) = frame.get(14..).filter(|packet| !packet.is_empty())
        && frame[12..14] == [0x08, 0x00]
    {
        assert_eq!(reader.ip_verdict(packet), single);
        reader.ip_verdict_batch(&[packet], &mut batch);
        assert_eq!(batch[0], single);
    }
    single
}

#[test]
fn frames_are_decided_as_the_packets_in_them() {
    let mut reader = engine().reader();
    for (src, dst, protocol, port) in [
        (2, 6, 6, 80),
        (2, 6, 17, 53),
        (3, 6, 6, 80),
        (8, 6, 6, 80),
        (8, 6, 17, 80),
        (61, 6, 6, 80),
    ] {
        let [from, to] = [src, dst].map(|n| Ipv4Addr::new(10, 0, 0, n));
        let packet = Packet::new(from, to, Protocol::new(protocol), port);
        let expected = FrameVerdict::Packet(reader.verdict(&packet));
        assert_eq!(ask(&mut reader, &frame(src, dst, protocol, port, 0x4000)), expected);
    }
}

#[test]
fn a_frame_that_is_cut_anywhere_in_its_headers_is_dropped() {
    let mut reader = engine().reader();
    let whole = frame(4, 6, 6, 80, 0x4000);
    for len in 0..whole.len() {
        let verdict = ask(&mut reader, &whole[..len]);
        assert!(matches!(verdict, FrameVerdict::Drop(FrameDrop::Bad(_))), "{len}: {verdict:?}");
    }
    assert!(matches!(ask(&mut reader, &whole), FrameVerdict::Packet(_)));
}

#[test]
fn later_fragments_match_entries_for_every_port_only() {
    // PKT-2. The range from port 0 on allows packets without port no more than others.
    let mut reader = engine().reader();
    let from_anyone = ask(&mut reader, &frame(4, 6, 6, 9, 0x2000 + 100));
    assert!(matches!(from_anyone, FrameVerdict::Fragment(_)));
    assert!(!from_anyone.is_allowed() && from_anyone.is_unsupported_fragment());
    // Pods with `app: a2` may send to every port.
    let from_a2 = ask(&mut reader, &frame(7, 6, 6, 9, 100));
    assert!(from_a2.is_allowed() && !from_a2.is_unsupported_fragment(), "{from_a2:?}");
    // The first fragment has its ports.
    assert!(ask(&mut reader, &frame(4, 6, 6, 9, 0x2000)).is_allowed());
    // Nothing denies by default what goes nowhere near an endpoint.
    let elsewhere = ask(&mut reader, &frame(61, 63, 6, 9, 100));
    assert!(elsewhere.is_allowed());
}

/// Returns an IPv6 packet with this next header and content, from the Ethernet header on.
fn frame_v6(src: u8, dst: u8, next: u8, content: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend([0x86, 0xdd, 0x60, 0, 0, 0, 0, content.len() as u8, next, 255]);
    frame.extend(v6(src).octets());
    frame.extend(v6(dst).octets());
    frame.extend(content);
    frame
}

#[test]
fn what_is_decided_before_policy() {
    let mut reader = engine().reader();
    // PKT-2: a fragment over IPv6 behind the first one.
    let later = [17, 0, 0x01, 0x00, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0];
    let verdict = ask(&mut reader, &frame_v6(4, 6, 44, &later));
    assert_eq!(verdict, FrameVerdict::Drop(FrameDrop::Ipv6Fragment));
    // PKT-7: options.
    let mut options = frame(4, 6, 6, 80, 0x4000);
    (options[14], options[17]) = (0x46, 44);
    options.splice(34..34, [1, 1, 1, 1]);
    assert_eq!(ask(&mut reader, &options), FrameVerdict::Drop(FrameDrop::IpOptions));
    // PKT-4: what a pod says about its neighbours; pod 2 may send nothing but UDP and TCP.
    let mut solicitation = [0; 24];
    solicitation[0] = 135;
    let FrameVerdict::Packet(verdict) = ask(&mut reader, &frame_v6(2, 9, 58, &solicitation)) else {
        panic!("an IP packet");
    };
    assert!(matches!(verdict.egress, Side::Exempt { .. }));
    solicitation[0] = 137;
    assert!(!ask(&mut reader, &frame_v6(2, 9, 58, &solicitation)).is_allowed());
    // PKT-4: ARP passes, what is unknown does not.
    let mut other = vec![0; 60];
    for (kind, allowed) in [(0x0806_u16, true), (0x88cc, false)] {
        other[12..14].copy_from_slice(&kind.to_be_bytes());
        assert_eq!(ask(&mut reader, &other), FrameVerdict::NotIp(kind));
        assert_eq!(reader.frame_verdict(&other).is_allowed(), allowed);
    }
    // ICMP-4: fragmentation needed passes a deny.
    let mut needed = frame(3, 6, 1, 0, 0x4000);
    needed[34..38].copy_from_slice(&[3, 4, 0, 0]);
    assert!(ask(&mut reader, &needed).is_allowed());
    needed[35] = 1;
    assert!(!ask(&mut reader, &needed).is_allowed());
    assert_eq!(ask(&mut reader, &[]), FrameVerdict::Drop(FrameDrop::Bad(BadPacket::Truncated)));
}
