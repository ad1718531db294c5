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

/// The ports that workloads draw from.
pub const PORTS: [u16; 64] = [
    80, 443, 8080, 8443, 9090, 9091, 5432, 3306, 6379, 27017, 9200, 9300, 5672, 15672, 4222, 8222,
    2181, 9092, 2379, 2380, 3000, 3001, 4000, 5000, 5001, 6443, 7000, 7001, 7946, 8000, 8001, 8008,
    8081, 8082, 8083, 8086, 8088, 8089, 8090, 8091, 8125, 8140, 8200, 8300, 8500, 8600, 8888, 9000,
    9001, 9042, 9100, 9102, 9115, 9121, 9187, 9216, 9411, 9418, 10250, 10255, 11211, 14268, 16686,
    26257,
];
