//! The servers behind the gateway: an HTTP server that says what it was asked, and a DNS server.

mod dns;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use http_body_util::{Either, Full};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
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
        let (listener, socket) = dns::listen(dns).await;
        let dns = socket.local_addr().unwrap();
        tasks.spawn(dns::serve_tcp(listener, Arc::clone(&queries)));
        tasks.spawn(dns::serve_udp(socket, Arc::clone(&queries)));
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
