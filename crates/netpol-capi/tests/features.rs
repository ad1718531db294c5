//! Names, requests, publications and explanations through the ABI.

#[macro_use]
mod common;

use core::ffi::c_void;
use core::ptr;
use std::collections::BTreeMap;

use common::*;
use netpol_capi::*;

const NO_ERROR: *mut *mut netpol_error = ptr::null_mut();
const WEB: [u8; 4] = [192, 0, 2, 80];

fn request(
    method: &'static str,
    path: &'static str,
    headers: &[netpol_header],
) -> netpol_http_request {
    netpol_http_request {
        size: size_of::<netpol_http_request>(),
        method: text(method),
        path: text(path),
        host: NOTHING,
        headers: headers.as_ptr(),
        n_headers: headers.len(),
    }
}

fn http(world: &World, side: &netpol_side, request: &netpol_http_request) -> (netpol_status, bool) {
    let mut allowed = true;
    let status = call!(netpol_reader_http(
        world.reader,
        side,
        ptr::null(),
        request,
        &raw mut allowed,
        ptr::null_mut(),
        NO_ERROR
    ));
    (status, allowed)
}

#[test]
fn requests_of_a_redirected_connection_are_judged() {
    let world = World::new();
    let verdict = world.verdict(&packet(BACKEND, DATABASE, TCP, 80));
    assert_eq!(verdict.summary, NETPOL_SUMMARY_REDIRECT);
    let side = verdict.ingress;
    let mut name = ptr::null_mut();
    let status = call!(netpol_engine_proxy(world.engine, side.proxy, &raw mut name, NO_ERROR));
    assert_eq!((status, take(name).as_str()), (NETPOL_OK, "http"));
    let headers = [netpol_header { name: text("x-a"), value: text("b") }];
    assert_eq!(http(&world, &side, &request("GET", "/public/a", &headers)), (NETPOL_OK, true));
    assert_eq!(http(&world, &side, &request("GET", "/private", &[])), (NETPOL_OK, false));
    assert_eq!(http(&world, &side, &request("PUT", "/public", &headers)), (NETPOL_OK, false));

    let (mut allowed, mut rule) = (false, ptr::null_mut());
    let question = request("GET", "/public", &[]);
    let status = call!(netpol_reader_http(
        world.reader,
        &side,
        ptr::null(),
        &question,
        &raw mut allowed,
        &raw mut rule,
        NO_ERROR
    ));
    assert_eq!((status, allowed), (NETPOL_OK, true));
    assert!(take(rule).contains("default/database-policy ingress[1] (policy.yaml:"));
}

#[test]
fn requests_that_make_no_sense_are_denied() {
    let world = World::new();
    let side = world.verdict(&packet(BACKEND, DATABASE, TCP, 80)).ingress;
    let mut wrong_size = request("GET", "/public", &[]);
    wrong_size.size = 3;
    assert_eq!(http(&world, &side, &wrong_size), (NETPOL_WRONG_SIZE, false));
    let mut no_headers = request("GET", "/public", &[]);
    (no_headers.headers, no_headers.n_headers) = (ptr::null(), 2);
    assert_eq!(http(&world, &side, &no_headers), (NETPOL_NULL, false));
    // A side that redirects nothing is no handle.
    let plain = world.verdict(&packet(BACKEND, DATABASE, TCP, 7379)).ingress;
    assert_eq!(http(&world, &plain, &request("GET", "/public", &[])), (NETPOL_BAD_VALUE, false));
    let unknown = netpol_side { endpoint: 77, ..side };
    assert_eq!(http(&world, &unknown, &request("GET", "/public", &[])), (NETPOL_OK, false));
    let sideways = netpol_side { direction: 9, ..side };
    assert_eq!(http(&world, &sideways, &request("GET", "/public", &[])), (NETPOL_BAD_VALUE, false));
    let missing = call!(netpol_reader_http(
        world.reader,
        &side,
        ptr::null(),
        &request("GET", "/public", &[]),
        ptr::null_mut(),
        ptr::null_mut(),
        NO_ERROR
    ));
    assert_eq!(missing, NETPOL_NULL);
}

fn dns(world: &World, side: &netpol_side, name: netpol_str) -> (netpol_status, bool) {
    let mut allowed = true;
    let (rule, allowed_place) = (ptr::null_mut(), &raw mut allowed);
    let status = call!(netpol_reader_dns(world.reader, side, name, allowed_place, rule, NO_ERROR));
    (status, allowed)
}

#[test]
fn dns_queries_are_judged() {
    let world = World::new();
    let side = world.verdict(&packet(BACKEND, OUTSIDE, UDP, 53)).egress;
    assert_eq!(side.decision, NETPOL_DECISION_REDIRECT);
    assert_eq!(dns(&world, &side, text("www.example.com")), (NETPOL_OK, true));
    assert_eq!(dns(&world, &side, text("www.example.org.")), (NETPOL_OK, false));
    let not_utf8 = netpol_str { data: [0xff_u8].as_ptr().cast(), len: 1 };
    assert_eq!(dns(&world, &side, not_utf8), (NETPOL_NOT_UTF8, false));
}

#[test]
fn a_dns_answer_opens_the_way_until_it_expires() {
    let world = World::new();
    let question = packet(BACKEND, WEB, TCP, 443);
    assert_eq!(world.verdict(&question).summary, NETPOL_SUMMARY_DENY);
    let message = b"\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0\x03www\x07example\x03com\0\0\x01\0\x01\
                    \xc0\x0c\0\x01\0\x01\0\0\0\x1e\0\x04\xc0\0\x02\x50";
    let mut learned = false;
    let status = call!(netpol_engine_learn_message(
        world.engine,
        world.backend,
        message.as_ptr(),
        message.len(),
        0,
        &raw mut learned,
        NO_ERROR
    ));
    assert_eq!((status, learned), (NETPOL_OK, true));
    publish(world.engine);
    let side = world.verdict(&question).egress;
    assert_eq!(side.decision, NETPOL_DECISION_REDIRECT);

    let (mut allowed, mut rule, web) = (false, ptr::null_mut(), ipv4(WEB));
    for (name, expected) in [("www.example.com", true), ("www.example.org", false)] {
        let status = call!(netpol_reader_sni(
            world.reader,
            &side,
            &web,
            text(name),
            &raw mut allowed,
            &raw mut rule,
            NO_ERROR
        ));
        assert_eq!((status, allowed), (NETPOL_OK, expected));
        call!(netpol_text_free(rule));
    }
    let binds = |name| {
        let mut binds = false;
        let status = call!(netpol_reader_name_binds(world.reader, name, &web, &raw mut binds));
        (status, binds)
    };
    assert_eq!(binds(text("WWW.example.com.")), (NETPOL_OK, true));
    assert_eq!(binds(text("www.example.org")), (NETPOL_OK, false));

    for minute in 1..=4_u64 {
        let now = minute * 60_000_000_000;
        assert_eq!(call!(netpol_engine_connections_marked(world.engine, now, NO_ERROR)), NETPOL_OK);
        assert_eq!(call!(netpol_engine_expire_names(world.engine, now, NO_ERROR)), NETPOL_OK);
    }
    publish(world.engine);
    assert_eq!(world.verdict(&question).summary, NETPOL_SUMMARY_DENY);
}

#[test]
fn names_are_learnt_by_hand_and_flushed() {
    let world = World::new();
    let (question, addresses) = (packet(BACKEND, WEB, TCP, 443), [ipv4(WEB)]);
    let name = text("www.example.com");
    let flush = || {
        assert_eq!(call!(netpol_engine_flush_names(world.engine, NOTHING, 2, NO_ERROR)), NETPOL_OK);
        publish(world.engine);
        assert_eq!(world.verdict(&question).summary, NETPOL_SUMMARY_DENY);
    };
    let status =
        call!(netpol_engine_learn_name(world.engine, name, addresses.as_ptr(), 1, NO_ERROR));
    assert_eq!(status, NETPOL_OK);
    publish(world.engine);
    assert_eq!(world.verdict(&question).summary, NETPOL_SUMMARY_REDIRECT);
    flush();
    let (engine, backend) = (world.engine, world.backend);
    let status =
        call!(netpol_engine_learn(engine, backend, name, addresses.as_ptr(), 1, 60, 1, NO_ERROR));
    assert_eq!(status, NETPOL_OK);
    publish(world.engine);
    assert_eq!(world.verdict(&question).summary, NETPOL_SUMMARY_REDIRECT);
    let mut stats = netpol_stats::default();
    assert_eq!(call!(netpol_engine_stats(engine, &raw mut stats, NO_ERROR)), NETPOL_OK);
    assert_eq!((stats.revision, stats.policies, stats.endpoints), (4, 2, 2));
    assert_eq!((stats.names, stats.name_addresses, stats.zombies), (1, 1, 0));
    flush();
}

#[test]
fn prefixes_have_the_labels_that_they_are_given() {
    let world = World::new();
    let (address, labels) = (
        ipv4([10, 9, 0, 0]),
        [text("k8s:tier=backend"), text("k8s:io.kubernetes.pod.namespace=default")],
    );
    let (engine, question) = (world.engine, packet([10, 9, 1, 1], DATABASE, TCP, 7379));
    assert_eq!(world.verdict(&question).summary, NETPOL_SUMMARY_DENY);
    let status = call!(netpol_engine_upsert_ip(engine, &address, 16, labels.as_ptr(), 2, NO_ERROR));
    assert_eq!(status, NETPOL_OK);
    publish(engine);
    let before = world.verdict(&question).src_identity;
    assert_ne!(before, 2, "no longer the world");
    assert_eq!(call!(netpol_engine_remove_ip(engine, &address, 16, NO_ERROR)), NETPOL_OK);
    publish(engine);
    assert_ne!(world.verdict(&question).src_identity, before);
}

#[test]
fn labels_of_a_namespace_give_its_pods_another_identity() {
    let world = World::new();
    let identity = || {
        let (mut identity, engine) = (0, world.engine);
        let out = &raw mut identity;
        call!(netpol_engine_endpoint_identity(engine, world.backend, out, NO_ERROR));
        identity
    };
    let (before, name) = (identity(), text("default"));
    let labels = [netpol_label { key: text("team"), value: text("blue") }];
    let set = call!(netpol_engine_set_namespace(world.engine, name, labels.as_ptr(), 1, NO_ERROR));
    assert_eq!(set, NETPOL_OK);
    publish(world.engine);
    assert_ne!(identity(), before);
    assert_eq!(call!(netpol_engine_remove_namespace(world.engine, name, NO_ERROR)), NETPOL_OK);
    assert_eq!(
        call!(netpol_engine_set_secret(world.engine, name, name, name, NO_ERROR)),
        NETPOL_OK
    );
    publish(world.engine);
}

/// What callbacks were told.
#[derive(Default)]
struct Told {
    maps: BTreeMap<u32, BTreeMap<[u32; 5], netpol_map_entry>>,
    prefixes: BTreeMap<([u8; 16], u8), u32>,
    kinds: Vec<u8>,
}

fn key(entry: &netpol_map_entry) -> [u32; 5] {
    let bytes = [entry.direction, entry.protocol, entry.port_prefix_len].map(u32::from);
    [entry.peer, entry.port.into(), bytes[0], bytes[1], bytes[2]]
}

unsafe extern "C" fn on_delta(
    context: *mut c_void,
    endpoint: u32,
    kind: u8,
    entry: *const netpol_map_entry,
) {
    // SAFETY: the context is the `Told` of the test, which is used by nobody else.
    let told = unsafe { &mut *context.cast::<Told>() };
    // SAFETY: the entry lives until the callback returns.
    let entry = unsafe { *entry };
    told.kinds.push(kind);
    let map = told.maps.entry(endpoint).or_default();
    let before = match kind {
        NETPOL_DELTA_REMOVE => map.remove(&key(&entry)),
        _ => map.insert(key(&entry), entry),
    };
    assert_eq!(before.is_none(), kind == NETPOL_DELTA_ADD);
}

unsafe extern "C" fn on_prefix(
    context: *mut c_void,
    address: *const netpol_address,
    prefix_len: u8,
    has_identity: u8,
    identity: u32,
) {
    // SAFETY: the context is the `Told` of the test, which is used by nobody else.
    let told = unsafe { &mut *context.cast::<Told>() };
    // SAFETY: the address lives until the callback returns.
    let address = unsafe { *address };
    told.kinds.push(0);
    match has_identity {
        0 => told.prefixes.remove(&(address.bytes, prefix_len)),
        _ => told.prefixes.insert((address.bytes, prefix_len), identity),
    };
}

#[test]
fn callbacks_replay_the_policy_maps_additions_first() {
    let mut told = Told::default();
    let callbacks = netpol_callbacks {
        size: size_of::<netpol_callbacks>(),
        context: (&raw mut told).cast(),
        delta: Some(on_delta),
        prefix: Some(on_prefix),
    };
    let mut engine = ptr::null_mut();
    assert_eq!(call!(netpol_engine_new(ptr::null(), &raw mut engine, NO_ERROR)), NETPOL_OK);
    let labels = [netpol_label { key: text("tier"), value: text("database") }];
    let addresses = [ipv4(DATABASE)];
    let endpoint = pod("db-0", &labels, &addresses);
    let mut number = 0;
    let added = call!(netpol_engine_add_endpoint(engine, &endpoint, &raw mut number, NO_ERROR));
    assert_eq!(added, NETPOL_OK);
    let publish = || call!(netpol_engine_publish(engine, &callbacks, ptr::null_mut(), NO_ERROR));
    assert_eq!(publish(), NETPOL_OK);
    let name = text("policy.yaml");
    let applied = call!(netpol_engine_apply(engine, name, text(POLICY), ptr::null_mut(), NO_ERROR));
    assert_eq!(applied, NETPOL_OK);
    assert_eq!(publish(), NETPOL_OK);
    // Entries that come, then prefixes, then entries that go, in each publication.
    assert!(told.kinds.contains(&NETPOL_DELTA_REMOVE));
    let ranks = told.kinds.iter().map(|kind| match *kind {
        0 => 1,
        NETPOL_DELTA_REMOVE => 2,
        _ => 0,
    });
    let falls = ranks.clone().zip(ranks.skip(1)).filter(|(first, second)| second < first).count();
    assert_eq!(falls, 1, "once, between the two publications");

    let mut text = ptr::null_mut();
    let format = NETPOL_FORMAT_JSON;
    let status = call!(netpol_engine_policy_map(engine, number, format, &raw mut text, NO_ERROR));
    assert_eq!(status, NETPOL_OK);
    let map: serde_json::Value = serde_json::from_str(&take(text)).unwrap();
    assert_eq!(map["endpoint"], "default/db-0");
    assert_eq!(map["ingressEnforced"], true);
    let entries = map["entries"].as_array().unwrap();
    assert_eq!(entries.len(), told.maps[&number].len());
    let identity = u32::try_from(map["identity"].as_u64().unwrap()).unwrap();
    assert_eq!(told.prefixes[&(ipv4(DATABASE).bytes, 32)], identity);
    call!(netpol_engine_free(engine));
}

#[test]
fn explanations_name_the_rule() {
    let world = World::new();
    let explain = |packet: &netpol_packet, format| {
        let (engine, mut text) = (world.engine, ptr::null_mut());
        let status = call!(netpol_engine_explain(engine, packet, format, &raw mut text, NO_ERROR));
        assert_eq!(status, NETPOL_OK);
        take(text)
    };
    let question = packet(BACKEND, DATABASE, TCP, 7379);
    let said = explain(&question, NETPOL_FORMAT_TEXT);
    assert!(said.contains("\ningress: allowed by"), "{said}");
    assert!(said.contains("default/database-policy ingress[0] (policy.yaml:"), "{said}");
    let denied = packet(OUTSIDE, DATABASE, TCP, 7379);
    let said: serde_json::Value =
        serde_json::from_str(&explain(&denied, NETPOL_FORMAT_JSON)).unwrap();
    assert_eq!(said["verdict"], "deny");
    assert_eq!(said["ingress"]["decision"], "default-deny");
    assert!(said["ingress"]["isolatedBy"][0].as_str().unwrap().contains("database-policy"));

    let mut text = ptr::null_mut();
    let status = call!(netpol_engine_explain(world.engine, &denied, 9, &raw mut text, NO_ERROR));
    assert_eq!((status, text.is_null()), (NETPOL_BAD_VALUE, true));
    let (engine, database) = (world.engine, world.database);
    let map = call!(netpol_engine_policy_map(engine, database, 0, &raw mut text, NO_ERROR));
    assert_eq!(map, NETPOL_OK);
    let map = take(text);
    assert!(map.starts_with("default/db-0, identity "), "{map}");
    assert!(map.contains("80/16 TCP through http"), "{map}");
    let unknown = call!(netpol_engine_policy_map(engine, 99, 0, &raw mut text, NO_ERROR));
    assert_eq!(unknown, NETPOL_UNKNOWN_ENDPOINT);
    let unknown = call!(netpol_engine_proxy(engine, 0, &raw mut text, NO_ERROR));
    assert_eq!(unknown, NETPOL_BAD_VALUE);
}

#[test]
fn addresses_are_read() {
    let mut address = netpol_address::default();
    let mut parse = |said| call!(netpol_address_parse(text(said), &raw mut address, NO_ERROR));
    assert_eq!(parse("10.0.0.256"), NETPOL_BAD_VALUE);
    assert_eq!(parse("2001:db8::1"), NETPOL_OK);
    assert_eq!((address.family, address.bytes[15]), (NETPOL_IPV6, 1));
    let literal = c"10.0.1.2";
    let said = call!(netpol_str_of(literal.as_ptr()));
    assert_eq!(call!(netpol_address_parse(said, &raw mut address, NO_ERROR)), NETPOL_OK);
    assert_eq!(address, ipv4(DATABASE));
}
