//! A policy: a named set of rules that comes and goes as a whole.

use std::fmt;
use std::sync::Arc;

use netpol_core::{LabelSet, Prefix};

use super::{Element, LabelSelector};
use crate::Place;

/// The kind of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PolicyKind {
    /// CiliumClusterwideNetworkPolicy
    Clusterwide,
    /// CiliumNetworkPolicy
    Cilium,
    /// The NetworkPolicy of Kubernetes
    Kubernetes,
}

impl PolicyKind {
    /// Returns the short name: `ccnp`, `cnp` or `np`.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::Clusterwide => "ccnp",
            Self::Cilium => "cnp",
            Self::Kubernetes => "np",
        }
    }

    /// Returns the kind as documents write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clusterwide => "CiliumClusterwideNetworkPolicy",
            Self::Cilium => "CiliumNetworkPolicy",
            Self::Kubernetes => "NetworkPolicy",
        }
    }
}

/// What a policy is known by: kind, namespace and name.
///
/// Written as `cnp:default/db`, or `ccnp:lockdown` without namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PolicyName {
    /// The kind.
    pub kind: PolicyKind,
    /// The namespace; `None` for clusterwide policies.
    pub namespace: Option<Arc<str>>,
    /// The name.
    pub name: Arc<str>,
}

impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{}:{namespace}/{}", self.kind.short(), self.name),
            None => write!(f, "{}:{}", self.kind.short(), self.name),
        }
    }
}

/// A policy: the rules of one document, validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What it is known by.
    pub name: Arc<PolicyName>,
    /// The rules: `spec` first, then `specs` in order (OBJ-5).
    pub rules: Vec<Rule>,
    /// Where the document begins.
    pub place: Place,
}

/// One rule: a subject and what may reach it or be reached by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The endpoints that the rule applies to.
    pub subject: Subject,
    /// All elements, in the order `ingress`, `ingressDeny`, `egress`, `egressDeny`; shared with
    /// whatever puts the rule in force.
    pub elements: Vec<Arc<Element>>,
    /// The text that is copied into verdict records, if given.
    pub log: Option<Arc<str>>,
}

/// Which endpoints a rule applies to (SUBJ).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The selector, the policy's namespace included (SUBJ-2).
    pub selector: LabelSelector,
    /// Whether the rule is about the local node (`nodeSelector`) and never about endpoints (SUBJ-5).
    pub node: bool,
}

/// A named, labelled list of prefixes (CG).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CidrGroup {
    /// The name of the object.
    pub name: Arc<str>,
    /// The labels of the object; their source is `cidrgroup` (CG-1).
    pub labels: LabelSet,
    /// The prefixes, masked.
    pub prefixes: Vec<Prefix>,
    /// Where the document begins.
    pub place: Place,
}
