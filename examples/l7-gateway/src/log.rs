//! The log: decisions as Hubble flows, and notes about the gateway itself.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use netpol::{Direction, HttpVerdict, Packet, PacketVerdict, Protocol, Side};
use netpol_flowlog::{
    CompactOptions, FlowRecord, FlowVerdict, Layer4, Layer7, LogLine, TcpFlags, Timestamp,
};

use crate::LogFormat;
use crate::enforcer::Enforcer;

/// Where the log goes.
pub trait LogSink: Send + Sync {
    /// Takes a decision: a line without its end.
    fn flow(&self, line: &str);
    /// Takes a note about the gateway itself.
    fn note(&self, note: &str);
}

/// The terminal: decisions on standard output, notes on standard error.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal;

impl LogSink for Terminal {
    fn flow(&self, line: &str) {
        // There is nobody left to tell if that fails.
        let _unheard = writeln!(io::stdout(), "{line}");
    }

    fn note(&self, note: &str) {
        let _unheard = writeln!(io::stderr(), "{note}");
    }
}

/// Writes decisions to a sink.
#[derive(Clone)]
pub(crate) struct Log {
    enforcer: Arc<Enforcer>,
    sink: Arc<dyn LogSink>,
    format: LogFormat,
}

/// A connection: client and server as policies have them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    /// TCP or UDP.
    pub(crate) protocol: Protocol,
    /// The client.
    pub(crate) client: SocketAddr,
    /// The server.
    pub(crate) server: SocketAddr,
}

impl Log {
    pub(crate) fn new(enforcer: Arc<Enforcer>, sink: Arc<dyn LogSink>, format: LogFormat) -> Self {
        Self { enforcer, sink, format }
    }

    /// Writes what each policy that is enforced says about a connection (EMT-3), up to a denial (EMT-7).
    pub(crate) fn connection(&self, flow: &Flow, verdict: &PacketVerdict) {
        for direction in [Direction::Egress, Direction::Ingress] {
            let Side::Policy { enforced: true, verdict: side, .. } = verdict.side(direction) else {
                continue;
            };
            let record = FlowRecord::policy_verdict(direction, side);
            let is_denied = record.verdict == FlowVerdict::DROPPED;
            self.write(flow, verdict, record);
            if is_denied {
                break;
            }
        }
    }

    /// Writes what the policy of one side says about a request.
    pub(crate) fn request(
        &self,
        flow: &Flow,
        verdict: &PacketVerdict,
        direction: Direction,
        allowed: bool,
        request: Layer7,
    ) {
        let word = if allowed { FlowVerdict::FORWARDED } else { FlowVerdict::DROPPED };
        self.write(flow, verdict, FlowRecord::l7(direction, word, request));
    }

    /// Writes which headers of a request were not as a policy wants them (HM-5).
    pub(crate) fn headers(&self, path: &str, answer: &HttpVerdict) {
        let lists = [("missing, wanted", &answer.missing), ("rejected, was", &answer.rejected)];
        for (what, headers) in lists {
            for (name, value) in headers {
                let value = value.escape_ascii();
                self.note(&format!("request for `{path}`: header `{name}` {what} `{value}`"));
            }
        }
    }

    /// Writes a note about the gateway itself.
    pub(crate) fn note(&self, note: &impl ToString) {
        self.sink.note(&note.to_string());
    }

    fn write(&self, flow: &Flow, verdict: &PacketVerdict, record: FlowRecord) {
        let Flow { client, server, .. } = flow;
        let parties = self.enforcer.parties(verdict, client.ip(), server.ip());
        let record = record
            .packet(client.ip(), server.ip(), Some(flow.layer4()))
            .between(parties.source, parties.destination)
            .destination_named(parties.destination_names.iter().map(String::as_str));
        let now = self.enforcer.now();
        let nanos = (now.as_unix_nanos() % 1_000_000_000) as u32;
        let time = i64::try_from(now.as_unix_secs()).ok();
        let time = time.and_then(|secs| Timestamp::new(secs, nanos));
        let line = LogLine::flow(time.into_iter().fold(record, FlowRecord::at));
        self.sink.flow(&match self.format {
            LogFormat::Compact => line.to_compact(&CompactOptions::default()),
            LogFormat::Json => line.to_json(),
        });
    }
}

impl Flow {
    /// Returns what policy is asked.
    pub(crate) fn packet(&self) -> Packet {
        let Self { protocol, client, server } = self;
        match *protocol {
            Protocol::UDP => Packet::udp(client.ip(), server.ip(), server.port()),
            _ => Packet::tcp(client.ip(), server.ip(), server.port()),
        }
    }

    fn layer4(&self) -> Layer4 {
        let (client, server) = (self.client.port(), self.server.port());
        match self.protocol {
            Protocol::UDP => Layer4::udp(client, server),
            _ => Layer4::tcp(client, server, Some(TcpFlags::syn())),
        }
    }
}
