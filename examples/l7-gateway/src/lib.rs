//! An HTTP proxy and a DNS forwarder that embed netpol: the smallest enforcement point that makes
//! policies about requests and names come true.
//!
//! Each listener stands for a server: a client that connects to it is judged as if it had connected to
//! the server itself, and what may pass is forwarded. Clients are known by their source addresses.
//!
//! ```text
//! files -inventory-> Enforcer (Engine) -publish-> Reader -> proxy: verdict, then each request
//!                        ^                             \--> dns: verdict, then the name
//!                        \---- learn, then answer --------- dns
//! ```
//!
//! [`Gateway`] is the whole; the binary adds a clock, a log and nothing else.

#![forbid(unsafe_code)]

mod config;
mod connections;
mod dns;
mod enforcer;
mod error;
mod gateway;
mod inventory;
mod listen;
mod log;
mod path;
mod proxy;
mod reload;

pub use config::{Config, LogFormat, Route};
pub use enforcer::Clock;
pub use error::GatewayError;
pub use gateway::Gateway;
pub use log::{LogSink, Terminal};
