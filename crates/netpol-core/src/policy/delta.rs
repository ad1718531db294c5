//! One step from one policy map to another.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{PolicyEntry, PolicyKey};

/// One step from one policy map to another: what stands at one key before and afterwards (MAP-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapDelta {
    key: PolicyKey,
    before: Option<PolicyEntry>,
    after: Option<PolicyEntry>,
}

impl MapDelta {
    /// Returns the step that puts an entry at a key that has none.
    #[must_use]
    pub const fn add(key: PolicyKey, new: PolicyEntry) -> Self {
        Self { key, before: None, after: Some(new) }
    }

    /// Returns the step that puts an entry in the place of another one.
    #[must_use]
    pub const fn replace(key: PolicyKey, old: PolicyEntry, new: PolicyEntry) -> Self {
        Self { key, before: Some(old), after: Some(new) }
    }

    /// Returns the step that removes the entry at a key.
    #[must_use]
    pub const fn remove(key: PolicyKey, old: PolicyEntry) -> Self {
        Self { key, before: Some(old), after: None }
    }

    /// Returns the key that changes.
    #[must_use]
    pub const fn key(&self) -> &PolicyKey {
        &self.key
    }

    /// Returns the entry that stands there before; `None` if there is none.
    #[must_use]
    pub const fn before(&self) -> Option<&PolicyEntry> {
        self.before.as_ref()
    }

    /// Returns the entry that stands there afterwards; `None` if it is removed.
    #[must_use]
    pub const fn after(&self) -> Option<&PolicyEntry> {
        self.after.as_ref()
    }

    /// Tells whether the entry is removed.
    #[must_use]
    pub const fn is_removal(&self) -> bool {
        self.after.is_none()
    }

    /// Brings steps into the order in which they are safe to take one by one: what is put before what is
    /// removed, of the former denies first, of the latter denies last, each in order of the keys.
    ///
    /// While they are taken, a flow that both maps allow is never denied, and one that neither allows
    /// is never allowed.
    pub fn sort(steps: &mut [Self]) {
        steps.sort_unstable_by_key(|step| (step.rank(), step.key));
    }

    const fn rank(&self) -> u8 {
        match (self.before, self.after) {
            (_, Some(PolicyEntry { deny: true, .. })) => 0,
            (_, Some(_)) => 1,
            (Some(PolicyEntry { deny: true, .. }), None) => 3,
            (_, None) => 2,
        }
    }

    /// Returns the fewest steps that come to the same as these, taken one after the other: one for each
    /// key, in the [order that is safe](Self::sort).
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_core::{Direction, IdentityId, MapDelta, PolicyEntry, PolicyKey, RuleSetId};
    ///
    /// let key = PolicyKey::l3(Direction::Ingress, IdentityId::new(256));
    /// let (allow, deny) = (PolicyEntry::allow(RuleSetId::NONE), PolicyEntry::deny(RuleSetId::NONE));
    /// let steps = [MapDelta::remove(key, deny), MapDelta::add(key, allow)];
    /// assert_eq!(MapDelta::coalesce(steps), [MapDelta::replace(key, deny, allow)]);
    /// let steps = [MapDelta::add(key, allow), MapDelta::remove(key, allow)];
    /// assert!(MapDelta::coalesce(steps).is_empty());
    /// ```
    #[must_use]
    pub fn coalesce(steps: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut by_key: BTreeMap<PolicyKey, Self> = BTreeMap::new();
        for step in steps {
            by_key.entry(step.key).and_modify(|first| first.after = step.after).or_insert(step);
        }
        let changes = by_key.into_values().filter(|step| step.before != step.after);
        let mut steps: Vec<Self> = changes.collect();
        Self::sort(&mut steps);
        steps
    }
}
