//! Story 3: the backend reaches `*.cloud.google.com`, by way of the addresses that DNS gives for it.

use std::io::ErrorKind;
use std::net::IpAddr;

use crate::client::{Client, ask_http, ask_name, denied, exchange};
use crate::world::{BACKEND, CLOUD, FRONTEND, STRANGER, VPN, World};

const NAME: &str = "www.cloud.google.com";
const NXDOMAIN: u8 = 3;
const SERVFAIL: u8 = 2;
const REFUSED: u8 = 5;

fn cloud() -> Vec<IpAddr> {
    vec![CLOUD.parse().unwrap()]
}

fn allowed() -> (u16, String) {
    (200, "GET / www.cloud.google.com\n".into())
}

#[tokio::test]
async fn a_name_opens_its_addresses_when_it_is_asked_for() {
    let world = World::start(&[]).await;
    assert_eq!(world.cloud_answers(BACKEND).await, denied());
    assert_eq!(world.name(BACKEND, NAME).await, (0, cloud()));
    assert_eq!(world.cloud_answers(BACKEND).await, allowed());
    assert_eq!(world.outside.seen(), (1, 1));
    // The frontend has no policy, so nothing is forbidden to it; a stranger is nobody's endpoint.
    assert_eq!(world.cloud_answers(FRONTEND).await, allowed());
    assert_eq!(world.cloud_answers(STRANGER).await, denied());
}

#[tokio::test]
async fn a_name_that_no_rule_allows_is_refused_and_not_forwarded() {
    let world = World::start(&[]).await;
    for name in ["evil.example.org", "a.b.cloud.google.com", "cloud.google.com", "google.com"] {
        assert_eq!(world.name(BACKEND, name).await, (REFUSED, vec![]), "{name}");
    }
    assert_eq!(world.outside.seen(), (0, 0));
    let line = world.logged("evil.example.org").await;
    assert!(line.contains("shop/backend") && line.contains("kube-system/coredns:53"), "{line}");
    assert!(line.contains("DROPPED (DNS Query evil.example.org. A)"), "{line}");
}

#[tokio::test]
async fn answers_without_addresses_are_passed_on() {
    let world = World::start(&[]).await;
    assert_eq!(world.name(BACKEND, "none.cloud.google.com").await, (NXDOMAIN, vec![]));
}

#[tokio::test]
async fn a_name_that_may_be_asked_for_but_is_no_peer_opens_nothing() {
    let world = World::start(&[]).await;
    assert_eq!(world.name(BACKEND, "site.example.com").await, (0, cloud()));
    assert_eq!(world.cloud_answers(BACKEND).await, denied());
}

#[tokio::test]
async fn an_answer_that_no_policy_redirects_teaches_nothing() {
    let world = World::start(&[]).await;
    assert_eq!(world.name(FRONTEND, NAME).await, (0, cloud()));
    assert_eq!(world.cloud_answers(BACKEND).await, denied()); // VIS-1
}

#[tokio::test]
async fn a_client_that_is_no_endpoint_gets_servfail() {
    let world = World::start(&[]).await;
    for client in [VPN, STRANGER] {
        assert_eq!(world.name(client, NAME).await, (SERVFAIL, vec![]));
    }
    assert_eq!(world.outside.seen(), (0, 0));
}

#[tokio::test]
async fn addresses_close_when_the_answer_has_run_out() {
    let world = World::start(&[]).await;
    world.name(BACKEND, NAME).await;
    world.pass(29);
    assert_eq!(world.cloud_answers(BACKEND).await, allowed());
    // From then on it is kept for connections, of which two runs must find none.
    world.pass(60);
    world.pass(60);
    world.pass(60);
    assert_eq!(world.cloud_answers(BACKEND).await, denied());
    assert_eq!(world.name(BACKEND, NAME).await, (0, cloud()));
    assert_eq!(world.cloud_answers(BACKEND).await, allowed());
}

#[tokio::test]
async fn an_address_stays_open_as_long_as_a_connection_to_it() {
    let world = World::start(&[]).await;
    world.name(BACKEND, NAME).await;
    let mut client = Client::connect(BACKEND, world.cloud()).await.unwrap();
    let response = client.begin("GET /endless", NAME).await.unwrap();
    for _ in 0..5 {
        world.pass(60);
    }
    assert_eq!(world.cloud_answers(BACKEND).await, allowed());
    drop((response, client));
    let mut runs = 0;
    while world.cloud_answers(BACKEND).await == allowed() {
        // The gateway sees the end of the connection soon.
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        world.pass(60);
        runs += 1;
        assert!(runs < 500, "the address stays open");
    }
    assert_eq!(world.cloud_answers(BACKEND).await, denied());
}

#[tokio::test]
async fn a_shared_address_is_open_for_its_names_only_if_that_is_wanted() {
    let host = |world: &World, host: &'static str| {
        let cloud = world.cloud();
        async move { ask_http(BACKEND, cloud, "GET /", host).await.unwrap().0 }
    };
    for (options, other) in [(&[][..], 200), (&["--bind-names"], 403)] {
        let world = World::start(options).await;
        world.name(BACKEND, NAME).await;
        assert_eq!(host(&world, "WWW.cloud.google.com.:80").await, 200);
        assert_eq!(host(&world, "other.example").await, other);
        assert_eq!(host(&world, CLOUD).await, other);
        // Nobody asked for the backend's name.
        assert_eq!(world.http(FRONTEND, "GET /").await.0, 200);
    }
}

#[tokio::test]
async fn an_open_connection_is_judged_anew_for_each_request() {
    let world = World::start(&[]).await;
    world.name(BACKEND, NAME).await;
    let mut client = Client::connect(BACKEND, world.cloud()).await.unwrap();
    assert_eq!(client.ask("GET /", NAME).await.unwrap(), allowed());
    world.folder.change("story-3-names.yaml", "*.cloud.google.com", "*.cloud.example.com");
    world.gateway.reload().unwrap();
    assert_eq!(client.ask("GET /", NAME).await.unwrap(), denied());
    world.folder.change("story-3-names.yaml", "*.cloud.example.com", "*.cloud.google.com");
    world.gateway.reload().unwrap();
    // What was learnt before is known still (SLC-1).
    assert_eq!(client.ask("GET /", NAME).await.unwrap(), allowed());
}

#[tokio::test]
async fn endpoints_that_move_are_followed() {
    let world = World::start(&[]).await;
    world.name(BACKEND, NAME).await;
    assert_eq!(world.cloud_answers(BACKEND).await, allowed());
    // The two change places.
    world.folder.change("endpoints.yaml", BACKEND, "127.0.10.99");
    world.folder.change("endpoints.yaml", FRONTEND, BACKEND);
    world.folder.change("endpoints.yaml", "127.0.10.99", FRONTEND);
    world.gateway.reload().unwrap();
    assert_eq!(world.name(FRONTEND, "evil.example.org").await, (REFUSED, vec![]));
    assert_eq!(world.name(BACKEND, "evil.example.org").await, (NXDOMAIN, vec![]));
}

#[tokio::test]
async fn an_endpoint_that_went_while_it_waited_learns_nothing() {
    let world = World::start(&[]).await;
    let server = world.dns();
    let waiting =
        tokio::spawn(async move { ask_name(BACKEND, server, "held.cloud.google.com").await });
    while world.outside.seen().0 == 0 {
        tokio::task::yield_now().await;
    }
    world.folder.change("endpoints.yaml", BACKEND, "127.0.10.99");
    world.gateway.reload().unwrap();
    assert_eq!(world.name(FRONTEND, NAME).await, (0, cloud()));
    assert_eq!(waiting.await.unwrap().unwrap(), (SERVFAIL, vec![]));
}

#[tokio::test]
async fn only_the_servers_own_answer_counts() {
    let world = World::start(&[]).await;
    let other: IpAddr = "127.0.30.2".parse().unwrap();
    let answer = world.name(BACKEND, "poisoned.cloud.google.com").await;
    assert_eq!(answer, (0, vec![other]));
    assert_eq!(world.cloud_answers(BACKEND).await, denied());
}

#[tokio::test]
async fn a_malformed_answer_gives_servfail_and_opens_nothing() {
    let world = World::start(&[]).await;
    let answer = world.name(BACKEND, "malformed.cloud.google.com").await;
    assert_eq!(answer, (SERVFAIL, vec![]));
    assert_eq!(world.cloud_answers(BACKEND).await, denied());
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_not_answered_for() {
    let world = World::start(&["--dns-timeout-ms", "20"]).await;
    let silent = ask_name(BACKEND, world.dns(), "silent.cloud.google.com");
    let waited = tokio::time::timeout(std::time::Duration::from_millis(200), silent).await;
    assert!(waited.is_err());
    assert_eq!(world.name(BACKEND, NAME).await, (0, cloud()));
}

#[tokio::test]
async fn more_queries_than_allowed_get_servfail() {
    let world = World::start(&["--max-queries", "1"]).await;
    let silent = tokio::spawn({
        let server = world.dns();
        async move { ask_name(BACKEND, server, "silent.cloud.google.com").await }
    });
    while world.outside.seen().0 == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.name(BACKEND, NAME).await, (SERVFAIL, vec![]));
    silent.abort();
}

#[tokio::test]
async fn messages_that_are_no_queries_are_answered_with_a_code_or_not_at_all() {
    let world = World::start(&[]).await;
    let header = |flags: u8, questions: u8| [0, 7, flags, 0, 0, questions, 0, 0, 0, 0, 0, 0];
    for (bytes, code) in [(header(0, 0), 1), (header(0, 2), 1), (header(0x28, 1), 4)] {
        let answer = exchange(BACKEND, world.dns(), &bytes).await.unwrap();
        assert_eq!((answer[1], answer[3] & 15), (7, code));
    }
    let bytes = header(0x80, 0);
    let response = exchange(BACKEND, world.dns(), &bytes);
    let waited = tokio::time::timeout(std::time::Duration::from_millis(100), response).await;
    assert!(!matches!(waited, Ok(Ok(_))));
    assert_eq!(world.outside.seen(), (0, 0));
}

#[tokio::test]
async fn denied_connections_are_reset_if_that_is_wanted() {
    let world = World::start(&["--reset-denied"]).await;
    let mut client = Client::connect(BACKEND, world.cloud()).await.unwrap();
    assert!(client.ask("GET /", NAME).await.is_err());
    let stream = crate::client::connect(BACKEND, world.cloud()).await.unwrap();
    stream.readable().await.unwrap();
    let read = stream.try_read(&mut [0; 1]);
    assert_eq!(read.map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset)); // HTTPD-2
}
