//! One step from one policy map to another.

use super::{PolicyEntry, PolicyKey};

/// One step from one policy map to another (MAP-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapDelta {
    /// Put an entry at a key that has none.
    Add(PolicyKey, PolicyEntry),
    /// Put an entry in the place of another one.
    Replace(PolicyKey, PolicyEntry),
    /// Remove the entry at a key.
    Remove(PolicyKey),
}

impl MapDelta {
    /// Returns the key that changes.
    #[must_use]
    pub const fn key(&self) -> &PolicyKey {
        match self {
            Self::Add(key, _) | Self::Replace(key, _) | Self::Remove(key) => key,
        }
    }
}
