//! What the gateway is told on its command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Parser, ValueEnum, value_parser};
use netpol::EngineLimits;

/// What the gateway is told on its command line.
#[derive(Clone, Debug, Parser)]
#[command(name = "l7-gateway", version, about = "Enforces network policies on HTTP and DNS")]
pub struct Config {
    /// Policies, pods and other manifests: a file, or a folder of YAML and JSON files; may be repeated
    #[arg(short = 'f', long = "file", value_name = "PATH", required = true)]
    pub files: Vec<PathBuf>,

    /// An HTTP server: the address that stands for it, and where it really is; may be repeated
    #[arg(long, value_name = "LISTEN=UPSTREAM")]
    pub http: Vec<Route>,

    /// The port of HTTP servers as policies have it
    #[arg(long, value_name = "PORT", default_value_t = 80)]
    pub http_port: u16,

    /// A DNS server: the address that stands for it, and where it really is; may be repeated
    #[arg(long, value_name = "LISTEN=UPSTREAM")]
    pub dns: Vec<Route>,

    /// The port of DNS servers as policies have it
    #[arg(long, value_name = "PORT", default_value_t = 53)]
    pub dns_port: u16,

    /// How often files are looked at for changes, in milliseconds
    #[arg(long = "reload-ms", value_name = "MS", default_value = "1000", value_parser = millis)]
    pub reload: Duration,

    /// How often names that have run out are looked for, in milliseconds
    #[arg(long = "expire-ms", value_name = "MS", default_value = "60000", value_parser = millis)]
    pub expire: Duration,

    /// How long an HTTP server may take until its answer begins, in milliseconds
    #[arg(long = "http-timeout-ms", value_name = "MS", default_value = "60000", value_parser = millis)]
    pub http_timeout: Duration,

    /// How long a client may take to send the head of a request, or a DNS query by TCP, in milliseconds
    #[arg(long = "idle-timeout-ms", value_name = "MS", default_value = "60000", value_parser = millis)]
    pub idle_timeout: Duration,

    /// How long a DNS server may take to answer, in milliseconds
    #[arg(long = "dns-timeout-ms", value_name = "MS", default_value = "10000", value_parser = millis)]
    pub dns_timeout: Duration,

    /// How many policies the files may hold
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub max_policies: usize,

    /// How many connections are open at once, by HTTP and by DNS each; more have to wait
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = value_parser!(u32).range(1..))]
    pub max_connections: u32,

    /// How many DNS queries are on their way at once; more get SERVFAIL
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = value_parser!(u32).range(1..))]
    pub max_queries: u32,

    /// Reset connections that policy denies, instead of answering 403 to their requests
    #[arg(long)]
    pub reset_denied: bool,

    /// Deny requests to an address that DNS gave for other names than the host that they name
    #[arg(long)]
    pub bind_names: bool,

    /// How decisions are logged
    #[arg(long, value_enum, default_value_t = LogFormat::Compact)]
    pub log: LogFormat,
}

impl Config {
    pub(crate) fn limits(&self) -> EngineLimits {
        let mut limits = EngineLimits::default();
        limits.policies = self.max_policies;
        limits
    }
}

/// How decisions are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line of text each
    Compact,
    /// One JSON object each
    Json,
}

/// A server: the address that clients connect to, which is the server's as far as policies are
/// concerned, and the address where it really is.
///
/// # Examples
///
/// ```
/// use l7_gateway::Route;
///
/// let route: Route = "127.0.10.3:8080=127.0.0.1:9000".parse()?;
/// assert_eq!(route.listen.port(), 8080);
/// assert!("127.0.10.3:8080".parse::<Route>().is_err());
/// assert!("0.0.0.0:8080=127.0.0.1:9000".parse::<Route>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The address that stands for the server: a specific one. Port 0 means any free one.
    pub listen: SocketAddr,
    /// Where the server really is.
    pub upstream: SocketAddr,
}

impl FromStr for Route {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (listen, upstream) = text.split_once('=').ok_or("no `=` between two addresses")?;
        let route = Self { listen: address(listen)?, upstream: address(upstream)? };
        if route.listen.ip().is_unspecified() {
            return Err(format!("`{listen}` is not the address of one server"));
        }
        Ok(route)
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("`{text}` is not an address with a port"))
}

fn millis(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("`{text}` is not a number of milliseconds from 1 on")),
        Ok(millis) => Ok(Duration::from_millis(millis)),
    }
}
