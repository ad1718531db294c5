//! Who says something about a prefix.

use std::fmt;
use std::sync::Arc;

/// How much what a resource says counts against others, strongest first (IPX-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SourcePrecedence {
    /// The Kubernetes API server's own addresses.
    KubeApiserver,
    /// This node.
    Local,
    /// The shared key-value store.
    Kvstore,
    /// Custom resources, nodes among them.
    CustomResource,
    /// Kubernetes objects.
    K8s,
    /// Other clusters.
    Clustermesh,
    /// Policies from a directory.
    Directory,
    /// The caller.
    Api,
    /// Derived: prefixes of policies, addresses of names.
    Generated,
}

/// The kind of a resource (IPX-13). The order is that of the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResourceKind {
    /// `cidrgroup`: a CIDR group.
    CidrGroup,
    /// `daemon`: the engine itself, for names and what the caller says.
    Daemon,
    /// `netpol`: prefixes that policies name.
    Policy,
    /// `node`: a node.
    Node,
}

/// Who says something about a prefix: of the same precedence, the first in order counts (IPX-4).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Resource {
    /// How much it counts.
    pub precedence: SourcePrecedence,
    /// Its kind.
    pub kind: ResourceKind,
    /// Its name.
    pub name: Arc<str>,
}

impl Resource {
    /// Returns the resource that stands for the prefixes of all policies.
    #[must_use]
    pub fn policies() -> Self {
        let (precedence, kind) = (SourcePrecedence::Generated, ResourceKind::Policy);
        Self { precedence, kind, name: "".into() }
    }

    /// Returns the resource of a CIDR group.
    #[must_use]
    pub fn cidr_group(name: &str) -> Self {
        let (precedence, kind) = (SourcePrecedence::Generated, ResourceKind::CidrGroup);
        Self { precedence, kind, name: name.into() }
    }

    /// Returns the resource of a DNS name's answers.
    #[must_use]
    pub fn fqdn(name: &str) -> Self {
        let (precedence, kind) = (SourcePrecedence::Generated, ResourceKind::Daemon);
        Self { precedence, kind, name: name.into() }
    }

    /// Returns the resource of a node.
    #[must_use]
    pub fn node(name: &str) -> Self {
        let (precedence, kind) = (SourcePrecedence::CustomResource, ResourceKind::Node);
        Self { precedence, kind, name: name.into() }
    }

    /// Returns the resource of what the caller says about addresses.
    #[must_use]
    pub fn api(name: &str) -> Self {
        let (precedence, kind) = (SourcePrecedence::Api, ResourceKind::Daemon);
        Self { precedence, kind, name: name.into() }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ResourceKind::CidrGroup => "cidrgroup",
            ResourceKind::Daemon => "daemon",
            ResourceKind::Policy => "netpol",
            ResourceKind::Node => "node",
        };
        write!(f, "{kind}//{}", self.name)
    }
}
