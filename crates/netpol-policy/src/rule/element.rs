//! Elements: the unit of evaluation.

use std::sync::Arc;

use netpol_core::{AuthType, Direction};

use super::{LabelSelector, Origin, PortRule, Selector};

/// One item of `ingress`, `ingressDeny`, `egress` or `egressDeny`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// The direction.
    pub direction: Direction,
    /// Whether what it matches is denied.
    pub deny: bool,
    /// Whether it switches default deny on in its direction (DD-1).
    pub default_deny: bool,
    /// Who it is about.
    pub peers: Peers,
    /// Which ports it is about.
    pub ports: Ports,
    /// The authentication it asks for, if it says anything (AUTH-1).
    pub auth: Option<AuthType>,
    /// Where it comes from.
    pub origin: Arc<Origin>,
}

/// Who an element is about (section PEER).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peers {
    /// Nobody: some list is present and empty (PEER-8).
    Nobody,
    /// No restriction was written: with ports everybody, without ports nobody (PEER-10).
    Unrestricted,
    /// Whoever one of these selects. An empty list selects nobody.
    AnyOf(Vec<Peer>),
}

impl Peers {
    /// Returns the alternatives that are listed; none where the element is about nobody or
    /// everybody.
    #[must_use]
    pub fn listed(&self) -> &[Peer] {
        match self {
            Self::AnyOf(peers) => peers,
            Self::Nobody | Self::Unrestricted => &[],
        }
    }
}

/// One alternative among an element's peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Identities that the selector matches.
    Selector(Selector),
    /// What stands behind Kubernetes services, which come and go (SVC-1).
    Service(Box<ServiceSelector>),
}

/// Which services an item of `toServices` means (SVC-2). A service that either part matches is
/// taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSelector {
    /// By name, and by namespace if that is not empty.
    pub name: Option<(Arc<str>, Arc<str>)>,
    /// By labels, and by namespace if that is not empty. The keys have no sources.
    pub labels: Option<(LabelSelector, Arc<str>)>,
}

/// Which ports an element is about (section PORT).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ports {
    /// Every protocol and port (PORT-1).
    All,
    /// What one of these port rules lists. An empty list matches nothing (PORT-2).
    AnyOf(Vec<PortRule>),
}
