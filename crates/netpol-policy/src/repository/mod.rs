//! Policies in force, the subjects they apply to, and the maps that come of it.
//!
//! Everything that changes (a policy, an identity, a subject, a service) enters here, touches
//! what it affects, and comes out as [`MapDelta`](netpol_core::MapDelta)s when the changes are
//! committed.

mod policies;
mod services;
mod store;
mod subjects;

pub use services::Service;
pub use store::{Repository, RepositoryLimits, SubjectChange};
pub use subjects::{Subject, SubjectId};
