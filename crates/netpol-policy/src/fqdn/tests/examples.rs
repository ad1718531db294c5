//! The worked examples of the specification, EX-1 to EX-4.

use netpol_core::Prefix;

use super::*;
use crate::ipcache::{PrefixConfig, PrefixMetadata, Resource};

fn metadata() -> PrefixMetadata {
    PrefixMetadata::new(PrefixConfig {
        dual_stack: true,
        cidr_matches_nodes: false,
        node_selector_labels: false,
    })
}

fn apply(metadata: &mut PrefixMetadata, changes: Vec<NameChange>) {
    for NameChange { name, address, labels } in changes {
        let (prefix, resource) = (Prefix::host(address), Resource::fqdn(&name));
        match labels {
            Some(labels) => metadata.insert(prefix, resource, labels.to_vec()),
            None => metadata.remove(&prefix, &resource),
        }
    }
}

fn labels(metadata: &PrefixMetadata, address: &str) -> Option<String> {
    metadata.labels(&Prefix::host(ip(address))).map(|labels| labels.to_string())
}

#[test]
fn ex_1_an_address_from_its_answer_to_its_end() {
    let (p, selector) = (1, pattern("*.example.com"));
    let mut metadata = metadata();
    let mut names = NameManager::new(FqdnConfig::default());
    apply(&mut metadata, names.register(&selector).unwrap());
    // 0: P asks; the alias is not learnt.
    let answer = |address| DnsAnswer::new("www.example.com.", [ip(address)], 30);
    apply(&mut metadata, names.learn(p, &answer("192.0.2.1"), at(0)));
    // 5: Q may use the address too: it has the identity that was waiting.
    let waiting = preallocated_identities(&selector, true).next().unwrap().to_string();
    assert_eq!(labels(&metadata, "192.0.2.1"), Some(waiting));
    assert_eq!(names.addresses("edge.cdn.net.").count(), 0);
    // 20: P asks again.
    apply(&mut metadata, names.learn(p, &answer("192.0.2.2"), at(20)));
    assert!(labels(&metadata, "192.0.2.1").is_some() && labels(&metadata, "192.0.2.2").is_some());
    // 60: both are zombies, and stay.
    assert_eq!(names.expire(at(60)), []);
    for zombie in names.snapshot().endpoints[&p].zombies.deletes.values() {
        assert_eq!(zombie.delete_pending_at, at(60));
    }
    // 90, 120: only the first has a connection, which keeps the second as well.
    for started in [90, 120] {
        names.mark_alive(p, ip("192.0.2.1"), at(started));
        names.conntrack_gc_done(at(started));
    }
    assert_eq!(names.expire(at(120)), []);
    assert_eq!(names.expire(at(180)), []);
    // 200: the connection is closed.
    names.conntrack_gc_done(at(210));
    names.conntrack_gc_done(at(240));
    apply(&mut metadata, names.expire(at(240)));
    assert_eq!(labels(&metadata, "192.0.2.1"), None);
    assert_eq!(labels(&metadata, "192.0.2.2"), None);
    assert_eq!(names.stats(), NameStats::default());
}

#[test]
fn ex_2_times_and_limits_of_one_name() {
    let mut world = World::with(at_most(2));
    world.learn(1, "a.", &["1.1.1.1", "1.1.1.2"], 30, 0);
    for ttl in [20, 5] {
        world.learn(1, "a.", &["1.1.1.1"], ttl, 10);
        assert_eq!(world.history(1, "a."), ["1.1.1.1 30", "1.1.1.2 30"]);
    }
    world.learn(1, "a.", &["1.1.1.1"], 21, 10);
    for (now, left) in [(30, &["1.1.1.1 31", "1.1.1.2 30"][..]), (31, &["1.1.1.1 31"]), (32, &[])] {
        world.expire(now);
        assert_eq!(world.history(1, "a."), left, "{now}");
    }
    for (address, ttl, now) in [("2.1.1.1", 100, 40), ("2.1.1.2", 50, 41), ("2.1.1.3", 100, 42)] {
        world.learn(1, "a.", &[address], ttl, now);
    }
    // The node knows all three until the run, and the two from before. The history is never over
    // its limit (FQQ-7), so what Cilium does in the run has been done.
    assert_eq!(world.addresses("a."), ["1.1.1.1", "1.1.1.2", "2.1.1.1", "2.1.1.2", "2.1.1.3"]);
    world.expire(43);
    assert_eq!(world.history(1, "a."), ["2.1.1.1 140", "2.1.1.3 142"]);
    assert_eq!(world.zombies(1)[&ip("2.1.1.2")].delete_pending_at, at(91));
}

#[test]
fn ex_3_overlapping_selectors_make_a_third_identity() {
    let mut metadata = metadata();
    let mut names = NameManager::new(FqdnConfig::default());
    names.register(&name("a.example.com")).unwrap();
    names.register(&pattern("*.example.com")).unwrap();
    let answer = DnsAnswer::new("a.example.com.", [ip("192.0.2.1")], 30);
    apply(&mut metadata, names.learn(1, &answer, at(0)));
    let third = "fqdn:*.example.com,fqdn:a.example.com,reserved:world-ipv4";
    assert_eq!(labels(&metadata, "192.0.2.1").as_deref(), Some(third));
}

#[test]
fn ex_4_prefixes_of_policies_make_another() {
    let mut metadata = metadata();
    metadata.insert_policy_prefix("192.0.2.0/24".parse().unwrap());
    let mut names = NameManager::new(FqdnConfig::default());
    names.register(&pattern("*.example.com")).unwrap();
    let answer = DnsAnswer::new("www.example.com.", [ip("192.0.2.1")], 30);
    apply(&mut metadata, names.learn(1, &answer, at(0)));
    let other = "cidr:192.0.2.0/24,fqdn:*.example.com,reserved:world-ipv4";
    assert_eq!(labels(&metadata, "192.0.2.1").as_deref(), Some(other));
}

#[test]
fn sid_5_nodes_lose_the_labels_of_names() {
    let mut metadata = metadata();
    let node = netpol_core::Label::reserved("remote-node");
    metadata.insert(Prefix::host(ip("192.0.2.1")), Resource::node("n1"), vec![node]);
    let mut names = NameManager::new(FqdnConfig::default());
    names.register(&pattern("*")).unwrap();
    apply(&mut metadata, names.learn(1, &DnsAnswer::new("n1", [ip("192.0.2.1")], 30), at(0)));
    assert_eq!(labels(&metadata, "192.0.2.1").as_deref(), Some("reserved:remote-node"));
}
