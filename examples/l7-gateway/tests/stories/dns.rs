//! DNS by all its ways, and servers that play tricks.

use std::net::IpAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::client::{connect, denied, exchange, exchange_by_tcp, query, read_answer};
use crate::world::{BACKEND, CLOUD, STRANGER, World};

const NAME: &str = "www.cloud.google.com";
const LARGE: &str = "large.cloud.google.com";
const SERVFAIL: u8 = 2;
const REFUSED: u8 = 5;

fn cloud() -> Vec<IpAddr> {
    vec![CLOUD.parse().unwrap()]
}

/// A world in which the backend may ask by TCP too.
async fn world_with_tcp() -> World {
    let world = World::start(&[]).await;
    world.folder.change("story-3-names.yaml", "protocol: UDP", "protocol: ANY");
    world.gateway.reload().unwrap();
    world
}

#[tokio::test]
async fn a_policy_for_udp_alone_refuses_tcp() {
    let world = World::start(&[]).await;
    let mut stream = connect(BACKEND, world.dns()).await.unwrap();
    let answer = exchange_by_tcp(&mut stream, &query(NAME, None)).await.unwrap();
    assert_eq!(read_answer(&answer).unwrap(), (REFUSED, vec![])); // DNSP-12
    assert_eq!(world.outside.seen(), (0, 0));
    let mut stream = connect(STRANGER, world.dns()).await.unwrap();
    let answer = exchange_by_tcp(&mut stream, &query(NAME, None)).await.unwrap();
    assert_eq!(read_answer(&answer).unwrap(), (SERVFAIL, vec![]));
}

#[tokio::test]
async fn a_truncated_answer_is_asked_for_again_by_tcp() {
    let world = world_with_tcp().await;
    let answer = exchange(BACKEND, world.dns(), &query(LARGE, None)).await.unwrap();
    assert_eq!(answer[2] & 2, 2, "TC");
    assert_eq!(read_answer(&answer).unwrap(), (0, vec![]));
    assert_eq!(world.cloud_answers(BACKEND).await, denied());
    let mut stream = connect(BACKEND, world.dns()).await.unwrap();
    let answer = exchange_by_tcp(&mut stream, &query(LARGE, None)).await.unwrap();
    assert_eq!(read_answer(&answer).unwrap().1.len(), 101);
    assert_eq!(world.cloud_answers(BACKEND).await.0, 200);
    // The connection stays open, and each query on it is judged.
    let answer = exchange_by_tcp(&mut stream, &query("evil.example.org", None)).await.unwrap();
    assert_eq!(read_answer(&answer).unwrap(), (REFUSED, vec![]));
    world.logged("DROPPED (DNS Query evil.example.org. A)").await;
}

#[tokio::test]
async fn a_client_that_takes_long_answers_gets_them_by_udp() {
    let world = World::start(&[]).await;
    let answer = exchange(BACKEND, world.dns(), &query(LARGE, Some(4096))).await.unwrap();
    assert!(answer.len() > 512);
    assert_eq!(read_answer(&answer).unwrap().1.len(), 101);
    assert_eq!(world.cloud_answers(BACKEND).await.0, 200);
}

#[tokio::test]
async fn a_tcp_client_that_says_nothing_is_let_go() {
    let world = World::start(&["--idle-timeout-ms", "20"]).await;
    let mut stream = connect(BACKEND, world.dns()).await.unwrap();
    // It promises a message, and sends half of it.
    stream.write_all(b"\0\x20half").await.unwrap();
    let ended = timeout(Duration::from_secs(10), stream.read(&mut [0; 1])).await.unwrap();
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
}

#[tokio::test]
async fn an_answer_without_life_is_good_until_the_next_rounds() {
    let world = World::start(&[]).await;
    assert_eq!(world.name(BACKEND, "brief.cloud.google.com").await, (0, cloud()));
    assert_eq!(world.cloud_answers(BACKEND).await.0, 200); // LRN-6, GCD-1
    world.pass(0);
    assert_eq!(world.cloud_answers(BACKEND).await.0, 200);
    for _ in 0..3 {
        world.pass(60);
    }
    assert_eq!(world.cloud_answers(BACKEND).await, denied());
}

#[tokio::test]
async fn an_answer_to_what_nobody_asked_is_not_looked_at() {
    let world = World::start(&[]).await;
    let (code, addresses) = world.name(BACKEND, "strange.cloud.google.com").await;
    assert_eq!((code, addresses), (0, vec!["127.0.30.2".parse().unwrap()]));
    assert_eq!(world.cloud_answers(BACKEND).await, denied());
}

#[tokio::test]
async fn a_name_that_points_at_itself_gives_servfail_and_opens_nothing() {
    let world = World::start(&[]).await;
    assert_eq!(world.name(BACKEND, "knot.cloud.google.com").await, (SERVFAIL, vec![])); // LRN-8
    assert_eq!(world.cloud_answers(BACKEND).await, denied());
}

#[tokio::test]
async fn names_that_stand_for_each_other_teach_nothing() {
    let world = World::start(&[]).await;
    assert_eq!(world.name(BACKEND, "circle.cloud.google.com").await, (0, vec![]));
    assert_eq!(world.cloud_answers(BACKEND).await, denied());
}
