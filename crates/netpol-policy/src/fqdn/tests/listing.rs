//! API: inspection and flushing.

use super::*;

fn rows(world: &World, filter: LookupFilter<'_>) -> Vec<String> {
    let rows = world.names.lookups(&filter).unwrap();
    let row = |row: &LookupRow| {
        let ips: Vec<String> = row.lookup.ips.iter().map(ToString::to_string).collect();
        format!("{} {} {} {:?}", row.endpoint_id, row.lookup.fqdn, ips.join(","), row.source)
    };
    rows.iter().map(row).collect()
}

fn world() -> World {
    let mut world = World::new();
    world.register(&pattern("*"));
    world.learn(2, "b.example", &["192.0.2.3"], 5, 0);
    world.learn(2, "c.test", &["192.0.2.3"], 5, 0);
    world.expire(10);
    world.learn(2, "a.example", &["2001:db8::1"], 300, 10);
    world.learn(1, "a.example", &["192.0.2.1", "192.0.2.2"], 300, 20);
    world
}

#[test]
fn api_1_rows_are_answers_and_connections_in_order() {
    let rows = rows(&world(), LookupFilter::default());
    assert_eq!(
        rows,
        [
            "1 a.example. 192.0.2.1,192.0.2.2 Lookup",
            "2 a.example. 2001:db8::1 Lookup",
            "2 b.example. 192.0.2.3 Connection",
            "2 c.test. 192.0.2.3 Connection",
        ]
    );
}

#[test]
fn api_1_rows_can_be_chosen() {
    let world = world();
    let by = |filter| rows(&world, filter).len();
    let all = LookupFilter::default();
    assert_eq!(by(LookupFilter { endpoint: Some(2), ..all }), 3);
    assert_eq!(by(LookupFilter { endpoint: Some(9), ..all }), 0);
    assert_eq!(by(LookupFilter { prefix: Some("192.0.2.2/31".parse().unwrap()), ..all }), 3);
    assert_eq!(by(LookupFilter { prefix: Some("2001:db8::/32".parse().unwrap()), ..all }), 1);
    assert_eq!(by(LookupFilter { pattern: Some("*.example."), ..all }), 3);
    assert_eq!(by(LookupFilter { source: Some(LookupSource::Connection), ..all }), 2);
    let both = LookupFilter { pattern: Some("*.test."), source: Some(LookupSource::Lookup), ..all };
    assert_eq!(by(both), 0);
}

#[test]
fn api_1_a_connections_times_are_those_of_connection_tracking() {
    let mut world = world();
    world.names.mark_alive(2, ip("192.0.2.3"), at(100));
    world.names.conntrack_gc_done(at(60));
    world.names.conntrack_gc_done(at(100));
    let filter = LookupFilter { source: Some(LookupSource::Connection), ..LookupFilter::default() };
    let rows = world.names.lookups(&filter).unwrap();
    let lookup = &rows[0].lookup;
    assert_eq!((lookup.ttl, lookup.lookup_time, lookup.expiration_time), (0, at(100), at(140)));
}

#[test]
fn api_1_dead_connections_are_not_listed() {
    let mut world = world();
    world.names.conntrack_gc_done(at(60));
    world.names.conntrack_gc_done(at(100));
    assert_eq!(rows(&world, LookupFilter::default()).len(), 2);
}

#[test]
fn api_1_the_json_form_is_ciliums() {
    let world = world();
    let filter = LookupFilter { endpoint: Some(1), ..LookupFilter::default() };
    let rows = world.names.lookups(&filter).unwrap();
    assert_eq!(
        serde_json::to_value(&rows).unwrap(),
        serde_json::json!([{
            "fqdn": "a.example.",
            "lookup-time": "1970-01-01T00:00:20Z",
            "expiration-time": "1970-01-01T00:05:20Z",
            "ttl": 300,
            "ips": ["192.0.2.1", "192.0.2.2"],
            "endpoint-id": 1,
            "source": "lookup",
        }])
    );
}

#[test]
fn api_2_a_flush_removes_everything() {
    let mut world = world();
    assert_eq!(world.flush(None, 30), 5);
    assert_eq!(world.told, Told::new());
    assert_eq!(rows(&world, LookupFilter::default()), [""; 0]);
}

#[test]
fn api_2_a_flush_removes_names_that_match() {
    let mut world = world();
    assert_eq!(world.flush(Some("*.example."), 30), 4);
    assert_eq!(rows(&world, LookupFilter::default()), ["2 c.test. 192.0.2.3 Connection"]);
}

#[test]
fn api_2_the_pattern_is_taken_as_it_stands() {
    let mut world = world();
    for pattern in ["*.example", "*.EXAMPLE.", "a.example", "nothing."] {
        assert_eq!(world.flush(Some(pattern), 30), 0, "{pattern}");
    }
    world.names.flush(Some("a b."), at(30)).unwrap_err();
    assert_eq!(world.flush(Some("*"), 30), 5);
}

#[test]
fn api_2_what_was_looked_up_at_that_time_or_later_stays() {
    let mut world = world();
    assert_eq!(world.flush(None, 20), 3);
    assert_eq!(rows(&world, LookupFilter::default()), ["1 a.example. 192.0.2.1,192.0.2.2 Lookup"]);
}

#[test]
fn api_3_selectors_are_listed_with_their_expressions() {
    let mut world = World::new();
    world.register(&pattern("*.cilium.io"));
    world.register(&name("cilium.io"));
    let listed: Vec<_> =
        world.names.selectors().map(|(s, m)| (s.text(), m.cilium_regex())).collect();
    assert_eq!(
        listed,
        [("*.cilium.io", "^[-a-zA-Z0-9_]*[.]cilium[.]io[.]$"), ("cilium.io", "^cilium[.]io[.]$"),]
    );
}
