//! The performance workloads W1 to W7, and what must come out of them.
//!
//! Everything is drawn from seeds: the same numbers give the same bytes on every machine.
//!
//! - [`Cluster`]: policies and identities of a cluster, and events in it (W1, W2, W3).
//! - [`LoadedCluster`]: the same in a repository, with the policy maps that it comes to.
//! - [`Blocks`]: one policy with many prefixes (W4).
//! - [`Names`]: one policy with many name selectors, and DNS answers (W5).
//! - [`Verdicts`]: one policy map, and flows to be decided by it (W6).
//! - [`Requests`]: HTTP rules, and requests to decide (W7).

mod blocks;
mod cluster;
mod loaded;
mod names;
mod pod;
mod policy;
mod random;
mod requests;
mod verdicts;

pub use blocks::Blocks;
pub use cluster::{Cluster, ENDPOINTS, numbered_labels, numbered_prefixes};
pub use loaded::{LoadedCluster, digest, policies_of};
pub use names::{Names, Response};
pub use pod::Pod;
pub use requests::Requests;
pub use verdicts::Verdicts;
