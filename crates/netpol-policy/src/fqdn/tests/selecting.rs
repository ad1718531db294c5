//! SID and SLC: from names to labels.

use super::*;

#[test]
fn sid_1_the_label_is_the_text_as_written() {
    let mut world = World::new();
    world.register(&name("CILIUM.io."));
    world.register(&pattern("*.Cilium.io"));
    world.learn(1, "cilium.io", &["192.0.2.1"], 30, 0);
    world.learn(1, "www.cilium.io", &["192.0.2.2"], 30, 0);
    assert_eq!(world.labels("192.0.2.1"), ["fqdn:CILIUM.io."]);
    assert_eq!(world.labels("192.0.2.2"), ["fqdn:*.Cilium.io"]);
}

#[test]
fn sid_2_selectors_are_the_same_only_if_written_the_same() {
    let mut world = World::new();
    for text in ["cilium.io", "cilium.io.", "CILIUM.io"] {
        world.register(&name(text));
    }
    world.learn(1, "cilium.io", &["192.0.2.1"], 30, 0);
    let three = ["fqdn:CILIUM.io", "fqdn:cilium.io", "fqdn:cilium.io."];
    assert_eq!(world.labels("192.0.2.1"), three);
}

#[test]
fn sid_2_a_name_and_a_pattern_of_the_same_text_share_the_label() {
    let mut world = World::new();
    world.register(&name("cilium.io"));
    world.learn(1, "cilium.io", &["192.0.2.1"], 30, 0);
    assert_eq!(world.register(&pattern("cilium.io")), 0);
    assert_eq!(world.unregister(&name("cilium.io")), 0);
    assert_eq!(world.labels("192.0.2.1"), ["fqdn:cilium.io"]);
    assert_eq!(world.unregister(&pattern("cilium.io")), 1);
    assert_eq!(world.labels("192.0.2.1"), [""; 0]);
}

#[test]
fn sid_3_the_labels_of_all_names_come_together() {
    let mut world = World::new();
    world.register(&name("a.example"));
    world.register(&name("b.example"));
    world.learn(1, "a.example", &["192.0.2.1"], 30, 0);
    world.learn(1, "b.example", &["192.0.2.1"], 300, 0);
    assert_eq!(world.labels("192.0.2.1"), ["fqdn:a.example", "fqdn:b.example"]);
    // SID-7: a name that goes takes only its labels.
    assert_eq!(world.expire_unused(100), 1);
    assert_eq!(world.labels("192.0.2.1"), ["fqdn:b.example"]);
}

#[test]
fn sid_8_identities_wait_for_the_first_answer() {
    let of = |selector: &FqdnSelector, dual_stack| {
        let sets = preallocated_identities(selector, dual_stack);
        sets.map(|labels| labels.to_string()).collect::<Vec<_>>()
    };
    let both = ["fqdn:cilium.io,reserved:world-ipv4", "fqdn:cilium.io,reserved:world-ipv6"];
    assert_eq!(of(&name("cilium.io"), true), both);
    assert_eq!(of(&name("cilium.io"), false), ["fqdn:cilium.io,reserved:world"]);
}

#[test]
fn slc_1_a_new_selector_finds_what_was_learnt_before() {
    let mut world = World::new();
    world.learn(1, "a.example", &["192.0.2.1", "192.0.2.2"], 30, 0);
    world.learn(1, "b.test", &["192.0.2.3"], 30, 0);
    assert_eq!(world.register(&name("A.example")), 2);
    assert_eq!(world.register(&pattern("*.test")), 1);
    assert_eq!(world.register(&pattern("*")), 3);
    assert_eq!(world.labels("192.0.2.1"), ["fqdn:*", "fqdn:A.example"]);
    assert_eq!(world.register(&name("c.example")), 0);
}

#[test]
fn slc_2_a_selector_that_goes_takes_its_label() {
    let mut world = World::new();
    world.register(&pattern("*.example"));
    world.register(&name("a.example"));
    world.learn(1, "a.example", &["192.0.2.1"], 30, 0);
    world.learn(1, "b.example", &["192.0.2.2"], 30, 0);
    assert_eq!(world.unregister(&pattern("*.example")), 2);
    assert_eq!(world.labels("192.0.2.1"), ["fqdn:a.example"]);
    assert_eq!(world.labels("192.0.2.2"), [""; 0]);
    // The caches keep the data.
    assert_eq!(world.addresses("b.example"), ["192.0.2.2"]);
    assert_eq!(world.register(&pattern("*.example")), 2);
}

#[test]
fn slc_2_removing_what_is_not_there_changes_nothing() {
    let mut world = World::new();
    world.learn(1, "a.example", &["192.0.2.1"], 30, 0);
    assert_eq!(world.unregister(&name("a.example")), 0);
}

#[test]
fn slc_3_registering_twice_is_registering_once() {
    let mut world = World::new();
    world.learn(1, "a.example", &["192.0.2.1"], 30, 0);
    assert_eq!(world.register(&name("a.example")), 1);
    assert_eq!(world.register(&name("a.example")), 0);
    assert_eq!(world.unregister(&name("a.example")), 1);
    assert_eq!(world.unregister(&name("a.example")), 0);
}

#[test]
fn an_invalid_selector_is_refused_and_matches_nothing() {
    let mut world = World::new();
    world.learn(1, "a.example", &["192.0.2.1"], 30, 0);
    let mut both = name("a.example");
    both.match_pattern = Some("*".into());
    for selector in [both, name("*"), name("a b"), pattern("a(b"), pattern(&"a".repeat(300))] {
        world.names.register(&selector).unwrap_err();
        assert_eq!(world.names.unregister(&selector), []);
    }
    assert_eq!(world.names.selectors().count(), 0);
}

#[test]
fn the_empty_selector_gives_no_label() {
    let mut world = World::new();
    let empty = FqdnSelector { match_name: None, match_pattern: None };
    world.register(&empty);
    // It matches the root, but no identity has a label with an empty key.
    assert_eq!(world.learn(1, ".", &["192.0.2.1"], 30, 0), 0);
    world.register(&pattern("*"));
    assert_eq!(world.labels("192.0.2.1"), ["fqdn:*"]);
}

#[test]
fn the_dialect_says_what_two_stars_mean() {
    let learn = |dialect| {
        let mut world = World::with(FqdnConfig { dialect, ..FqdnConfig::default() });
        world.register(&pattern("**.example"));
        world.learn(1, "a.b.example", &["192.0.2.1"], 30, 0)
    };
    assert_eq!(learn(netpol_l7::PatternDialect::Release), 1);
    assert_eq!(learn(netpol_l7::PatternDialect::Snapshot), 0);
}

#[test]
fn names_with_the_same_selectors_share_their_labels() {
    let mut names = NameManager::new(FqdnConfig::default());
    names.register(&pattern("*.example")).unwrap();
    let mut learn = |name| {
        let changes = names.learn(1, &DnsAnswer::new(name, [ip("192.0.2.1")], 30), at(0));
        changes[0].labels.clone().unwrap()
    };
    assert!(Arc::ptr_eq(&learn("a.example"), &learn("b.example")));
}

#[test]
fn selectors_are_renumbered_without_harm() {
    let mut world = World::new();
    for round in 0..3 {
        for n in 0..20 {
            world.register(&name(&format!("n{n}.example")));
        }
        for n in 0..20 {
            let name = format!("n{n}.example");
            world.learn(1, &name, &["192.0.2.1"], 1000, round);
            assert_eq!(
                world.told[&(name.clone() + ".", ip("192.0.2.1"))],
                ["fqdn:".to_owned() + &name]
            );
        }
        for n in (0..20).rev() {
            assert_eq!(world.unregister(&name(&format!("n{n}.example"))), 1);
        }
    }
}
