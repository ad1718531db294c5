//! Asks the DNS server itself.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::UdpSocket;

use super::message::Query;

/// The longest answer there is, in bytes.
const MAX_ANSWER: usize = 65_535;

/// Asks a server and returns its answer, with the number of the client's query. Waits without end for a
/// server that says nothing.
///
/// Each query has a port and a number of its own, both hard to guess, and the socket takes packets from
/// the server only: somebody else's answer would open addresses.
pub(super) async fn ask(query: &Query, server: SocketAddr) -> io::Result<Vec<u8>> {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    let id = random_id(query.name());
    socket.send(&query.numbered(id)).await?;
    let mut buffer = vec![0; MAX_ANSWER];
    loop {
        let len = socket.recv(&mut buffer).await?;
        let answer = query.answered(id, buffer.get(..len).unwrap_or_default());
        if let Some(answer) = answer {
            return Ok(answer);
        }
    }
}

/// Returns a number that cannot be guessed: a keyed hash, whose key comes from the system's randomness.
fn random_id(name: &str) -> u16 {
    let [_, _, _, _, _, _, high, low] = RandomState::new().hash_one(name).to_be_bytes();
    u16::from_be_bytes([high, low])
}
