//! CPU time and medians.

use rustix::time::{ClockId, clock_gettime};

/// Returns the CPU time of this process, in nanoseconds.
#[must_use]
pub fn cpu_time() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Returns what `work` gives, and the CPU time it took in nanoseconds.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = cpu_time();
    let result = work();
    (result, cpu_time() - start)
}

/// Returns the value at a share of the sorted samples, 0.5 for the median; NaN if there is none.
#[must_use]
pub fn quantile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1) as f64;
    sorted.get((last * share).round() as usize).copied().unwrap_or(f64::NAN)
}
