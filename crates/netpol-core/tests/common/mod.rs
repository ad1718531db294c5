//! Addresses and prefixes for property tests: crowded, so that they lie inside each other.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netpol_core::Prefix;
use proptest::prelude::*;

/// Returns addresses of both families, few of which differ in more than some bits.
pub(crate) fn address() -> impl Strategy<Value = IpAddr> {
    let v4 = (any::<u32>(), 0u32..33).prop_map(|(bits, shift)| {
        let low = bits.checked_shr(shift).unwrap_or(0);
        IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 ^ low))
    });
    let v6 = (any::<u128>(), 0u32..129, 0u32..3).prop_map(|(bits, shift, base)| {
        let base = 0xfd00_0010_0244 << 80 | u128::from(base) << 62;
        let low = bits.checked_shr(shift).unwrap_or(0) & bits.rotate_left(17);
        IpAddr::V6(Ipv6Addr::from_bits(base ^ low))
    });
    prop_oneof![v4, v6]
}

/// Returns prefixes of all lengths, host routes more often than others.
pub(crate) fn prefix() -> impl Strategy<Value = Prefix> {
    let len = prop_oneof![3 => 0u8..=128, 1 => Just(128u8), 1 => 20u8..=32];
    (address(), len).prop_map(|(addr, len)| {
        let host = Prefix::host(addr);
        Prefix::new(addr, len).unwrap_or(host)
    })
}
