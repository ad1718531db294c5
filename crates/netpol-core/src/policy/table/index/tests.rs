use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::*;

/// Numbers that look random: one of a fixed sequence.
fn random(state: &mut u32) -> u32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    *state >> 8
}

fn check(index: &Index, plain: &BTreeMap<u32, u32>) {
    let mut entries: Vec<(u32, u32)> = index.iter().collect();
    entries.sort_unstable();
    assert!(entries.into_iter().eq(plain.iter().map(|(key, value)| (*key, *value))));
    assert_eq!(index.len(), plain.len());
}

#[test]
fn changes_are_those_of_a_plain_map() {
    let (mut index, mut plain) = (Index::default(), BTreeMap::new());
    let mut state = 1;
    for step in 1..60_000 {
        let key = random(&mut state) % 4000;
        // Grows first, shrinks then.
        if random(&mut state) % 10 < if step < 30_000 { 7 } else { 3 } {
            assert_eq!(index.insert(key, step), plain.insert(key, step).unwrap_or(0));
        } else {
            assert_eq!(index.remove(key), plain.remove(&key).unwrap_or(0));
        }
        let asked = random(&mut state) % 4000;
        assert_eq!(index.get(asked), plain.get(&asked).copied().unwrap_or(0));
    }
    check(&index, &plain);
}

#[test]
fn every_number_is_a_key() {
    let mut index = Index::default();
    for key in [0, u32::MAX, 1] {
        assert_eq!(index.get(key), 0);
        assert_eq!(index.insert(key, 7), 0);
        assert_eq!(index.get(key), 7);
    }
    assert_eq!(index.remove(0), 7);
    assert_eq!((index.get(0), index.get(u32::MAX), index.len()), (0, 7, 2));
}

#[test]
fn a_copy_stays_as_it_was() {
    let (mut index, mut plain) = (Index::default(), BTreeMap::new());
    for key in 0..1000 {
        index.insert(key, key + 1);
        plain.insert(key, key + 1);
    }
    let copy = index.clone();
    for key in 0..1000 {
        if key % 3 == 0 {
            index.remove(key);
        } else {
            index.insert(key, 9);
        }
    }
    check(&copy, &plain);
}

/// Keys whose buckets collide are what an attacker wants; without the seed nobody finds them. Here
/// the seed is known, and it still works, only slower.
#[test]
fn colliding_keys_are_kept_all_the_same() {
    let mut index = Index::default();
    (0..100).for_each(|key| _ = index.insert(key, 1));
    let bucket = index.first(0);
    let colliding: Vec<u32> = (100..).filter(|key| index.first(*key) == bucket).take(200).collect();
    for key in &colliding {
        index.insert(*key, 2);
    }
    assert!(colliding.iter().all(|key| index.get(*key) == 2));
    assert!((0..100).all(|key| index.get(key) == 1));
    for key in &colliding {
        assert_eq!(index.remove(*key), 2);
    }
    assert!(colliding.iter().all(|key| index.get(*key) == 0));
    assert_eq!(index.len(), 100);
    (0..100).for_each(|key| _ = index.remove(key));
    assert!(index.buckets.iter().all(|bucket| bucket.minus_passed() == 0));
}

#[test]
fn reserved_room_is_enough() {
    for keys in [0, 1, 34, 35, 36, 1000] {
        let mut index = Index::default();
        index.insert(7, 1);
        index.reserve(keys as usize);
        assert_eq!(index.get(7), 1);
        let room = index.buckets.len();
        (100..99 + keys).for_each(|key| _ = index.insert(key, 1));
        // Room for the keys; a bucket that is crowded by bad luck doubles it.
        assert!(index.buckets.len() <= 2 * room, "{keys}");
    }
}
