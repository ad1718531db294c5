//! Keys under which identities are shared between nodes through a key-value store.

use alloc::string::String;
use alloc::vec::Vec;

use crate::LabelSet;

/// What all keys of identities begin with (KVS).
const BASE: &str = "cilium/state/identities/v1";

/// Returns the key under which one node says that it uses a label set (KVS).
///
/// `node` is the node's address as text (KVS-2). Parts are joined as paths are (KVS-3).
#[must_use]
pub fn slave_key(labels: &LabelSet, node: &str) -> String {
    join(&[BASE, "value", &labels.canonical(), node])
}

/// Returns what the keys begin with that lock the allocation of a label set (KVS-6).
#[must_use]
pub fn lock_prefix(labels: &LabelSet) -> String {
    join(&[BASE, "locks", &labels.canonical()])
}

/// Joins parts with `/`, resolving empty, `.` and `..` segments.
fn join(parts: &[&str]) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in parts.iter().flat_map(|part| part.split('/')) {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    segments.join("/")
}
