//! GCD and ZMB: what ends when.

use std::time::Duration;

use super::*;

/// A world in which `a.example` has one address, which has expired at 31 and is a zombie.
fn with_zombie(config: FqdnConfig) -> World {
    let mut world = World::with(config);
    world.register(&pattern("*.example"));
    world.learn(1, "a.example", &["192.0.2.1"], 30, 0);
    assert_eq!(world.expire(31), 0);
    world
}

#[test]
fn gcd_1_nothing_expires_between_runs() {
    let mut world = World::new();
    world.register(&name("a.example"));
    world.learn(1, "a.example", &["192.0.2.1"], 30, 0);
    world.names.conntrack_gc_done(at(50));
    world.names.conntrack_gc_done(at(70));
    world.learn(1, "b.example", &["192.0.2.2"], 30, 500);
    assert_eq!(world.labels("192.0.2.1"), ["fqdn:a.example"]);
}

#[test]
fn gcd_2_what_expired_is_a_zombie_from_the_run_on() {
    let world = with_zombie(FqdnConfig::default());
    let zombie = &world.zombies(1)[&ip("192.0.2.1")];
    assert_eq!((zombie.delete_pending_at, zombie.alive_at), (at(31), Timestamp::ZERO));
    assert_eq!(zombie.names, ["a.example."]);
    assert_eq!(world.history(1, "a.example."), [""; 0]);
    assert_eq!(world.addresses("a.example"), ["192.0.2.1"]);
}

#[test]
fn gcd_2_names_without_support_lose_their_labels() {
    let mut world = with_zombie(FqdnConfig::default());
    world.names.conntrack_gc_done(at(40));
    world.names.conntrack_gc_done(at(50));
    assert_eq!(world.expire(60), 1);
    assert_eq!(world.labels("192.0.2.1"), [""; 0]);
    assert!(!world.names.binds("a.example", ip("192.0.2.1")));
    assert_eq!(world.names.stats(), NameStats::default());
}

#[test]
fn gcd_3_a_run_without_affected_names_changes_nothing() {
    let mut world = World::new();
    world.register(&name("a.example"));
    world.learn(1, "a.example", &["192.0.2.1"], 300, 0);
    let before = world.names.snapshot();
    assert_eq!(world.expire(60), 0);
    assert_eq!(world.names.snapshot(), before);
}

#[test]
fn gcd_4_what_a_removed_endpoint_learnt_goes_with_the_next_run() {
    let mut world = World::new();
    world.register(&pattern("*.example"));
    world.learn(1, "a.example", &["192.0.2.1", "192.0.2.2"], 300, 0);
    world.learn(2, "a.example", &["192.0.2.2"], 300, 0);
    world.names.remove_endpoint(1);
    assert_eq!(world.addresses("a.example"), ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(world.expire(60), 1);
    assert_eq!(world.addresses("a.example"), ["192.0.2.2"]);
    // An endpoint with the same number starts anew.
    world.learn(1, "a.example", &["192.0.2.3"], 300, 61);
    assert_eq!(world.history(1, "a.example."), ["192.0.2.3 361"]);
}

#[test]
fn gcd_4_an_endpoint_that_comes_back_before_the_run_keeps_only_what_it_is_told() {
    let mut world = World::new();
    world.register(&pattern("*.example"));
    world.learn(1, "a.example", &["192.0.2.1", "192.0.2.2"], 300, 0);
    world.names.remove_endpoint(1);
    assert_eq!(world.learn(1, "a.example", &["192.0.2.2"], 300, 1), 0);
    assert_eq!(world.expire(60), 1);
    assert_eq!(world.addresses("a.example"), ["192.0.2.2"]);
}

#[test]
fn zmb_1_one_zombie_has_all_names_of_its_address() {
    let mut world = with_zombie(FqdnConfig::default());
    world.learn(1, "b.example", &["192.0.2.1"], 30, 40);
    world.expire(90);
    let zombie = &world.zombies(1)[&ip("192.0.2.1")];
    assert_eq!(zombie.names, ["a.example.", "b.example."]);
    assert_eq!(zombie.ip, ip("192.0.2.1"));
}

#[test]
fn zmb_2_a_zombie_that_is_added_again_gets_the_later_times() {
    let mut world = with_zombie(FqdnConfig::default());
    world.learn(1, "b.example", &["192.0.2.1"], 30, 40);
    world.names.conntrack_gc_done(at(60));
    world.expire(90);
    let zombie = &world.zombies(1)[&ip("192.0.2.1")];
    assert_eq!((zombie.delete_pending_at, zombie.alive_at), (at(90), at(60)));
}

#[test]
fn zmb_3_connections_keep_zombies_alive() {
    let mut world = with_zombie(FqdnConfig::default());
    for started in [40, 100, 160, 220] {
        world.names.mark_alive(1, ip("192.0.2.1"), at(started));
        world.names.conntrack_gc_done(at(started));
        assert_eq!(world.expire(started), 0);
    }
    // Another endpoint's connection does not count.
    world.names.mark_alive(2, ip("192.0.2.1"), at(280));
    world.names.conntrack_gc_done(at(280));
    assert_eq!(world.expire(280), 1);
}

#[test]
fn zmb_3_the_grace_period_counts_from_when_the_connection_was_seen() {
    let mut config = settings();
    config.idle_grace = Duration::from_secs(100);
    let mut world = with_zombie(config);
    world.names.mark_alive(1, ip("192.0.2.1"), at(40));
    assert_eq!(world.zombies(1)[&ip("192.0.2.1")].alive_at, at(140));
    for started in [50, 140] {
        world.names.conntrack_gc_done(at(started));
        assert_eq!(world.expire(started), 0);
    }
    world.names.conntrack_gc_done(at(141));
    assert_eq!(world.expire(141), 1);
}

#[test]
fn zmb_4_a_run_has_to_start_after_the_zombie_came_and_its_grace() {
    let mut config = settings();
    config.idle_grace = Duration::from_secs(10);
    let mut world = with_zombie(config);
    // Pending since 31: runs count if they start after 41.
    for started in [35, 40, 41] {
        world.names.conntrack_gc_done(at(started));
        assert_eq!(world.expire(started), 0);
    }
    world.names.conntrack_gc_done(at(42));
    assert_eq!(world.expire(42), 1);
}

#[test]
fn zmb_4_two_runs_have_to_complete() {
    let mut world = with_zombie(FqdnConfig::default());
    world.names.conntrack_gc_done(at(1000));
    assert_eq!(world.expire(1000), 0);
    world.names.conntrack_gc_done(at(1001));
    assert_eq!(world.expire(1001), 1);
}

#[test]
fn zmb_5_a_live_connection_keeps_the_other_addresses_of_the_name() {
    let mut world = World::new();
    world.register(&pattern("*.example"));
    world.learn(1, "a.example", &["192.0.2.1", "192.0.2.2"], 30, 0);
    world.learn(1, "b.example", &["192.0.2.2", "192.0.2.3"], 30, 0);
    world.expire(31);
    world.names.mark_alive(1, ip("192.0.2.1"), at(50));
    world.names.conntrack_gc_done(at(40));
    world.names.conntrack_gc_done(at(50));
    // One step: .2 is another address of `a.example`. .3 shares a name with .2 only.
    assert_eq!(world.expire(60), 1);
    assert_eq!(world.addresses("b.example"), ["192.0.2.2"]);
    assert_eq!(world.addresses("a.example"), ["192.0.2.1", "192.0.2.2"]);
}

#[test]
fn zmb_6_a_name_keeps_so_many_zombies() {
    let mut world = World::with(at_most(2));
    world.register(&pattern("*.example"));
    world.learn(1, "a.example", &["192.0.2.1", "192.0.2.2"], 1, 0);
    world.learn(1, "a.example", &["192.0.2.3", "192.0.2.4"], 5, 10);
    assert_eq!(world.zombies(1).len(), 2);
    world.names.mark_alive(1, ip("192.0.2.1"), at(12));
    // The one seen alive stays; of the others the one that was pending last.
    assert_eq!(world.expire(20), 2);
    assert_eq!(world.addresses("a.example"), ["192.0.2.1", "192.0.2.4"]);
}

#[test]
fn zmb_6_an_endpoint_has_so_many_zombies() {
    let mut config = settings();
    config.max_deferred_deletes = 2;
    let mut world = World::with(config);
    world.register(&pattern("*.example"));
    world.learn(1, "a.example", &["192.0.2.1"], 1, 0);
    world.expire(10);
    world.learn(1, "b.example", &["192.0.2.2"], 1, 10);
    world.learn(1, "c.example", &["192.0.2.2", "192.0.2.3"], 1, 10);
    // Pending for longer goes first; then who has fewer names.
    assert_eq!(world.expire(20), 1);
    assert_eq!(world.labels("192.0.2.1"), [""; 0]);
    world.learn(1, "d.example", &["192.0.2.4"], 1, 20);
    assert_eq!(world.expire(20), 0);
    world.expire(30);
    assert!(world.is_zombie(1, "192.0.2.2") && world.is_zombie(1, "192.0.2.4"));
    assert_eq!(world.zombies(1).len(), 2);
}

#[test]
fn zmb_6_zero_means_no_zombies() {
    let mut config = settings();
    config.max_deferred_deletes = 0;
    let mut world = World::with(config);
    world.register(&pattern("*.example"));
    world.learn(1, "a.example", &["192.0.2.1"], 30, 0);
    assert_eq!(world.expire(31), 1);
    assert_eq!(world.names.stats(), NameStats::default());
}

#[test]
fn zmb_7_living_zombies_outlast_run_after_run() {
    let mut world = with_zombie(FqdnConfig::default());
    for now in (60..1200).step_by(60) {
        assert_eq!(world.expire(now), 0);
    }
    assert_eq!(world.labels("192.0.2.1"), ["fqdn:*.example"]);
}

#[test]
fn zmb_9_a_fresh_answer_takes_the_name_off_its_zombie() {
    let mut world = with_zombie(FqdnConfig::default());
    world.learn(1, "b.example", &["192.0.2.1"], 1, 31);
    world.expire(40);
    assert_eq!(world.learn(1, "a.example", &["192.0.2.1"], 30, 41), 0);
    assert_eq!(world.zombies(1)[&ip("192.0.2.1")].names, ["b.example."]);
    world.learn(1, "b.example", &["192.0.2.1"], 30, 42);
    assert!(!world.is_zombie(1, "192.0.2.1"));
    assert_eq!(world.names.stats().addresses, 2);
}

#[test]
fn zmb_9_a_zombie_that_is_pending_later_keeps_the_name() {
    let mut world = World::with(at_most(1));
    world.learn(1, "a.example", &["192.0.2.1"], 50, 0);
    world.learn(1, "a.example", &["192.0.2.2"], 100, 0);
    assert_eq!(world.zombies(1)[&ip("192.0.2.1")].delete_pending_at, at(50));
    world.learn(1, "a.example", &["192.0.2.1"], 200, 10);
    assert!(world.is_zombie(1, "192.0.2.1"));
    world.learn(1, "a.example", &["192.0.2.1"], 200, 50);
    assert!(!world.is_zombie(1, "192.0.2.1"));
}

#[test]
fn zmb_11_a_long_connection_is_not_cut_when_the_name_moves_on() {
    let mut world = World::new();
    world.register(&name("a.example"));
    world.learn(1, "a.example", &["192.0.2.1"], 30, 0);
    for now in (60..600).step_by(60) {
        world.learn(1, "a.example", &["192.0.2.2"], 30, now);
        world.names.mark_alive(1, ip("192.0.2.1"), at(now));
        world.names.conntrack_gc_done(at(now));
        world.expire(now);
    }
    assert_eq!(world.labels("192.0.2.1"), ["fqdn:a.example"]);
}
