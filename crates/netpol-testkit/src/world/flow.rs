use std::collections::BTreeMap;

use serde::Deserialize;

/// The first packet of a connection, with the request that follows if there is one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Flow {
    /// Name of an endpoint, or an address.
    pub from: String,
    /// Name of an endpoint, or an address.
    pub to: String,
    /// The protocol.
    pub protocol: Protocol,
    /// Destination port after service translation; absent for protocols without ports.
    #[serde(default)]
    pub port: Option<u16>,
    /// ICMP type; absent for other protocols.
    #[serde(default)]
    pub icmp_type: Option<u8>,
    /// The HTTP request.
    #[serde(default)]
    pub http: Option<HttpRequest>,
    /// The DNS query.
    #[serde(default)]
    pub dns: Option<DnsQuery>,
    /// The TLS handshake.
    #[serde(default)]
    pub tls: Option<TlsHello>,
}

/// The protocol of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
    /// ICMP for IPv4.
    Icmp,
    /// ICMP for IPv6.
    #[serde(rename = "ICMPv6")]
    Icmpv6,
    /// VRRP, which has no ports.
    Vrrp,
    /// IGMP, which has no ports.
    Igmp,
}

/// An HTTP request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpRequest {
    /// The method.
    pub method: String,
    /// The path with the query.
    pub path: String,
    /// The authority; empty when absent.
    pub host: String,
    /// Headers by name.
    pub headers: BTreeMap<String, String>,
}

/// A DNS query.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DnsQuery {
    /// The name asked for.
    pub query: String,
}

/// The start of a TLS connection.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsHello {
    /// The server name; empty when absent.
    #[serde(default)]
    pub sni: String,
}

impl Flow {
    /// Returns the destination port, or the ICMP type in its place, or 0.
    pub fn port_or_type(&self) -> u16 {
        self.icmp_type.map_or_else(|| self.port.unwrap_or(0), u16::from)
    }

    /// Returns whether the flow carries a request that a proxy can decide about.
    pub fn has_request(&self) -> bool {
        self.http.is_some() || self.dns.is_some() || self.tls.is_some()
    }
}

impl Protocol {
    /// Returns the protocol number (PORT-6).
    pub fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
            Self::Icmp => 1,
            Self::Icmpv6 => 58,
            Self::Vrrp => 112,
            Self::Igmp => 2,
        }
    }
}
