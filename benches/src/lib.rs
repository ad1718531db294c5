//! Measurements of netpol beside other libraries: what the binaries of this package share.
//!
//! - [`acl`]: rules for packet classifiers, and those.
//! - [`clock`]: CPU time, medians.
//! - [`figures`]: figures beside their bars, as text or JSON.
//! - [`heap`]: how many bytes are allocated.
//! - [`input`]: tables of prefixes and addresses to look up.
//! - [`l7`]: rules about requests and names beside a loop over regular expressions.
//! - [`lpm`]: one trait over all longest-prefix tables.
//! - [`packets`]: packets to parse and to track.
//! - [`table`]: what netpol takes beside what others take, as text or JSON.
//! - [`verdict`]: verdicts by a policy map, by its table, and from bytes.
//! - [`way`]: the whole way of a packet.

pub mod acl;
pub mod capi;
pub mod clock;
#[cfg(feature = "dpdk")]
mod dpdk;
pub mod figures;
pub mod heap;
pub mod input;
pub mod l7;
pub mod lpm;
pub mod packets;
pub mod table;
pub mod verdict;
pub mod way;
