//! What the functions of the ABI do with what they are given, good and bad.

#[macro_use]
mod common;

use core::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use common::*;
use netpol_capi::*;

const NO_ERROR: *mut *mut netpol_error = ptr::null_mut();

#[test]
fn a_packet_is_allowed_and_another_is_denied() {
    let world = World::new();
    let allowed = world.verdict(&packet(BACKEND, DATABASE, TCP, 7379));
    assert_eq!(allowed.summary, NETPOL_SUMMARY_ALLOW);
    assert_eq!(allowed.ingress.decision, NETPOL_DECISION_ALLOW);
    assert_eq!(
        (allowed.ingress.endpoint, allowed.egress.endpoint),
        (world.database, world.backend)
    );
    assert_eq!((allowed.ingress.enforced, allowed.ingress.match_type), (1, 2));
    assert_eq!(allowed.ingress.peer, allowed.src_identity);
    assert_eq!((allowed.ingress.port, allowed.ingress.protocol), (7379, TCP));
    let denied = world.verdict(&packet(OUTSIDE, DATABASE, TCP, 7379));
    assert_eq!(denied.summary, NETPOL_SUMMARY_DENY);
    assert_eq!(denied.egress.decision, NETPOL_DECISION_NO_ENDPOINT);
    assert_eq!(denied.egress.endpoint, NETPOL_NO_ENDPOINT);
    assert_eq!(denied.ingress.decision, NETPOL_DECISION_DEFAULT_DENY);
    let mut ping = packet(OUTSIDE, DATABASE, 1, 8);
    assert_eq!(world.verdict(&ping).summary, NETPOL_SUMMARY_ALLOW);
    (ping.port, ping.icmp_code) = (3, 4);
    assert_eq!(world.verdict(&ping).ingress.decision, NETPOL_DECISION_EXEMPT);
}

#[test]
fn null_is_refused_and_denies() {
    let (packet, mut verdict) = (packet(OUTSIDE, DATABASE, TCP, 1), ALLOW);
    let status = call!(netpol_reader_verdict(ptr::null_mut(), &packet, &raw mut verdict));
    assert_eq!((status, verdict.summary), (NETPOL_NULL, NETPOL_SUMMARY_DENY));
    let world = World::new();
    verdict = ALLOW;
    let status = call!(netpol_reader_verdict(world.reader, ptr::null(), &raw mut verdict));
    assert_eq!((status, verdict.summary), (NETPOL_NULL, NETPOL_SUMMARY_DENY));
    let status = call!(netpol_reader_verdict(world.reader, &packet, ptr::null_mut()));
    assert_eq!(status, NETPOL_NULL);
    let mut side = ALLOW.egress;
    let status =
        call!(netpol_reader_endpoint_verdict(ptr::null_mut(), 0, 0, 0, 0, 0, &raw mut side));
    assert_eq!((status, side.decision), (NETPOL_NULL, NETPOL_DECISION_ERROR));
}

const ALLOW: netpol_verdict = netpol_verdict {
    src_identity: 1,
    dst_identity: 1,
    egress: ALLOWING,
    ingress: ALLOWING,
    summary: NETPOL_SUMMARY_ALLOW,
    reserved: [0; 3],
};

const ALLOWING: netpol_side = netpol_side {
    endpoint: 0,
    peer: 1,
    rules: 0,
    proxy: 0,
    port: 0,
    protocol: 0,
    direction: NETPOL_INGRESS,
    decision: NETPOL_DECISION_ALLOW,
    enforced: 0,
    match_type: 0,
    auth: 0,
};

/// Every function that takes an object, called with NULL for everything.
#[test]
fn null_everywhere_is_a_status() {
    let (null, nul, none, no) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), NO_ERROR);
    let statuses = [
        call!(netpol_address_parse(text("10.0.0.1"), ptr::null_mut(), no)),
        call!(netpol_engine_new(ptr::null(), ptr::null_mut(), no)),
        call!(netpol_engine_apply(null, NOTHING, NOTHING, ptr::null_mut(), no)),
        call!(netpol_engine_delete(null, NOTHING, NOTHING, ptr::null_mut(), no)),
        call!(netpol_engine_add_endpoint(null, ptr::null(), ptr::null_mut(), no)),
        call!(netpol_engine_update_endpoint(null, 0, ptr::null(), no)),
        call!(netpol_engine_remove_endpoint(null, 0, no)),
        call!(netpol_engine_endpoint_identity(null, 0, ptr::null_mut(), no)),
        call!(netpol_engine_set_namespace(null, NOTHING, ptr::null(), 0, no)),
        call!(netpol_engine_remove_namespace(null, NOTHING, no)),
        call!(netpol_engine_upsert_ip(null, ptr::null(), 0, ptr::null(), 0, no)),
        call!(netpol_engine_remove_ip(null, ptr::null(), 0, no)),
        call!(netpol_engine_learn(null, 0, NOTHING, ptr::null(), 0, 0, 0, no)),
        call!(netpol_engine_learn_message(null, 0, ptr::null(), 0, 0, ptr::null_mut(), no)),
        call!(netpol_engine_learn_name(null, NOTHING, ptr::null(), 0, no)),
        call!(netpol_engine_expire_names(null, 0, no)),
        call!(netpol_engine_mark_connection(null, 0, ptr::null(), 0, no)),
        call!(netpol_engine_connections_marked(null, 0, no)),
        call!(netpol_engine_flush_names(null, NOTHING, 0, no)),
        call!(netpol_engine_set_secret(null, NOTHING, NOTHING, NOTHING, no)),
        call!(netpol_engine_publish(null, ptr::null(), ptr::null_mut(), no)),
        call!(netpol_engine_policy_map(null, 0, 0, ptr::null_mut(), no)),
        call!(netpol_engine_proxy(null, 1, ptr::null_mut(), no)),
        call!(netpol_engine_explain(null, ptr::null(), 0, ptr::null_mut(), no)),
        call!(netpol_engine_stats(null, ptr::null_mut(), no)),
        call!(netpol_settings_default(ptr::null_mut(), size_of::<netpol_settings>(), no)),
        call!(netpol_report_problem(ptr::null(), 0, ptr::null_mut(), no)),
        call!(netpol_report_applied(ptr::null(), ptr::null_mut(), no)),
        call!(netpol_reader_new(ptr::null(), ptr::null_mut(), no)),
        call!(netpol_reader_identity(nul, ptr::null(), ptr::null_mut())),
        call!(netpol_reader_endpoint(nul, ptr::null(), ptr::null_mut())),
        call!(netpol_reader_verdict(nul, ptr::null(), ptr::null_mut())),
        call!(netpol_reader_verdict_batch(nul, ptr::null(), ptr::null_mut(), 1)),
        call!(netpol_reader_endpoint_verdict(nul, 0, 0, 0, 0, 0, ptr::null_mut())),
        call!(netpol_reader_frame_verdict(nul, ptr::null(), 0, ptr::null_mut())),
        call!(netpol_reader_ip_verdict(nul, ptr::null(), 0, ptr::null_mut())),
        call!(netpol_reader_frame_verdict_batch(nul, ptr::null(), ptr::null_mut(), 1)),
        call!(netpol_reader_ip_verdict_batch(nul, ptr::null(), ptr::null_mut(), 1)),
        call!(netpol_reader_http(
            nul,
            ptr::null(),
            ptr::null(),
            ptr::null(),
            none,
            ptr::null_mut(),
            no
        )),
        call!(netpol_reader_dns(nul, ptr::null(), NOTHING, none, ptr::null_mut(), no)),
        call!(netpol_reader_sni(nul, ptr::null(), ptr::null(), NOTHING, none, ptr::null_mut(), no)),
        call!(netpol_reader_name_binds(nul, NOTHING, ptr::null(), none)),
    ];
    assert_eq!(statuses, [NETPOL_NULL; 42]);
    call!(netpol_engine_free(ptr::null_mut()));
    call!(netpol_reader_free(ptr::null_mut()));
    call!(netpol_error_free(ptr::null_mut()));
    call!(netpol_report_free(ptr::null_mut()));
    call!(netpol_text_free(ptr::null_mut()));
    assert_eq!(call!(netpol_reader_revision(ptr::null_mut())), 0);
    assert_eq!(call!(netpol_report_len(ptr::null())), 0);
    assert!(call!(netpol_report_text(ptr::null())).is_null());
    assert_eq!(read(call!(netpol_text_str(ptr::null()))), "");
    assert_eq!(read(call!(netpol_error_message(ptr::null()))), "");
    assert_eq!(call!(netpol_error_status(ptr::null())), NETPOL_OK);
    assert_eq!(read(call!(netpol_str_of(ptr::null()))), "");
}

#[test]
fn an_error_says_what_is_wrong() {
    let mut error = ptr::null_mut();
    let status =
        call!(netpol_engine_publish(ptr::null_mut(), ptr::null(), ptr::null_mut(), &raw mut error));
    assert_eq!(call!(netpol_error_status(error)), status);
    assert_eq!(read(call!(netpol_error_message(error))), "`engine` is NULL");
    call!(netpol_error_free(error));
}

#[test]
fn wrong_sizes_are_refused() {
    let mut settings = call_settings();
    settings.size -= 1;
    let mut engine = ptr::null_mut();
    let status = call!(netpol_engine_new(&settings, &raw mut engine, NO_ERROR));
    assert_eq!((status, engine.is_null()), (NETPOL_WRONG_SIZE, true));
    let status = call!(netpol_settings_default(&raw mut settings, 8, NO_ERROR));
    assert_eq!(status, NETPOL_WRONG_SIZE);

    let world = World::new();
    let mut endpoint = pod("other", &[], &[]);
    endpoint.size += 8;
    let status =
        call!(netpol_engine_add_endpoint(world.engine, &endpoint, ptr::null_mut(), NO_ERROR));
    assert_eq!(status, NETPOL_WRONG_SIZE);
    let mut bad = packet(BACKEND, DATABASE, TCP, 7379);
    bad.size = 0;
    let mut verdict = ALLOW;
    let status = call!(netpol_reader_verdict(world.reader, &bad, &raw mut verdict));
    assert_eq!((status, verdict.summary), (NETPOL_WRONG_SIZE, NETPOL_SUMMARY_DENY));
    let callbacks =
        netpol_callbacks { size: 1, context: ptr::null_mut(), delta: None, prefix: None };
    let status = call!(netpol_engine_publish(world.engine, &callbacks, ptr::null_mut(), NO_ERROR));
    assert_eq!(status, NETPOL_WRONG_SIZE);
    // The revision did not change.
    assert_eq!(call!(netpol_reader_revision(world.reader)), 1);
}

fn call_settings() -> netpol_settings {
    let mut settings = core::mem::MaybeUninit::uninit();
    let size = size_of::<netpol_settings>();
    let status = call!(netpol_settings_default(settings.as_mut_ptr(), size, NO_ERROR));
    assert_eq!(status, NETPOL_OK);
    // SAFETY: the call has written the settings.
    unsafe { settings.assume_init() }
}

#[test]
fn settings_count_and_nonsense_is_refused() {
    let mut settings = call_settings();
    settings.enforcement = NETPOL_ENFORCEMENT_ALWAYS;
    settings.cluster_name = text("paris");
    let mut engine = ptr::null_mut();
    assert_eq!(call!(netpol_engine_new(&settings, &raw mut engine, NO_ERROR)), NETPOL_OK);
    let addresses = [ipv4(DATABASE)];
    let endpoint = pod("db-0", &[], &addresses);
    let mut number = 0;
    let status = call!(netpol_engine_add_endpoint(engine, &endpoint, &raw mut number, NO_ERROR));
    assert_eq!(status, NETPOL_OK);
    publish(engine);
    let mut reader = ptr::null_mut();
    assert_eq!(call!(netpol_reader_new(engine, &raw mut reader, NO_ERROR)), NETPOL_OK);
    let mut verdict = ALLOW;
    let packet = packet(OUTSIDE, DATABASE, TCP, 80);
    assert_eq!(call!(netpol_reader_verdict(reader, &packet, &raw mut verdict)), NETPOL_OK);
    assert_eq!(verdict.ingress.decision, NETPOL_DECISION_DEFAULT_DENY);
    call!(netpol_engine_free(engine));
    call!(netpol_reader_free(reader));

    let bad: [fn(&mut netpol_settings); 5] = [
        |settings| settings.enforcement = 3,
        |settings| settings.ipv6 = 2,
        |settings| settings.min_identity = 1,
        |settings| settings.cluster_name = NOTHING,
        |settings| settings.default_namespace = NOTHING,
    ];
    for spoil in bad {
        let mut settings = call_settings();
        spoil(&mut settings);
        let status = call!(netpol_engine_new(&settings, &raw mut engine, NO_ERROR));
        assert_eq!(status, NETPOL_BAD_VALUE);
    }
}

#[test]
fn a_report_names_the_place_of_a_problem() {
    let world = World::new();
    let bad = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: x}\nspec:\n  \
               endpointSelector: {}\n  ingres: []\n";
    let (mut report, mut error) = (ptr::null_mut(), ptr::null_mut());
    let status = call!(netpol_engine_apply(
        world.engine,
        text("bad.yaml"),
        text(bad),
        &raw mut report,
        &raw mut error
    ));
    assert_eq!(status, NETPOL_BAD_DOCUMENT);
    assert!(read(call!(netpol_error_message(error))).starts_with("bad.yaml:6:"));
    assert!(call!(netpol_report_len(report)) >= 1);
    let mut problem = core::mem::MaybeUninit::uninit();
    let status = call!(netpol_report_problem(report, 0, problem.as_mut_ptr(), NO_ERROR));
    assert_eq!(status, NETPOL_OK);
    // SAFETY: the call has written the problem.
    let problem: netpol_problem = unsafe { problem.assume_init() };
    assert_eq!((read(problem.file).as_str(), problem.line), ("bad.yaml", 6));
    assert_eq!(problem.severity, NETPOL_ERROR);
    assert!(problem.column > 0);
    assert_eq!(read(problem.code), "unknown-field");
    assert!(read(problem.message).contains("ingres"), "{}", read(problem.message));
    assert!(read(problem.help).contains("ingress"));
    let beyond = call!(netpol_report_problem(report, 1000, ptr::null_mut(), NO_ERROR));
    assert_eq!(beyond, NETPOL_NULL);
    assert!(take(call!(netpol_report_text(report))).contains("bad.yaml:6:"));
    call!(netpol_report_free(report));
    call!(netpol_error_free(error));
}

#[test]
fn applying_counts_and_deleting_removes() {
    let world = World::new();
    let mut report = ptr::null_mut();
    let more = format!("{POLICY}---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n");
    let status = call!(netpol_engine_apply(
        world.engine,
        text("more.yaml"),
        text(&more),
        &raw mut report,
        NO_ERROR
    ));
    assert_eq!(status, NETPOL_OK);
    let mut applied = netpol_applied::default();
    assert_eq!(call!(netpol_report_applied(report, &raw mut applied, NO_ERROR)), NETPOL_OK);
    assert_eq!((applied.policies, applied.skipped, applied.removed), (2, 1, 0));
    call!(netpol_report_free(report));
    let status = call!(netpol_engine_delete(
        world.engine,
        text("policy.yaml"),
        text(POLICY),
        &raw mut report,
        NO_ERROR
    ));
    assert_eq!(status, NETPOL_OK);
    assert_eq!(call!(netpol_report_applied(report, &raw mut applied, NO_ERROR)), NETPOL_OK);
    assert_eq!(applied.removed, 2);
    call!(netpol_report_free(report));
    publish(world.engine);
    let verdict = world.verdict(&packet(OUTSIDE, DATABASE, TCP, 1));
    assert_eq!((verdict.summary, verdict.ingress.enforced), (NETPOL_SUMMARY_ALLOW, 0));
}

#[test]
fn garbage_is_refused_and_changes_nothing() {
    let world = World::new();
    let not_utf8 = b"a: \xff\n";
    let garbage = netpol_str { data: not_utf8.as_ptr().cast(), len: not_utf8.len() };
    let endless = netpol_str { data: not_utf8.as_ptr().cast(), len: usize::MAX };
    let dangling = netpol_str { data: ptr::null(), len: 1 };
    let apply = |name, document| {
        call!(netpol_engine_apply(world.engine, name, document, ptr::null_mut(), NO_ERROR))
    };
    assert_eq!(apply(text("x"), garbage), NETPOL_BAD_DOCUMENT);
    assert_eq!(apply(garbage, NOTHING), NETPOL_NOT_UTF8);
    assert_eq!(apply(text("x"), endless), NETPOL_TOO_LONG);
    assert_eq!(apply(text("x"), dangling), NETPOL_NULL);
    assert_eq!(apply(NOTHING, NOTHING), NETPOL_BAD_DOCUMENT);
    let prefix = |ip: &netpol_address, len| {
        call!(netpol_engine_upsert_ip(world.engine, ip, len, ptr::null(), 0, NO_ERROR))
    };
    assert_eq!(prefix(&ipv4(OUTSIDE), 33), NETPOL_BAD_VALUE);
    assert_eq!(prefix(&netpol_address::default(), 8), NETPOL_BAD_VALUE);
    let message = [0_u8; 5];
    let learn = call!(netpol_engine_learn_message(
        world.engine,
        world.backend,
        message.as_ptr(),
        message.len(),
        0,
        ptr::null_mut(),
        NO_ERROR
    ));
    assert_eq!(learn, NETPOL_BAD_MESSAGE);
    for endpoint in [77, u32::MAX] {
        let learn = call!(netpol_engine_learn(
            world.engine,
            endpoint,
            text("a.example.com"),
            ptr::null(),
            0,
            0,
            0,
            NO_ERROR
        ));
        assert_eq!(learn, NETPOL_UNKNOWN_ENDPOINT);
        let removed = call!(netpol_engine_remove_endpoint(world.engine, endpoint, NO_ERROR));
        assert_eq!(removed, NETPOL_UNKNOWN_ENDPOINT);
    }
    let flushed =
        call!(netpol_engine_flush_names(world.engine, text("*[.example.com."), 0, NO_ERROR));
    assert_eq!(flushed, NETPOL_BAD_VALUE);
    publish(world.engine);
    assert_eq!(world.verdict(&packet(BACKEND, DATABASE, TCP, 7379)).summary, NETPOL_SUMMARY_ALLOW);
}

#[test]
fn an_address_belongs_to_one_endpoint() {
    let world = World::new();
    let addresses = [ipv4(DATABASE)];
    let endpoint = pod("thief", &[], &addresses);
    let mut number = 99;
    let status =
        call!(netpol_engine_add_endpoint(world.engine, &endpoint, &raw mut number, NO_ERROR));
    assert_eq!((status, number), (NETPOL_REFUSED, 99));
    let kinds = [8, u8::MAX];
    for kind in kinds {
        let endpoint = netpol_endpoint { kind, ..pod("odd", &[], &[]) };
        let status =
            call!(netpol_engine_add_endpoint(world.engine, &endpoint, ptr::null_mut(), NO_ERROR));
        assert_eq!(status, NETPOL_BAD_VALUE);
    }
}

#[test]
fn endpoints_change_and_go() {
    let world = World::new();
    let labels = [netpol_label { key: text("tier"), value: text("none") }];
    let addresses = [ipv4(BACKEND)];
    let endpoint = pod("api-0", &labels, &addresses);
    let status =
        call!(netpol_engine_update_endpoint(world.engine, world.backend, &endpoint, NO_ERROR));
    assert_eq!(status, NETPOL_OK);
    let question = packet(BACKEND, DATABASE, TCP, 7379);
    assert_eq!(world.verdict(&question).summary, NETPOL_SUMMARY_ALLOW, "not published yet");
    publish(world.engine);
    assert_eq!(world.verdict(&question).summary, NETPOL_SUMMARY_DENY);
    let removed = call!(netpol_engine_remove_endpoint(world.engine, world.database, NO_ERROR));
    assert_eq!(removed, NETPOL_OK);
    publish(world.engine);
    assert_eq!(world.verdict(&question).ingress.decision, NETPOL_DECISION_NO_ENDPOINT);
    let mut side = ALLOWING;
    let status = call!(netpol_reader_endpoint_verdict(
        world.reader,
        world.database,
        NETPOL_INGRESS,
        1,
        TCP,
        1,
        &raw mut side
    ));
    assert_eq!((status, side.decision), (NETPOL_UNKNOWN_ENDPOINT, NETPOL_DECISION_ERROR));
}

#[test]
fn an_endpoint_is_asked_about_an_identity() {
    let world = World::new();
    let mut identity = 0;
    let status = call!(netpol_engine_endpoint_identity(
        world.engine,
        world.backend,
        &raw mut identity,
        NO_ERROR
    ));
    assert_eq!(status, NETPOL_OK);
    let mut by_address = 0;
    let address = ipv4(BACKEND);
    let status = call!(netpol_reader_identity(world.reader, &address, &raw mut by_address));
    assert_eq!((status, by_address), (NETPOL_OK, identity));
    let ask = |direction, peer, port| {
        let mut side = ALLOWING;
        let status = call!(netpol_reader_endpoint_verdict(
            world.reader,
            world.database,
            direction,
            peer,
            TCP,
            port,
            &raw mut side
        ));
        (status, side.decision)
    };
    assert_eq!(ask(NETPOL_INGRESS, identity, 7379), (NETPOL_OK, NETPOL_DECISION_ALLOW));
    assert_eq!(ask(NETPOL_INGRESS, identity, 7380), (NETPOL_OK, NETPOL_DECISION_DEFAULT_DENY));
    assert_eq!(ask(NETPOL_INGRESS, 2, 7379), (NETPOL_OK, NETPOL_DECISION_DEFAULT_DENY));
    assert_eq!(ask(7, identity, 7379), (NETPOL_BAD_VALUE, NETPOL_DECISION_ERROR));
    let mut number = 0;
    let status = call!(netpol_reader_endpoint(world.reader, &address, &raw mut number));
    assert_eq!((status, number), (NETPOL_OK, world.backend));
}

#[test]
fn a_batch_judges_all_but_the_bad() {
    let world = World::new();
    let mut packets = [packet(BACKEND, DATABASE, TCP, 7379); 5];
    packets[1].src.family = 5;
    packets[3].size = 1;
    packets[4].port = 1;
    let mut verdicts = [ALLOW; 5];
    let status = call!(netpol_reader_verdict_batch(
        world.reader,
        packets.as_ptr(),
        verdicts.as_mut_ptr(),
        packets.len()
    ));
    assert_eq!(status, NETPOL_BAD_VALUE, "that of the first");
    assert_eq!(verdicts.map(|verdict| verdict.summary), [1, 0, 1, 0, 0]);
    assert_eq!(verdicts[1].ingress.decision, NETPOL_DECISION_ERROR);
    assert_eq!(verdicts[4].ingress.decision, NETPOL_DECISION_DEFAULT_DENY);
    verdicts = [ALLOW; 5];
    let status =
        call!(netpol_reader_verdict_batch(world.reader, ptr::null(), verdicts.as_mut_ptr(), 5));
    assert_eq!((status, verdicts.map(|v| v.summary)), (NETPOL_NULL, [0; 5]));
    let status = call!(netpol_reader_verdict_batch(world.reader, ptr::null(), ptr::null_mut(), 0));
    assert_eq!(status, NETPOL_OK, "an empty batch");
    let status = call!(netpol_reader_verdict_batch(
        world.reader,
        packets.as_ptr(),
        verdicts.as_mut_ptr(),
        usize::MAX
    ));
    assert_eq!(status, NETPOL_TOO_LONG);
}

/// Whatever the bytes of a packet are, the answer is that of the library in Rust, or an error that denies.
#[test]
fn random_packets_get_the_same_verdict_as_in_rust() {
    use netpol::{Endpoint, Engine, Packet, Protocol, Source, Summary};
    let world = World::new();
    let mut engine = Engine::new();
    engine.apply(&Source::named("policy.yaml", POLICY)).unwrap();
    let database = Endpoint::pod("default", "db-0").label("tier", "database").ip(DATABASE);
    engine.add_endpoint(database).unwrap();
    let backend = Endpoint::pod("default", "api-0").label("tier", "backend").ip(BACKEND);
    engine.add_endpoint(backend).unwrap();
    engine.publish();
    let mut reader = engine.reader();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let (addresses, ports) = ([DATABASE, BACKEND, OUTSIDE], [7379, 80, 53, 443, 8, 3, 0]);
    for _ in 0..20_000 {
        let address = |index| addresses[usize::try_from(index).unwrap()];
        let (src, dst) = (address(random(3)), address(random(3)));
        let protocol = [TCP, UDP, 1, 58, 0][usize::try_from(random(5)).unwrap()];
        let port = ports[usize::try_from(random(7)).unwrap()];
        let mut question = packet(src, dst, protocol, port);
        question.icmp_code = u8::try_from(random(6)).unwrap();
        question.src.family = [4, 4, 4, 4, 4, 6, 0][usize::try_from(random(7)).unwrap()];
        let mut verdict = ALLOW;
        let status = call!(netpol_reader_verdict(world.reader, &question, &raw mut verdict));
        if question.src.family == 0 {
            assert_eq!((status, verdict.summary), (NETPOL_BAD_VALUE, NETPOL_SUMMARY_DENY));
            continue;
        }
        let src: std::net::IpAddr = match question.src.family {
            4 => src.into(),
            _ => question.src.bytes.into(),
        };
        let mut packet = Packet::new(src, dst, Protocol::new(protocol), port);
        packet.icmp_code = question.icmp_code;
        let expected = reader.verdict(&packet);
        let summary = match expected.summary() {
            Summary::Deny => NETPOL_SUMMARY_DENY,
            Summary::Allow => NETPOL_SUMMARY_ALLOW,
            Summary::Redirect => NETPOL_SUMMARY_REDIRECT,
            Summary::AuthRequired => NETPOL_SUMMARY_AUTH_REQUIRED,
        };
        assert_eq!((status, verdict.summary), (NETPOL_OK, summary), "{packet:?}");
        assert_eq!(verdict.src_identity, expected.src_identity.number());
        assert_eq!(verdict.dst_identity, expected.dst_identity.number());
    }
}

#[test]
fn a_reader_outlives_its_engine() {
    let mut world = World::new();
    call!(netpol_engine_free(world.engine));
    world.engine = ptr::null_mut();
    let question = packet(BACKEND, DATABASE, TCP, 7379);
    assert_eq!(world.verdict(&question).summary, NETPOL_SUMMARY_ALLOW);
    assert_eq!(call!(netpol_reader_revision(world.reader)), 1);
}

#[test]
fn readers_see_whole_revisions_while_a_thread_publishes() {
    struct Shared(*mut netpol_reader);
    // SAFETY: each thread gets a reader of its own.
    unsafe impl Send for Shared {}
    impl Shared {
        fn reader(&self) -> *mut netpol_reader {
            self.0
        }
    }
    let world = World::new();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let mut reader = ptr::null_mut();
            assert_eq!(
                call!(netpol_reader_new(world.engine, &raw mut reader, NO_ERROR)),
                NETPOL_OK
            );
            let (shared, stop) = (Shared(reader), &stop);
            scope.spawn(move || {
                let reader = shared.reader();
                let mut last = 0;
                while !stop.load(Ordering::Relaxed) {
                    let mut verdict = netpol_verdict::default();
                    let question = packet(BACKEND, DATABASE, TCP, 7379);
                    call!(netpol_reader_verdict(reader, &question, &raw mut verdict));
                    // The pod is a backend, or has another address; it is never half of each.
                    match verdict.egress.decision {
                        NETPOL_DECISION_ALLOW => assert_eq!(verdict.summary, NETPOL_SUMMARY_ALLOW),
                        other => {
                            assert_eq!(other, NETPOL_DECISION_NO_ENDPOINT);
                            assert_eq!(verdict.summary, NETPOL_SUMMARY_DENY);
                        }
                    }
                    let revision = call!(netpol_reader_revision(reader));
                    assert!(revision >= last);
                    last = revision;
                }
                call!(netpol_reader_free(reader));
            });
        }
        let labels = [netpol_label { key: text("tier"), value: text("backend") }];
        for round in 0..1000_u64 {
            let ip = if round % 2 == 0 { [10, 0, 9, 9] } else { BACKEND };
            let addresses = [ipv4(ip)];
            let endpoint = pod("api-0", &labels, &addresses);
            let status = call!(netpol_engine_update_endpoint(
                world.engine,
                world.backend,
                &endpoint,
                NO_ERROR
            ));
            assert_eq!(status, NETPOL_OK);
            assert_eq!(publish(world.engine), round + 2);
        }
        stop.store(true, Ordering::Relaxed);
    });
}
