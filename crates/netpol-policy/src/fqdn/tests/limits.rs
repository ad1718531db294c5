//! FQQ-7: whatever a server answers, no more than so much is kept.

use super::*;

fn answer(
    name: impl std::fmt::Display,
    addresses: impl IntoIterator<Item = u32>,
    ttl: u32,
) -> DnsAnswer {
    DnsAnswer::new(&format!("{name}.example"), addresses.into_iter().map(nth), ttl)
}

#[test]
fn fqq_7_of_a_long_answer_the_first_addresses_are_learnt() {
    let mut names = NameManager::new(FqdnConfig::default());
    names.register(&pattern("*.example")).unwrap();
    let changes = names.learn(1, &answer("a", (0..60_000).rev(), 30), at(0));
    assert_eq!(changes.len(), 1000);
    assert_eq!(changes[0].address, nth(59_000));
    assert_eq!(names.stats().addresses, 1000);
}

#[test]
fn fqq_7_a_name_whose_addresses_keep_changing_keeps_to_its_limit() {
    let mut world = World::new();
    world.register(&pattern("*.example"));
    for round in 0..300 {
        let changes =
            world.names.learn(1, &answer("a", round * 1000..round * 1000 + 1000, 30), at(0));
        world.take(changes);
        // The history, and twice as many zombies.
        assert!(world.names.stats().addresses <= 3000);
        assert!(world.names.stats().zombies <= 2000);
        assert_eq!(world.told.len(), world.names.stats().addresses);
    }
    world.expire(60);
    assert_eq!(world.names.stats().addresses, 1000);
    world.expire_unused(100);
    assert_eq!(world.names.stats(), NameStats::default());
}

#[test]
fn fqq_7_an_endpoint_has_so_many_names() {
    let mut config = settings();
    config.max_names_per_endpoint = 3;
    let mut world = World::with(config);
    world.register(&pattern("*.example"));
    for (name, ttl) in [("a", 50), ("b", 10), ("c", 30), ("d", 5), ("e", 100)] {
        world.learn(1, &format!("{name}.example"), &["192.0.2.1"], ttl, 0);
    }
    // Names that expire first leave first, and stay known as zombies.
    let kept = world.names.snapshot().endpoints[&1].history.clone();
    let names: Vec<_> = kept.iter().map(|lookup| lookup.fqdn.as_str()).collect();
    assert_eq!(names, ["a.example.", "c.example.", "e.example."]);
    assert_eq!(world.zombies(1)[&ip("192.0.2.1")].names, ["b.example.", "d.example."]);
    assert_eq!(world.told.len(), 5);
}

#[test]
fn fqq_7_other_endpoints_do_not_suffer() {
    let mut config = settings();
    config.max_names_per_endpoint = 10;
    config.max_deferred_deletes = 10;
    let mut world = World::with(config);
    world.register(&pattern("*.example"));
    world.learn(2, "good.example", &["192.0.2.1"], 30, 0);
    for n in 0..10_000 {
        let changes = world.names.learn(1, &answer(n, [n], u32::MAX), at(0));
        world.take(changes);
    }
    assert_eq!(world.labels("192.0.2.1"), ["fqdn:*.example"]);
    assert_eq!(world.history(2, "good.example."), ["192.0.2.1 30"]);
    assert!(world.names.stats().names <= 31);
}

#[test]
fn fqq_7_names_times_addresses_are_bounded() {
    let config = FqdnConfig::default();
    let mut names = NameManager::new(config.clone());
    names.register(&pattern("*.example")).unwrap();
    let mut known = 0;
    let count = |changes: &[NameChange]| {
        let gone = changes.iter().filter(|change| change.labels.is_none()).count();
        (changes.len() - gone).cast_signed() - gone.cast_signed()
    };
    // Without a single run of `expire`.
    for n in 0..60_000 {
        let first = (n * 7919) % 1_000_000;
        let changes =
            names.learn(1, &answer(n, first..first + 8, n % 4000), at(u64::from(n / 100)));
        known += count(&changes);
        let stats = names.stats();
        assert!(stats.addresses <= 3 * config.max_addresses_per_endpoint);
        assert!(stats.zombies <= 2 * config.max_deferred_deletes);
        assert_eq!(known, stats.addresses.cast_signed());
    }
    let kept = &names.snapshot().endpoints[&1];
    let history: usize = kept.history.iter().map(|lookup| lookup.ips.len()).sum();
    assert!(history <= config.max_addresses_per_endpoint);
    assert!(kept.history.len() <= config.max_names_per_endpoint);
}

#[test]
fn fqq_7_many_names_of_one_live_address_are_bounded() {
    let mut config = settings();
    config.max_names_per_endpoint = 100;
    config.max_addresses_per_endpoint = 1000;
    let mut names = NameManager::new(config);
    for n in 0..20_000_u32 {
        names.learn(1, &answer(n, [1], 0), at(u64::from(n)));
        names.mark_alive(1, nth(1), at(u64::from(n)));
        assert!(names.stats().names <= 100 + 2000);
        if n % 1000 == 0 {
            names.expire(at(u64::from(n)));
            assert!(names.stats().names <= 100 + 1000);
        }
    }
}

#[test]
fn limits_of_zero_are_limits() {
    let mut config = at_most(0);
    config.max_names_per_endpoint = 0;
    config.max_deferred_deletes = 0;
    let mut world = World::with(config.clone());
    world.register(&pattern("*.example"));
    world.learn(1, "a.example", &["192.0.2.1", "192.0.2.2"], 30, 0);
    world.learn(1, "b.example", &["192.0.2.3"], 30, 0);
    assert_eq!(world.told.len(), 1);
    // An endpoint that may not keep any address learns none.
    config.max_addresses_per_endpoint = 0;
    let mut world = World::with(config);
    world.register(&pattern("*.example"));
    world.learn(1, "a.example", &["192.0.2.1"], 30, 0);
    world.expire(60);
    assert_eq!(world.names.stats(), NameStats::default());
}

#[test]
fn endpoints_that_come_and_go_leave_nothing() {
    let mut world = World::new();
    world.register(&pattern("*.example"));
    for n in 0..1000 {
        let changes = world.names.learn(n, &answer(n, n..n + 5, u32::MAX), at(0));
        world.take(changes);
        world.names.remove_endpoint(n);
        if n % 10 == 0 {
            world.expire(u64::from(n));
            assert_eq!(world.names.stats(), NameStats::default());
        }
    }
}
