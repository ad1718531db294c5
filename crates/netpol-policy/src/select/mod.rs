//! Selectors and the identities that they match now.

mod anchor;
mod cache;
mod identities;
mod set;

pub use anchor::SelectorIndex;
pub use cache::{SelectorCache, SelectorId};
pub use identities::IdentityIndex;
pub use set::IdentitySet;

use std::sync::Arc;

use hashbrown::HashMap;

/// A map by text.
type StrMap<V> = HashMap<Arc<str>, V, foldhash::fast::RandomState>;

/// Returns the value of a key, putting the default one there if there is none.
fn slot<'m, V: Default>(map: &'m mut StrMap<V>, key: &str) -> &'m mut V {
    use hashbrown::hash_map::RawEntryMut;
    match map.raw_entry_mut().from_key(key) {
        RawEntryMut::Occupied(entry) => entry.into_mut(),
        RawEntryMut::Vacant(entry) => entry.insert(key.into(), V::default()).1,
    }
}
