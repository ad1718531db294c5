//! Where an element comes from.

use std::fmt;
use std::sync::Arc;

use netpol_core::Direction;

use super::PolicyName;
use crate::Place;

/// Which of a rule's four lists an element stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ElementList {
    /// `ingress`
    Ingress,
    /// `ingressDeny`
    IngressDeny,
    /// `egress`
    Egress,
    /// `egressDeny`
    EgressDeny,
}

impl ElementList {
    /// Returns the name of the field.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::IngressDeny => "ingressDeny",
            Self::Egress => "egress",
            Self::EgressDeny => "egressDeny",
        }
    }

    /// Returns the direction that elements of the list are about.
    #[must_use]
    pub const fn direction(self) -> Direction {
        match self {
            Self::Ingress | Self::IngressDeny => Direction::Ingress,
            Self::Egress | Self::EgressDeny => Direction::Egress,
        }
    }

    /// Tells whether elements of the list deny.
    #[must_use]
    pub const fn is_deny(self) -> bool {
        matches!(self, Self::IngressDeny | Self::EgressDeny)
    }
}

/// Where an element comes from: policy, rule, list, index and place in the text (OBJ-14).
///
/// Written as `cnp:default/db ingress[1] (db.yaml:14)`; the rule's number is named only
/// where a document has several.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// The policy.
    pub policy: Arc<PolicyName>,
    /// `Some(i)` for `specs[i]`, `None` for `spec`.
    pub spec: Option<u32>,
    /// The list.
    pub list: ElementList,
    /// Index in the list, from 0. `None` for an element that stands for the policy as a whole:
    /// the default deny of a NetworkPolicy.
    pub index: Option<u32>,
    /// Where the element begins in the text.
    pub place: Place,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { policy, spec, list, index, place } = self;
        write!(f, "{policy}")?;
        if let Some(spec) = spec {
            write!(f, " specs[{spec}]")?;
        }
        write!(f, " {}", list.as_str())?;
        if let Some(index) = index {
            write!(f, "[{index}]")?;
        }
        write!(f, " ({}:{})", place.file, place.line)
    }
}
