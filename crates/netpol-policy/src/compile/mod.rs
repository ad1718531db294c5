//! From rules and identity sets to policy maps.
//!
//! For one subject and direction, the elements that apply are folded into *filters*, one for
//! each port and protocol as written, and in each filter every peer selector has one policy
//! (section MERGE). What an identity may do then depends on nothing but the selectors that
//! match it: identities matched by the same ones share one *column*, their entries of the
//! policy map. An identity that comes or goes touches its own column only.

mod changes;
mod column;
mod conflict;
mod direction;
mod element;
mod filter;
mod l7;
mod peer_policy;
mod ports;
mod ranked;
mod redirect;
mod rule_set;
mod slot;
mod subject_policy;

pub use column::{Column, L4Key};
pub use conflict::CompileError;
pub use direction::DirectionPolicy;
pub use element::{ElementId, LoadedElement, LoadedPeers};
pub use filter::{Filter, FilterKey};
pub use l7::L7Set;
pub use peer_policy::{L7List, PeerPolicy};
pub use ports::NamedPorts;
pub use ranked::RankedSelector;
pub use redirect::{Redirect, Redirects};
pub use rule_set::{Elements, RuleSet, RuleSets};
pub use slot::ResolvedFilter;
pub use subject_policy::{SubjectContext, SubjectEnforcement, SubjectPolicy};

pub(crate) use changes::Changes;
pub(crate) use l7::{L7Settings, Secrets};
pub(crate) use ports::ClusterPorts;
pub(crate) use subject_policy::Shared;
