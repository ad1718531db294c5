//! What is done for each packet allocates nothing, and what readers have left behind is freed.

#![expect(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

use std::hint::black_box;

use netpol::{
    Direction, Endpoint, EndpointId, Engine, FrameVerdict, Packet, PacketVerdict, Protocol, Source,
};

const POLICY: &str = r#"
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: default}
spec:
  endpointSelector: {matchLabels: {app: a1}}
  ingress:
    - fromEndpoints: [{matchLabels: {app: a2}}]
      toPorts: [{ports: [{port: "80", protocol: TCP}]}]
    - fromEndpoints: [{matchLabels: {app: a3}}]
"#;

fn pod(n: u16) -> Endpoint {
    let [high, low] = n.to_be_bytes();
    Endpoint::pod("default", &format!("pod-{n}"))
        .label("app", &format!("a{}", n % 5))
        .label("release", &format!("r{n}"))
        .ip([10, 0, high, low])
        .ip([0xfd00, 0, 0, 0, 0, 0, 0, n])
}

fn engine(pods: u16) -> Engine {
    let mut engine = Engine::new();
    engine.apply(&Source::named("web.yaml", POLICY)).unwrap();
    for n in 0..pods {
        engine.add_endpoint(pod(n)).unwrap();
    }
    engine.publish();
    engine
}

#[test]
fn verdicts_do_not_allocate() {
    let engine = engine(100);
    let mut reader = engine.reader();
    let ends = |n: u16| (n % 110, n * 7 % 110);
    let packets: Vec<Packet> = (0..500)
        .map(|n| match (n % 2, ends(n)) {
            (0, (src, dst)) => Packet::tcp([10, 0, 0, src as u8], [10, 0, 0, dst as u8], 80),
            (_, (src, dst)) => {
                let [src, dst] = [src, dst].map(|n| [0xfd00, 0, 0, 0, 0, 0, 0, n]);
                Packet::udp(src, dst, 53)
            }
        })
        .collect();
    let frame = [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, // Ethernet
        0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1, // IPv4
        0x9c, 0x40, 0, 53, 0, 8, 0, 0, // UDP
    ];
    let frames = vec![&frame[..]; 100];
    let mut verdicts = vec![PacketVerdict::DENY; packets.len()];
    let mut of_frames = vec![FrameVerdict::DENY; frames.len()];
    // Once to warm up.
    for round in 0..2 {
        let done = allocation_counter::measure(|| {
            for packet in &packets {
                black_box(reader.verdict(packet));
                black_box(reader.identity(packet.src));
                let id = reader.endpoint(packet.dst);
                let peer = reader.identity(packet.src);
                if let Some(id) = id {
                    let side =
                        reader.endpoint_verdict(id, Direction::Ingress, peer, Protocol::TCP, 80);
                    black_box(side);
                }
            }
            reader.verdict_batch(&packets, &mut verdicts);
            for len in 0..=frame.len() {
                black_box(reader.frame_verdict(&frame[..len]));
            }
            reader.frame_verdict_batch(&frames, &mut of_frames);
        });
        assert!(round == 0 || done.count_total == 0, "{done:?}");
    }
    assert!(verdicts.iter().any(PacketVerdict::is_allowed));
    assert!(verdicts.iter().any(|verdict| !verdict.is_allowed()));
}

/// Publishes so many revisions, each with one pod more or less than the last; returns how many
/// bytes more are allocated then.
fn churn(engine: &mut Engine, revisions: u16) -> i64 {
    allocation_counter::measure(|| publish_many(engine, revisions)).bytes_current
}

fn publish_many(engine: &mut Engine, revisions: u16) {
    let mut last: Option<EndpointId> = None;
    for n in 0..revisions {
        match last.take() {
            Some(id) => assert!(engine.remove_endpoint(id)),
            None => last = Some(engine.add_endpoint(pod(1000 + n % 50)).unwrap()),
        }
        engine.publish();
    }
    if let Some(id) = last {
        engine.remove_endpoint(id);
        engine.publish();
    }
}

#[test]
fn a_reader_that_never_returns_holds_one_revision_and_no_more() {
    let mut engine = engine(200);
    let mut reader = engine.reader();
    let revision = reader.revision();
    churn(&mut engine, 500);
    let more = churn(&mut engine, 10_000);
    assert!(more < 64 << 10, "{more} bytes more after 10,000 revisions");
    // What it held is freed once it looks again, or goes.
    let freed = allocation_counter::measure(|| assert!(reader.revision() > revision));
    assert!(freed.bytes_current < 0, "{freed:?}");
    let another = engine.reader();
    churn(&mut engine, 500);
    drop(reader);
    let freed = allocation_counter::measure(|| drop(another));
    assert!(freed.bytes_current < 0, "{freed:?}");
}

#[test]
fn a_reader_that_returns_sees_each_revision_whole() {
    let mut engine = engine(20);
    let mut reader = engine.reader();
    let packet = Packet::tcp([10, 0, 0, 2], [10, 0, 0, 1], 80);
    for _ in 0..200 {
        let id = engine.endpoint_at([10, 0, 0, 2].into()).unwrap();
        engine.remove_endpoint(id);
        engine.publish();
        assert!(!reader.verdict(&packet).is_allowed());
        engine.add_endpoint(pod(2)).unwrap();
        // Not yet published.
        assert!(!reader.verdict(&packet).is_allowed());
        engine.publish();
        assert!(reader.verdict(&packet).is_allowed());
    }
}
