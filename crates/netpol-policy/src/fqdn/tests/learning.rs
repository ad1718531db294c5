//! LRN and SEQ: what an answer teaches.

use super::*;

#[test]
fn lrn_1_an_answer_without_addresses_teaches_nothing() {
    let mut world = World::new();
    world.register(&pattern("*"));
    assert_eq!(world.learn(1, "a.example", &[], 30, 0), 0);
    assert_eq!(world.names.stats(), NameStats::default());
}

#[test]
fn lrn_2_the_name_is_in_lower_case_and_ends_in_a_dot() {
    let mut world = World::new();
    world.register(&name("www.example.com"));
    assert_eq!(world.learn(1, "WWW.Example.COM", &["192.0.2.1"], 30, 0), 1);
    assert_eq!(world.names.names(ip("192.0.2.1")).collect::<Vec<_>>(), ["www.example.com."]);
    assert_eq!(world.learn(1, "www.example.com.", &["192.0.2.1"], 30, 1), 0);
}

#[test]
fn lrn_3_addresses_of_both_families_are_learnt() {
    let mut world = World::new();
    world.register(&name("a.example"));
    assert_eq!(world.learn(1, "a.example", &["2001:db8::1", "192.0.2.1"], 30, 0), 2);
    assert_eq!(world.addresses("a.example"), ["192.0.2.1", "2001:db8::1"]);
}

#[test]
fn lrn_6_a_short_time_to_live_is_raised() {
    let mut config = settings();
    config.min_ttl = std::time::Duration::from_secs(60);
    let mut world = World::with(config);
    world.learn(1, "a.example", &["192.0.2.1"], 5, 100);
    world.learn(1, "a.example", &["192.0.2.2"], 70, 100);
    assert_eq!(world.history(1, "a.example."), ["192.0.2.1 160", "192.0.2.2 170"]);
}

#[test]
fn lrn_6_a_time_to_live_of_zero_lasts_until_a_run_later_on() {
    let mut world = World::new();
    world.register(&name("a.example"));
    assert_eq!(world.learn(1, "a.example", &["192.0.2.1"], 0, 10), 1);
    world.expire(10);
    assert!(!world.is_zombie(1, "192.0.2.1"));
    world.expire(11);
    assert!(world.is_zombie(1, "192.0.2.1"));
    assert_eq!(world.labels("192.0.2.1"), ["fqdn:a.example"]);
}

#[test]
fn lrn_6_the_longest_times_to_live_do_no_harm() {
    let mut world = World::new();
    world.learn(1, "a.example", &["192.0.2.1"], 1 << 31, 1_800_000_000);
    assert_eq!(world.history(1, "a.example."), ["192.0.2.1 3947483648"]);
    let end = Timestamp::from_unix_nanos(u64::MAX);
    let answer = DnsAnswer::new("b.example", [ip("192.0.2.2")], u32::MAX);
    world.names.learn(1, &answer, end);
    world.names.expire(end);
    assert!(world.names.binds("b.example", ip("192.0.2.2")));
    assert!(world.is_zombie(1, "192.0.2.1"));
}

#[test]
fn an_answer_for_a_name_nobody_selects_is_learnt_silently() {
    let mut world = World::new();
    world.register(&name("a.example"));
    assert_eq!(world.learn(1, "b.example", &["192.0.2.1"], 30, 0), 0);
    assert!(world.names.binds("b.example", ip("192.0.2.1")));
    assert!(!world.names.binds("a.example", ip("192.0.2.1")));
}

#[test]
fn seq_3_addresses_that_the_name_has_already_change_nothing() {
    let mut world = World::new();
    world.register(&name("a.example"));
    assert_eq!(world.learn(1, "a.example", &["192.0.2.1", "192.0.2.2"], 30, 0), 2);
    assert_eq!(world.learn(1, "a.example", &["192.0.2.2", "192.0.2.1"], 30, 5), 0);
    assert_eq!(world.learn(2, "a.example", &["192.0.2.1"], 300, 6), 0);
    assert_eq!(world.learn(1, "a.example", &["192.0.2.1", "192.0.2.3"], 30, 7), 1);
}

#[test]
fn addresses_named_twice_in_an_answer_count_once() {
    let mut world = World::new();
    world.register(&name("a.example"));
    assert_eq!(world.learn(1, "a.example", &["192.0.2.1", "192.0.2.1"], 30, 0), 1);
    assert_eq!(world.names.stats().addresses, 1);
    world.expire_unused(31);
    assert_eq!(world.names.stats(), NameStats::default());
}

#[test]
fn odd_names_are_learnt_as_they_are_or_not_at_all() {
    let mut world = World::new();
    world.register(&pattern("*"));
    world.register(&pattern("*.cilium.io"));
    // DNS-2: escaped bytes match no star.
    assert_eq!(world.learn(1, r"a\.b.cilium.io.", &["192.0.2.1"], 30, 0), 0);
    assert_eq!(world.learn(1, r"a\032b.cilium.io.", &["192.0.2.1"], 30, 0), 0);
    assert_eq!(world.learn(1, "ä.cilium.io.", &["192.0.2.1"], 30, 0), 0);
    assert_eq!(world.names.names(ip("192.0.2.1")).count(), 3);
    // The empty name is the root.
    assert_eq!(world.learn(1, "", &["192.0.2.2"], 30, 0), 1);
    assert_eq!(world.told[&(".".to_owned(), ip("192.0.2.2"))], ["fqdn:*"]);
    // 255 bytes with the final dot are as long as a name gets.
    let longest = "a.".repeat(127) + "b";
    assert_eq!(world.learn(1, &longest, &["192.0.2.3"], 30, 0), 0);
    let longest = "a.".repeat(127);
    assert_eq!(world.learn(1, &longest, &["192.0.2.3"], 30, 0), 1);
}

#[test]
fn sid_6_what_one_endpoint_is_told_counts_for_the_node() {
    let mut world = World::new();
    world.register(&name("a.example"));
    world.learn(1, "a.example", &["192.0.2.1"], 30, 0);
    world.learn(2, "a.example", &["192.0.2.1"], 300, 0);
    // The label stays for as long as any endpoint's data support it.
    assert_eq!(world.expire_unused(100), 0);
    assert_eq!(world.labels("192.0.2.1"), ["fqdn:a.example"]);
    assert_eq!(world.expire_unused(400), 1);
    assert_eq!(world.labels("192.0.2.1"), [""; 0]);
}

#[test]
fn names_bind_to_the_addresses_they_resolved_to() {
    let mut world = World::new();
    world.learn(1, "a.example", &["192.0.2.1"], 30, 0);
    world.learn(1, "b.example", &["192.0.2.2"], 30, 0);
    assert!(world.names.binds("A.example", ip("192.0.2.1")));
    assert!(world.names.binds("a.example.", ip("192.0.2.1")));
    assert!(!world.names.binds("a.example", ip("192.0.2.2")));
    assert!(!world.names.binds("c.example", ip("192.0.2.1")));
    assert!(!world.names.binds("", ip("192.0.2.1")));
    assert!(!world.names.binds(r"a.example\.", ip("192.0.2.1")));
}
