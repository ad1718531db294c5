//! Connection tracking: which packets are answers, so that they need no rule (CT-1).
//!
//! A [`Conntrack`] has a fixed number of places, all of which it allocates when it is made. It knows no
//! clock: the caller says what time it is. For each packet there are two steps:
//!
//! 1. [`Conntrack::lookup`] says what the packet is to the connections known. Replies and
//!    related ICMP errors skip policy; policy is asked about all others, each time (CT-2).
//! 2. [`Conntrack::confirm`] notes a packet that is let through: a new connection is remembered,
//!    a known one lives on. A packet that is dropped is not confirmed, so it keeps nothing
//!    alive (CT-4).
//!
//! # Floods
//!
//! Hashes are keyed, and each connection may be in two buckets of 8 places. When all 16 are
//! taken, a new connection displaces, in this order,
//!
//! 1. one that has expired;
//! 2. one that was never answered, or is closing: of the source with most of them
//!    among the 16, the one that has to go first anyway;
//! 3. an answered one, if its source has more than half of the 16 places and the new
//!    connection comes from another.
//!
//! Otherwise it is not tracked ([`Confirmed::Full`]). So a flood of opening packets displaces itself,
//! connections that were answered stay, and no source can take all places. *Source* is
//! the network that a connection was opened from, /24 or /64, told apart by 8 bits of a keyed hash.

mod bucket;
mod config;
mod entry;
mod key;
mod table;

pub use config::{ConntrackConfig, ConntrackTimeouts};
pub use key::CtZone;
pub use table::{Confirmed, Conntrack, ConntrackEntry, CtLookup, CtState};
