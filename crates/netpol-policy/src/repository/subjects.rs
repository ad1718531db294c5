//! What policies apply to.

use std::sync::Arc;

use netpol_core::{IdentityId, LabelSet};

use crate::compile::NamedPorts;

/// The number of a subject in a [`Repository`](super::Repository).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubjectId(pub(super) u32);

/// What policies apply to: an endpoint, as far as they tell endpoints apart.
///
/// Endpoints with equal subjects share one policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The identity.
    pub identity: IdentityId,
    /// The labels that rules select by. For the local node there may be more than its identity has
    /// as a peer.
    pub labels: LabelSet,
    /// The endpoint's own named ports.
    pub ports: Arc<NamedPorts>,
}

impl Subject {
    /// Tells whether this is the local node.
    #[must_use]
    pub fn is_host(&self) -> bool {
        self.identity == IdentityId::HOST
    }

    /// Returns the namespace of a pod.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.labels.get(netpol_core::keys::NAMESPACE).map(netpol_core::Label::value)
    }
}
