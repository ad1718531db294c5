//! The semantics of policies once more, as plain as possible and as slow as it likes.
//!
//! The oracle reads documents as generic values, keeps label sets instead of numbers, and answers a
//! flow by looking at every rule there is (ORA-1). It shares no code with the engine, so that an
//! equal answer means something. It takes the side of the vectors where they differ from the
//! prose, and netpol's side where the reference is defective (the `QUIRK` comments).

mod document;
mod dump;
mod element;
mod error;
mod filter;
mod http;
mod ipcache;
mod json;
mod judge;
mod label;
mod map;
mod name;
mod network;
mod policy;
mod prefix;
mod proxy;
mod rule;
mod selector;
#[cfg(test)]
mod tests;

pub use self::dump::{OracleEntry, OracleMap};
pub use self::error::Unsupported;
pub use self::judge::Oracle;
