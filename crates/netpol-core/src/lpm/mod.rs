//! Longest-prefix maps.

mod prefix_map;

pub use prefix_map::PrefixMap;
