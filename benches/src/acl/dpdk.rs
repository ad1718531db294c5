//! DPDK's packet classifier.

use std::ffi::{c_char, c_int, c_void};

use super::{Acl, Classify, Packet, Rule};
use crate::dpdk::Owned;

/// How many packets are classified together.
const BATCH: usize = 256;

/// `rte_acl`, with the instructions of AVX-512 or without.
pub(super) struct Classifier {
    acl: Owned,
    avx512: bool,
    packets: Vec<RawPacket>,
}

impl Classifier {
    /// Returns the classifier for these rules, and its packets laid out as it reads them; `None`
    /// if it cannot hold the rules.
    pub(super) fn boxed<'a>(acl: &Acl, avx512: bool) -> Option<Box<dyn Classify + 'a>> {
        let rules: Vec<RawRule> = acl.rules.iter().map(RawRule::from).collect();
        // SAFETY: the name ends with a zero, and there are as many rules.
        let make = |name| unsafe { shim_acl_new(name, rules.as_ptr(), rules.len() as u32) };
        // SAFETY: the two functions belong together.
        let owned = unsafe { Owned::new(rte_acl_free, make, |_| true) }?;
        let packets = acl.packets.iter().map(RawPacket::from).collect();
        Some(Box::new(Self { acl: owned, avx512, packets }))
    }
}

impl Classify for Classifier {
    fn name(&self) -> &'static str {
        if self.avx512 { "DPDK acl, AVX-512" } else { "DPDK acl, scalar" }
    }

    fn bytes(&self) -> usize {
        self.acl.bytes()
    }

    fn sum(&self) -> u64 {
        let mut found = [0; BATCH];
        let mut sum = 0;
        for packets in self.packets.chunks(BATCH) {
            let (count, values) = (packets.len() as u32, found.as_mut_ptr());
            // SAFETY: the classifier lives; there are as many packets, and room for as many values.
            let result = unsafe {
                shim_acl_classify(
                    self.acl.get(),
                    packets.as_ptr(),
                    values,
                    count,
                    self.avx512.into(),
                )
            };
            assert_eq!(result, 0);
            sum += found.iter().take(packets.len()).map(|rule| u64::from(*rule)).sum::<u64>();
        }
        sum
    }
}

/// As the shim has it: `struct shim_rule`.
#[repr(C)]
struct RawRule {
    src: u32,
    src_len: u32,
    dst: u32,
    dst_len: u32,
    src_ports: [u16; 2],
    dst_ports: [u16; 2],
    protocol: u8,
}

impl From<&Rule> for RawRule {
    fn from(rule: &Rule) -> Self {
        let Rule { src, dst, src_ports, dst_ports, protocol } = *rule;
        let ((src, src_len), (dst, dst_len)) = (src, dst);
        Self {
            src,
            src_len: src_len.into(),
            dst,
            dst_len: dst_len.into(),
            src_ports,
            dst_ports,
            protocol,
        }
    }
}

/// As the shim has it: `struct shim_packet`, all in network byte order.
#[repr(C)]
struct RawPacket {
    protocol: [u8; 4],
    src: u32,
    dst: u32,
    src_port: u16,
    dst_port: u16,
}

impl From<&Packet> for RawPacket {
    fn from(packet: &Packet) -> Self {
        let Packet { src, dst, src_port, dst_port, protocol } = *packet;
        Self {
            protocol: [protocol, 0, 0, 0],
            src: src.to_be(),
            dst: dst.to_be(),
            src_port: src_port.to_be(),
            dst_port: dst_port.to_be(),
        }
    }
}

unsafe extern "C" {
    fn shim_acl_new(name: *const c_char, rules: *const RawRule, count: u32) -> *mut c_void;
    fn rte_acl_free(acl: *mut c_void);
    fn shim_acl_classify(
        acl: *const c_void,
        packets: *const RawPacket,
        values: *mut u32,
        count: u32,
        avx512: c_int,
    ) -> c_int;
}
