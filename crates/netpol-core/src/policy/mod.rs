//! The canonical policy map and its lookup.

mod auth;
mod delta;
mod entry;
mod key;
mod map;
mod table;
mod verdict;

pub use auth::{AuthRequirement, AuthType};
pub use delta::MapDelta;
pub use entry::{PolicyEntry, ProxyPriority, RedirectId, RuleSetId};
pub use key::{PolicyKey, PortPrefix, PortPrefixes};
pub use map::PolicyMap;
pub use table::{DirectionTable, PolicyTable};
pub use verdict::{Decision, DropReason, MatchType, Verdict};
