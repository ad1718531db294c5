//! The DNS forwarder: judges queries by name, forwards what may pass, and teaches the engine what is
//! answered.

mod message;
mod tcp;
mod upstream;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use netpol::{Direction, DnsAnswer, EndpointId, PacketVerdict, Protocol};
use netpol_flowlog::{Dns, Layer7};
use tokio::net::UdpSocket;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use self::message::{Query, Rcode, Received};
use crate::enforcer::Enforcer;
use crate::listen::PAUSE;
use crate::log::{Flow, Log};
use crate::{Config, Route};

/// The longest query that is taken, in bytes; what is longer is cut off, and malformed.
const MAX_QUERY: usize = 4096;

/// What all DNS listeners have in common.
pub(crate) struct Forwarder {
    enforcer: Arc<Enforcer>,
    log: Log,
    /// The port of servers as policies have it.
    port: u16,
    timeout: Duration,
    /// How long a client may take to send a query, or to take an answer, by TCP.
    idle_timeout: Duration,
    places: Arc<Semaphore>,
    connections: Arc<Semaphore>,
}

/// What policy says about a query.
enum Judgement {
    /// It may pass. The answer is learnt for an endpoint whose policy redirects the query; one that
    /// just lets it pass learns nothing (VIS-1).
    Pass { learner: Option<EndpointId> },
    /// It may not.
    Refuse,
    /// The client is no endpoint.
    Unknown,
}

impl Forwarder {
    pub(crate) fn new(enforcer: Arc<Enforcer>, log: Log, config: &Config) -> Self {
        let semaphore = |places| Arc::new(Semaphore::new(places as usize));
        Self {
            enforcer,
            log,
            port: config.dns_port,
            timeout: config.dns_timeout,
            idle_timeout: config.idle_timeout,
            places: semaphore(config.max_queries),
            connections: semaphore(config.max_connections),
        }
    }

    /// Serves the clients of one server by UDP, for ever.
    pub(crate) async fn serve_udp(self: Arc<Self>, socket: UdpSocket, route: Route) {
        let socket = Arc::new(socket);
        let mut tasks = JoinSet::new();
        let mut buffer = vec![0; MAX_QUERY];
        loop {
            while tasks.try_join_next().is_some() {}
            let Ok((len, client)) = socket.recv_from(&mut buffer).await else {
                sleep(PAUSE).await;
                continue;
            };
            let bytes = buffer.get(..len).unwrap_or_default().to_vec();
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
                // DNSP-7: too many at once.
                send(&socket, client, busy(bytes)).await;
                continue;
            };
            let (this, socket) = (Arc::clone(&self), Arc::clone(&socket));
            tasks.spawn(async move {
                let answer = this.answer(client, bytes, route, Protocol::UDP).await;
                send(&socket, client, answer).await;
                drop(place);
            });
        }
    }

    /// Returns the answer to a message that came by TCP or UDP, if it gets one. It is forwarded the same
    /// way (DNSP-8).
    async fn answer(
        &self,
        client: SocketAddr,
        bytes: Vec<u8>,
        route: Route,
        transport: Protocol,
    ) -> Option<Vec<u8>> {
        let query = match Query::read(bytes) {
            Received::Query(query) => query,
            Received::Bad(answer) => return Some(answer),
            Received::NotForUs => return None,
        };
        let server = SocketAddr::new(route.listen.ip(), self.port);
        let flow = Flow { protocol: transport, client, server };
        let learner = match self.judge(&flow, &query) {
            Judgement::Pass { learner } => learner,
            Judgement::Refuse => return Some(query.error(Rcode::REFUSED)), // DNSP-6
            Judgement::Unknown => return Some(query.error(Rcode::SERVFAIL)), // DNSP-7
        };
        // DNSP-7: a server that does not answer in time is not answered for.
        let reply =
            timeout(self.timeout, upstream::ask(&query, route.upstream, transport)).await.ok()?;
        let reply = reply.ok().filter(|reply| match learner {
            Some(endpoint) => self.learn(endpoint, reply),
            None => true,
        });
        Some(reply.unwrap_or_else(|| query.error(Rcode::SERVFAIL)))
    }

    fn judge(&self, flow: &Flow, query: &Query) -> Judgement {
        let mut reader = self.enforcer.reader();
        let Some(endpoint) = reader.endpoint(flow.client.ip()) else {
            return Judgement::Unknown;
        };
        let verdict = reader.verdict(&flow.packet());
        self.log.connection(flow, &verdict);
        if !verdict.is_allowed() {
            return Judgement::Refuse;
        }
        let mut learner = None;
        for direction in [Direction::Egress, Direction::Ingress] {
            let Some(handle) = verdict.side(direction).redirect() else { continue };
            let allowed = reader.dns(&handle, query.name()).is_allowed();
            self.log_query(flow, &verdict, direction, allowed, query);
            if !allowed {
                return Judgement::Refuse;
            }
            learner = Some(endpoint);
        }
        Judgement::Pass { learner }
    }

    /// Learns an answer before the client gets it (DNSP-8, SEQ); returns whether the client may have it.
    fn learn(&self, endpoint: EndpointId, reply: &[u8]) -> bool {
        match DnsAnswer::from_message(reply) {
            Ok(None) => true,
            Ok(Some(answer)) => match self.enforcer.learn(endpoint, &answer) {
                Ok(exhausted) => {
                    // Addresses that could not be given an identity are as little allowed as before.
                    exhausted.iter().for_each(|error| self.log.note(error));
                    true
                }
                Err(error) => {
                    self.log.note(&error);
                    false
                }
            },
            // LRN-8
            Err(_) => false,
        }
    }

    fn log_query(
        &self,
        flow: &Flow,
        verdict: &PacketVerdict,
        direction: Direction,
        allowed: bool,
        query: &Query,
    ) {
        let dns = Dns::query(query.name(), query.kind());
        self.log.request(flow, verdict, direction, allowed, Layer7::dns_request(dns));
    }
}

fn busy(bytes: Vec<u8>) -> Option<Vec<u8>> {
    match Query::read(bytes) {
        Received::Query(query) => Some(query.error(Rcode::SERVFAIL)),
        Received::Bad(answer) => Some(answer),
        Received::NotForUs => None,
    }
}

async fn send(socket: &UdpSocket, client: SocketAddr, answer: Option<Vec<u8>>) {
    if let Some(answer) = answer {
        // The client asks again if it gets nothing.
        let _lost = socket.send_to(&answer, client).await;
    }
}
