//! Real clients: HTTP by hyper, DNS by hand.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use domain::base::iana::Rtype;
use domain::base::message_builder::OptBuilder;
use domain::base::{Message, MessageBuilder, Name};
use domain::rdata::A;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::SendRequest;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::time::timeout;

/// How long a client waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// Status and body of a response.
pub(crate) type Answer = (u16, String);

pub(crate) fn denied() -> Answer {
    (403, "Access denied\r\n".into())
}

/// A client with a connection that stays open.
pub(crate) struct Client(SendRequest<Empty<Bytes>>);

impl Client {
    pub(crate) async fn connect(from: &str, to: SocketAddr) -> io::Result<Self> {
        let stream = TokioIo::new(connect(from, to).await?);
        let (sender, connection) =
            hyper::client::conn::http1::handshake(stream).await.map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// Sends a request, `METHOD TARGET`, and returns the head of the response.
    pub(crate) async fn begin(
        &mut self,
        request: &str,
        host: &str,
    ) -> io::Result<Response<Incoming>> {
        let (method, target) = request.split_once(' ').unwrap();
        let request = Request::builder().method(method).uri(target).header("host", host);
        let sent = async {
            self.0.ready().await?;
            self.0.send_request(request.body(Empty::new()).unwrap()).await
        };
        timeout(PATIENCE, sent).await?.map_err(io::Error::other)
    }

    pub(crate) async fn ask(&mut self, request: &str, host: &str) -> io::Result<Answer> {
        let response = self.begin(request, host).await?;
        let status = response.status().as_u16();
        let body = timeout(PATIENCE, response.into_body().collect()).await?;
        let body = body.map_err(io::Error::other)?.to_bytes();
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

pub(crate) async fn connect(from: &str, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(local(from))?;
    timeout(PATIENCE, socket.connect(to)).await?
}

/// Sends one request by a connection of its own.
pub(crate) async fn ask_http(
    from: &str,
    to: SocketAddr,
    request: &str,
    host: &str,
) -> io::Result<Answer> {
    Client::connect(from, to).await?.ask(request, host).await
}

/// Code and addresses of a DNS answer.
pub(crate) type Dns = (u8, Vec<IpAddr>);

/// Asks a DNS server for the IPv4 addresses of a name.
pub(crate) async fn ask_name(from: &str, server: SocketAddr, name: &str) -> io::Result<Dns> {
    read_answer(&exchange(from, server, &query(name, None)).await?)
}

/// Returns a query for the IPv4 addresses of a name, with EDNS if it says how long an answer may be.
pub(crate) fn query(name: &str, room: Option<u16>) -> Vec<u8> {
    let mut query = MessageBuilder::new_vec();
    query.header_mut().set_id(0x4242);
    query.header_mut().set_rd(true);
    let mut query = query.question();
    query.push((name.parse::<Name<Vec<u8>>>().unwrap(), Rtype::A)).unwrap();
    let mut query = query.additional();
    if let Some(room) = room {
        let with_room = |opt: &mut OptBuilder<'_, _>| {
            opt.set_udp_payload_size(room);
            Ok(())
        };
        query.opt(with_room).unwrap();
    }
    query.finish()
}

/// Returns code and addresses of an answer to [`query`].
pub(crate) fn read_answer(bytes: &[u8]) -> io::Result<Dns> {
    let reply = Message::from_slice(bytes).map_err(io::Error::other)?;
    assert!(reply.header().qr());
    assert_eq!(reply.header().id(), 0x4242);
    let answer = reply.answer().map_err(io::Error::other)?;
    let addresses = answer.limit_to::<A>().map(|a| a.unwrap().data().addr().into());
    Ok((reply.header().rcode().to_int(), addresses.collect()))
}

/// Sends a message to a DNS server by TCP, and returns what it answers.
pub(crate) async fn exchange_by_tcp(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_u16(bytes.len().try_into().unwrap()).await?;
    stream.write_all(bytes).await?;
    let answer = async {
        let mut answer = vec![0; stream.read_u16().await?.into()];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    };
    timeout(PATIENCE, answer).await?
}

/// Sends bytes to a DNS server and returns what it answers.
pub(crate) async fn exchange(from: &str, server: SocketAddr, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let socket = UdpSocket::bind(local(from)).await?;
    socket.connect(server).await?;
    socket.send(bytes).await?;
    let mut buffer = vec![0; 65_535];
    let len = timeout(PATIENCE, socket.recv(&mut buffer)).await??;
    buffer.truncate(len);
    Ok(buffer)
}

fn local(from: &str) -> SocketAddr {
    SocketAddr::new(from.parse().unwrap(), 0)
}
