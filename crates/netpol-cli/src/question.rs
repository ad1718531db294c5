//! What `netpol eval` is asked: protocol and port.

use netpol::Protocol;
use netpol_core::IpFamily;

use crate::failure::Failure;

/// Protocol and port of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// The protocol.
    pub(crate) protocol: Protocol,
    /// The destination port; for ICMP the type; 0 for protocols without ports.
    pub(crate) port: u16,
}

impl Question {
    /// Returns the question that the arguments ask.
    ///
    /// # Errors
    ///
    /// Fails if the protocol is none, or port and type do not fit it.
    pub(crate) fn new(
        protocol: &str,
        port: Option<u16>,
        icmp_type: Option<u8>,
    ) -> Result<Self, Failure> {
        let Some(protocol) = Protocol::parse(protocol).filter(|protocol| !protocol.is_any()) else {
            let message = format!("`{protocol}` is no protocol");
            return Err(Failure::new(
                message,
                "write tcp, udp, sctp, icmp, icmpv6, or a number from 1 to 255",
            ));
        };
        let (has_ports, is_icmp) = (has_ports(protocol), protocol.is_icmp());
        match (port, icmp_type) {
            (Some(port), None) if has_ports => Ok(Self { protocol, port }),
            (None, Some(kind)) if is_icmp => Ok(Self { protocol, port: u16::from(kind) }),
            (None, None) if !has_ports && !is_icmp => Ok(Self { protocol, port: 0 }),
            _ => Err(misfit(protocol, port)),
        }
    }

    /// Returns the address family that the protocol belongs to, if to one.
    pub(crate) fn family(&self) -> Option<IpFamily> {
        match self.protocol {
            Protocol::ICMP => Some(IpFamily::V4),
            Protocol::ICMPV6 => Some(IpFamily::V6),
            _ => None,
        }
    }
}

fn has_ports(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::TCP | Protocol::UDP | Protocol::SCTP)
}

/// Returns why port and type do not fit the protocol.
fn misfit(protocol: Protocol, port: Option<u16>) -> Failure {
    if has_ports(protocol) {
        let message = match port {
            None => format!("{protocol} needs a destination port"),
            Some(_) => format!("{protocol} has no ICMP types"),
        };
        return Failure::new(message, "write `--port N` and no `--icmp-type`");
    }
    let message = match (protocol.is_icmp(), port) {
        (true, None) => format!("{protocol} needs a type"),
        (true, Some(_)) => format!("{protocol} has no ports"),
        (false, _) => format!("protocol {protocol} has neither ports nor ICMP types"),
    };
    let help = match protocol {
        Protocol::ICMP => "write `--icmp-type N`, 8 for an echo request, and no `--port`",
        Protocol::ICMPV6 => "write `--icmp-type N`, 128 for an echo request, and no `--port`",
        _ => "leave out `--port` and `--icmp-type`",
    };
    Failure::new(message, help)
}

impl std::fmt::Display for Question {
    /// Writes `TCP 80`, `ICMP 8`, or the protocol alone.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { protocol, port } = self;
        match has_ports(*protocol) || protocol.is_icmp() {
            true => write!(f, "{protocol} {port}"),
            false => write!(f, "protocol {protocol}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_with_ports_need_one() {
        let tcp = Question::new("tcp", Some(80), None).unwrap();
        assert_eq!((tcp.protocol, tcp.port, tcp.to_string()), (Protocol::TCP, 80, "TCP 80".into()));
        let error = Question::new("UDP", None, None).unwrap_err();
        assert_eq!(error.message(), "UDP needs a destination port");
        let error = Question::new("sctp", Some(1), Some(8)).unwrap_err();
        assert_eq!(error.message(), "SCTP has no ICMP types");
    }

    #[test]
    fn icmp_needs_a_type() {
        let echo = Question::new("icmpv6", None, Some(128)).unwrap();
        assert_eq!((echo.port, echo.family()), (128, Some(IpFamily::V6)));
        assert_eq!(Question::new("icmp", None, None).unwrap_err().message(), "ICMP needs a type");
        let error = Question::new("icmp", Some(8), None).unwrap_err();
        assert_eq!(error.message(), "ICMP has no ports");
    }

    #[test]
    fn other_protocols_are_numbers_without_ports() {
        let gre = Question::new("47", None, None).unwrap();
        assert_eq!((gre.port, gre.to_string()), (0, "protocol 47".into()));
        assert!(Question::new("47", Some(1), None).is_err());
        for wrong in ["any", "0", "256", "http", ""] {
            assert!(Question::new(wrong, Some(80), None).is_err(), "{wrong}");
        }
    }
}
