//! DPDK's longest-prefix tables.

use std::ffi::{c_char, c_int, c_void};
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{BATCH, Kind, Table, sum_of_batches};
use crate::dpdk::Owned;
use crate::input::Addr;

/// `rte_fib` and `rte_fib6`, with the instructions of AVX-512 or without.
pub(super) struct Fib<const AVX512: bool>(Owned);

/// `rte_lpm` and `rte_lpm6`.
pub(super) struct Lpm(Owned);

impl<const AVX512: bool> Table<Ipv4Addr> for Fib<AVX512> {
    const NAME: &'static str = if AVX512 { "DPDK fib, AVX-512" } else { "DPDK fib, scalar" };
    const KIND: Kind = Kind::Bulk;

    fn build(prefixes: &[(Ipv4Addr, u8, u32)]) -> Option<Self> {
        let (routes, groups) = sizes(prefixes);
        // SAFETY: the name ends with a zero.
        let make = |name| unsafe { shim_fib_new(name, routes, groups, AVX512.into()) };
        let add = |fib, (addr, len, value): (Ipv4Addr, u8, u32)| {
            // SAFETY: the table was just made.
            unsafe { rte_fib_add(fib, addr.to_bits(), len, value.into()) == 0 }
        };
        // SAFETY: the two functions belong together.
        unsafe { Owned::new(rte_fib_free, make, |fib| prefixes.iter().all(|p| add(fib, *p))) }
            .map(Self)
    }

    fn lookup(&self, addr: Ipv4Addr) -> u32 {
        let mut value = 0;
        // SAFETY: the table lives; there is one address and room for one value.
        unsafe { rte_fib_lookup_bulk(self.0.get(), &addr.to_bits(), &mut value, 1) };
        value as u32
    }

    fn sum(&self, addrs: &[Ipv4Addr]) -> u64 {
        sum_of_batches(
            addrs,
            |value| value,
            |addrs, values: &mut [u64; BATCH]| {
                let (keys, values) = (host_order(addrs), values.as_mut_ptr());
                // SAFETY: the table lives; both arrays have room for as many.
                unsafe {
                    rte_fib_lookup_bulk(self.0.get(), keys.as_ptr(), values, addrs.len() as c_int)
                };
            },
        )
    }

    fn foreign_bytes(&self) -> usize {
        self.0.bytes()
    }
}

impl<const AVX512: bool> Table<Ipv6Addr> for Fib<AVX512> {
    const NAME: &'static str = if AVX512 { "DPDK fib6, AVX-512" } else { "DPDK fib6, scalar" };
    const KIND: Kind = Kind::Bulk;

    fn build(prefixes: &[(Ipv6Addr, u8, u32)]) -> Option<Self> {
        let routes = prefixes.len() as u32 + 16;
        let groups = fib6_groups(prefixes)?;
        // SAFETY: the name ends with a zero.
        let make = |name| unsafe { shim_fib6_new(name, routes, groups, AVX512.into()) };
        let add = |fib, (addr, len, value): (Ipv6Addr, u8, u32)| {
            // SAFETY: the table was just made; an address has 16 bytes.
            unsafe { rte_fib6_add(fib, addr.octets().as_ptr(), len, value.into()) == 0 }
        };
        // SAFETY: the two functions belong together.
        unsafe { Owned::new(rte_fib6_free, make, |fib| prefixes.iter().all(|p| add(fib, *p))) }
            .map(Self)
    }

    fn lookup(&self, addr: Ipv6Addr) -> u32 {
        let mut value = 0;
        // SAFETY: the table lives; there is one address and room for one value.
        unsafe { rte_fib6_lookup_bulk(self.0.get(), &addr.octets(), &mut value, 1) };
        value as u32
    }

    fn sum(&self, addrs: &[Ipv6Addr]) -> u64 {
        sum_of_batches(
            addrs,
            |value| value,
            |addrs, values: &mut [u64; BATCH]| {
                let (keys, values) = (octets(addrs), values.as_mut_ptr());
                // SAFETY: the table lives; both arrays have room for as many.
                unsafe { rte_fib6_lookup_bulk(self.0.get(), keys, values, addrs.len() as c_int) };
            },
        )
    }

    fn foreign_bytes(&self) -> usize {
        self.0.bytes()
    }
}

/// `rte_lpm` searches its rules from the first to the last at each change: more would take minutes.
const MAX_LPM_ROUTES: usize = 200_000;

impl Table<Ipv4Addr> for Lpm {
    const NAME: &'static str = "DPDK lpm";
    const KIND: Kind = Kind::Bulk;

    fn build(prefixes: &[(Ipv4Addr, u8, u32)]) -> Option<Self> {
        if prefixes.len() > MAX_LPM_ROUTES {
            return None;
        }
        let (routes, groups) = sizes(prefixes);
        // SAFETY: the name ends with a zero.
        let make = |name| unsafe { shim_lpm_new(name, routes, groups) };
        let add = |lpm, (addr, len, value): (Ipv4Addr, u8, u32)| {
            // SAFETY: the table was just made.
            unsafe { rte_lpm_add(lpm, addr.to_bits(), len, value) == 0 }
        };
        // SAFETY: the two functions belong together.
        unsafe { Owned::new(rte_lpm_free, make, |lpm| prefixes.iter().all(|p| add(lpm, *p))) }
            .map(Self)
    }

    fn lookup(&self, addr: Ipv4Addr) -> u32 {
        // SAFETY: the table lives.
        unsafe { shim_lpm_lookup(self.0.get(), addr.to_bits()) }
    }

    fn sum(&self, addrs: &[Ipv4Addr]) -> u64 {
        let value = |marked: u32| u64::from(marked & 0x00ff_ffff);
        sum_of_batches(addrs, value, |addrs, values| {
            let (keys, values) = (host_order(addrs), values.as_mut_ptr());
            // SAFETY: the table lives; both arrays have room for as many.
            unsafe {
                shim_lpm_lookup_bulk(self.0.get(), keys.as_ptr(), values, addrs.len() as u32);
            };
        })
    }

    fn foreign_bytes(&self) -> usize {
        self.0.bytes()
    }
}

impl Table<Ipv6Addr> for Lpm {
    const NAME: &'static str = "DPDK lpm6";
    const KIND: Kind = Kind::Bulk;

    fn build(prefixes: &[(Ipv6Addr, u8, u32)]) -> Option<Self> {
        let (routes, groups) = sizes(prefixes);
        // SAFETY: the name ends with a zero.
        let make = |name| unsafe { shim_lpm6_new(name, routes, groups) };
        let add = |lpm, (addr, len, value): (Ipv6Addr, u8, u32)| {
            // SAFETY: the table was just made; an address has 16 bytes.
            unsafe { rte_lpm6_add(lpm, addr.octets().as_ptr(), len, value) == 0 }
        };
        // SAFETY: the two functions belong together.
        unsafe { Owned::new(rte_lpm6_free, make, |lpm| prefixes.iter().all(|p| add(lpm, *p))) }
            .map(Self)
    }

    fn lookup(&self, addr: Ipv6Addr) -> u32 {
        // SAFETY: the table lives, an address has 16 bytes.
        unsafe { shim_lpm6_lookup(self.0.get(), addr.octets().as_ptr()) }
    }

    fn sum(&self, addrs: &[Ipv6Addr]) -> u64 {
        let value = |found: i32| u64::try_from(found).unwrap_or(0);
        sum_of_batches(addrs, value, |addrs, values| {
            let (keys, values) = (octets(addrs), values.as_mut_ptr());
            // SAFETY: the table lives; both arrays have room for as many.
            unsafe { rte_lpm6_lookup_bulk_func(self.0.get(), keys, values, addrs.len() as u32) };
        })
    }

    fn foreign_bytes(&self) -> usize {
        self.0.bytes()
    }
}

/// Returns how many routes there are, and how many groups of 256 below the first 24 bits, each with a
/// little more, which DPDK keeps for itself.
fn sizes<A: Addr>(prefixes: &[(A, u8, u32)]) -> (u32, u32) {
    let mut groups = 0;
    for level in (24..A::BITS).step_by(8) {
        let deeper = prefixes.iter().filter(|(_, len, _)| *len > level);
        let mut heads: Vec<u128> =
            deeper.map(|(addr, _, _)| addr.number() >> (A::BITS - level)).collect();
        heads.sort_unstable();
        heads.dedup();
        groups += heads.len();
    }
    (prefixes.len() as u32 + 16, groups as u32 + 256)
}

/// `rte_fib6` takes 1 KiB for each group; with more of them two tables would not fit into the memory that
/// DPDK is started with.
const MAX_FIB6_GROUPS: u32 = 1 << 22;

/// Returns how many groups `rte_fib6` wants: for each prefix one for each byte from the fourth on, whether or
/// not another prefix has the same one. `None` if there are too many.
fn fib6_groups(prefixes: &[(Ipv6Addr, u8, u32)]) -> Option<u32> {
    let groups = |len: u8| u32::from(len.saturating_sub(24).div_ceil(8));
    let groups: u32 = prefixes.iter().map(|(_, len, _)| groups(*len)).sum();
    Some(groups + 256).filter(|groups| *groups <= MAX_FIB6_GROUPS)
}

/// Returns up to [`BATCH`] addresses as numbers.
fn host_order(addrs: &[Ipv4Addr]) -> [u32; BATCH] {
    let mut keys = [0; BATCH];
    for (key, addr) in keys.iter_mut().zip(addrs) {
        *key = addr.to_bits();
    }
    keys
}

/// Returns where the bytes of addresses are: each has its 16 and no more, as the sums show.
const fn octets(addrs: &[Ipv6Addr]) -> *const [u8; 16] {
    const { assert!(size_of::<Ipv6Addr>() == 16) };
    addrs.as_ptr().cast()
}

unsafe extern "C" {
    fn shim_fib_new(name: *const c_char, routes: u32, groups: u32, avx512: c_int) -> *mut c_void;
    fn rte_fib_free(fib: *mut c_void);
    fn rte_fib_add(fib: *mut c_void, addr: u32, len: u8, value: u64) -> c_int;
    fn rte_fib_lookup_bulk(
        fib: *mut c_void,
        addrs: *const u32,
        values: *mut u64,
        count: c_int,
    ) -> c_int;

    fn shim_fib6_new(name: *const c_char, routes: u32, groups: u32, avx512: c_int) -> *mut c_void;
    fn rte_fib6_free(fib: *mut c_void);
    fn rte_fib6_add(fib: *mut c_void, addr: *const u8, len: u8, value: u64) -> c_int;
    fn rte_fib6_lookup_bulk(
        fib: *mut c_void,
        addrs: *const [u8; 16],
        values: *mut u64,
        count: c_int,
    ) -> c_int;

    fn shim_lpm_new(name: *const c_char, routes: u32, groups: u32) -> *mut c_void;
    fn rte_lpm_free(lpm: *mut c_void);
    fn rte_lpm_add(lpm: *mut c_void, addr: u32, len: u8, value: u32) -> c_int;
    fn shim_lpm_lookup(lpm: *const c_void, addr: u32) -> u32;
    fn shim_lpm_lookup_bulk(lpm: *const c_void, addrs: *const u32, values: *mut u32, count: u32);

    fn shim_lpm6_new(name: *const c_char, routes: u32, groups: u32) -> *mut c_void;
    fn rte_lpm6_free(lpm: *mut c_void);
    fn rte_lpm6_add(lpm: *mut c_void, addr: *const u8, len: u8, value: u32) -> c_int;
    fn shim_lpm6_lookup(lpm: *const c_void, addr: *const u8) -> u32;
    fn rte_lpm6_lookup_bulk_func(
        lpm: *const c_void,
        addrs: *const [u8; 16],
        values: *mut i32,
        count: u32,
    ) -> c_int;
}
