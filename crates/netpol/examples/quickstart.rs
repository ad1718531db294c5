//! A policy in, a verdict out, with the rule that decided.

use netpol::{Endpoint, Engine, Packet, Source};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let policy = include_str!("../../../examples/three-tier/story-1-database.yaml");
    let mut engine = Engine::new();
    engine.apply(&Source::named("story-1-database.yaml", policy))?;
    let pod = |tier, ip: [u8; 4]| Endpoint::pod("shop", tier).label("tier", tier).ip(ip);
    engine.add_endpoint(pod("database", [10, 0, 0, 1]))?;
    engine.add_endpoint(pod("backend", [10, 0, 0, 2]))?;
    engine.publish();

    let mut reader = engine.reader();
    for port in [7379, 22] {
        let packet = Packet::tcp([10, 0, 0, 2], [10, 0, 0, 1], port);
        let verdict = reader.verdict(&packet);
        let [_, ingress] = engine.explain(&packet, &verdict);
        println!("backend -> database:{port} {}: {ingress}", verdict.summary().as_str());
    }
    Ok(())
}
