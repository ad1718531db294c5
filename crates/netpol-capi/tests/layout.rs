//! Sizes, offsets and numbers of the ABI. Who changes one of them makes `NETPOL_ABI_VERSION` greater.

#![cfg(target_pointer_width = "64")]

use core::mem::{align_of, offset_of, size_of};

use netpol_capi::*;

#[test]
fn the_layout_of_version_1_stays() {
    assert_eq!(NETPOL_ABI_VERSION, 1);
    assert_eq!(netpol_abi_version(), NETPOL_ABI_VERSION);
    let sizes = [
        size_of::<netpol_str>(),
        size_of::<netpol_address>(),
        size_of::<netpol_packet>(),
        size_of::<netpol_side>(),
        size_of::<netpol_verdict>(),
        size_of::<netpol_map_entry>(),
        size_of::<netpol_settings>(),
        size_of::<netpol_endpoint>(),
        size_of::<netpol_label>(),
        size_of::<netpol_named_port>(),
        size_of::<netpol_problem>(),
        size_of::<netpol_applied>(),
        size_of::<netpol_header>(),
        size_of::<netpol_http_request>(),
        size_of::<netpol_callbacks>(),
        size_of::<netpol_stats>(),
        size_of::<netpol_bytes>(),
        size_of::<netpol_frame_verdict>(),
    ];
    assert_eq!(sizes, [16, 20, 48, 24, 60, 20, 168, 128, 32, 24, 96, 40, 32, 72, 32, 64, 16, 68]);
    assert_eq!((align_of::<netpol_packet>(), align_of::<netpol_verdict>()), (2, 4));
}

#[test]
fn the_fields_of_packets_and_verdicts_stay_where_they_are() {
    let packet = [
        offset_of!(netpol_packet, size),
        offset_of!(netpol_packet, port),
        offset_of!(netpol_packet, protocol),
        offset_of!(netpol_packet, icmp_code),
        offset_of!(netpol_packet, src),
        offset_of!(netpol_packet, dst),
    ];
    assert_eq!(packet, [0, 2, 4, 5, 8, 28]);
    let side = [
        offset_of!(netpol_side, endpoint),
        offset_of!(netpol_side, peer),
        offset_of!(netpol_side, rules),
        offset_of!(netpol_side, proxy),
        offset_of!(netpol_side, port),
        offset_of!(netpol_side, protocol),
        offset_of!(netpol_side, direction),
        offset_of!(netpol_side, decision),
        offset_of!(netpol_side, enforced),
        offset_of!(netpol_side, match_type),
        offset_of!(netpol_side, auth),
    ];
    assert_eq!(side, [0, 4, 8, 12, 16, 18, 19, 20, 21, 22, 23]);
    let verdict = [
        offset_of!(netpol_verdict, src_identity),
        offset_of!(netpol_verdict, dst_identity),
        offset_of!(netpol_verdict, egress),
        offset_of!(netpol_verdict, ingress),
        offset_of!(netpol_verdict, summary),
    ];
    assert_eq!(verdict, [0, 4, 8, 32, 56]);
    assert_eq!((offset_of!(netpol_address, family), offset_of!(netpol_address, bytes)), (0, 4));
}

#[test]
fn statuses_keep_their_numbers() {
    let statuses = [
        NETPOL_NULL,
        NETPOL_WRONG_SIZE,
        NETPOL_BAD_VALUE,
        NETPOL_NOT_UTF8,
        NETPOL_TOO_LONG,
        NETPOL_BAD_DOCUMENT,
        NETPOL_REFUSED,
        NETPOL_EXHAUSTED,
        NETPOL_UNKNOWN_ENDPOINT,
        NETPOL_BAD_MESSAGE,
        NETPOL_PANICKED,
        NETPOL_BROKEN,
    ];
    assert!(statuses.into_iter().eq(6401..=6412));
    assert_eq!(NETPOL_OK, 0);
    // What is all zero does not let a packet pass.
    assert_eq!(netpol_verdict::default().summary, NETPOL_SUMMARY_DENY);
    assert_eq!(netpol_side::default().decision, NETPOL_DECISION_ERROR);
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = netpol_version();
    assert_eq!(version.len, env!("CARGO_PKG_VERSION").len());
}
