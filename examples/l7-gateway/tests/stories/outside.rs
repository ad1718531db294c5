//! The servers behind the gateway: an HTTP server that says what it was asked, and a DNS server.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use domain::base::iana::Rcode;
use domain::base::{Message, MessageBuilder, Name, Ttl};
use domain::rdata::{A, Cname};
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

/// The servers; they end with this.
pub(crate) struct Outside {
    pub(crate) http: SocketAddr,
    pub(crate) dns: SocketAddr,
    queries: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Outside {
    /// Starts the servers; port 0 means any free one.
    pub(crate) async fn start(http: &str, dns: &str) -> Self {
        let mut tasks = JoinSet::new();
        let [queries, requests] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let listener = TcpListener::bind(http).await.unwrap();
        let http = listener.local_addr().unwrap();
        tasks.spawn(serve_http(listener, Arc::clone(&requests)));
        let socket = UdpSocket::bind(dns).await.unwrap();
        let dns = socket.local_addr().unwrap();
        tasks.spawn(serve_dns(socket, Arc::clone(&queries)));
        Self { http, dns, queries, requests, _tasks: tasks }
    }

    /// Returns how many queries and requests came through.
    pub(crate) fn seen(&self) -> (usize, usize) {
        (self.queries.load(Ordering::SeqCst), self.requests.load(Ordering::SeqCst))
    }
}

async fn serve_http(listener: TcpListener, requests: Arc<AtomicUsize>) {
    let mut tasks = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let requests = Arc::clone(&requests);
        let service = service_fn(move |request| {
            requests.fetch_add(1, Ordering::SeqCst);
            async { Ok::<_, Infallible>(echo(request).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        tasks.spawn(async { drop(connection.await) });
    }
}

/// Says what was asked. The path `/endless` has an answer without end, `/headers` one with the headers
/// of the request that begin with `x-`.
async fn echo(request: Request<Incoming>) -> Response<Either<Full<Bytes>, Endless>> {
    if request.uri().path() == "/endless" {
        return Response::new(Either::Right(Endless));
    }
    if request.uri().path() == "/headers" {
        let headers = request.headers().iter().filter(|(name, _)| name.as_str().starts_with("x-"));
        let lines = headers.map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()));
        return Response::new(Either::Left(Full::new(Bytes::from(lines.collect::<String>()))));
    }
    let host = request.headers().get("host").map(|host| host.to_str().unwrap());
    let text = format!("{} {} {}\n", request.method(), request.uri(), host.unwrap_or_default());
    Response::new(Either::Left(Full::new(Bytes::from(text))))
}

/// The body of an answer without end.
struct Endless;

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

/// A name whose answer is held back until something else is asked for.
const HELD: &str = "held.cloud.google.com";

async fn serve_dns(socket: UdpSocket, queries: Arc<AtomicUsize>) {
    let mut buffer = vec![0; 65_535];
    let mut held = Vec::new();
    loop {
        let (len, client) = socket.recv_from(&mut buffer).await.unwrap();
        queries.fetch_add(1, Ordering::SeqCst);
        let query = Message::from_slice(&buffer[..len]).unwrap();
        let answers = answers(query).into_iter().map(|answer| (answer, client));
        if query.sole_question().unwrap().qname().to_string() == HELD {
            held.extend(answers);
            continue;
        }
        for (answer, client) in answers.chain(held.drain(..)) {
            socket.send_to(&answer, client).await.unwrap();
        }
    }
}

/// Returns what is sent for a query: several packets for a name that somebody tries to poison, none for
/// one that nobody answers for.
fn answers(query: &Message<[u8]>) -> Vec<Vec<u8>> {
    let name = query.sole_question().unwrap().qname().to_string();
    let good = |address| answer(query, Rcode::NOERROR, Some(address));
    match name.as_str() {
        "www.cloud.google.com" | HELD => vec![good(Ipv4Addr::new(127, 0, 30, 1))],
        "poisoned.cloud.google.com" => {
            let mut false_number = good(Ipv4Addr::new(127, 0, 30, 1));
            false_number[0] ^= 1;
            vec![false_number, good(Ipv4Addr::new(127, 0, 30, 2))]
        }
        "site.example.com" => vec![good(Ipv4Addr::new(127, 0, 30, 1))],
        "malformed.cloud.google.com" => {
            let mut bytes = good(Ipv4Addr::new(127, 0, 30, 1));
            bytes.pop();
            vec![bytes]
        }
        "silent.cloud.google.com" => vec![],
        _ => vec![answer(query, Rcode::NXDOMAIN, None)],
    }
}

/// Returns an answer: the name stands for another one, which has the address, for 30 seconds.
fn answer(query: &Message<[u8]>, rcode: Rcode, address: Option<Ipv4Addr>) -> Vec<u8> {
    let mut answer = MessageBuilder::new_vec().start_answer(query, rcode).unwrap();
    if let Some(address) = address {
        let name = query.sole_question().unwrap().into_qname();
        let alias: Name<Vec<u8>> = "edge.example.net".parse().unwrap();
        answer.push((name, Ttl::from_secs(300), Cname::new(alias.clone()))).unwrap();
        answer.push((alias, Ttl::from_secs(30), A::new(address))).unwrap();
    }
    answer.finish()
}
