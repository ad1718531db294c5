//! Changes of a policy map, collected.

use netpol_core::{MapDelta, PolicyKey};

use super::{Column, L4Key};

/// Changes of a policy map.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    deltas: Vec<MapDelta>,
}

impl Changes {
    pub(crate) fn append(&mut self, other: Self) {
        self.deltas.extend(other.deltas);
    }

    /// Returns all changes in the order in which they are safe to make.
    pub(crate) fn into_deltas(self) -> Vec<MapDelta> {
        let Self { mut deltas } = self;
        MapDelta::sort(&mut deltas);
        deltas
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.deltas.is_empty()
    }

    /// Records the way from one column to another.
    pub(super) fn column(&mut self, key: impl Fn(L4Key) -> PolicyKey, old: &Column, new: &Column) {
        for (l4, entry) in new.iter() {
            match old.get(l4) {
                None => self.deltas.push(MapDelta::add(key(l4), *entry)),
                Some(known) if known == entry => {}
                Some(known) => self.deltas.push(MapDelta::replace(key(l4), *known, *entry)),
            }
        }
        let gone = old.iter().filter(|(l4, _)| new.get(*l4).is_none());
        self.deltas.extend(gone.map(|(l4, entry)| MapDelta::remove(key(l4), *entry)));
    }
}
