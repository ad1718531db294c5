use std::collections::BTreeMap;

use super::*;

fn addr(n: u32) -> IpAddr {
    // Both families.
    match n % 2 {
        0 => Ipv4Addr::from_bits(n).into(),
        _ => Ipv6Addr::from_bits(n.into()).into(),
    }
}

fn check(slots: &Slots, plain: &BTreeMap<EndpointId, (Arc<SubjectPolicy>, Vec<IpAddr>)>) {
    assert_eq!(slots.len as usize, plain.len());
    let owners: BTreeMap<IpAddr, EndpointId> =
        plain.iter().flat_map(|(id, (_, addrs))| addrs.iter().map(|addr| (*addr, *id))).collect();
    for addr in (0..64).map(addr) {
        let found = slots.at(addr).map(|slot| slot.endpoint);
        assert_eq!(found, owners.get(&addr).copied(), "{addr}");
    }
    for id in (0..40).map(EndpointId) {
        let found = slots.of(id).map(|slot| Arc::as_ptr(&slot.policy));
        assert_eq!(found, plain.get(&id).map(|(policy, _)| Arc::as_ptr(policy)));
    }
}

#[test]
fn changes_are_those_of_plain_maps() {
    let (mut slots, mut plain) = (Slots::default(), BTreeMap::new());
    let mut state = 1_u32;
    let mut random = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    for _ in 0..4000 {
        let before = (slots.clone(), plain.clone());
        let id = EndpointId(random(40));
        if random(4) == 0 {
            slots.remove(id);
            plain.remove(&id);
        } else {
            let policy = Arc::new(SubjectPolicy::lockdown());
            let taken: Vec<IpAddr> = plain
                .iter()
                .filter(|(other, _)| **other != id)
                .flat_map(|(_, (_, addrs)): (_, &(Arc<SubjectPolicy>, Vec<IpAddr>))| addrs.clone())
                .collect();
            let wanted = (0..random(3)).map(|_| addr(random(64)));
            let addrs: Vec<IpAddr> = wanted.filter(|addr| !taken.contains(addr)).collect();
            slots.keep_addresses(id, &addrs);
            slots.set(id, &policy, &addrs);
            plain.insert(id, (policy, addrs));
        }
        check(&slots, &plain);
        check(&before.0, &before.1);
    }
    (0..40).for_each(|id| slots.remove(EndpointId(id)));
    check(&slots, &BTreeMap::new());
    assert!(slots.by_address.is_empty() && slots.by_endpoint.is_empty());
}
