//! The canonical policy map and its lookup.

mod auth;
mod delta;
mod entry;
mod key;
mod map;
mod verdict;

pub use auth::{AuthRequirement, AuthType};
pub use delta::MapDelta;
pub use entry::{PolicyEntry, ProxyPriority, RedirectId, RuleSetId};
pub use key::{PolicyKey, PortPrefix, PortPrefixes};
pub use map::PolicyMap;
pub use verdict::{Decision, DropReason, MatchType, Verdict};
