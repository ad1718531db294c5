//! The whole: listeners, the watch over files, and the clock's work.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use netpol::EngineError;
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;

use crate::dns::Forwarder;
use crate::enforcer::Enforcer;
use crate::log::Log;
use crate::proxy::Proxy;
use crate::reload::Watch;
use crate::{Clock, Config, GatewayError, LogSink};

/// A running gateway; it ends when this is dropped.
pub struct Gateway {
    enforcer: Arc<Enforcer>,
    log: Log,
    http: Vec<SocketAddr>,
    dns: Vec<SocketAddr>,
    tasks: JoinSet<()>,
}

impl Gateway {
    /// Reads the files, opens all listeners and starts to serve.
    ///
    /// # Errors
    ///
    /// Fails if the files are unusable or an address cannot be listened on.
    pub async fn start(
        config: Config,
        clock: Clock,
        sink: Arc<dyn LogSink>,
    ) -> Result<Self, GatewayError> {
        let watch = Watch::new(config.files.clone());
        let enforcer = Arc::new(Enforcer::new(config.files.clone(), config.limits(), clock)?);
        let log = Log::new(Arc::clone(&enforcer), sink, config.log);
        let (http, dns, tasks) = (Vec::new(), Vec::new(), JoinSet::new());
        let mut gateway = Self { enforcer, log, http, dns, tasks };
        gateway.serve_http(&config).await?;
        gateway.serve_dns(&config).await?;
        gateway.keep_up(&config, watch);
        Ok(gateway)
    }

    /// Returns the addresses that stand for HTTP servers, in the order of the configuration.
    #[must_use]
    pub fn http_addrs(&self) -> &[SocketAddr] {
        &self.http
    }

    /// Returns the addresses that stand for DNS servers, in the order of the configuration.
    #[must_use]
    pub fn dns_addrs(&self) -> &[SocketAddr] {
        &self.dns
    }

    /// Takes over what the files say now, without waiting for the next look at them.
    ///
    /// # Errors
    ///
    /// Fails if they are unusable; what was in force before stays.
    pub fn reload(&self) -> Result<(), GatewayError> {
        self.enforcer.reload().map(drop)
    }

    /// Ends what has run out by the gateway's clock, without waiting for the next time to do so. An
    /// address stays until two calls have found no connection to it.
    ///
    /// # Errors
    ///
    /// Fails if an earlier change of the engine was left half way.
    pub fn expire(&self) -> Result<(), GatewayError> {
        self.enforcer.expire().map(|error| note_failure(&self.log, error))
    }

    /// Serves for ever.
    pub async fn run(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    async fn serve_http(&mut self, config: &Config) -> Result<(), GatewayError> {
        let proxy = Arc::new(Proxy::new(Arc::clone(&self.enforcer), self.log.clone(), config));
        for route in &config.http {
            let failed = |error| GatewayError::listen(route.listen, error);
            let listener = TcpListener::bind(route.listen).await.map_err(failed)?;
            self.http.push(listener.local_addr().map_err(failed)?);
            self.tasks.spawn(Arc::clone(&proxy).serve(listener, *route));
        }
        Ok(())
    }

    async fn serve_dns(&mut self, config: &Config) -> Result<(), GatewayError> {
        let forwarder =
            Arc::new(Forwarder::new(Arc::clone(&self.enforcer), self.log.clone(), config));
        for route in &config.dns {
            let failed = |error| GatewayError::listen(route.listen, error);
            let (listener, socket) = listen_for_dns(route.listen).await.map_err(failed)?;
            self.dns.push(socket.local_addr().map_err(failed)?);
            self.tasks.spawn(Arc::clone(&forwarder).serve_tcp(listener, *route));
            self.tasks.spawn(Arc::clone(&forwarder).serve_udp(socket, *route));
        }
        Ok(())
    }

    /// Starts what happens from time to time.
    fn keep_up(&mut self, config: &Config, mut watch: Watch) {
        let (every_reload, every_expire) = (config.reload, config.expire);
        let (enforcer, log) = (Arc::clone(&self.enforcer), self.log.clone());
        self.tasks.spawn(repeat(every_reload, move || {
            if watch.has_changed() {
                reload(&enforcer, &log);
            }
        }));
        let (enforcer, log) = (Arc::clone(&self.enforcer), self.log.clone());
        self.tasks.spawn(repeat(every_expire, move || match enforcer.expire() {
            Ok(error) => note_failure(&log, error),
            Err(error) => log.note(&error),
        }));
    }
}

/// Opens one port by TCP and by UDP. A port that is free by TCP may be taken by UDP: then, if any will do,
/// others are tried.
async fn listen_for_dns(addr: SocketAddr) -> io::Result<(TcpListener, UdpSocket)> {
    let mut tries = 16;
    loop {
        let listener = TcpListener::bind(addr).await?;
        match UdpSocket::bind(listener.local_addr()?).await {
            Ok(socket) => return Ok((listener, socket)),
            Err(error) if addr.port() != 0 || tries == 0 => return Err(error),
            Err(_) => tries -= 1,
        }
    }
}

/// Does something from time to time, where it may take long and may wait for files.
async fn repeat(every: Duration, mut work: impl FnMut() + Send + 'static) {
    loop {
        sleep(every).await;
        let job = spawn_blocking(move || {
            work();
            work
        });
        // After a panic, which is on the terminal, there is nothing to go on with.
        let Ok(done) = job.await else { return };
        work = done;
    }
}

fn reload(enforcer: &Enforcer, log: &Log) {
    match enforcer.reload() {
        Ok(warnings) if warnings.is_empty() => log.note(&"files reloaded"),
        Ok(warnings) => log.note(&format!("files reloaded\n{warnings}")),
        Err(error) => log.note(&format!("files not taken over, the old policies stay: {error}")),
    }
}

fn note_failure(log: &Log, error: Option<EngineError>) {
    if let Some(error) = error {
        log.note(&error);
    }
}
