//! Documents as written: YAML and JSON text with positions, decoded and checked.
//!
//! Types in here never leave it: [`read`] gives validated [`rule`](crate::rule) types and the
//! plain facts of Kubernetes objects. A new kind of document is one file in here.

mod cidr_group;
mod cilium;
mod codes;
mod decode;
mod kind;
mod kubernetes_policy;
mod limits;
mod manifest;
mod metadata;
mod names;
mod node;
mod pod_keys;
mod read;
mod selector;
mod yaml;

pub use codes::codes;
pub use limits::Limits;
pub use manifest::{
    ContainerPort, Endpoints, Labels, Namespace, Node, Pod, PodTemplate, Service, ServiceKind,
    ServicePort, TargetPort, Workload, WorkloadKind,
};
pub use read::{
    NetworkPolicyGate, Object, Read, ReadOptions, Skipped, read, read_all, read_bytes, to_source,
};
