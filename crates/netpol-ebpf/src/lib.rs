//! Cilium's eBPF maps as bytes.
//!
//! A map is a list of keys and values of fixed size. For each map of Cilium's that policy is about there is
//! a module with a type for its key and one for its value, each with `to_bytes` and `from_bytes`:
//!
//! - [`policy`]: what one endpoint's policy says, and the [updates](policy::updates) from one policy map to
//!   another;
//! - [`ipcache`]: the identities of addresses;
//! - [`endpoint`]: the endpoints of the node;
//! - [`conntrack`](mod@conntrack): connections;
//! - [`stats`]: counters of entries and of drops;
//! - [`auth`]: pairs of identities that have authenticated each other.
//!
//! Nothing in here allocates or calls the system. Numbers in host order are written as little-endian
//! machines do.

#![no_std]
#![forbid(unsafe_code)]

pub mod auth;
mod bytes;
pub mod conntrack;
pub mod endpoint;
mod error;
pub mod ipcache;
pub mod policy;
pub mod stats;

pub use error::DecodeError;
