//! Asks the DNS server itself.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use netpol::Protocol;
use tokio::net::{TcpStream, UdpSocket};

use super::message::Query;
use super::tcp::{read_message, write_message};

/// The longest answer there is, in bytes.
const MAX_ANSWER: usize = 65_535;

/// Asks a server by TCP or UDP, and returns its answer with the number of the client's query. Waits
/// without end for a server that says nothing.
///
/// Each query has a port and a number of its own, both hard to guess, and the socket takes packets from
/// the server only: somebody else's answer would open addresses.
pub(super) async fn ask(
    query: &Query,
    server: SocketAddr,
    transport: Protocol,
) -> io::Result<Vec<u8>> {
    let id = random_id(query.name());
    match transport {
        Protocol::TCP => by_tcp(query, server, id).await,
        _ => by_udp(query, server, id).await,
    }
}

async fn by_udp(query: &Query, server: SocketAddr, id: u16) -> io::Result<Vec<u8>> {
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
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

async fn by_tcp(query: &Query, server: SocketAddr, id: u16) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    write_message(&mut stream, &query.numbered(id)).await?;
    loop {
        let answer = query.answered(id, &read_message(&mut stream).await?);
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
