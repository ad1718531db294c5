//! The DNS server behind the gateway, and all the tricks that it plays.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::base::iana::{Class, Rcode, Rtype};
use domain::base::message_builder::AnswerBuilder;
use domain::base::{Message, MessageBuilder, Name, Ttl};
use domain::rdata::{A, Cname};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

/// A name whose answer is held back until something else is asked for.
const HELD: &str = "held.cloud.google.com";

const CLOUD: Ipv4Addr = Ipv4Addr::new(127, 0, 30, 1);
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 30, 2);

/// Opens one port by TCP and UDP.
pub(super) async fn listen(addr: &str) -> (TcpListener, UdpSocket) {
    loop {
        let listener = TcpListener::bind(addr).await.unwrap();
        let port = listener.local_addr().unwrap();
        match UdpSocket::bind(port).await {
            Ok(socket) => return (listener, socket),
            Err(error) => assert!(addr.ends_with(":0"), "{error}"),
        }
    }
}

pub(super) async fn serve_udp(socket: UdpSocket, queries: Arc<AtomicUsize>) {
    let mut buffer = vec![0; 65_535];
    let mut held: Vec<(Vec<u8>, SocketAddr)> = Vec::new();
    loop {
        let (len, client) = socket.recv_from(&mut buffer).await.unwrap();
        queries.fetch_add(1, Ordering::SeqCst);
        let query = Message::from_slice(&buffer[..len]).unwrap();
        let answers = answers(query, false).into_iter().map(|answer| (answer, client));
        if name(query) == HELD {
            held.extend(answers);
            continue;
        }
        for (answer, client) in answers.chain(held.drain(..)) {
            socket.send_to(&answer, client).await.unwrap();
        }
    }
}

pub(super) async fn serve_tcp(listener: TcpListener, queries: Arc<AtomicUsize>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        while let Ok(len) = stream.read_u16().await {
            let mut bytes = vec![0; len.into()];
            stream.read_exact(&mut bytes).await.unwrap();
            queries.fetch_add(1, Ordering::SeqCst);
            for answer in answers(Message::from_slice(&bytes).unwrap(), true) {
                stream.write_u16(answer.len().try_into().unwrap()).await.unwrap();
                stream.write_all(&answer).await.unwrap();
            }
        }
    }
}

fn name(query: &Message<[u8]>) -> String {
    query.sole_question().unwrap().qname().to_string()
}

/// Returns what is sent for a query: several messages for a name that somebody tries to poison, none for
/// one that nobody answers for.
fn answers(query: &Message<[u8]>, by_tcp: bool) -> Vec<Vec<u8>> {
    let edns = query.opt().is_some();
    let good = |address| vec![alias(query, address, 30)];
    match name(query).as_str() {
        "www.cloud.google.com" | "site.example.com" | HELD => good(CLOUD),
        "brief.cloud.google.com" => vec![alias(query, CLOUD, 0)],
        "poisoned.cloud.google.com" => {
            let mut false_number = alias(query, CLOUD, 30);
            false_number[0] ^= 1;
            [vec![false_number], good(OTHER)].concat()
        }
        "strange.cloud.google.com" => [vec![unasked(query)], good(OTHER)].concat(),
        "malformed.cloud.google.com" => {
            let mut bytes = alias(query, CLOUD, 30);
            bytes.pop();
            vec![bytes]
        }
        "knot.cloud.google.com" => vec![knot(query)],
        "circle.cloud.google.com" => vec![circle(query)],
        "large.cloud.google.com" if by_tcp || edns => vec![large(query)],
        "large.cloud.google.com" => vec![truncated(query)],
        "silent.cloud.google.com" => vec![],
        _ => vec![start(query, Rcode::NXDOMAIN).finish()],
    }
}

fn start(query: &Message<[u8]>, rcode: Rcode) -> AnswerBuilder<Vec<u8>> {
    MessageBuilder::new_vec().start_answer(query, rcode).unwrap()
}

fn parse(name: &str) -> Name<Vec<u8>> {
    name.parse().unwrap()
}

/// Returns an answer: the name stands for another one, which has the address.
fn alias(query: &Message<[u8]>, address: Ipv4Addr, ttl: u32) -> Vec<u8> {
    let mut answer = start(query, Rcode::NOERROR);
    let name = query.sole_question().unwrap().into_qname();
    let edge = parse("edge.example.net");
    answer.push((name, Ttl::from_secs(300), Cname::new(edge.clone()))).unwrap();
    answer.push((edge, Ttl::from_secs(ttl), A::new(address))).unwrap();
    answer.finish()
}

/// Returns an answer with the right number to a question that nobody asked.
fn unasked(query: &Message<[u8]>) -> Vec<u8> {
    let mut answer = MessageBuilder::new_vec();
    answer.header_mut().set_id(query.header().id());
    answer.header_mut().set_qr(true);
    let mut answer = answer.question();
    answer.push((parse("www.cloud.google.com"), Rtype::A, Class::IN)).unwrap();
    let mut answer = answer.answer();
    answer.push((parse("www.cloud.google.com"), Ttl::from_secs(30), A::new(CLOUD))).unwrap();
    answer.finish()
}

/// Returns an answer with an address, of which a record's name points at itself.
fn knot(query: &Message<[u8]>) -> Vec<u8> {
    let mut bytes = start(query, Rcode::NOERROR).finish();
    bytes[7] = 2;
    bytes.extend(b"\xc0\x0c\0\x01\0\x01\0\0\0\x1e\0\x04\x7f\0\x1e\x01");
    let here = u16::try_from(bytes.len()).unwrap() | 0xc000;
    bytes.extend(here.to_be_bytes());
    bytes.extend(b"\0\x01\0\x01\0\0\0\x1e\0\x04\x7f\0\x1e\x01");
    bytes
}

/// Returns an answer in which two names stand for each other.
fn circle(query: &Message<[u8]>) -> Vec<u8> {
    let mut answer = start(query, Rcode::NOERROR);
    let (one, other) = (query.sole_question().unwrap().into_qname(), parse("edge.example.net"));
    answer.push((&one, Ttl::from_secs(30), Cname::new(&other))).unwrap();
    answer.push((&other, Ttl::from_secs(30), Cname::new(&one))).unwrap();
    answer.finish()
}

/// Returns an answer that does not fit a packet of 512 bytes.
fn large(query: &Message<[u8]>) -> Vec<u8> {
    let mut answer = start(query, Rcode::NOERROR);
    for last in 100..200 {
        let address = Ipv4Addr::new(127, 0, 31, last);
        let name = query.sole_question().unwrap().into_qname();
        answer.push((name, Ttl::from_secs(30), A::new(address))).unwrap();
    }
    let name = query.sole_question().unwrap().into_qname();
    answer.push((name, Ttl::from_secs(30), A::new(CLOUD))).unwrap();
    answer.finish()
}

/// Returns the answer that there is more than fits.
fn truncated(query: &Message<[u8]>) -> Vec<u8> {
    let mut answer = start(query, Rcode::NOERROR);
    answer.header_mut().set_tc(true);
    answer.finish()
}
