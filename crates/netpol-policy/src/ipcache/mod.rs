//! What is known about prefixes, and the labels that it comes to (IPC, IPX).

mod metadata;
mod resource;

pub use metadata::{PrefixConfig, PrefixMetadata};
pub use resource::{Resource, ResourceKind, SourcePrecedence};
