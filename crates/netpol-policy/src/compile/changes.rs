//! Changes of a policy map, collected.

use netpol_core::{MapDelta, PolicyKey};

use super::{Column, L4Key};

/// Changes of a policy map; those that add are kept apart from those that remove.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    put: Vec<MapDelta>,
    remove: Vec<MapDelta>,
}

impl Changes {
    pub(crate) fn append(&mut self, other: Self) {
        self.put.extend(other.put);
        self.remove.extend(other.remove);
    }

    /// Returns all changes, additions before removals, so that a flow allowed before and after is
    /// never denied in between.
    pub(crate) fn into_deltas(self) -> Vec<MapDelta> {
        let Self { mut put, remove } = self;
        put.extend(remove);
        put
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.put.is_empty() && self.remove.is_empty()
    }

    /// Records the way from one column to another.
    pub(super) fn column(&mut self, key: impl Fn(L4Key) -> PolicyKey, old: &Column, new: &Column) {
        for (l4, entry) in new.iter() {
            match old.get(l4) {
                None => self.put.push(MapDelta::Add(key(l4), *entry)),
                Some(known) if known == entry => {}
                Some(_) => self.put.push(MapDelta::Replace(key(l4), *entry)),
            }
        }
        let gone = old.iter().filter(|(l4, _)| new.get(*l4).is_none());
        self.remove.extend(gone.map(|(l4, _)| MapDelta::Remove(key(l4))));
    }
}
