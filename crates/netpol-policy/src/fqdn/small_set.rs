//! Sets that mostly have one member, or a few.

use std::borrow::Borrow;
use std::collections::BTreeSet;

/// How many members are kept in a list. Moving that many costs no more than walking a tree.
const FEW: usize = 32;

/// An ordered set: a sorted list while it is small.
#[derive(Clone, Debug)]
pub(super) enum SmallSet<T> {
    Few(Vec<T>),
    Many(BTreeSet<T>),
}

impl<T> Default for SmallSet<T> {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl<T: Ord> SmallSet<T> {
    /// Returns whether the member is new.
    pub(super) fn insert(&mut self, member: T) -> bool {
        if let Self::Few(list) = self
            && list.len() == FEW
        {
            *self = Self::Many(std::mem::take(list).into_iter().collect());
        }
        match self {
            Self::Few(list) => match list.binary_search(&member) {
                Ok(_) => false,
                Err(place) => {
                    // Most sets stay at one.
                    list.reserve_exact(usize::from(list.is_empty()));
                    list.insert(place, member);
                    true
                }
            },
            Self::Many(tree) => tree.insert(member),
        }
    }

    /// Returns whether the member was there.
    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, member: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        match self {
            Self::Few(list) => find(list, member).map(|place| list.remove(place)).is_some(),
            Self::Many(tree) => tree.remove(member),
        }
    }

    pub(super) fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        match self {
            Self::Few(list) => list.retain(keep),
            Self::Many(tree) => tree.retain(keep),
        }
    }

    pub(super) fn contains<Q: Ord + ?Sized>(&self, member: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        match self {
            Self::Few(list) => find(list, member).is_some(),
            Self::Many(tree) => tree.contains(member),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> + use<'_, T> {
        let (list, tree) = match self {
            Self::Few(list) => (list.as_slice(), None),
            Self::Many(tree) => (&[][..], Some(tree)),
        };
        list.iter().chain(tree.into_iter().flatten())
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Few(list) => list.len(),
            Self::Many(tree) => tree.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn find<T: Borrow<Q>, Q: Ord + ?Sized>(list: &[T], member: &Q) -> Option<usize> {
    list.binary_search_by(|other| other.borrow().cmp(member)).ok()
}
