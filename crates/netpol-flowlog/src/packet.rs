//! What a record says about a packet: link, addresses, ports, flags.

use std::net::IpAddr;

use netpol_core::Protocol;

use crate::wire::{field_of_message, message};
use crate::{IpVersion, TunnelProtocol};

message! {
    /// The link layer's addresses, in lower case with colons.
    pub struct Ethernet {
        /// The sender.
        source: String = "source",
        /// The receiver.
        destination: String = "destination",
    }
}

message! {
    /// The addresses of a packet, in canonical form (HST-8).
    pub struct Ip {
        /// The source; the original one if it was translated.
        source: String = "source",
        /// The source after translation, or empty.
        source_xlated: String = "source_xlated" | "sourceXlated",
        /// The destination.
        destination: String = "destination",
        /// The address family.
        version: IpVersion = "ipVersion",
        /// Whether the packet was encrypted on its way.
        encrypted: bool = "encrypted",
    }
}

impl Ip {
    /// Returns the addresses of a packet. The family is that of the source.
    #[must_use]
    pub fn new(source: IpAddr, destination: IpAddr) -> Self {
        let version = if source.is_ipv4() { IpVersion::V4 } else { IpVersion::V6 };
        let (source, destination) = (source.to_string(), destination.to_string());
        Self { source, destination, version, ..Self::default() }
    }
}

/// The transport header of a packet, or what takes its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Layer4Fields", into = "Layer4Fields")]
pub enum Layer4 {
    /// A header of a protocol that records have no part for.
    #[default]
    Unknown,
    /// TCP.
    Tcp(Tcp),
    /// UDP.
    Udp(Ports),
    /// ICMP for IPv4.
    Icmpv4(Icmp),
    /// ICMP for IPv6.
    Icmpv6(Icmp),
    /// SCTP.
    Sctp(Ports),
    /// VRRP.
    Vrrp(Vrrp),
    /// IGMP.
    Igmp(Igmp),
}

impl Layer4 {
    /// Returns the header of a TCP packet, with its flags if they are known.
    #[must_use]
    pub fn tcp(source_port: u16, destination_port: u16, flags: Option<TcpFlags>) -> Self {
        let Ports { source_port, destination_port } = Ports::new(source_port, destination_port);
        Self::Tcp(Tcp { source_port, destination_port, flags })
    }

    /// Returns the header of a UDP packet.
    #[must_use]
    pub fn udp(source_port: u16, destination_port: u16) -> Self {
        Self::Udp(Ports::new(source_port, destination_port))
    }

    /// Returns the header of a packet as a verdict knows it: the destination port, which for ICMP is the
    /// type, and the code for ICMP; no TCP flags. A source port of 0 stands for an unknown one. Returns
    /// `None` for protocols that records have no part for.
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_core::Protocol;
    /// use netpol_flowlog::{Icmp, Layer4};
    ///
    /// let ping = Layer4::of_protocol(Protocol::ICMP, 0, 8, 0);
    /// assert_eq!(ping, Some(Layer4::Icmpv4(Icmp { kind: 8, code: 0 })));
    /// ```
    #[must_use]
    pub fn of_protocol(
        protocol: Protocol,
        source_port: u16,
        destination_port: u16,
        icmp_code: u8,
    ) -> Option<Self> {
        let icmp = Icmp { kind: destination_port.into(), code: icmp_code.into() };
        match protocol {
            Protocol::TCP => Some(Self::tcp(source_port, destination_port, None)),
            Protocol::UDP => Some(Self::udp(source_port, destination_port)),
            Protocol::SCTP => Some(Self::Sctp(Ports::new(source_port, destination_port))),
            Protocol::ICMP => Some(Self::Icmpv4(icmp)),
            Protocol::ICMPV6 => Some(Self::Icmpv6(icmp)),
            Protocol::VRRP => Some(Self::Vrrp(Vrrp::default())),
            Protocol::IGMP => Some(Self::Igmp(Igmp::default())),
            _ => None,
        }
    }

    /// Returns source and destination port, for protocols that have ports (HST-6).
    #[must_use]
    pub const fn ports(&self) -> Option<(u32, u32)> {
        match self {
            Self::Tcp(Tcp { source_port, destination_port, .. })
            | Self::Udp(Ports { source_port, destination_port })
            | Self::Sctp(Ports { source_port, destination_port }) => {
                Some((*source_port, *destination_port))
            }
            Self::Unknown | Self::Icmpv4(_) | Self::Icmpv6(_) | Self::Vrrp(_) | Self::Igmp(_) => {
                None
            }
        }
    }
}

field_of_message!(Layer4);

message! {
    /// A TCP header.
    pub struct Tcp {
        /// The source port; 0 if unknown.
        source_port: u32 = "source_port" | "sourcePort",
        /// The destination port; 0 if unknown.
        destination_port: u32 = "destination_port" | "destinationPort",
        /// The flags, if they are known.
        flags: Option<TcpFlags> = "flags",
    }
}

message! {
    /// The ports of a UDP or SCTP header.
    pub struct Ports {
        /// The source port; 0 if unknown.
        source_port: u32 = "source_port" | "sourcePort",
        /// The destination port; 0 if unknown.
        destination_port: u32 = "destination_port" | "destinationPort",
    }
}

impl Ports {
    /// Returns a pair of ports in host byte order.
    #[must_use]
    pub fn new(source_port: u16, destination_port: u16) -> Self {
        Self { source_port: source_port.into(), destination_port: destination_port.into() }
    }
}

message! {
    /// The flags of a TCP header.
    pub struct TcpFlags {
        /// No more data.
        fin: bool = "FIN",
        /// Opens a connection.
        syn: bool = "SYN",
        /// Ends a connection at once.
        rst: bool = "RST",
        /// Deliver now.
        psh: bool = "PSH",
        /// Acknowledges.
        ack: bool = "ACK",
        /// Urgent.
        urg: bool = "URG",
        /// Congestion was met.
        ece: bool = "ECE",
        /// The congestion window was reduced.
        cwr: bool = "CWR",
        /// The nonce of RFC 3540.
        ns: bool = "NS",
    }
}

impl TcpFlags {
    /// Returns the flags of the packet that opens a connection.
    #[must_use]
    pub fn syn() -> Self {
        Self { syn: true, ..Self::default() }
    }

    /// Returns the flags in the 14th byte of a TCP header.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        Self {
            fin: byte & 0x01 != 0,
            syn: byte & 0x02 != 0,
            rst: byte & 0x04 != 0,
            psh: byte & 0x08 != 0,
            ack: byte & 0x10 != 0,
            urg: byte & 0x20 != 0,
            ece: byte & 0x40 != 0,
            cwr: byte & 0x80 != 0,
            ns: false,
        }
    }
}

message! {
    /// An ICMP header.
    pub struct Icmp {
        /// The type.
        kind: u32 = "type",
        /// The code.
        code: u32 = "code",
    }
}

message! {
    /// A VRRP header.
    pub struct Vrrp {
        /// The type.
        kind: u32 = "type",
        /// The number of the virtual router.
        vrid: u32 = "vrid",
        /// The priority of the sender.
        priority: u32 = "priority",
    }
}

message! {
    /// An IGMP header.
    pub struct Igmp {
        /// The type.
        kind: u32 = "type",
        /// The group's address.
        group_address: String = "group_address" | "groupAddress",
    }
}

message! {
    /// The outer headers of an encapsulated packet (SUM-4).
    pub struct Tunnel {
        /// The protocol.
        protocol: TunnelProtocol = "protocol",
        /// The outer addresses.
        ip: Option<Ip> = "IP",
        /// The outer ports.
        l4: Option<Layer4> = "l4",
    }
}

message! {
    /// [`Layer4`] as it is written: one member at most.
    struct Layer4Fields {
        tcp: Option<Tcp> = "TCP",
        udp: Option<Ports> = "UDP",
        icmpv4: Option<Icmp> = "ICMPv4",
        icmpv6: Option<Icmp> = "ICMPv6",
        sctp: Option<Ports> = "SCTP",
        vrrp: Option<Vrrp> = "VRRP",
        igmp: Option<Igmp> = "IGMP",
    }
}

impl From<Layer4> for Layer4Fields {
    fn from(layer4: Layer4) -> Self {
        let none = Self::default();
        match layer4 {
            Layer4::Unknown => none,
            Layer4::Tcp(tcp) => Self { tcp: Some(tcp), ..none },
            Layer4::Udp(udp) => Self { udp: Some(udp), ..none },
            Layer4::Icmpv4(icmp) => Self { icmpv4: Some(icmp), ..none },
            Layer4::Icmpv6(icmp) => Self { icmpv6: Some(icmp), ..none },
            Layer4::Sctp(sctp) => Self { sctp: Some(sctp), ..none },
            Layer4::Vrrp(vrrp) => Self { vrrp: Some(vrrp), ..none },
            Layer4::Igmp(igmp) => Self { igmp: Some(igmp), ..none },
        }
    }
}

impl TryFrom<Layer4Fields> for Layer4 {
    type Error = &'static str;

    fn try_from(fields: Layer4Fields) -> Result<Self, Self::Error> {
        let Layer4Fields { tcp, udp, icmpv4, icmpv6, sctp, vrrp, igmp } = fields;
        let members = [
            tcp.map(Self::Tcp),
            udp.map(Self::Udp),
            icmpv4.map(Self::Icmpv4),
            icmpv6.map(Self::Icmpv6),
            sctp.map(Self::Sctp),
            vrrp.map(Self::Vrrp),
            igmp.map(Self::Igmp),
        ];
        let mut members = members.into_iter().flatten();
        match (members.next(), members.next()) {
            (first, None) => Ok(first.unwrap_or_default()),
            (_, Some(_)) => Err("`l4` has more than one protocol"),
        }
    }
}
