//! A vector whose copies share what they have in common.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::array;

/// A vector in pages of `N` items. A copy costs one reference for every page, the first change
/// of a page after it one copy of the page.
#[derive(Debug)]
pub(super) struct Pages<T, const N: usize> {
    // INVARIANT: as many as hold `len` items, the rest of the last one being defaults.
    pages: Vec<Arc<[T; N]>>,
    len: usize,
}

impl<T, const N: usize> Clone for Pages<T, N> {
    fn clone(&self) -> Self {
        Self { pages: self.pages.clone(), len: self.len }
    }
}

impl<T, const N: usize> Default for Pages<T, N> {
    fn default() -> Self {
        Self { pages: Vec::new(), len: 0 }
    }
}

impl<T: Clone + Default, const N: usize> Pages<T, N> {
    /// Returns a vector of `len` defaults, or a few more.
    pub(super) fn of_defaults(len: usize) -> Self {
        let page = || Arc::new(array::from_fn(|_| T::default()));
        let pages: Vec<_> = (0..len.div_ceil(N)).map(|_| page()).collect();
        Self { len: pages.len() * N, pages }
    }

    /// Adds an item at the end; returns its index.
    pub(super) fn push(&mut self, item: T) -> usize {
        let index = self.len;
        if index == self.pages.len() * N {
            self.pages.push(Arc::new(array::from_fn(|_| T::default())));
        }
        self.len += 1;
        self.set(index, item);
        index
    }

    /// Changes the item at an index; does nothing behind the end.
    pub(super) fn set(&mut self, index: usize, item: T) {
        if let Some(place) = self.get_mut(index) {
            *place = item;
        }
    }

    /// Returns the item at an index, to be changed.
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        Arc::make_mut(self.pages.get_mut(index / N)?).get_mut(index % N)
    }

    /// Returns the item at an index.
    #[inline(always)]
    pub(super) fn get(&self, index: usize) -> Option<&T> {
        self.pages.get(index / N)?.get(index % N)
    }

    /// Returns the items in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flat_map(|page| page.iter()).take(self.len)
    }

    /// Returns the number of items.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Returns how many bytes are allocated, those that are shared included.
    pub(super) fn bytes(&self) -> usize {
        // The two counts of an `Arc`, on lines of their own where items are aligned to lines.
        let counts = (2 * size_of::<usize>()).max(align_of::<T>());
        self.pages.capacity() * size_of::<usize>()
            + self.pages.len() * (counts + N * size_of::<T>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_stays_as_it_was() {
        let mut pages = Pages::<u32, 4>::default();
        for n in 0..10 {
            assert_eq!(pages.push(n), n as usize);
        }
        let copy = pages.clone();
        pages.set(5, 50);
        pages.push(10);
        pages.set(99, 1);
        assert!(copy.iter().copied().eq(0..10));
        assert!(pages.iter().copied().eq([0, 1, 2, 3, 4, 50, 6, 7, 8, 9, 10]));
        let shared = pages.pages.iter().filter(|page| Arc::strong_count(page) > 1);
        assert_eq!(shared.count(), 1);
        assert_eq!((pages.get(10), pages.get(20)), (Some(&10), None));
    }
}
