//! A hash table from numbers to numbers, for lookups that cannot be predicted.
//!
//! A bucket is a cache line with room for seven keys. A key is put into the bucket that its keyed
//! hash names, or, where that is full, into one of the next; each bucket on the way counts it,
//! so that a search knows where to stop and a removal leaves nothing behind. Most searches look
//! at one bucket, at all of its keys at once.

use core::hash::BuildHasher;

use super::pages::Pages;

/// How many keys a bucket has room for.
const SLOTS: usize = 7;
/// The number of buckets of a page.
const PAGE: usize = 8;
/// A key that is put so many buckets behind its own asks for a larger table.
const FAR: usize = 8;

/// A map from any 32-bit numbers to numbers from 1 to 2^31 - 1. A copy shares what it has in common.
#[derive(Clone, Debug)]
pub(super) struct Index {
    // As many as a power of two, or none.
    buckets: Pages<Bucket, PAGE>,
    // 64 less the power.
    shift: u32,
    seed: Seed,
    len: usize,
}

/// Values, less than 2^31, are 0 where there is no key. The last lane never has a value, and in
/// place of the key minus the number of those that were passed on.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
struct Bucket {
    keys: [u32; 8],
    values: [u32; 8],
}

/// What keys the hash: two numbers that nobody outside knows.
#[derive(Clone, Copy, Debug)]
struct Seed {
    mask: u64,
    factor: u64,
}

impl Default for Index {
    fn default() -> Self {
        Self { buckets: Pages::default(), shift: 63, seed: Seed::new(), len: 0 }
    }
}

impl Index {
    /// Returns the value of a key, or 0; `None` if more than one bucket has to be searched.
    #[inline(always)]
    pub(super) fn get_fast(&self, key: u32) -> Option<u32> {
        let Some(bucket) = self.buckets.get(self.first(key)) else { return Some(0) };
        let value = bucket.find(key);
        // Negative if there is no value and keys were passed on: seldom, while whether there is
        // a value cannot be predicted.
        let goes_on = value.wrapping_sub(1) & bucket.minus_passed();
        if goes_on.cast_signed() < 0 { None } else { Some(value) }
    }

    /// Returns the value of a key, or 0.
    #[inline(always)]
    pub(super) fn get(&self, key: u32) -> u32 {
        self.get_fast(key).unwrap_or_else(|| self.search(key))
    }

    /// Returns the address of the line where a search for a key begins, to be prefetched.
    #[inline(always)]
    pub(super) fn line(&self, key: u32) -> *const u8 {
        self.buckets.get(self.first(key)).map_or(core::ptr::null(), |b| (&raw const *b).cast())
    }

    #[cold]
    fn search(&self, key: u32) -> u32 {
        let place = self.locate(self.first(key), key);
        place.and_then(|place| self.buckets.get(place)).map_or(0, |bucket| bucket.find(key))
    }

    /// Makes room for so many keys, those that are there included.
    pub(super) fn reserve(&mut self, keys: usize) {
        let buckets = (keys + 1) * 8 / (5 * SLOTS);
        if buckets > self.buckets.len() {
            self.rebuild(buckets.next_power_of_two());
        }
    }

    /// Sets the value of a key, not 0; returns the one that it had, or 0.
    pub(super) fn insert(&mut self, key: u32, value: u32) -> u32 {
        if let Some(place) = self.locate(self.first(key), key)
            && let Some(bucket) = self.buckets.get_mut(place)
        {
            return bucket.replace(key, value);
        }
        if self.len >= self.buckets.len() * SLOTS * 5 / 8 {
            self.rebuild(self.buckets.len() * 2);
        }
        while self.put(key, value) > FAR && self.len > self.buckets.len() {
            // Only by bad luck: another seed will be better.
            self.remove(key);
            self.rebuild(self.buckets.len() * 2);
        }
        0
    }

    /// Removes a key; returns the value that it had, or 0.
    pub(super) fn remove(&mut self, key: u32) -> u32 {
        let first = self.first(key);
        let Some(place) = self.locate(first, key) else { return 0 };
        let old = self.buckets.get_mut(place).map_or(0, |bucket| bucket.take(key));
        let mut passed = first;
        while passed != place {
            if let Some(bucket) = self.buckets.get_mut(passed) {
                bucket.unpass();
            }
            passed = self.after(passed);
        }
        self.len -= 1;
        old
    }

    /// Returns the keys and their values, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u32)> {
        self.buckets.iter().flat_map(Bucket::iter)
    }

    /// Returns the number of keys.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Returns how many bytes are allocated, those that are shared included.
    pub(super) fn bytes(&self) -> usize {
        self.buckets.bytes()
    }

    /// Puts a key that is not there, and there is room for; returns how far from its own bucket.
    fn put(&mut self, key: u32, value: u32) -> usize {
        let mut place = self.first(key);
        for step in 0..self.buckets.len() {
            let Some(bucket) = self.buckets.get_mut(place) else { break };
            if bucket.put(key, value) {
                self.len += 1;
                return step;
            }
            bucket.pass();
            place = self.after(place);
        }
        0
    }

    /// Returns the bucket that holds a key.
    fn locate(&self, first: usize, key: u32) -> Option<usize> {
        let mut place = first;
        for _ in 0..self.buckets.len() {
            let bucket = self.buckets.get(place)?;
            if bucket.find(key) != 0 {
                return Some(place);
            }
            if bucket.minus_passed() == 0 {
                return None;
            }
            place = self.after(place);
        }
        None
    }

    /// Moves to so many buckets, a power of two, with another seed.
    fn rebuild(&mut self, buckets: usize) {
        let buckets = Pages::of_defaults(buckets.max(PAGE));
        let shift = 64 - buckets.len().ilog2();
        let old = core::mem::replace(self, Self { buckets, shift, seed: Seed::new(), len: 0 });
        for (key, value) in old.iter() {
            self.put(key, value);
        }
    }

    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "fewer bits than the index of a bucket")]
    fn first(&self, key: u32) -> usize {
        (self.seed.hash(key) >> self.shift) as usize
    }

    fn after(&self, bucket: usize) -> usize {
        (bucket + 1) & (self.buckets.len() - 1)
    }
}

impl Bucket {
    /// Returns the value of a key, or 0. Looks at all lanes, which is one step for a vector unit.
    #[inline(always)]
    fn find(&self, key: u32) -> u32 {
        let lanes = self.keys.iter().zip(&self.values);
        lanes.fold(0, |found, (known, value)| found | if *known == key { *value } else { 0 })
    }

    /// Returns minus the number of keys that found this bucket full.
    #[inline(always)]
    const fn minus_passed(&self) -> u32 {
        let [.., passed] = self.keys;
        passed
    }

    fn pass(&mut self) {
        let [.., passed] = &mut self.keys;
        *passed = passed.wrapping_sub(1);
    }

    fn unpass(&mut self) {
        let [.., passed] = &mut self.keys;
        *passed = passed.wrapping_add(1);
    }

    fn put(&mut self, key: u32, value: u32) -> bool {
        let free = self.slots_mut().find(|(_, value)| **value == 0);
        if let Some((slot, place)) = free {
            (*slot, *place) = (key, value);
            return true;
        }
        false
    }

    fn replace(&mut self, key: u32, value: u32) -> u32 {
        let held = self.slots_mut().find(|(known, value)| **known == key && **value != 0);
        held.map_or(0, |(_, place)| core::mem::replace(place, value))
    }

    fn take(&mut self, key: u32) -> u32 {
        let held = self.slots_mut().find(|(known, value)| **known == key && **value != 0);
        held.map_or(0, |(slot, value)| {
            *slot = 0;
            core::mem::take(value)
        })
    }

    fn slots_mut(&mut self) -> impl Iterator<Item = (&mut u32, &mut u32)> {
        self.keys.iter_mut().zip(&mut self.values).take(SLOTS)
    }

    fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let slots = self.keys.iter().copied().zip(self.values).take(SLOTS);
        slots.filter(|(_, value)| *value != 0)
    }
}

impl Seed {
    fn new() -> Self {
        let random = foldhash::fast::RandomState::default();
        Self { mask: random.hash_one(0_u32), factor: random.hash_one(1_u32) | 1 }
    }

    /// Returns a hash whose upper bits nobody can foresee who does not know the seed.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "the upper half follows")]
    fn hash(self, key: u32) -> u64 {
        let product = u128::from(u64::from(key) ^ self.mask) * u128::from(self.factor);
        product as u64 ^ (product >> 64) as u64
    }
}

#[cfg(test)]
mod tests;
