//! Policies as meant: validated, labels extended, peers scoped, protocols expanded.
//!
//! These types know nothing of YAML. A new kind of policy is one file in [`crate::doc`] that
//! makes them, and nothing downstream changes.

mod element;
mod l7;
mod origin;
mod policy;
mod port;
mod selector;

pub use element::{Element, Peer, Peers, Ports, ServiceSelector};
pub use l7::{
    DnsRule, HeaderMatch, HttpRule, L7Rules, Listener, ParserType, SecretRef, TlsContext,
};
pub use netpol_l7::Mismatch;
pub use origin::{ElementList, Origin};
pub use policy::{CidrGroup, Policy, PolicyKind, PolicyName, Rule, Subject};
pub use port::{Port, PortProtocol, PortRule};
pub use selector::{FqdnSelector, LabelSelector, Operator, Requirement, Selector};
