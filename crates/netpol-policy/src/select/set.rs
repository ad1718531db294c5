//! Sets of identities.

use netpol_core::IdentityId;

/// A set of identities in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentitySet {
    sorted: Vec<IdentityId>,
}

impl IdentitySet {
    /// The set without identities.
    pub const EMPTY: Self = Self { sorted: Vec::new() };

    /// Tells whether the identity is in the set.
    #[must_use]
    pub fn contains(&self, id: IdentityId) -> bool {
        self.sorted.binary_search(&id).is_ok()
    }

    /// Adds an identity; returns `false` if it was there.
    pub fn insert(&mut self, id: IdentityId) -> bool {
        match self.sorted.binary_search(&id) {
            Ok(_) => false,
            Err(index) => {
                self.sorted.insert(index, id);
                true
            }
        }
    }

    /// Removes an identity; returns `false` if it was not there.
    pub fn remove(&mut self, id: IdentityId) -> bool {
        match self.sorted.binary_search(&id) {
            Ok(index) => {
                self.sorted.remove(index);
                true
            }
            Err(_) => false,
        }
    }

    /// Returns the identities in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = IdentityId> + '_ {
        self.sorted.iter().copied()
    }

    /// Returns the number of identities.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Tells whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }
}

impl FromIterator<IdentityId> for IdentitySet {
    fn from_iter<I: IntoIterator<Item = IdentityId>>(ids: I) -> Self {
        let mut sorted: Vec<_> = ids.into_iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        Self { sorted }
    }
}
