//! Identities: numbers that stand for label sets.
//!
//! Policy is computed on identities only, never on addresses (IDN-1).

mod allocator;
mod id;
mod kvstore;
mod reserved;
mod scope;

pub use allocator::{AllocateError, IdentityAllocator};
pub use id::{ClusterId, IdentityId, IdentityRange, IdentityScope};
pub use kvstore::{lock_prefix, slave_key};
pub use reserved::{
    FixedIdentities, IdentityConfig, RESERVED_IDENTITIES, ReservedIdentity, WellKnownIdentity,
    reserved_identity, well_known_identities,
};
pub use scope::identity_scope;
