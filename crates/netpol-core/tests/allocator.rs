//! The allocator of identities: counting, reuse and exhaustion (ALO, LID).

use std::collections::HashMap;

use netpol_core::{
    ClusterId, IdentityAllocator, IdentityId, IdentityRange, IdentityScope, Label, LabelSet,
};
use proptest::prelude::*;

fn pod(n: u32) -> LabelSet {
    LabelSet::from_iter([Label::k8s("app", &n.to_string())])
}

fn three_numbers() -> IdentityAllocator {
    IdentityAllocator::new(IdentityRange::new(256, 258).expect("the range is valid"))
}

#[test]
fn numbers_ascend_within_the_scope_of_the_labels() {
    let mut allocator = IdentityAllocator::default();
    let mut acquire = |text: &str| {
        let id = allocator.acquire(&LabelSet::from_canonical(text));
        id.map(IdentityId::number)
    };
    assert_eq!(acquire("k8s:app=a;"), Ok(256));
    assert_eq!(acquire("k8s:app=b;"), Ok(257));
    assert_eq!(acquire("cidr:10.0.0.0/8=;reserved:world=;"), Ok(0x0100_0001)); // LID-1
    assert_eq!(acquire("cidr:10.1.0.0/16=;reserved:world=;"), Ok(0x0100_0002));
    assert_eq!(acquire("reserved:remote-node=;node:a=b;"), Ok(0x0200_0001));
    assert_eq!(acquire("k8s:app=a;"), Ok(256));
}

#[test]
fn clusters_of_a_mesh_begin_at_their_own_number() {
    let cluster = ClusterId::new(3).expect("3 is a cluster");
    let mut allocator = IdentityAllocator::new(IdentityRange::of_cluster(cluster));
    assert_eq!(allocator.acquire(&pod(0)), Ok(IdentityId::new(196_608))); // NUM-4
}

#[test]
fn an_exhausted_scope_is_an_error_and_changes_nothing() {
    let mut allocator = three_numbers();
    for n in 0..3 {
        assert_eq!(allocator.acquire(&pod(n)), Ok(IdentityId::new(256 + n)));
    }
    let error = allocator.acquire(&pod(3)).expect_err("no number is left");
    assert_eq!(error.scope(), IdentityScope::Global);
    assert_eq!(error.to_string(), "no cluster-wide identity is left");
    assert_eq!(allocator.find(&pod(3)), None);
    assert_eq!(allocator.len(), 3);
    // Known labels and other scopes go on.
    assert_eq!(allocator.acquire(&pod(1)), Ok(IdentityId::new(257)));
    let cidr = LabelSet::from_canonical("cidr:10.0.0.0/8=;");
    assert!(allocator.acquire(&cidr).is_ok());
    // A number that becomes free is given again.
    assert!(allocator.release(IdentityId::new(256)));
    assert_eq!(allocator.acquire(&pod(3)), Ok(IdentityId::new(256)));
}

#[test]
fn numbers_are_used_again_only_after_the_counter_wraps() {
    let mut allocator = three_numbers();
    let first = allocator.acquire(&pod(0)).expect("a number is free");
    assert!(allocator.release(first));
    // LID-2
    let ids: Vec<u32> =
        (1..=3).map(|n| allocator.acquire(&pod(n)).map_or(0, IdentityId::number)).collect();
    assert_eq!(ids, [257, 258, 256]);
}

#[test]
fn the_last_user_frees_the_number() {
    let mut allocator = IdentityAllocator::default();
    let id = allocator.acquire(&pod(0)).expect("a number is free");
    assert_eq!(allocator.acquire(&pod(0)), Ok(id));
    assert_eq!(allocator.users(id), 2);
    assert!(!allocator.release(id)); // LID-4
    assert_eq!(allocator.find(&pod(0)), Some(id));
    assert!(allocator.release(id));
    assert_eq!((allocator.users(id), allocator.find(&pod(0))), (0, None));
    assert!(allocator.is_empty());
    assert!(allocator.list().is_empty());
}

#[test]
fn unknown_numbers_are_left_alone() {
    let mut allocator = IdentityAllocator::default();
    let id = allocator.acquire(&pod(0)).expect("a number is free");
    for number in [0, 1, 104, 257, 0x0100_0001, 0x0200_0001, u32::MAX] {
        assert!(!allocator.release(IdentityId::new(number)), "{number}");
    }
    assert_eq!(allocator.list(), [(id, pod(0))]);
}

proptest! {
    #[test]
    fn any_sequence_counts_as_a_plain_map_does(steps in prop::collection::vec((0u32..6, any::<bool>()), 0..120)) {
        let mut allocator = three_numbers();
        let mut users: HashMap<u32, (IdentityId, u32)> = HashMap::new();
        for (n, acquire) in steps {
            if acquire {
                match (allocator.acquire(&pod(n)), users.get_mut(&n)) {
                    (Ok(id), Some(known)) => {
                        prop_assert_eq!(id, known.0);
                        known.1 += 1;
                    }
                    (Ok(id), None) => {
                        prop_assert!((256..=258).contains(&id.number()));
                        prop_assert!(users.values().all(|(used, _)| *used != id));
                        users.insert(n, (id, 1));
                    }
                    (Err(_), known) => {
                        prop_assert!(known.is_none());
                        prop_assert_eq!(users.len(), 3);
                    }
                }
            } else if let Some((id, count)) = users.get_mut(&n) {
                *count -= 1;
                let (id, last) = (*id, *count == 0);
                prop_assert_eq!(allocator.release(id), last);
                if last {
                    users.remove(&n);
                }
            }
            prop_assert_eq!(allocator.len(), users.len());
            for (n, (id, count)) in &users {
                prop_assert_eq!(allocator.find(&pod(*n)), Some(*id));
                prop_assert_eq!(allocator.users(*id), *count);
            }
        }
    }
}
