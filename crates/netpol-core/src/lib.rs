//! The core of netpol: what a verdict needs, and nothing else.
//!
//! This crate holds the nouns that every other crate shares: [`Label`]s and
//! [`LabelSet`]s, numeric identities ([`IdentityId`]) and their allocator, address
//! [`Prefix`]es and the longest-prefix map behind the [`IpCache`], the canonical
//! [`PolicyMap`], the [`PolicyTable`] made of it, and the [`Verdict`] that both give for a
//! [`Flow`]; and for those who hold packets, [`packet`], which reads them, and [`conntrack`],
//! which recognises replies.
//!
//! It knows no YAML, clock, thread, file or kernel type. It is `no_std`: `alloc`
//! is needed to build tables, never to look something up.
//!
//! Ordinary users import the facade crate `netpol`; this crate is for those who
//! bring their own policy source or their own dataplane.

#![no_std]
// Only `lpm`, `prefetch` and `policy::table` open this, where a measurement pays for it.
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod addr;
pub mod conntrack;
mod flow;
mod identity;
mod ipcache;
mod label;
mod lpm;
pub mod packet;
mod policy;
mod prefetch;
mod proto;

pub use addr::{IpFamily, ParsePrefixError, Prefix};
pub use flow::{Direction, Flow};
pub use identity::{
    AllocateError, ClusterId, FixedIdentities, IdentityAllocator, IdentityConfig, IdentityId,
    IdentityRange, IdentityScope, RESERVED_IDENTITIES, ReservedIdentity, WellKnownIdentity,
    identity_scope, lock_prefix, reserved_identity, slave_key, well_known_identities,
};
pub use ipcache::IpCache;
pub use label::{
    Label, LabelSet, LabelSource, SelectKey, cidr_label, cidr_label_prefix, keys, prefix_labels,
    world_label,
};
pub use lpm::{LpmTable, PrefixMap};
pub use policy::{
    AuthRequirement, AuthType, Decision, DirectionTable, DropReason, MapDelta, MatchType,
    PolicyEntry, PolicyKey, PolicyMap, PolicyTable, PortPrefix, PortPrefixes, ProxyPriority,
    RedirectId, RuleSetId, Verdict,
};
pub use proto::{PortRange, Protocol};
