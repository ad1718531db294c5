//! A sorted map whose copies share what they have in common.

use std::borrow::Borrow;
use std::sync::Arc;

/// How many entries a chunk has at most.
const CHUNK: usize = 64;

/// A sorted map, cut into chunks that copies share.
///
/// A published policy keeps its map while the next one is changed. So a copy must be cheap, and
/// a change after it too: a copy costs one reference for every chunk, the first change of a chunk
/// one copy of it. A lookup is a binary search.
///
/// # Examples
///
/// ```
/// use netpol_policy::SortedMap;
///
/// let mut map: SortedMap<u32, &str> = [(2, "b"), (1, "a")].into_iter().collect();
/// let snapshot = map.clone();
/// map.remove(&1);
/// assert_eq!((snapshot.get(&1), map.get(&1)), (Some(&"a"), None));
/// ```
#[derive(Clone, Debug)]
pub struct SortedMap<K, V> {
    // INVARIANT: keys ascend within and across chunks, and no chunk is empty.
    chunks: Vec<Arc<Vec<(K, V)>>>,
    len: usize,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<K: Ord + Clone, V: Clone> SortedMap<K, V> {
    /// Puts a value at a key; returns the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let number = self.chunk_for(&key).min(self.chunks.len().saturating_sub(1));
        let Some(chunk) = self.chunks.get_mut(number).map(Arc::make_mut) else {
            self.chunks.push(Arc::new(vec![(key, value)]));
            self.len = 1;
            return None;
        };
        match chunk.binary_search_by(|(known, _)| known.cmp(&key)) {
            Ok(index) => chunk.get_mut(index).map(|(_, old)| std::mem::replace(old, value)),
            Err(index) => {
                chunk.insert(index, (key, value));
                self.len += 1;
                if chunk.len() > CHUNK {
                    // A map that only grows at its end keeps its chunks full.
                    let at_end = index == CHUNK;
                    let rest = chunk.split_off(if at_end { CHUNK } else { CHUNK / 2 });
                    self.chunks.insert(number + 1, Arc::new(rest));
                }
                None
            }
        }
    }

    /// Removes and returns the value at a key.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let number = self.chunk_for(key);
        let shared = self.chunks.get_mut(number)?;
        let index = shared.binary_search_by(|(known, _)| known.borrow().cmp(key)).ok()?;
        let chunk = Arc::make_mut(shared);
        let (_, old) = chunk.remove(index);
        if chunk.is_empty() {
            self.chunks.remove(number);
        }
        self.len -= 1;
        Some(old)
    }

    /// Keeps only the entries that are wanted.
    pub fn retain(&mut self, wanted: impl Fn(&V) -> bool) {
        let kept = self.iter().filter(|(_, value)| wanted(value));
        *self = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
    }

    /// Returns the value at a key.
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let chunk = self.chunks.get(self.chunk_for(key))?;
        let index = chunk.binary_search_by(|(known, _)| known.borrow().cmp(key)).ok()?;
        chunk.get(index).map(|(_, value)| value)
    }

    /// Returns the entries in order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.chunks.iter().flat_map(|chunk| chunk.iter().map(|(key, value)| (key, value)))
    }

    /// Returns the values in order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// Returns the number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Tells whether there is no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the number of the first chunk that does not end before a key.
    fn chunk_for<Q: Ord + ?Sized>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
    {
        let ends_before =
            |chunk: &Arc<Vec<(K, V)>>| chunk.last().is_some_and(|(last, _)| last.borrow() < key);
        self.chunks.partition_point(ends_before)
    }
}

impl<K: Ord + Clone, V: Clone> FromIterator<(K, V)> for SortedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Compares a long random sequence of changes with the same on a map that is known to be right.
    #[test]
    fn changes_are_those_of_a_plain_map() {
        let (mut map, mut plain) = (SortedMap::default(), BTreeMap::new());
        let mut state = 1_u32;
        for step in 0..20_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let key = (state >> 16) % 700;
            // Grows first, shrinks then.
            if (state >> 8) % 10 < if step < 10_000 { 7 } else { 3 } {
                assert_eq!(map.insert(key, step), plain.insert(key, step));
            } else {
                assert_eq!(map.remove(&key), plain.remove(&key));
            }
            assert_eq!(map.get(&key), plain.get(&key));
            assert_eq!(map.len(), plain.len());
        }
        assert!(map.iter().eq(plain.iter()));
        map.retain(|value| value % 2 == 0);
        plain.retain(|_, value| *value % 2 == 0);
        assert!(map.iter().eq(plain.iter()));
    }

    #[test]
    fn a_copy_stays_as_it_was() {
        let mut map: SortedMap<u32, u32> = (0..1000).map(|n| (n, n)).collect();
        let copy = map.clone();
        map.insert(500, 1);
        map.remove(&700);
        assert!(copy.iter().eq((0..1000).map(|n| (n, n)).collect::<BTreeMap<_, _>>().iter()));
        assert_eq!((map.get(&500), map.get(&700), map.len()), (Some(&1), None, 999));
        let shared = map.chunks.iter().filter(|chunk| Arc::strong_count(chunk) > 1);
        assert_eq!(shared.count(), map.chunks.len() - 2);
    }

    #[test]
    fn chunks_that_empty_are_dropped() {
        let mut map: SortedMap<u32, u32> = (0..1000).map(|n| (n, n)).collect();
        assert_eq!(map.chunks.len(), 1000_usize.div_ceil(CHUNK));
        (0..1000).for_each(|n| assert_eq!(map.remove(&n), Some(n)));
        assert_eq!((map.len(), map.chunks.len()), (0, 0));
        assert_eq!(map.get(&5), None);
    }
}
