//! From addresses to identities (IPC).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netpol_core::{IdentityId, IpCache, IpFamily, Prefix};

fn ipcache(dual_stack: bool) -> IpCache {
    let mut ipcache = IpCache::new(dual_stack);
    for (text, number) in [
        ("10.0.0.0/8", 16_777_217),
        ("10.96.0.0/12", 16_777_218),
        ("10.0.1.2", 1001),
        ("fd00::/8", 16_777_219),
        ("fd00::1", 1001),
    ] {
        ipcache.insert(text.parse().expect("the prefix is valid"), IdentityId::new(number));
    }
    ipcache
}

#[test]
fn the_longest_prefix_decides() {
    // EX-2 of the section IPC, and IPC-7: a pod's address beats every prefix around it.
    let ipcache = ipcache(true);
    let number = |addr: &str| ipcache.identity(addr.parse().unwrap()).number();
    assert_eq!(number("10.97.0.1"), 16_777_218);
    assert_eq!(number("10.0.1.2"), 1001);
    assert_eq!(number("10.0.1.3"), 16_777_217);
    assert_eq!(number("fd00::1"), 1001);
    assert_eq!(number("fd00::2"), 16_777_219);
}

#[test]
fn the_outside_depends_on_the_stack() {
    // IPC-1, IDN-4
    let (v4, v6): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
    let dual = ipcache(true);
    assert_eq!(dual.identity(v4), IdentityId::WORLD_IPV4);
    assert_eq!(dual.identity(v6), IdentityId::WORLD_IPV6);
    let single = ipcache(false);
    assert_eq!(single.identity(v4), IdentityId::WORLD);
    assert_eq!(single.identity(v6), IdentityId::WORLD);
    assert_eq!(single.world(IpFamily::V6), IdentityId::WORLD);
}

#[test]
fn many_addresses_have_the_identities_of_each() {
    let ipcache = ipcache(true);
    let v4: Vec<Ipv4Addr> = (0..100).map(|n| Ipv4Addr::new(10, n, 1, 2)).collect();
    let mut numbers = vec![0; v4.len()];
    ipcache.identities_v4(&v4, &mut numbers);
    for (addr, number) in v4.iter().zip(numbers) {
        assert_eq!(ipcache.identity((*addr).into()).number(), number);
    }
    let v6: Vec<Ipv6Addr> =
        (0..100).map(|n| Ipv6Addr::new(0xfcfe + n / 25, 0, 0, 0, 0, 0, 0, n % 3)).collect();
    let mut numbers = vec![0; v6.len()];
    ipcache.identities_v6(&v6, &mut numbers);
    for (addr, number) in v6.iter().zip(numbers) {
        assert_eq!(ipcache.identity((*addr).into()).number(), number);
    }
}

#[test]
fn a_clone_is_a_snapshot() {
    let mut ipcache = ipcache(true);
    let before = ipcache.clone();
    let pod: Prefix = "10.0.1.2".parse().unwrap();
    assert_eq!(ipcache.remove(&pod), Some(IdentityId::new(1001)));
    assert_eq!(ipcache.remove(&pod), None);
    assert_eq!(ipcache.get(&pod), None);
    assert_eq!(before.get(&pod), Some(IdentityId::new(1001)));
    assert_eq!(ipcache.identity(pod.addr()).number(), 16_777_217);
    assert_eq!(before.identity(pod.addr()).number(), 1001);
    assert_eq!((ipcache.len(), before.len()), (4, 5));
    let listed: Vec<String> = before.iter().map(|(prefix, _)| prefix.to_string()).collect();
    assert_eq!(listed, ["10.0.0.0/8", "10.0.1.2/32", "10.96.0.0/12", "fd00::/8", "fd00::1/128"]);
}
