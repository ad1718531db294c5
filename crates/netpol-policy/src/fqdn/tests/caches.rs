//! CCH: how answers add up.

use super::*;

#[test]
fn cch_1_names_and_addresses_find_each_other() {
    let mut world = World::new();
    world.learn(1, "a.example", &["192.0.2.1", "192.0.2.2"], 30, 0);
    world.learn(2, "b.example", &["192.0.2.1"], 30, 0);
    assert_eq!(world.addresses("a.example"), ["192.0.2.1", "192.0.2.2"]);
    let names: Vec<_> = world.names.names(ip("192.0.2.1")).collect();
    assert_eq!(names, ["a.example.", "b.example."]);
    assert_eq!(world.names.names(ip("192.0.2.3")).count(), 0);
}

#[test]
fn cch_2_only_what_ends_later_replaces() {
    let mut world = World::new();
    world.learn(1, "a.", &["1.1.1.1"], 30, 0);
    world.learn(1, "a.", &["1.1.1.1"], 20, 10);
    let kept = world.names.snapshot();
    assert_eq!(kept.endpoints[&1].history[0].lookup_time, at(0));
    world.learn(1, "a.", &["1.1.1.1"], 21, 10);
    let kept = world.names.snapshot();
    assert_eq!(kept.endpoints[&1].history[0].lookup_time, at(10));
}

#[test]
fn cch_3_addresses_of_earlier_answers_stay() {
    let mut world = World::new();
    world.learn(1, "a.", &["1.1.1.1"], 100, 0);
    world.learn(1, "a.", &["1.1.1.2"], 10, 5);
    world.learn(1, "a.", &["1.1.1.1"], 1, 6);
    assert_eq!(world.history(1, "a."), ["1.1.1.1 100", "1.1.1.2 15"]);
}

#[test]
fn cch_4_an_answer_counts_in_the_second_in_which_it_ends() {
    let mut world = World::new();
    world.learn(1, "a.", &["1.1.1.1"], 30, 0);
    world.expire(30);
    assert_eq!(world.history(1, "a."), ["1.1.1.1 30"]);
    // GCD-2: whole seconds.
    world.names.expire(Timestamp::from_unix_nanos(30_999_999_999));
    assert_eq!(world.history(1, "a."), ["1.1.1.1 30"]);
    world.expire(31);
    assert_eq!(world.history(1, "a."), [""; 0]);
}

#[test]
fn cch_5_expired_data_is_found_until_the_next_run() {
    let mut world = World::new();
    world.learn(1, "a.", &["1.1.1.1"], 30, 0);
    world.learn(1, "b.", &["1.1.1.2"], 30, 1000);
    assert_eq!(world.history(1, "a."), ["1.1.1.1 30"]);
    assert!(world.names.binds("a.", ip("1.1.1.1")));
}

#[test]
fn cch_6_over_the_limit_what_expires_first_becomes_a_zombie() {
    let mut world = World::with(at_most(2));
    world.register(&name("a"));
    world.learn(1, "a.", &["2.1.1.1"], 100, 40);
    world.learn(1, "a.", &["2.1.1.2"], 50, 41);
    assert_eq!(world.learn(1, "a.", &["2.1.1.3"], 100, 42), 1);
    assert_eq!(world.history(1, "a."), ["2.1.1.1 140", "2.1.1.3 142"]);
    let zombie = &world.zombies(1)[&ip("2.1.1.2")];
    assert_eq!(zombie.delete_pending_at, at(91));
    assert_eq!(world.labels("2.1.1.2"), ["fqdn:a"]);
}

#[test]
fn cch_7_the_kept_form_is_ciliums() {
    let mut world = World::new();
    let now = at(1_767_323_045);
    let answer = DnsAnswer::new("a.example", [ip("192.0.2.2"), ip("192.0.2.1")], 30);
    world.names.learn(5, &answer, now);
    let json = world.names.snapshot().to_json();
    assert_eq!(
        json,
        r#"{"endpoints":{"5":{"DNSHistory":[{"fqdn":"a.example.","lookup-time":"2026-01-02T03:04:05Z","#
            .to_owned()
            + r#""expiration-time":"2026-01-02T03:04:35Z","ttl":30,"ips":["192.0.2.1","192.0.2.2"]}],"#
            + r#""DNSZombies":{"deletes":{}}}}}"#
    );
}

#[test]
fn cch_7_each_answer_is_an_object_of_its_own() {
    let mut world = World::new();
    world.learn(5, "a.", &["1.1.1.1", "1.1.1.2"], 30, 0);
    world.learn(5, "a.", &["1.1.1.2", "1.1.1.3"], 30, 10);
    let history = &world.names.snapshot().endpoints[&5].history;
    let ips: Vec<_> = history.iter().map(|lookup| (lookup.ttl, lookup.ips.as_slice())).collect();
    assert_eq!(ips, [(30, &[ip("1.1.1.1")][..]), (30, &[ip("1.1.1.2"), ip("1.1.1.3")][..])]);
}

#[test]
fn small_sets_are_sets() {
    use std::collections::BTreeSet;

    use crate::fqdn::small_set::SmallSet;

    let (mut small, mut plain) = (SmallSet::default(), BTreeSet::new());
    // A walk that goes up to a hundred members and back to none, with repetitions.
    let numbers = (0..400_u32).map(|n| (n * 61) % 100);
    for (step, number) in numbers.clone().chain(numbers).enumerate() {
        if step < 400 {
            assert_eq!(small.insert(number), plain.insert(number));
        } else {
            assert_eq!(small.remove(&number), plain.remove(&number));
        }
        assert!(small.iter().eq(plain.iter()) && small.len() == plain.len());
        assert!(small.contains(&7) == plain.contains(&7) && small.is_empty() == plain.is_empty());
    }
    for count in [0, 1, 2, 40_u32] {
        let mut set = SmallSet::default();
        (0..count).for_each(|n| assert!(set.insert(n)));
        set.retain(|n| n % 2 == 1);
        assert!(set.iter().copied().eq((0..count).filter(|n| n % 2 == 1)), "{count}");
    }
}
