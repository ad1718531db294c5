//! Workloads, nodes and entities: what connections can be between.

use std::fmt;

use netpol::{EndpointId, IdentityId};
use netpol_policy::doc::WorkloadKind;

/// What an entry is; written in brackets behind its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A pod by itself.
    Pod,
    /// What makes pods.
    Workload(WorkloadKind),
    /// A node of the manifests.
    Node,
    /// Something built in.
    Entity,
    /// The addresses of a name selector.
    Fqdn,
}

impl Kind {
    /// Returns the word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pod => "Pod",
            Self::Workload(kind) => kind.as_str(),
            Self::Node => "Node",
            Self::Entity => "Entity",
            Self::Fqdn => "FQDN",
        }
    }

    /// Tells whether it is one or more pods.
    pub(crate) const fn is_workload(self) -> bool {
        matches!(self, Self::Pod | Self::Workload(_))
    }
}

/// A workload, node or entity: one side of connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What it is.
    pub(crate) kind: Kind,
    /// The namespace; empty for what is in none.
    pub(crate) namespace: String,
    /// The name.
    pub(crate) name: String,
    /// How it looks to policies.
    pub(crate) face: Face,
}

impl Entry {
    /// Tells whether it has this namespace and name.
    pub(crate) fn is_called(&self, namespace: &str, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }
}

impl fmt::Display for Entry {
    /// Writes `namespace/name[Kind]`, or `name[Kind]` for what is in no namespace.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        write!(f, "{}[{}]", self.name, self.kind.as_str())
    }
}

/// How something looks to policies: its identity, and the endpoint on which its own policy is
/// enforced, if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Face {
    /// The identity.
    pub(crate) identity: IdentityId,
    /// The endpoint; `None` if no policy is enforced on it.
    pub(crate) endpoint: Option<EndpointId>,
}

impl Face {
    /// Returns the face of something on which no policy is enforced.
    pub(crate) const fn of(identity: IdentityId) -> Self {
        Self { identity, endpoint: None }
    }
}
