//! What is behind the gateway in the walk through README.md: an HTTP server that says what it was asked,
//! and a DNS server that knows `www.cloud.google.com`. The tests have the same ones.

#[expect(clippy::unwrap_used, reason = "servers that cannot start end the program")]
#[path = "../tests/stories/outside/mod.rs"]
mod outside;

use std::time::Duration;

use outside::Outside;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let outside = Outside::start("127.0.0.1:9000", "127.0.0.1:5300").await;
    println!("HTTP on {}, DNS on {}", outside.http, outside.dns);
    let mut seen = (0, 0);
    loop {
        if outside.seen() != seen {
            seen = outside.seen();
            println!("{} DNS queries, {} HTTP requests", seen.0, seen.1);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
