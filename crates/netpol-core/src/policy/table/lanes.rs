//! Comparing many numbers at once.

#![expect(
    unsafe_code,
    reason = "the compiler does not find the vector instructions itself, and without them a lookup \
              has twice as many"
)]

/// How many bounds are compared.
pub(super) const BOUNDS: usize = 12;

/// Returns how many of the bounds, which ascend, are not greater than a number.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn reached(bounds: &[i32; BOUNDS], number: i32) -> usize {
    // SAFETY: SSE2 is part of x86-64.
    unsafe { reached_sse2(bounds, number) }
}

/// PERF: of the plain form below the compiler makes twelve scalar comparisons, 50 instructions in
/// place of 12.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
#[inline]
fn reached_sse2(bounds: &[i32; BOUNDS], number: i32) -> usize {
    use core::arch::x86_64::{
        _mm_cmpgt_epi32, _mm_movemask_epi8, _mm_packs_epi16, _mm_packs_epi32, _mm_set1_epi32,
        _mm_setr_epi32, _mm_setzero_si128,
    };
    let &[a, b, c, d, e, f, g, h, i, j, k, l] = bounds;
    let number = _mm_set1_epi32(number);
    let first = _mm_cmpgt_epi32(_mm_setr_epi32(a, b, c, d), number);
    let second = _mm_cmpgt_epi32(_mm_setr_epi32(e, f, g, h), number);
    let third = _mm_cmpgt_epi32(_mm_setr_epi32(i, j, k, l), number);
    let low = _mm_packs_epi32(first, second);
    let high = _mm_packs_epi32(third, _mm_setzero_si128());
    let greater = _mm_movemask_epi8(_mm_packs_epi16(low, high));
    (greater | 1 << BOUNDS).trailing_zeros() as usize
}

/// Returns how many of the bounds, which ascend, are not greater than a number.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(super) fn reached(bounds: &[i32; BOUNDS], number: i32) -> usize {
    bounds.iter().map(|bound| usize::from(*bound <= number)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_is_told_from_the_others() {
        let bounds: [i32; BOUNDS] = core::array::from_fn(|n| 10 * (n as i32 + 1));
        for number in 0..200 {
            let expected = bounds.iter().filter(|bound| **bound <= number).count();
            assert_eq!(reached(&bounds, number), expected);
        }
        assert_eq!(reached(&[i32::MAX; BOUNDS], i32::MAX - 1), 0);
        assert_eq!(reached(&[0; BOUNDS], 0), BOUNDS);
    }
}
