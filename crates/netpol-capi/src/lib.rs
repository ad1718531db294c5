//! The C ABI of netpol: policies in, verdicts out, for C and C++.
//!
//! Everything in here is described in `include/netpol.h`, which is generated from this crate; programs in Rust
//! use the crate `netpol`. The conventions that all functions share stand once, at the top of the header
//! (`cbindgen.toml`).
//!
//! # Safety
//!
//! Every exported function relies on what conventions 1 to 4 of the header ask of its caller: a pointer is
//! NULL or points to what its type says, for the time of the call; an object comes from its `_new` function,
//! has not been freed, and is used by one thread at a time unless the pointer is `const`.
//!
//! In here, raw pointers become references in `pointer` and `text` only, by the functions of these modules; all else
//! is safe code behind a panic guard.

#![expect(non_camel_case_types, reason = "types have the names that they have in C")]
#![expect(
    clippy::missing_safety_doc,
    reason = "what is asked of callers stands once, above and at the top of the header"
)]

mod address;
mod document;
mod endpoint;
mod engine;
mod error;
mod explain;
mod frame;
mod guard;
mod l7;
mod map;
mod names;
mod packet;
mod pointer;
mod publish;
mod reader;
mod settings;
mod stats;
mod text;
mod verdict;
mod version;

pub use address::{NETPOL_IPV4, NETPOL_IPV6, netpol_address, netpol_address_parse};
pub use document::*;
pub use endpoint::*;
pub use engine::*;
pub use error::*;
pub use explain::netpol_engine_explain;
pub use frame::*;
pub use l7::*;
pub use map::*;
pub use names::*;
pub use packet::netpol_packet;
pub use publish::*;
pub use reader::*;
pub use settings::*;
pub use stats::*;
pub use text::*;
pub use verdict::*;
pub use version::*;
