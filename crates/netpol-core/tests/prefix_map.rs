//! Prefixes and the plain longest-prefix map against linear scans.

use std::collections::HashMap;
use std::net::IpAddr;

use netpol_core::{IpFamily, Prefix, PrefixMap};
use proptest::collection::vec;
use proptest::prelude::*;

mod common;

use common::{address, prefix};

/// Returns the longest of the prefixes that hold an address, by looking at each.
fn scan(entries: &HashMap<Prefix, u32>, addr: IpAddr) -> Option<(Prefix, u32)> {
    let held = entries.iter().filter(|(prefix, _)| bits_agree(prefix, addr));
    held.max_by_key(|(prefix, _)| prefix.len()).map(|(prefix, value)| (*prefix, *value))
}

/// Tells whether an address agrees with a prefix in its first bits, one at a time.
fn bits_agree(prefix: &Prefix, addr: IpAddr) -> bool {
    let bytes = |addr: IpAddr| match addr {
        IpAddr::V4(addr) => addr.octets().to_vec(),
        IpAddr::V6(addr) => addr.octets().to_vec(),
    };
    let bit = |bytes: &[u8], n: usize| bytes[n / 8] >> (7 - n % 8) & 1;
    let (ours, theirs) = (bytes(prefix.addr()), bytes(addr));
    let len = usize::from(prefix.len());
    ours.len() == theirs.len() && (0..len).all(|n| bit(&ours, n) == bit(&theirs, n))
}

#[test]
fn text_that_is_no_prefix_is_refused() {
    let bad = [
        "",
        "/",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/+8",
        "10.0.0.0/08",
        "10.0.0/8",
        "::/129",
        "010.0.0.0/8",
        "fe80::1%eth0/64",
        "10.0.0.0/8/8",
        " 10.0.0.0/8",
        "300.0.0.1",
    ];
    for text in bad {
        let error = text.parse::<Prefix>().expect_err(text);
        assert!(error.to_string().starts_with(&format!("`{text}` is no address")));
    }
}

#[test]
fn whole_families_and_single_addresses_are_prefixes() {
    let mut map = PrefixMap::new();
    assert_eq!(map.insert(Prefix::all(IpFamily::V4), 1), None);
    assert_eq!(map.insert(Prefix::all(IpFamily::V6), 2), None);
    let host: IpAddr = "10.0.0.1".parse().unwrap();
    assert_eq!(map.insert(Prefix::host(host), 3), None);
    let value = |addr: &str| map.longest_match(addr.parse().unwrap()).map(|(_, value)| *value);
    assert_eq!(value("10.0.0.1"), Some(3));
    assert_eq!(value("10.0.0.2"), Some(1));
    assert_eq!(value("::ffff:10.0.0.1"), Some(2)); // a mapped address is IPv6
}

#[test]
fn duplicates_replace_and_absent_prefixes_do_not_matter() {
    let mut map = PrefixMap::new();
    let block: Prefix = "10.0.0.0/8".parse().unwrap();
    assert_eq!(map.insert(block, 1), None);
    assert_eq!(map.insert(block, 2), Some(1));
    assert_eq!(map.len(), 1);
    assert_eq!(map.remove(&"10.0.0.0/9".parse().unwrap()), None);
    assert_eq!(map.remove(&Prefix::all(IpFamily::V6)), None);
    assert_eq!(map.remove(&block), Some(2));
    assert_eq!(map.remove(&block), None);
    assert!(map.is_empty());
    assert_eq!(map.longest_match(block.addr()), None);
}

proptest! {
    #[test]
    fn prefixes_hold_what_their_bits_say(prefix in prefix(), other in prefix(), addr in address()) {
        prop_assert_eq!(prefix.contains(addr), bits_agree(&prefix, addr));
        prop_assert!(prefix.contains(prefix.addr()) && prefix.contains(prefix.last_addr()));
        let inside = prefix.len() <= other.len() && bits_agree(&prefix, other.addr());
        prop_assert_eq!(prefix.contains_prefix(&other), inside);
        // The order puts a block before everything inside it.
        prop_assert!(!inside || prefix <= other);
        prop_assert_eq!(prefix.to_string().parse::<Prefix>(), Ok(prefix));
        if let Some(parent) = prefix.parent() {
            prop_assert!(parent.contains_prefix(&prefix) && !prefix.contains_prefix(&parent));
        }
    }

    #[test]
    fn the_longest_match_is_that_of_a_scan(
        steps in vec((prefix(), any::<u32>(), 0u8..4), 0..60),
        addresses in vec(address(), 40),
    ) {
        let mut map = PrefixMap::new();
        let mut plain = HashMap::new();
        for (prefix, value, step) in steps {
            match step {
                0 => prop_assert_eq!(map.remove(&prefix), plain.remove(&prefix)),
                _ => prop_assert_eq!(map.insert(prefix, value), plain.insert(prefix, value)),
            }
        }
        prop_assert_eq!(map.len(), plain.len());
        for addr in addresses.into_iter().chain(plain.keys().map(Prefix::last_addr)) {
            let found = map.longest_match(addr).map(|(prefix, value)| (*prefix, *value));
            prop_assert_eq!(found, scan(&plain, addr));
            let covering = map.covering(&Prefix::host(addr)).count();
            let held = plain.keys().filter(|prefix| bits_agree(prefix, addr)).count();
            prop_assert_eq!(covering, held);
        }
        for outer in plain.keys() {
            let inside: Vec<_> = map.inside(outer).map(|(prefix, _)| *prefix).collect();
            let mut expected: Vec<_> = plain.keys().filter(|p| outer.contains_prefix(p)).copied().collect();
            expected.sort();
            prop_assert_eq!(inside, expected);
        }
    }
}
