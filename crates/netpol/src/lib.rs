//! Cilium's network-policy semantics as an embeddable library: policies in, verdicts out,
//! with the rule that decided.
//!
//! An [`Engine`] is the write side: it takes policies, endpoints, addresses and names, and
//! publishes whole revisions. A [`Reader`] is the read side: one for each thread that asks for
//! verdicts; it never blocks.
//!
//! ```
//! use netpol::{Endpoint, Engine, Packet, Source};
//!
//! let policy = r#"
//! apiVersion: cilium.io/v2
//! kind: CiliumNetworkPolicy
//! metadata: {name: database-policy, namespace: default}
//! spec:
//!   endpointSelector: {matchLabels: {tier: database}}
//!   ingress:
//!     - fromEndpoints: [{matchLabels: {tier: backend}}]
//!       toPorts: [{ports: [{port: "7379", protocol: TCP}]}]
//! "#;
//! let mut engine = Engine::new();
//! engine.apply(&Source::named("db.yaml", policy))?;
//! engine.add_endpoint(Endpoint::pod("default", "db-0").label("tier", "database").ip([10, 0, 1, 2]))?;
//! engine.add_endpoint(Endpoint::pod("default", "api-0").label("tier", "backend").ip([10, 0, 1, 3]))?;
//! engine.publish();
//!
//! let mut reader = engine.reader();
//! let allowed = reader.verdict(&Packet::tcp([10, 0, 1, 3], [10, 0, 1, 2], 7379));
//! assert!(allowed.is_allowed());
//! let denied = reader.verdict(&Packet::tcp([192, 0, 2, 1], [10, 0, 1, 2], 7379));
//! assert!(!denied.is_allowed());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod batch;
mod endpoint;
mod engine;
mod error;
mod explain;
mod frame;
mod packet;
mod reader;
mod slots;
mod snapshot;
mod verdict;

pub use endpoint::{Endpoint, EndpointId, EndpointKind};
pub use engine::{Applied, EndpointDeltas, Engine, EngineBuilder, EngineLimits, Published};
pub use error::EngineError;
pub use explain::{Explanation, NearMiss};
pub use frame::{FrameDrop, FrameVerdict};
pub use netpol_core::packet::BadPacket;
pub use netpol_core::{
    AuthType, ClusterId, Decision, Direction, DropReason, Flow, IdentityId, IdentityRange, Label,
    LabelSet, LabelSource, MapDelta, MatchType, PolicyEntry, PolicyKey, PolicyMap, PortPrefix,
    Prefix, Protocol, Verdict,
};
pub use netpol_l7::{Header, HeaderChange, HttpRequest, PatternDialect};
pub use netpol_policy::compile::{CompileError, NamedPorts, Redirect, RuleSet};
pub use netpol_policy::doc::{Limits, NetworkPolicyGate, Object, ReadOptions, Skipped};
pub use netpol_policy::fqdn::{DnsAnswer, NameStats, Snapshot as NameSnapshot, Timestamp};
pub use netpol_policy::repository::Service;
pub use netpol_policy::{
    AllowLocalhost, Code, Enforcement, Options, Place, Problem, Report, Severity, Source, Span,
    Unsupported,
};
pub use packet::Packet;
pub use reader::Reader;
pub use snapshot::Revision;
pub use verdict::{HttpVerdict, L7Handle, L7Verdict, PacketVerdict, Side, Summary};

/// The examples of README.md, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct ReadmeDoctests;
