//! Packets as bytes, with the fields that are expected of them.

use std::net::IpAddr;

use netpol_core::packet::{
    BadPacket, Fragment, Headers, IcmpMessage, Parsed, TcpFlags, Transport, Tuple, parse, parse_ip,
};
use netpol_core::{Direction, Flow, IdentityId, Protocol};
use proptest::prelude::*;

const ETHERNET: [u8; 12] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];

const TCP_SYN: [u8; 20] = [
    0x9c, 0x40, // source port 40000
    0x1c, 0xd3, // destination port 7379
    0, 0, 0, 1, 0, 0, 0, 0, // numbers
    0x50, 0x02, // 20 bytes, SYN
    0xff, 0xff, 0, 0, 0, 0,
];

const UDP: [u8; 8] = [
    0x9c, 0x41, // source port 40001
    0, 53, // destination port 53
    0, 8, 0, 0,
];

const ECHO_REQUEST_4: [u8; 8] = [8, 0, 0, 0, 0x12, 0x34, 0, 1];
const ECHO_REPLY_4: [u8; 8] = [0, 0, 0, 0, 0x12, 0x34, 0, 1];

/// Returns an IPv4 packet from 10.0.1.2 to 10.0.2.3.
fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_with(protocol, &[], [0x40, 0], payload)
}

fn ipv4_with(protocol: u8, options: &[u8], frag: [u8; 2], payload: &[u8]) -> Vec<u8> {
    let header_len = 20 + options.len();
    let total = u16::try_from(header_len + payload.len()).expect("the packet is short");
    let [len0, len1] = total.to_be_bytes();
    let first = 0x40 | u8::try_from(header_len / 4).expect("the header is short");
    let mut packet = vec![first, 0, len0, len1, 0xab, 0xcd, frag[0], frag[1], 64, protocol, 0, 0];
    packet.extend([10, 0, 1, 2, 10, 0, 2, 3]);
    packet.extend(options);
    packet.extend(payload);
    packet
}

/// Returns an IPv6 packet from fd00::102 to fd00::203.
fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).expect("the packet is short");
    let [len0, len1] = len.to_be_bytes();
    let mut packet = vec![0x60, 0, 0, 0, len0, len1, next, 64];
    for low in [[1, 2], [2, 3]] {
        packet.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        packet.extend(low);
    }
    packet.extend(payload);
    packet
}

fn frame(kind: [u8; 2], packet: &[u8]) -> Vec<u8> {
    [&ETHERNET[..], &kind, packet].concat()
}

fn tuple(v4: bool, protocol: Protocol, src_port: u16, dst_port: u16) -> Tuple {
    let (src, dst) = if v4 { ("10.0.1.2", "10.0.2.3") } else { ("fd00::102", "fd00::203") };
    Tuple { src: addr(src), dst: addr(dst), protocol, src_port, dst_port }
}

fn addr(text: &str) -> IpAddr {
    text.parse().expect("the address is valid")
}

fn headers(tuple: Tuple, transport: Transport) -> Parsed {
    Parsed::Ip(Headers { tuple, transport, fragment: None, ip_options: false })
}

#[test]
fn tcp_over_both_families() {
    let transport = Transport::Tcp(TcpFlags::SYN);
    let expected = headers(tuple(true, Protocol::TCP, 40_000, 7379), transport);
    assert_eq!(parse_ip(&ipv4(6, &TCP_SYN)), expected);
    assert_eq!(parse(&frame([8, 0], &ipv4(6, &TCP_SYN))), expected);
    let expected = headers(tuple(false, Protocol::TCP, 40_000, 7379), transport);
    assert_eq!(parse_ip(&ipv6(6, &TCP_SYN)), expected);
    assert_eq!(parse(&frame([0x86, 0xdd], &ipv6(6, &TCP_SYN))), expected);
}

#[test]
fn udp_sctp_and_others() {
    let expected = headers(tuple(true, Protocol::UDP, 40_001, 53), Transport::Udp);
    assert_eq!(parse_ip(&ipv4(17, &UDP)), expected);
    let sctp = [0x9c, 0x40, 0x0b, 0x59, 0, 0, 0, 0, 0, 0, 0, 0];
    let expected = headers(tuple(false, Protocol::SCTP, 40_000, 2905), Transport::Sctp);
    assert_eq!(parse_ip(&ipv6(132, &sctp)), expected);
    // PKT-6: any protocol number, without ports.
    for (protocol, payload) in [(47, &[][..]), (50, &[1; 20]), (112, &[1; 3])] {
        let expected = headers(tuple(true, Protocol::new(protocol), 0, 0), Transport::Other);
        assert_eq!(parse_ip(&ipv4(protocol, payload)), expected);
        let expected = headers(tuple(false, Protocol::new(protocol), 0, 0), Transport::Other);
        assert_eq!(parse_ip(&ipv6(protocol, payload)), expected);
    }
    // No next header.
    let expected = headers(tuple(false, Protocol::new(59), 0, 0), Transport::Other);
    assert_eq!(parse_ip(&ipv6(59, &[])), expected);
}

#[test]
fn the_padding_of_short_frames_is_not_read() {
    // A UDP packet that claims to be shorter than its header, in a frame of 60 bytes.
    let mut packet = ipv4(17, &UDP[..4]);
    packet.resize(46, 0xff);
    assert_eq!(parse_ip(&packet), Parsed::Bad(BadPacket::Truncated));
    let mut packet = ipv6(17, &UDP[..4]);
    packet.resize(60, 0xff);
    assert_eq!(parse_ip(&packet), Parsed::Bad(BadPacket::Truncated));
}

#[test]
fn up_to_two_vlan_tags_are_read() {
    let packet = ipv4(17, &UDP);
    let expected = headers(tuple(true, Protocol::UDP, 40_001, 53), Transport::Udp);
    let one = [&[0x81, 0, 0, 5, 8, 0], &packet[..]].concat();
    assert_eq!(parse(&[&ETHERNET[..], &one].concat()), expected);
    let two = [&[0x88, 0xa8, 0, 9], &one[..]].concat();
    assert_eq!(parse(&[&ETHERNET[..], &two].concat()), expected);
    let three = [&[0x88, 0xa8, 0, 9], &two[..]].concat();
    let bad = Parsed::Bad(BadPacket::TooManyTags);
    assert_eq!(parse(&[&ETHERNET[..], &three].concat()), bad);
}

#[test]
fn what_is_not_ip_says_what_it_is() {
    assert_eq!(parse(&frame([8, 6], &[0; 28])), Parsed::NotIp(0x0806)); // PKT-4
    assert_eq!(parse(&frame([0x88, 0xcc], &[])), Parsed::NotIp(0x88cc));
    assert_eq!(parse(&frame([8, 6], &[])).headers(), None);
}

#[test]
fn versions_and_lengths_have_to_fit() {
    assert_eq!(parse(&frame([8, 0], &ipv6(17, &UDP))), Parsed::Bad(BadPacket::Version));
    assert_eq!(parse(&frame([0x86, 0xdd], &ipv4(17, &UDP))), Parsed::Bad(BadPacket::Truncated));
    let long = ipv4(17, &[UDP; 4].concat());
    assert_eq!(parse(&frame([0x86, 0xdd], &long)), Parsed::Bad(BadPacket::Version));
    assert_eq!(parse_ip(&[0x50; 40]), Parsed::Bad(BadPacket::Version));
    let mut packet = ipv4(17, &UDP);
    packet[0] = 0x44; // 16 bytes of header
    assert_eq!(parse_ip(&packet), Parsed::Bad(BadPacket::HeaderLength));
    let mut packet = ipv4(17, &UDP);
    packet[3] = 19; // 19 bytes in total
    assert_eq!(parse_ip(&packet), Parsed::Bad(BadPacket::HeaderLength));
    let mut packet = ipv4(6, &TCP_SYN);
    packet[32] = 0x40; // 16 bytes of TCP header
    assert_eq!(parse_ip(&packet), Parsed::Bad(BadPacket::HeaderLength));
}

#[test]
fn options_are_skipped_and_told() {
    let packet = ipv4_with(17, &[7, 7, 4, 0, 0, 0, 0, 0], [0, 0], &UDP); // record route
    let Parsed::Ip(headers) = parse_ip(&packet) else { panic!("the packet is fine") };
    assert!(headers.ip_options); // PKT-7
    assert_eq!(headers.tuple, tuple(true, Protocol::UDP, 40_001, 53));
}

#[test]
fn echoes_have_reversed_tuples() {
    let request = *parse_ip(&ipv4(1, &ECHO_REQUEST_4)).headers().expect("it is fine");
    assert_eq!(request.tuple, tuple(true, Protocol::ICMP, 0, 0x1234));
    assert_eq!(request.policy_port(), 8); // ICMP-2: the type, not the identifier
    let reply = *parse_ip(&ipv4(1, &ECHO_REPLY_4)).headers().expect("it is fine");
    assert_eq!(reply.tuple, tuple(true, Protocol::ICMP, 0x1234, 0));
    let message = IcmpMessage { kind: 0, code: 0, about: None };
    assert_eq!(reply.transport, Transport::Icmp(message));
    let request = *parse_ip(&ipv6(58, &[128, 0, 0, 0, 0x12, 0x34, 0, 1])).headers().expect("fine");
    let reply = *parse_ip(&ipv6(58, &[129, 0, 0, 0, 0x12, 0x34, 0, 1])).headers().expect("fine");
    assert_eq!(request.tuple.src_port, reply.tuple.dst_port);
    assert_eq!(request.tuple.dst_port, reply.tuple.src_port);
    assert_eq!(request.policy_port(), 128);
}

#[test]
fn icmp_of_the_other_family_is_a_protocol_like_any_other() {
    let expected = headers(tuple(true, Protocol::ICMPV6, 0, 0), Transport::Other);
    assert_eq!(parse_ip(&ipv4(58, &ECHO_REQUEST_4)), expected);
    let expected = headers(tuple(false, Protocol::ICMP, 0, 0), Transport::Other);
    assert_eq!(parse_ip(&ipv6(1, &ECHO_REQUEST_4)), expected);
}

/// Swaps source and destination of a packet made by `ipv4` or `ipv6`.
fn sent_back(mut packet: Vec<u8>) -> Vec<u8> {
    let (start, len) = if packet[0] >> 4 == 4 { (12, 4) } else { (8, 16) };
    packet[start..start + 2 * len].rotate_left(len);
    packet
}

#[test]
fn errors_quote_the_packet_that_they_are_about() {
    let quote = ipv4(6, &TCP_SYN[..8]); // an error quotes 8 bytes at least
    let error = |kind, code| [&[kind, code, 0, 0, 0, 0, 0, 0], &quote[..]].concat();
    for kind in [3, 11, 12] {
        let packet = sent_back(ipv4(1, &error(kind, 4)));
        let parsed = parse_ip(&packet);
        let headers = parsed.headers().expect("it is fine");
        let about = Some(tuple(true, Protocol::TCP, 40_000, 7379));
        assert_eq!(headers.transport, Transport::Icmp(IcmpMessage { kind, code: 4, about }));
        assert_eq!(headers.is_fragmentation_needed(), kind == 3); // ICMP-4
        assert_eq!(headers.tuple.src_port, 0);
    }
    // CT-3: other types are about nothing.
    let redirect = parse_ip(&sent_back(ipv4(1, &error(5, 0))));
    let about_nothing = |parsed: Parsed| match parsed.headers().map(|headers| headers.transport) {
        Some(Transport::Icmp(message)) => message.about.is_none(),
        _ => false,
    };
    assert!(about_nothing(redirect));
    // A report that goes to somebody else than the sender proves nothing.
    assert!(about_nothing(parse_ip(&ipv4(1, &error(3, 1)))));
    // Neither does one that quotes too little.
    let packet = sent_back(ipv4(1, &error(3, 1)[..8 + 27]));
    assert!(about_nothing(parse_ip(&packet)));
}

#[test]
fn errors_over_ipv6_and_about_echoes() {
    for kind in 1..=4 {
        let quote = ipv6(17, &UDP);
        let error = [&[kind, 0, 0, 0, 0, 0, 0, 0], &quote[..]].concat();
        let parsed = parse_ip(&sent_back(ipv6(58, &error)));
        let about = Some(tuple(false, Protocol::UDP, 40_001, 53));
        let message = IcmpMessage { kind, code: 0, about };
        assert_eq!(
            parsed.headers().map(|headers| headers.transport),
            Some(Transport::Icmp(message))
        );
    }
    let about = |quoted: &[u8]| {
        let error = [&[3, 1, 0, 0, 0, 0, 0, 0], &ipv4(1, quoted)[..]].concat();
        match parse_ip(&sent_back(ipv4(1, &error))).headers().map(|headers| headers.transport) {
            Some(Transport::Icmp(message)) => message.about,
            _ => None,
        }
    };
    assert_eq!(about(&ECHO_REQUEST_4), Some(tuple(true, Protocol::ICMP, 0, 0x1234)));
    assert_eq!(about(&[11, 0, 0, 0, 0, 0, 0, 0]), None); // no errors about errors
}

#[test]
fn neighbour_discovery_is_told() {
    for kind in [135, 136] {
        let parsed = parse_ip(&ipv6(58, &[kind, 0, 0, 0, 0, 0, 0, 0]));
        assert!(parsed.headers().is_some_and(Headers::is_neighbour_discovery)); // PKT-4
    }
    let parsed = parse_ip(&ipv6(58, &[133, 0, 0, 0, 0, 0, 0, 0]));
    assert!(!parsed.headers().is_some_and(Headers::is_neighbour_discovery));
}

#[test]
fn fragments_tell_which_they_are() {
    let first = parse_ip(&ipv4_with(17, &[], [0x20, 0], &UDP));
    let first = first.headers().expect("it is fine");
    assert_eq!(first.fragment, Some(Fragment { id: 0xabcd, offset: 0, more: true }));
    assert_eq!(first.policy_port(), 53);
    // PKT-2: a later one has port 0.
    let later = parse_ip(&ipv4_with(17, &[], [0, 0x10], &UDP));
    let later = later.headers().expect("it is fine");
    assert_eq!(later.fragment, Some(Fragment { id: 0xabcd, offset: 128, more: false }));
    assert_eq!((later.transport, later.policy_port()), (Transport::Missing, 0));
    assert_eq!(later.tuple, tuple(true, Protocol::UDP, 0, 0));
    let head = [17, 0, 0, 0x41, 0, 0, 0xab, 0xcd]; // UDP, at 64, more, id 0xabcd
    let later = parse_ip(&ipv6(44, &[&head[..], &UDP].concat()));
    let later = later.headers().expect("it is fine");
    assert_eq!(later.fragment, Some(Fragment { id: 0xabcd, offset: 64, more: true }));
    assert_eq!(later.tuple, tuple(false, Protocol::UDP, 0, 0));
    // A fragment that is the whole packet is none (RFC 6946).
    let head = [17, 0, 0, 0, 0, 0, 0xab, 0xcd];
    let whole = parse_ip(&ipv6(44, &[&head[..], &UDP].concat()));
    let expected = headers(tuple(false, Protocol::UDP, 40_001, 53), Transport::Udp);
    assert_eq!(whole, expected);
}

#[test]
fn fragments_that_could_hide_something_are_bad() {
    let bad = |parsed| match parsed {
        Parsed::Bad(bad) => Some(bad),
        _ => None,
    };
    // PKT-3
    for frag in [[0x20, 0], [0, 0x10]] {
        let packet = ipv4_with(1, &[], frag, &ECHO_REQUEST_4);
        assert_eq!(bad(parse_ip(&packet)), Some(BadPacket::FragmentedIcmp));
    }
    let head = [58, 0, 0, 1, 0, 0, 0, 1];
    let packet = ipv6(44, &[&head[..], &[128, 0, 0, 0, 0, 0, 0, 0]].concat());
    assert_eq!(bad(parse_ip(&packet)), Some(BadPacket::FragmentedIcmp));
    // RFC 1858: over the flags of the TCP header.
    let packet = ipv4_with(6, &[], [0, 1], &TCP_SYN);
    assert_eq!(bad(parse_ip(&packet)), Some(BadPacket::Fragment));
    // RFC 3128: the first fragment has to have all of it.
    let packet = ipv4_with(6, &[], [0x20, 0], &TCP_SYN[..16]);
    assert_eq!(bad(parse_ip(&packet)), Some(BadPacket::Truncated));
    // Behind the end of the longest packet.
    let packet = ipv4_with(17, &[], [0x1f, 0xff], &[0; 64]);
    assert_eq!(bad(parse_ip(&packet)), Some(BadPacket::Fragment));
    let two = [&[44, 0, 0, 1, 0, 0, 0, 1, 17, 0, 0, 1, 0, 0, 0, 1][..], &UDP].concat();
    assert_eq!(bad(parse_ip(&ipv6(44, &two))), Some(BadPacket::TooManyExtensions));
}

#[test]
fn extension_headers_are_skipped_up_to_a_limit() {
    // Hop-by-hop of 8 bytes, destination of 16, authentication of 12, routing of type 4.
    let chain = [
        &[60, 0, 1, 4, 0, 0, 0, 0][..],
        &[51, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[43, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1],
        &[17, 0, 4, 1, 0, 0, 0, 0],
        &UDP,
    ]
    .concat();
    let expected = headers(tuple(false, Protocol::UDP, 40_001, 53), Transport::Udp);
    assert_eq!(parse_ip(&ipv6(0, &chain)), expected);
    let many = |n: usize| {
        let mut chain = [60, 0, 1, 4, 0, 0, 0, 0].repeat(n);
        let last = chain.len() - 8;
        chain[last] = 17;
        chain.extend(UDP);
        parse_ip(&ipv6(60, &chain))
    };
    assert_eq!(many(8), expected);
    assert_eq!(many(9), Parsed::Bad(BadPacket::TooManyExtensions));
    // RFC 5095
    let routed = [&[17, 2, 0, 1, 0, 0, 0, 0][..], &[0; 16], &UDP].concat();
    assert_eq!(parse_ip(&ipv6(43, &routed)), Parsed::Bad(BadPacket::SourceRoute));
}

#[test]
fn a_flow_is_made_of_a_packet() {
    let parsed = parse_ip(&ipv4(6, &TCP_SYN));
    let peer = IdentityId::new(1001);
    let flow = parsed.headers().map(|headers| headers.flow(Direction::Ingress, peer));
    let expected =
        Flow { direction: Direction::Ingress, peer, protocol: Protocol::TCP, port: 7379 };
    assert_eq!(flow, Some(expected));
}

#[test]
fn words_are_written_for_people() {
    assert_eq!(BadPacket::FragmentedIcmp.to_string(), "fragmented icmp");
    assert_eq!((TcpFlags::SYN | TcpFlags::ACK).to_string(), "SYN,ACK");
    assert_eq!(TcpFlags::default().to_string(), "");
}

/// Returns good packets of every shape.
fn samples() -> Vec<Vec<u8>> {
    let error4 = [&[3, 1, 0, 0, 0, 0, 0, 0], &ipv4(6, &TCP_SYN[..8])[..]].concat();
    let error6 = [&[1, 0, 0, 0, 0, 0, 0, 0], &ipv6(17, &UDP)[..]].concat();
    let chain =
        [&[60, 0, 1, 4, 0, 0, 0, 0, 44, 0, 1, 4, 0, 0, 0, 0][..], &[17, 0, 0, 1, 0, 0, 0, 1], &UDP];
    let packets = [
        ipv4(6, &TCP_SYN),
        ipv4(17, &UDP),
        ipv4_with(17, &[1; 8], [0x20, 0], &UDP),
        ipv4(1, &ECHO_REQUEST_4),
        sent_back(ipv4(1, &error4)),
        ipv6(6, &TCP_SYN),
        ipv6(0, &chain.concat()),
        sent_back(ipv6(58, &error6)),
    ];
    packets
        .into_iter()
        .map(|packet| match packet[0] >> 4 {
            4 => frame([8, 0], &packet),
            _ => [&ETHERNET[..], &[0x81, 0, 0, 5, 0x86, 0xdd], &packet].concat(),
        })
        .collect()
}

#[test]
fn packets_cut_at_any_byte_are_bad() {
    for sample in samples() {
        assert!(parse(&sample).headers().is_some());
        for len in 0..sample.len() {
            // The length fields say more than there is, so nothing is let through.
            assert_eq!(parse(&sample[..len]), Parsed::Bad(BadPacket::Truncated), "{len}");
        }
    }
}

proptest! {
    #[test]
    fn changed_packets_are_read_without_panic(
        sample in 0usize..8,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = samples().swap_remove(sample);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let whole = parse(&bytes);
        // What is still good when it is cut was good, and the same, before.
        let cut = parse(&bytes[..cut.index(bytes.len())]);
        prop_assert!(matches!(cut, Parsed::Bad(_)) || cut == whole);
        if let Parsed::Ip(headers) = whole {
            prop_assert_eq!(headers.tuple.src.is_ipv4(), headers.tuple.dst.is_ipv4());
            prop_assert_eq!(headers.tuple.reversed().reversed(), headers.tuple);
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        if let Parsed::Ip(headers) = parse_ip(&bytes) {
            prop_assert!(headers.tuple.src.is_ipv4() == (bytes[0] >> 4 == 4));
        }
        let mut framed = frame([8, 0], &bytes);
        prop_assert!(!matches!(parse(&framed), Parsed::NotIp(_)));
        framed[13] = 1;
        prop_assert_eq!(parse(&framed), Parsed::NotIp(0x0801));
    }
}
