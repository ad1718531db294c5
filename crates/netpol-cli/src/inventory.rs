//! From documents to an engine, and to the workloads and nodes that it is asked about.

mod entry;
mod load;
mod sources;

pub(crate) use entry::{Entry, Face, Kind};
pub(crate) use load::{Inventory, Loaded, evaluate, load};
pub(crate) use sources::Sources;
