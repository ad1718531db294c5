//! One step from one policy map to another.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

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

    /// Returns the fewest steps that come to the same as these, taken in order: one for each key, first
    /// those that put an entry, then those that remove one, each in order of the keys.
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_core::{Direction, IdentityId, MapDelta, PolicyEntry, PolicyKey, RuleSetId};
    ///
    /// let key = PolicyKey::l3(Direction::Ingress, IdentityId::new(256));
    /// let allow = PolicyEntry::allow(RuleSetId::NONE);
    /// let steps = [MapDelta::Remove(key), MapDelta::Add(key, allow)];
    /// assert_eq!(MapDelta::coalesce(steps), [MapDelta::Replace(key, allow)]);
    /// let steps = [MapDelta::Add(key, allow), MapDelta::Remove(key)];
    /// assert!(MapDelta::coalesce(steps).is_empty());
    /// ```
    #[must_use]
    pub fn coalesce(steps: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut by_key: BTreeMap<PolicyKey, Self> = BTreeMap::new();
        for step in steps {
            match by_key.remove(step.key()) {
                None => {
                    by_key.insert(*step.key(), step);
                }
                Some(earlier) => by_key.extend(earlier.then(step).map(|step| (*step.key(), step))),
            }
        }
        let (mut put, remove): (Vec<Self>, Vec<Self>) =
            by_key.into_values().partition(|step| !matches!(step, Self::Remove(_)));
        put.extend(remove);
        put
    }

    /// Returns what two steps at one key come to; `None` for nothing.
    const fn then(self, later: Self) -> Option<Self> {
        match (self, later) {
            (Self::Add(..), Self::Remove(_)) => None,
            (Self::Add(..), Self::Add(key, entry) | Self::Replace(key, entry)) => {
                Some(Self::Add(key, entry))
            }
            (_, Self::Add(key, entry) | Self::Replace(key, entry)) => {
                Some(Self::Replace(key, entry))
            }
            (_, Self::Remove(key)) => Some(Self::Remove(key)),
        }
    }
}
