//! Which code a processor runs: counting ones is one instruction on every x86-64 of the last
//! fifteen years, but the compiler may use it only where that is known.

#![cfg_attr(
    all(target_arch = "x86_64", feature = "std"),
    expect(
        unsafe_code,
        reason = "calling a function for a processor feature that was looked for; without it \
                  each level of a trie counts ones in software"
    )
)]

use core::net::{Ipv4Addr, Ipv6Addr};

use super::address::Seed;
use super::arena::Arena;
use super::batch;
use super::family::Family;

/// What a lookup reads.
type Table<'a> = (&'a Family, &'a Arena, &'a Seed);

/// Defines a function that runs `$body` with the features of the processor at hand.
///
/// All of the body is inlined, so that it is compiled once with the features and once without.
macro_rules! dispatch {
    ($name:ident($table:pat, $($arg:ident: $type:ty),*) $(-> $result:ty)? { $body:expr }) => {
        #[inline]
        pub(super) fn $name(table: Table<'_>, $($arg: $type),*) $(-> $result)? {
            #[inline(always)]
            fn body($table: Table<'_>, $($arg: $type),*) $(-> $result)? {
                $body
            }
            #[cfg(all(target_arch = "x86_64", feature = "std"))]
            {
                #[target_feature(enable = "popcnt,bmi1,bmi2,lzcnt")]
                fn with_features(table: Table<'_>, $($arg: $type),*) $(-> $result)? {
                    body(table, $($arg),*)
                }
                if has_features() {
                    // SAFETY: the function needs the features that were just found.
                    return unsafe { with_features(table, $($arg),*) };
                }
            }
            body(table, $($arg),*)
        }
    };
}

#[cfg(all(target_arch = "x86_64", feature = "std"))]
#[inline(always)]
fn has_features() -> bool {
    use std::is_x86_feature_detected as has;
    has!("popcnt") && has!("bmi1") && has!("bmi2") && has!("lzcnt")
}

dispatch!(lookup_v4((family, arena, seed), addr: Ipv4Addr) -> Option<u32> {
    family.lookup(arena, seed, addr.to_bits())
});

dispatch!(lookup_v6((family, arena, seed), addr: Ipv6Addr) -> Option<u32> {
    family.lookup(arena, seed, addr.octets())
});

dispatch!(lookup_v4_batch(table, addrs: &[Ipv4Addr], missing: u32, values: &mut [u32]) {
    batch::lookup(table, addrs, |addr: Ipv4Addr| addr.to_bits(), missing, values)
});

dispatch!(lookup_v6_batch(table, addrs: &[Ipv6Addr], missing: u32, values: &mut [u32]) {
    batch::lookup(table, addrs, |addr: Ipv6Addr| addr.octets(), missing, values)
});
