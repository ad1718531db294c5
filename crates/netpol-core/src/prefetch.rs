//! Hints to the cache.

#![expect(
    unsafe_code,
    reason = "prefetching is an intrinsic; without it the lookups of a batch wait for memory \
              one after the other"
)]

/// Asks for the cache line at an address to be read soon. Any address will do.
#[inline(always)]
pub(crate) fn read<T>(address: *const T) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch changes nothing that a program can observe and faults at no
        // address. SSE, which it needs, is part of x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
