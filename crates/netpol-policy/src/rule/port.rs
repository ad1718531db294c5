//! Ports, and what is said about them.

use std::sync::Arc;

use netpol_core::{PortRange, Protocol};

use super::{L7Rules, Listener, ParserType, TlsContext};

/// One item of `toPorts` or `icmps`: ports, and what is asked of traffic to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortRule {
    /// The ports; none matches nothing. The protocol `ANY` is already expanded to TCP, UDP and
    /// SCTP (PORT-4).
    pub ports: Vec<PortProtocol>,
    /// What a proxy checks.
    pub l7: L7Rules,
    /// The custom listener that the traffic goes to.
    pub listener: Option<Arc<Listener>>,
    /// How the proxy accepts TLS.
    pub terminating_tls: Option<Arc<TlsContext>>,
    /// How the proxy opens TLS.
    pub originating_tls: Option<Arc<TlsContext>>,
    /// The server names that TLS clients may ask for; empty for no restriction.
    pub server_names: Vec<Arc<str>>,
}

impl PortRule {
    /// Returns the proxy that traffic of `protocol` needs, or `None` for none (L7P-2, L7M-2).
    #[must_use]
    pub fn parser(&self, protocol: Protocol) -> ParserType {
        let tls = self.terminating_tls.is_some() || self.originating_tls.is_some();
        match &self.l7 {
            _ if self.listener.is_some() => ParserType::Crd,
            L7Rules::Dns(_) => ParserType::Dns,
            L7Rules::Http(_) if protocol == Protocol::TCP => ParserType::Http,
            L7Rules::Kafka if protocol == Protocol::TCP => ParserType::Kafka,
            L7Rules::Generic(name) if protocol == Protocol::TCP => {
                ParserType::Generic(Arc::clone(name))
            }
            _ if tls || !self.server_names.is_empty() => ParserType::Tls,
            _ => ParserType::None,
        }
    }
}

/// A port with its protocol.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortProtocol {
    /// The protocol; never [`Protocol::ANY`].
    pub protocol: Protocol,
    /// The port.
    pub port: Port,
}

/// A port as a policy names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Port {
    /// By number. Filters are told apart by what was written, so `80` and `80` to `80` differ
    /// (MERGE-1).
    Number {
        /// The port; 0 without a greater end means every port (PORT-3).
        port: u16,
        /// `endPort` as written, 0 if absent; counts only if greater than `port` (PORT-8).
        end: u16,
    },
    /// By the name of a container port, in lower case (PORT-9).
    Name {
        /// The name.
        name: Arc<str>,
        /// `endPort` as written, 0 if absent.
        end: u16,
    },
    /// An ICMP type: exactly this one, 0 included (QUIRK-3).
    IcmpType(u8),
}

impl Port {
    /// Returns the ports meant, or `None` if that needs a name resolved.
    #[must_use]
    pub fn range(&self) -> Option<PortRange> {
        match self {
            // PORT-3, MAP-3
            Self::Number { port: 0, end: 0 } => Some(PortRange::ALL),
            Self::Number { port, end } => Some(PortRange::new(*port, *end)),
            Self::IcmpType(kind) => Some(PortRange::single(u16::from(*kind))),
            Self::Name { .. } => None,
        }
    }
}
