//! Longest-prefix maps.
//!
//! [`PrefixMap`] is plain and holds anything; [`LpmTable`] is the one for packets.

mod address;
mod arena;
mod batch;
mod dispatch;
mod entry;
mod family;
mod hosts;
mod node;
mod prefix_map;
mod slots;
mod space;
mod table;
mod trie;

pub use prefix_map::PrefixMap;
pub use table::LpmTable;
