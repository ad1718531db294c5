//! Sets that mostly have one member, or a few.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::{mem, slice};

/// How many members are kept in a list. Moving that many costs no more than walking a tree.
const FEW: usize = 32;

/// An ordered set that needs no memory of its own for one member.
#[derive(Clone, Debug)]
pub(super) enum SmallSet<T> {
    One(T),
    /// In order; any number up to [`FEW`].
    Few(Vec<T>),
    /// Any number.
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
        if self.contains(&member) {
            return false;
        }
        *self = match mem::take(self) {
            Self::Few(list) if list.is_empty() => Self::One(member),
            Self::One(other) if other < member => Self::Few(vec![other, member]),
            Self::One(other) => Self::Few(vec![member, other]),
            Self::Few(mut list) if list.len() < FEW => {
                list.insert(list.partition_point(|other| *other < member), member);
                Self::Few(list)
            }
            Self::Few(list) => Self::Many(list.into_iter().chain([member]).collect()),
            Self::Many(mut tree) => {
                tree.insert(member);
                Self::Many(tree)
            }
        };
        true
    }

    /// Returns whether the member was there.
    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, member: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        match self {
            Self::One(other) if (*other).borrow() != member => false,
            Self::One(_) => {
                *self = Self::default();
                true
            }
            Self::Few(list) => find(list, member).map(|place| list.remove(place)).is_some(),
            Self::Many(tree) => tree.remove(member),
        }
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        match self {
            Self::One(member) if keep(member) => {}
            Self::One(_) => *self = Self::default(),
            Self::Few(list) => list.retain(keep),
            Self::Many(tree) => tree.retain(keep),
        }
    }

    pub(super) fn contains<Q: Ord + ?Sized>(&self, member: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        match self {
            Self::One(other) => other.borrow() == member,
            Self::Few(list) => find(list, member).is_some(),
            Self::Many(tree) => tree.contains(member),
        }
    }

    /// Returns the members, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> + use<'_, T> {
        let (list, tree) = match self {
            Self::One(member) => (slice::from_ref(member), None),
            Self::Few(list) => (list.as_slice(), None),
            Self::Many(tree) => (&[][..], Some(tree)),
        };
        list.iter().chain(tree.into_iter().flatten())
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
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
