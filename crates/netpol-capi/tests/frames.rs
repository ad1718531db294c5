//! Verdicts on bytes are those of the library in Rust.

#[macro_use]
mod common;

use core::ptr;

use common::*;
use netpol_capi::*;

/// Returns an IPv4 packet without options.
fn ipv4(src: [u8; 4], dst: [u8; 4], protocol: u8, rest: &[u8]) -> Vec<u8> {
    let len = (20 + rest.len() as u16).to_be_bytes();
    let head = [0x45, 0, len[0], len[1], 0, 0, 0, 0, 64, protocol, 0, 0];
    [&head[..], &src, &dst, rest].concat()
}

fn ask(world: &World, packet: &[u8]) -> netpol_frame_verdict {
    let mut verdict = netpol_frame_verdict { allowed: 7, ..Default::default() };
    let (data, len) = (packet.as_ptr(), packet.len());
    assert_eq!(
        call!(netpol_reader_ip_verdict(world.reader, data, len, &raw mut verdict)),
        NETPOL_OK
    );
    // Alone, in a batch, and in a frame it is the same.
    let frame = [&[0; 12][..], &[0x08, 0x00], packet].concat();
    let mut others = [verdict, netpol_frame_verdict::default()];
    let (data, len) = (frame.as_ptr(), frame.len());
    let out = others.as_mut_ptr();
    assert_eq!(call!(netpol_reader_frame_verdict(world.reader, data, len, out)), NETPOL_OK);
    let bytes = [netpol_bytes { data, len }; 2];
    let status = call!(netpol_reader_frame_verdict_batch(world.reader, bytes.as_ptr(), out, 2));
    assert_eq!((status, others), (NETPOL_OK, [verdict; 2]));
    verdict
}

#[test]
fn every_kind_of_packet_has_its_answer() {
    let world = World::new();
    let tcp = [0x9c, 0x40, 0x1c, 0xd3, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0];
    let (backend, database) = ([10, 0, 1, 3], [10, 0, 1, 2]);
    let whole = ipv4(backend, database, TCP, &tcp);
    let allowed = ask(&world, &whole);
    assert_eq!((allowed.kind, allowed.allowed), (NETPOL_FRAME_PACKET, 1));
    let known = world.verdict(&packet(BACKEND, DATABASE, TCP, 7379));
    assert_eq!(allowed.verdict, known);
    let stranger = ask(&world, &ipv4([192, 0, 2, 1], database, TCP, &tcp));
    assert_eq!((stranger.kind, stranger.allowed), (NETPOL_FRAME_PACKET, 0));
    assert_eq!(stranger.verdict.summary, NETPOL_SUMMARY_DENY);
    let cut = ask(&world, &whole[..30]);
    assert_eq!(
        (cut.kind, cut.drop_reason, cut.allowed),
        (NETPOL_FRAME_DROP, NETPOL_DROP_TRUNCATED, 0)
    );
    let mut later = whole.clone();
    later[7] = 185;
    let later = ask(&world, &later);
    assert_eq!(
        (later.kind, later.allowed, later.unsupported_fragment),
        (NETPOL_FRAME_FRAGMENT, 0, 1)
    );
    let mut options = ipv4(backend, database, TCP, &[&[1; 4][..], &tcp].concat());
    options[0] = 0x46;
    assert_eq!(ask(&world, &options).drop_reason, NETPOL_DROP_IP_OPTIONS);
    let mut version = whole;
    version[0] = 0x55;
    let mut verdict = netpol_frame_verdict::default();
    let (data, len) = (version.as_ptr(), version.len());
    call!(netpol_reader_ip_verdict(world.reader, data, len, &raw mut verdict));
    assert_eq!((verdict.drop_reason, verdict.allowed), (NETPOL_DROP_VERSION, 0));
}

#[test]
fn of_what_is_not_ip_only_arp_passes() {
    let world = World::new();
    for (kind, allowed) in [(0x0806_u16, 1), (0x88cc, 0)] {
        let frame = [&[0; 12][..], &kind.to_be_bytes(), &[0; 46]].concat();
        let mut verdict = netpol_frame_verdict::default();
        let (data, len) = (frame.as_ptr(), frame.len());
        call!(netpol_reader_frame_verdict(world.reader, data, len, &raw mut verdict));
        assert_eq!((verdict.kind, verdict.ether_type), (NETPOL_FRAME_NOT_IP, kind));
        assert_eq!((verdict.allowed, verdict.verdict.summary), (allowed, NETPOL_SUMMARY_DENY));
    }
}

#[test]
fn what_cannot_be_asked_is_dropped() {
    let world = World::new();
    let bytes = [0x45; 40];
    let allow = netpol_frame_verdict { allowed: 1, ..Default::default() };
    let mut verdicts = [allow; 2];
    let out = verdicts.as_mut_ptr();
    let frames = [
        netpol_bytes { data: ptr::null(), len: 40 },
        netpol_bytes { data: bytes.as_ptr(), len: usize::MAX },
    ];
    let status = call!(netpol_reader_ip_verdict_batch(world.reader, frames.as_ptr(), out, 2));
    assert_eq!((status, verdicts.map(|verdict| verdict.allowed)), (NETPOL_NULL, [0; 2]));
    verdicts = [allow; 2];
    let out = verdicts.as_mut_ptr();
    let status = call!(netpol_reader_ip_verdict_batch(ptr::null_mut(), frames.as_ptr(), out, 2));
    assert_eq!((status, verdicts.map(|verdict| verdict.allowed)), (NETPOL_NULL, [0; 2]));
    let status =
        call!(netpol_reader_ip_verdict_batch(world.reader, ptr::null(), ptr::null_mut(), 0));
    assert_eq!(status, NETPOL_OK);
}
