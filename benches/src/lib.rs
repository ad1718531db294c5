//! Measurements of netpol beside other libraries: what the binaries of this package share.
//!
//! - [`clock`]: CPU time, medians.
//! - [`figures`]: figures beside their bars, as text or JSON.
//! - [`heap`]: how many bytes are allocated.
//! - [`input`]: tables of prefixes and addresses to look up.
//! - [`lpm`]: one trait over all longest-prefix tables.
//! - [`packets`]: packets to parse and to track.
//! - [`verdict`]: verdicts by a policy map, by its table, and from bytes.

pub mod clock;
pub mod figures;
pub mod heap;
pub mod input;
pub mod lpm;
pub mod packets;
pub mod verdict;
