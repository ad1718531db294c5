//! Policy maps against the rules of the lookup, read literally (LKP), and port blocks against
//! their definition (MAP-3).

use netpol_core::{
    AuthRequirement, AuthType, Decision, Direction, DropReason, Flow, IdentityId, MatchType,
    PolicyEntry, PolicyKey, PolicyMap, PortPrefix, PortPrefixes, PortRange, Protocol,
    ProxyPriority, RedirectId, RuleSetId,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn blocks(start: u16, end: u16) -> Vec<String> {
    let range = PortRange::new(start, end);
    PortPrefixes::new(range).map(|block| block.to_string()).collect()
}

#[test]
fn ranges_of_ports_are_the_blocks_of_the_specification() {
    // MAP-3
    let rows: [(u16, u16, &[&str]); 9] = [
        (80, 443, &["80/12", "96/11", "128/9", "256/9", "384/11", "416/12", "432/13", "440/14"]),
        (16, 31, &["16/12"]),
        (80, 90, &["80/13", "88/15", "90/16"]),
        (0, 100, &["0/10", "64/11", "96/14", "100/16"]),
        (1024, 65535, &["1024/6", "2048/5", "4096/4", "8192/3", "16384/2", "32768/1"]),
        (443, 80, &["443/16"]),
        (0, 65535, &["0/0"]),
        (0, 0, &["0/16"]),
        (65535, 65535, &["65535/16"]),
    ];
    for (start, end, expected) in rows {
        assert_eq!(blocks(start, end), expected, "{start}-{end}");
    }
    let all_but_zero: Vec<String> = (0..16).map(|n| format!("{}/{}", 1u32 << n, 16 - n)).collect();
    assert_eq!(blocks(1, 65535), all_but_zero);
}

/// Returns the fewest aligned blocks that make up `start..=end`, by trying every split.
///
/// A block of `size` ports is split into halves until it is wholly inside or outside.
fn count_by_bisection(start: u32, end: u32, first: u32, size: u32) -> usize {
    let last = first + size - 1;
    if end < first || last < start {
        0
    } else if start <= first && last <= end {
        1
    } else {
        let half = size / 2;
        count_by_bisection(start, end, first, half)
            + count_by_bisection(start, end, first + half, half)
    }
}

fn check_blocks(start: u16, end: u16) {
    let range = PortRange::new(start, end);
    let blocks: Vec<PortPrefix> = PortPrefixes::new(range).collect();
    // They follow each other without gap and overlap, from the first port to the last.
    let mut next = u32::from(range.start());
    for block in &blocks {
        assert_eq!(u32::from(block.value()), next, "{range}");
        assert_eq!(PortPrefix::new(block.value(), block.len()), Some(*block), "aligned");
        next = u32::from(block.last()) + 1;
    }
    assert_eq!(next, u32::from(range.end()) + 1, "{range}");
    let (start, end) = (u32::from(range.start()), u32::from(range.end()));
    assert_eq!(blocks.len(), count_by_bisection(start, end, 0, 1 << 16), "{range} has the fewest");
}

#[test]
fn small_ranges_have_the_fewest_blocks() {
    for start in 0..=300 {
        for end in start..=300 {
            check_blocks(start, end);
            check_blocks(u16::MAX - end, u16::MAX - start);
        }
    }
}

#[test]
fn keys_without_protocol_are_for_every_port() {
    let key = PolicyKey::new(
        Direction::Egress,
        IdentityId::new(7),
        Protocol::ANY,
        PortPrefix::single(80),
    );
    assert_eq!(key, PolicyKey::l3(Direction::Egress, IdentityId::new(7))); // MAP-1
    assert_eq!(key.match_len(), 0); // LKP-6
}

#[test]
fn the_example_of_the_lookup_holds() {
    // EX-19
    let ingress = |id, protocol, port| {
        PolicyKey::new(Direction::Ingress, IdentityId::new(id), protocol, port)
    };
    let allow = PolicyEntry::allow(RuleSetId::NONE);
    let redirect =
        PolicyEntry { priority: ProxyPriority::HTTP, redirect: RedirectId::new(1), ..allow };
    let map = PolicyMap::from_iter([
        (ingress(1001, Protocol::ANY, PortPrefix::ALL), allow),
        (ingress(0, Protocol::TCP, PortPrefix::single(80)), PolicyEntry::deny(RuleSetId::NONE)),
        (ingress(0, Protocol::TCP, PortPrefix::single(8080)), redirect),
        (ingress(0, Protocol::UDP, PortPrefix::ALL), allow),
    ]);
    let rows = [
        (1001, Protocol::TCP, 80, Decision::Deny, MatchType::L4Only),
        (1001, Protocol::TCP, 8080, Decision::Redirect, MatchType::L4Only),
        (1001, Protocol::UDP, 53, Decision::Allow, MatchType::ProtoOnly),
        (1001, Protocol::ICMP, 8, Decision::Allow, MatchType::L3Only),
        (1002, Protocol::UDP, 53, Decision::Allow, MatchType::ProtoOnly),
        (1002, Protocol::ICMP, 8, Decision::DefaultDeny, MatchType::None),
    ];
    for (peer, protocol, port, decision, match_type) in rows {
        let flow =
            Flow { direction: Direction::Ingress, peer: IdentityId::new(peer), protocol, port };
        let verdict = map.lookup(&flow);
        assert_eq!(verdict.decision(), decision, "{flow:?}");
        assert_eq!(verdict.match_type(), match_type, "{flow:?}");
    }
    assert_eq!(map.lookup(&egress_flow()).drop_reason(), Some(DropReason::Policy));
}

fn egress_flow() -> Flow {
    Flow {
        direction: Direction::Egress,
        peer: IdentityId::new(1001),
        protocol: Protocol::UDP,
        port: 53,
    }
}

/// Returns the entry of `identity` that matches in most bits, by looking at every entry (LKP-1).
fn longest(
    entries: &[(PolicyKey, PolicyEntry)],
    flow: &Flow,
    identity: IdentityId,
) -> Option<(PolicyKey, PolicyEntry)> {
    let matches = |key: &PolicyKey| {
        key.direction() == flow.direction
            && key.identity() == identity
            && (key.protocol() == Protocol::ANY
                || (key.protocol() == flow.protocol
                    && key.port().value() <= flow.port
                    && flow.port <= key.port().last()))
    };
    let mut best: Option<(PolicyKey, PolicyEntry)> = None;
    for (key, entry) in entries {
        if matches(key) && best.is_none_or(|(best, _)| length(best) < length(*key)) {
            best = Some((*key, *entry));
        }
    }
    best
}

/// Returns how many bits a key compares (LKP-6).
fn length(key: PolicyKey) -> u8 {
    match key.protocol() {
        Protocol::ANY => 0,
        _ => 8 + key.port().len(),
    }
}

/// Returns the chosen entry and the other one, as LKP-2 to LKP-5 say it.
fn choose(
    entries: &[(PolicyKey, PolicyEntry)],
    flow: &Flow,
) -> Option<((PolicyKey, PolicyEntry), Option<PolicyEntry>)> {
    let l3 = longest(entries, flow, flow.peer);
    if let Some(l3) = l3
        && l3.1.deny
    {
        return Some((l3, None)); // LKP-2
    }
    let l4 = longest(entries, flow, IdentityId::ANY); // LKP-3
    match (l3, l4) {
        (None, None) => None,
        (Some(l3), None) => Some((l3, None)),
        (None, Some(l4)) => Some((l4, None)),
        (Some(l3), Some(l4)) => {
            // LKP-4
            let l4_wins = l4.1.deny
                || l4.1.priority > l3.1.priority
                || (l4.1.priority == l3.1.priority && length(l4.0) > length(l3.0));
            Some(if l4_wins { (l4, Some(l3.1)) } else { (l3, Some(l4.1)) })
        }
    }
}

/// Returns the type that the chosen entry asks for, raised by the other (AUTH-5).
fn auth(chosen: &PolicyEntry, other: Option<PolicyEntry>) -> AuthType {
    if chosen.deny {
        return AuthType::Disabled;
    }
    match other {
        Some(other) if !other.deny && !chosen.auth.is_explicit() => {
            chosen.auth.kind().max(other.auth.kind())
        }
        _ => chosen.auth.kind(),
    }
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Ingress), Just(Direction::Egress)]
}

fn protocol() -> impl Strategy<Value = Protocol> {
    prop_oneof![Just(Protocol::ANY), Just(Protocol::TCP), Just(Protocol::UDP)]
}

fn port() -> impl Strategy<Value = u16> {
    prop_oneof![0u16..8, 78u16..92, any::<u16>()]
}

fn key() -> impl Strategy<Value = PolicyKey> {
    (direction(), 0u32..4, protocol(), port(), 0u8..=16).prop_map(
        |(direction, identity, protocol, port, len)| {
            let port = PortPrefix::of_port(port, len);
            PolicyKey::new(direction, IdentityId::new(identity), protocol, port)
        },
    )
}

fn requirement() -> impl Strategy<Value = AuthRequirement> {
    let kind =
        prop_oneof![Just(AuthType::Disabled), Just(AuthType::Spire), Just(AuthType::AlwaysFail)];
    (kind, any::<bool>()).prop_map(|(kind, explicit)| match explicit {
        true => AuthRequirement::explicit(kind),
        false => AuthRequirement::derived(kind),
    })
}

fn entry() -> impl Strategy<Value = PolicyEntry> {
    let allow = (0u8..3, requirement(), 0u32..3).prop_map(|(redirect, auth, rules)| PolicyEntry {
        deny: false,
        redirect: RedirectId::new(redirect.into()),
        priority: match redirect {
            0 => ProxyPriority::NONE,
            n => ProxyPriority::of_listener(n),
        },
        auth,
        rules: RuleSetId::new(rules),
    });
    let deny = (0u32..3).prop_map(|rules| PolicyEntry::deny(RuleSetId::new(rules)));
    prop_oneof![3 => allow, 1 => deny]
}

fn map() -> impl Strategy<Value = PolicyMap> {
    vec((key(), entry()), 0..24).prop_map(PolicyMap::from_iter)
}

fn flow() -> impl Strategy<Value = Flow> {
    let protocol = prop_oneof![Just(Protocol::TCP), Just(Protocol::UDP), Just(Protocol::ICMP)];
    (direction(), 0u32..5, protocol, port()).prop_map(|(direction, peer, protocol, port)| Flow {
        direction,
        peer: IdentityId::new(peer),
        protocol,
        port,
    })
}

proptest! {
    #[test]
    fn any_range_has_the_fewest_blocks(start: u16, end: u16) {
        check_blocks(start, end);
    }

    #[test]
    fn the_lookup_obeys_its_rules(map in map(), flows in vec(flow(), 32)) {
        let entries: Vec<_> = map.iter().map(|(key, entry)| (*key, *entry)).collect();
        for flow in &flows {
            let verdict = map.lookup(flow);
            let Some(((key, entry), other)) = choose(&entries, flow) else {
                prop_assert_eq!(verdict.decision(), Decision::DefaultDeny);
                prop_assert_eq!(verdict.match_type(), MatchType::None);
                continue;
            };
            let decision = match (entry.deny, entry.priority) {
                (true, _) => Decision::Deny,
                (false, ProxyPriority::NONE) => Decision::Allow,
                (false, _) => Decision::Redirect,
            };
            prop_assert_eq!(verdict.decision(), decision);
            prop_assert_eq!(verdict.match_type(), MatchType::of(&key));
            prop_assert_eq!(verdict.redirect(), entry.redirect);
            prop_assert_eq!(verdict.rules(), entry.rules);
            prop_assert_eq!(verdict.auth(), auth(&entry, other));
        }
    }

    #[test]
    fn changes_lead_from_one_map_to_the_other(
        old in map(),
        new in map(),
        flows in vec(flow(), 16),
    ) {
        let mut map = old.clone();
        let mut last = 0;
        for delta in old.diff(&new) {
            prop_assert_eq!(map.get(delta.key()), delta.before());
            prop_assert_eq!(new.get(delta.key()), delta.after());
            prop_assert_ne!(delta.before(), delta.after());
            // Denies come first and go last.
            let phase = match (delta.before(), delta.after()) {
                (_, Some(entry)) => 1 + u8::from(!entry.deny),
                (Some(entry), None) => 3 + u8::from(entry.deny),
                (None, None) => 0,
            };
            prop_assert!(last <= phase);
            last = phase;
            map.apply(&delta);
        }
        prop_assert_eq!(&map, &new);
        prop_assert!(new.diff(&map).is_empty());
        // From nothing it is the full dump, and back to nothing.
        let dump = PolicyMap::new().diff(&new);
        prop_assert_eq!(dump.len(), new.len());
        for flow in &flows {
            prop_assert_eq!(map.lookup(flow), new.lookup(flow));
        }
    }
}
