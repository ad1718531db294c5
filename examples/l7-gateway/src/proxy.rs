//! The HTTP proxy: judges connections and each of their requests, and forwards what may pass.

mod message;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::LOCATION;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use netpol::{Direction, HttpRequest, Packet, PacketVerdict, Protocol, Reader};
use netpol_flowlog::{Http, HttpVersion, Layer7};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use self::message::{change_headers, forwarded, headers, host, with_host, without_hop_by_hop};
use crate::enforcer::Enforcer;
use crate::log::{Flow, Log};
use crate::path::Target;
use crate::{Config, Route, listen};

/// What a denied request is answered (HTTPD-1).
const DENIED: &str = "Access denied\r\n";

/// The most that the head of a request may take, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// What responses carry: text of the gateway, or what the server sends.
type Body = Either<Full<Bytes>, Incoming>;

/// What all HTTP listeners have in common.
pub(crate) struct Proxy {
    enforcer: Arc<Enforcer>,
    log: Log,
    /// The port of servers as policies have it.
    port: u16,
    timeout: Duration,
    idle_timeout: Duration,
    reset_denied: bool,
    bind_names: bool,
    places: Arc<Semaphore>,
}

/// One connection of a client.
struct Connection {
    proxy: Arc<Proxy>,
    flow: Flow,
    packet: Packet,
    upstream: SocketAddr,
    // Requests of one connection come one by one.
    state: Mutex<State>,
}

/// What changes from request to request.
struct State {
    reader: Reader,
    /// What the log says about the connection.
    logged: Option<PacketVerdict>,
}

impl Proxy {
    pub(crate) fn new(enforcer: Arc<Enforcer>, log: Log, config: &Config) -> Self {
        Self {
            enforcer,
            log,
            port: config.http_port,
            timeout: config.http_timeout,
            idle_timeout: config.idle_timeout,
            reset_denied: config.reset_denied,
            bind_names: config.bind_names,
            places: Arc::new(Semaphore::new(config.max_connections as usize)),
        }
    }

    /// Serves the clients of one server, for ever.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener, route: Route) {
        listen::serve(listener, &self.places, |stream, client| {
            Connection::new(&self, client, route).serve(stream)
        })
        .await;
    }
}

impl Connection {
    fn new(proxy: &Arc<Proxy>, client: SocketAddr, route: Route) -> Self {
        let server = SocketAddr::new(route.listen.ip(), proxy.port);
        let flow = Flow { protocol: Protocol::TCP, client, server };
        Self {
            proxy: Arc::clone(proxy),
            packet: flow.packet(),
            flow,
            upstream: route.upstream,
            state: Mutex::new(State { reader: proxy.enforcer.reader(), logged: None }),
        }
    }

    async fn serve(self, stream: TcpStream) {
        let Proxy { reset_denied, idle_timeout, .. } = *self.proxy;
        let permitted = self.state.lock().is_ok_and(|mut state| self.verdict(&mut state).1);
        if reset_denied && !permitted {
            // HTTPD-2. Without it the connection is closed in another way.
            let _unset = stream.set_zero_linger();
            return;
        }
        let this = Arc::new(self);
        let service = service_fn(move |request| {
            let this = Arc::clone(&this);
            async move { Ok::<_, Infallible>(this.answer(request).await) }
        });
        let served = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(idle_timeout)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), service)
            .await;
        // A client that went away, or sent no HTTP, is nothing to tell anybody.
        drop(served);
    }

    /// Returns what policy says about the connection now, and whether it may go on; logs what is new.
    fn verdict(&self, state: &mut State) -> (PacketVerdict, bool) {
        let verdict = state.reader.verdict(&self.packet);
        if state.logged.replace(verdict) != Some(verdict) {
            self.proxy.log.connection(&self.flow, &verdict);
        }
        (verdict, may_connect(&verdict))
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        match self.admit(request) {
            Ok(request) => self.forward(request).await,
            Err(refusal) => *refusal,
        }
    }

    /// Returns the request in the form in which it is forwarded, if the policies that are in force now
    /// let it pass (HTTPD-5).
    fn admit(&self, request: Request<Incoming>) -> Result<Request<Incoming>, Box<Response<Body>>> {
        let Ok(mut state) = self.state.lock() else {
            return Err(Box::new(plain(StatusCode::INTERNAL_SERVER_ERROR, ""))); // HTTPD-3
        };
        let (verdict, permitted) = self.verdict(&mut state);
        if !permitted {
            return Err(Box::new(plain(StatusCode::FORBIDDEN, DENIED)));
        }
        // What is judged is what the server will see.
        let (mut request, target) = forwarded(request)
            .ok_or_else(|| Box::new(plain(StatusCode::BAD_REQUEST, "Bad request\r\n")))?;
        let path = match target {
            Target::Path(path) => path,
            Target::Redirect(path) => return Err(Box::new(redirect(&path))), // HTTP-7
        };
        if !self.is_bound(&mut state.reader, &request) {
            let record = record(&request, &path);
            self.proxy.log.request(&self.flow, &verdict, Direction::Egress, false, record);
            return Err(Box::new(plain(StatusCode::FORBIDDEN, DENIED)));
        }
        for direction in [Direction::Egress, Direction::Ingress] {
            if !self.judge(&mut state.reader, &verdict, direction, &mut request, &path) {
                return Err(Box::new(plain(StatusCode::FORBIDDEN, DENIED)));
            }
        }
        Ok(with_host(request))
    }

    /// Tells whether a request may claim its host: if DNS gave the server's address for names, the host
    /// must be one of them, as others share the address whom no policy allows (FQQ-3).
    fn is_bound(&self, reader: &mut Reader, request: &Request<Incoming>) -> bool {
        let address = self.packet.dst;
        if !self.proxy.bind_names || reader.names(address).next().is_none() {
            return true;
        }
        let name = host(request).map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
        name.is_some_and(|name| reader.name_binds(name, address))
    }

    /// Tells whether the policy of one side lets a request pass, if it redirects the connection, and
    /// changes the request as its header actions say.
    fn judge(
        &self,
        reader: &mut Reader,
        verdict: &PacketVerdict,
        direction: Direction,
        request: &mut Request<Incoming>,
        path: &str,
    ) -> bool {
        let Some(handle) = verdict.side(direction).redirect() else { return true };
        let method = request.method().as_str();
        let host = host(request);
        let headers = headers(request);
        let mut question = HttpRequest::new(method, path).headers(&headers);
        question.host = host.map(str::as_bytes);
        let answer = reader.http_effects(&handle, &question);
        // The connection names no server as TLS does, which a policy with server names refuses
        // (SNI-2, L7E-7).
        let allowed = answer.verdict.is_allowed() && reader.sni(&handle, "").is_allowed();
        self.proxy.log.request(&self.flow, verdict, direction, allowed, record(request, path));
        self.proxy.log.headers(path, &answer);
        allowed && change_headers(request.headers_mut(), &answer.changes)
    }

    async fn forward(&self, request: Request<Incoming>) -> Response<Body> {
        match timeout(self.proxy.timeout, self.ask(request)).await {
            Ok(Ok(response)) => without_hop_by_hop(response).map(Either::Right),
            Ok(Err(_)) => plain(StatusCode::BAD_GATEWAY, "Bad gateway\r\n"),
            Err(_) => plain(StatusCode::GATEWAY_TIMEOUT, "Gateway timeout\r\n"),
        }
    }

    /// Asks the server, by a connection of its own.
    async fn ask(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Incoming>, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(self.upstream).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let enforcer = &self.proxy.enforcer;
        let client = enforcer.reader().endpoint(self.packet.src);
        let open = client.map(|client| enforcer.connected(client, self.packet.dst));
        // It ends with the response, or when nobody waits for that any more.
        tokio::spawn(async move {
            // Whoever waits for the response hears of a failure.
            let _heard = connection.await;
            drop(open);
        });
        Ok(sender.send_request(request).await?)
    }
}

/// Tells whether the policies of both sides let a connection pass. One that has no policy on either
/// side is not the gateway's to let through.
fn may_connect(verdict: &PacketVerdict) -> bool {
    let known = [verdict.egress, verdict.ingress].iter().any(|side| side.endpoint().is_some());
    known && verdict.is_allowed()
}

/// Returns what the log says about a request.
fn record(request: &Request<Incoming>, path: &str) -> Layer7 {
    let host = host(request).unwrap_or_default();
    let method = request.method().as_str();
    Layer7::http_request(Http::request(HttpVersion::Http11, method, "http", host, path))
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(Bytes::from_static(text.as_bytes()))));
    *response.status_mut() = status;
    response
}

fn redirect(path: &str) -> Response<Body> {
    let Ok(location) = path.parse() else {
        return plain(StatusCode::BAD_REQUEST, "Bad request\r\n");
    };
    let mut response = plain(StatusCode::TEMPORARY_REDIRECT, "");
    response.headers_mut().insert(LOCATION, location);
    response
}
