//! RST: what is kept over a restart.

use super::*;

/// Keeps what a world knows, as text, and returns a new one with the same selectors.
fn restart(world: &World, selectors: &[FqdnSelector], now: u64) -> World {
    let text = world.names.snapshot().to_json();
    let mut new = World::with(world.names.config().clone());
    for selector in selectors {
        new.register(selector);
    }
    let changes = new.names.restore(&Snapshot::from_json(&text).unwrap(), at(now));
    new.take(changes);
    new
}

#[test]
fn rst_2_what_endpoints_know_is_known_again() {
    let selectors = [pattern("*.example")];
    let mut world = World::new();
    world.register(&selectors[0]);
    world.learn(1, "a.example", &["192.0.2.1", "2001:db8::1"], 300, 0);
    world.learn(2, "b.example", &["192.0.2.2"], 30, 0);
    world.learn(2, "c.test", &["192.0.2.2"], 300, 0);
    world.expire(60);
    let new = restart(&world, &selectors, 100);
    assert_eq!(new.told, world.told);
    assert_eq!(new.names.snapshot(), world.names.snapshot());
}

#[test]
fn rst_2_what_expired_meanwhile_is_a_zombie() {
    let mut world = World::new();
    world.learn(1, "a.example", &["192.0.2.1"], 30, 0);
    let selectors = [name("a.example")];
    let mut new = restart(&world, &selectors, 1000);
    assert_eq!(new.history(1, "a.example."), [""; 0]);
    assert_eq!(new.zombies(1)[&ip("192.0.2.1")].delete_pending_at, at(1000));
    assert_eq!(new.labels("192.0.2.1"), ["fqdn:a.example"]);
    assert_eq!(new.expire_unused(1001), 1);
}

#[test]
fn rst_2_a_selector_registered_later_finds_what_was_restored() {
    let mut world = World::new();
    world.learn(1, "a.example", &["192.0.2.1"], 30, 0);
    let mut new = restart(&world, &[], 10);
    assert_eq!(new.register(&name("a.example")), 1);
}

#[test]
fn rst_2_what_is_loaded_beforehand_belongs_to_nobody() {
    let json = r#"[{"fqdn":"A.example","lookup-time":"2026-01-02T03:04:05+02:00",
        "expiration-time":"2026-01-02T03:04:35+02:00","ttl":30,"ips":["192.0.2.1","2001:db8::1"]},
        {"fqdn":"b.example.","lookup-time":"0001-01-01T00:00:00Z",
        "expiration-time":"0001-01-01T00:00:00Z","ips":["192.0.2.1"]}]"#;
    let lookups: Vec<Lookup> = serde_json::from_str(json).unwrap();
    let mut world = World::new();
    world.register(&pattern("*.example"));
    let changes = world.names.preload(&lookups);
    assert_eq!(world.take(changes), 3);
    assert!(world.names.binds("a.example", ip("2001:db8::1")));
    assert_eq!(world.names.snapshot(), Snapshot::default());
    // It goes when something ends for the same name, not before.
    assert_eq!(world.expire(2_000_000_000), 0);
    world.learn(1, "a.example", &["192.0.2.1"], 1, 2_000_000_000);
    assert_eq!(world.expire(2_000_000_060), 1);
    assert_eq!(world.addresses("a.example"), ["192.0.2.1"]);
    assert_eq!(world.addresses("b.example"), ["192.0.2.1"]);
}

#[test]
fn zmb_10_the_kept_form_is_ciliums() {
    let mut world = World::new();
    world.learn(1, "a.example", &["192.0.2.1"], 30, 0);
    world.expire(60);
    let kept = world.names.snapshot();
    assert_eq!(
        serde_json::to_string(&kept.endpoints[&1].zombies).unwrap(),
        r#"{"deletes":{"192.0.2.1":{"names":["a.example."],"ip":"192.0.2.1","#.to_owned()
            + r#""alive-at":"0001-01-01T00:00:00Z","delete-pending-at":"1970-01-01T00:01:00Z"}}}"#
    );
}

#[test]
fn zmb_10_after_loading_two_more_runs_have_to_complete() {
    let mut world = World::new();
    world.register(&name("a.example"));
    world.learn(1, "a.example", &["192.0.2.1"], 30, 0);
    world.expire(60);
    world.names.conntrack_gc_done(at(70));
    let mut new = restart(&world, &[name("a.example")], 80);
    new.names.conntrack_gc_done(at(90));
    assert_eq!(new.expire(90), 0);
    new.names.conntrack_gc_done(at(100));
    assert_eq!(new.expire(100), 1);
}

#[test]
fn zmb_10_a_restored_answer_does_not_take_its_name_off_the_zombie() {
    let mut world = World::with(at_most(2));
    for (address, ttl) in
        [("192.0.2.1", 50), ("192.0.2.2", 100), ("192.0.2.3", 300), ("192.0.2.1", 200)]
    {
        world.learn(1, "a.example", &[address], ttl, 10);
    }
    let new = restart(&world, &[], 60);
    assert_eq!(new.names.snapshot(), world.names.snapshot());
    assert!(new.is_zombie(1, "192.0.2.1"));
}

#[test]
fn rst_2_limits_hold_for_what_is_restored() {
    let mut world = World::new();
    let addresses: Vec<String> = (1..=9).map(|n| format!("192.0.2.{n}")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    world.learn(1, "a.example", &addresses, 300, 0);
    world.learn(1, "b.example", &addresses[..1], 300, 0);
    let mut config = at_most(2);
    config.max_names_per_endpoint = 1;
    config.max_deferred_deletes = 1;
    let mut new = World::with(config);
    let changes = new.names.restore(&world.names.snapshot(), at(10));
    new.take(changes);
    assert!(new.names.stats().addresses <= 4 && new.names.stats().zombies <= 1);
}

#[test]
fn a_snapshot_that_is_none_is_refused() {
    for text in
        ["", "7", "{\"endpoints\":{\"x\":{}}}", r#"{"endpoints":{"1":{"DNSHistory":[{}]}}}"#]
    {
        let error = Snapshot::from_json(text).unwrap_err().to_string();
        assert!(error.starts_with("no snapshot of names: ") && error.contains("line"), "{error}");
    }
    // Fields that Cilium leaves out when they are empty may be missing.
    let kept = Snapshot::from_json(r#"{"endpoints":{"1":{"DNSZombies":{}}}}"#).unwrap();
    assert_eq!(kept.endpoints[&1], EndpointSnapshot::default());
}
