//! Ports of a NetworkPolicy.

use std::sync::Arc;

use netpol_core::Protocol;

use super::{NetworkPolicyGate, Reader};
use crate::doc::codes;
use crate::doc::decode::{Fields, Path};
use crate::doc::node::{Node, Value};
use crate::rule::{Port, PortProtocol, PortRule, Ports};

impl Reader<'_, '_> {
    /// Reads the ports of a rule; without any all are meant (NP-2).
    pub(super) fn ports(&mut self, fields: Fields<'_>, path: &Path<'_>) -> Ports {
        let list = fields.present("ports");
        let items = list.and_then(|node| self.cx.list(node, path));
        let items = items.unwrap_or_default();
        if items.is_empty() {
            return Ports::All;
        }
        let ports = items.iter().enumerate();
        let ports = ports.filter_map(|(index, item)| self.port(item, &path.index(index)));
        Ports::AnyOf(vec![PortRule { ports: ports.flatten().collect(), ..PortRule::default() }])
    }

    fn port(&mut self, node: &Node, path: &Path<'_>) -> Option<Vec<PortProtocol>> {
        let known = ["protocol", "port", "endPort"];
        let fields = self.cx.fields(node, path, &known)?;
        let protocols = self.protocols(fields, &path.field("protocol"));
        let end = self.end_port(fields, path);
        let port = match fields.present("port") {
            Some(port) => self.port_or_name(port, &path.field("port")),
            // Every port of the protocol.
            None => Some(Port::Number { port: 0, end: 0 }),
        };
        let port = self.with_end(port?, end?, fields, path);
        let ports = protocols?
            .iter()
            .map(|protocol| PortProtocol { protocol: *protocol, port: port.clone() });
        Some(ports.collect())
    }

    /// Reads the protocol (NPV-6). The agent does not mind the case, and knows more (NP-14).
    fn protocols(&mut self, fields: Fields<'_>, path: &Path<'_>) -> Option<&'static [Protocol]> {
        let Some(node) = fields.present("protocol") else {
            return Some(&[Protocol::TCP]);
        };
        let text = self.cx.string(node, path)?;
        let known = PROTOCOLS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(text));
        let is_exact =
            known.is_some_and(|(name, by_api_server, _)| *by_api_server && *name == text);
        if !is_exact {
            let message = format!("`{text}` is no protocol of a NetworkPolicy");
            let help = match known {
                Some((name, true, _)) => format!("write {name}"),
                _ => "protocols: TCP, UDP, SCTP".to_owned(),
            };
            if known.is_some() {
                self.refuse(codes::INVALID_VALUE, node.span, path, message, help);
            } else {
                self.cx.error_help(codes::INVALID_VALUE, node.span, path, message, help);
            }
        }
        known.map(|(.., protocols)| *protocols)
    }

    /// Reads a port by number or name (NPV-7, TYP-2).
    fn port_or_name(&mut self, node: &Node, path: &Path<'_>) -> Option<Port> {
        match &node.value {
            Value::String(text) => self.port_name(node, text, path),
            _ => {
                let port = self.port_number(node, path)?;
                Some(Port::Number { port, end: 0 })
            }
        }
    }

    fn port_name(&mut self, node: &Node, text: &str, path: &Path<'_>) -> Option<Port> {
        if self.gate == NetworkPolicyGate::Agent
            && let Ok(port) = text.parse()
        {
            return Some(Port::Number { port, end: 0 });
        }
        if let Err(wrong) = check_service_name(text) {
            let message = format!("`{text}` is no name of a port: it {wrong}");
            let help = match text.parse::<u16>() {
                Ok(number) => format!("write the number without quotes: {number}"),
                Err(_) => "write a number, or the name of a container port".to_owned(),
            };
            self.refuse(codes::INVALID_PORT, node.span, path, message, help);
        }
        // PORT-9
        let name: Arc<str> = text.to_ascii_lowercase().into();
        Some(Port::Name { name, end: 0 })
    }

    fn port_number(&mut self, node: &Node, path: &Path<'_>) -> Option<u16> {
        let number = self.cx.integer(node, path)?;
        let port = u16::try_from(number).ok().filter(|port| *port > 0);
        if port.is_none() {
            let message = format!("`{number}` is no port");
            let help = "ports are numbers from 1 to 65535; leave the field out for all";
            self.cx.error_help(codes::INVALID_PORT, node.span, path, message, help);
        }
        port
    }

    /// Reads the end of a range, 0 if there is none.
    fn end_port(&mut self, fields: Fields<'_>, path: &Path<'_>) -> Option<u16> {
        match fields.present("endPort") {
            Some(node) => self.port_number(node, &path.field("endPort")),
            None => Some(0),
        }
    }

    /// Returns the port with the end of its range (NPV-8).
    fn with_end(&mut self, port: Port, end: u16, fields: Fields<'_>, path: &Path<'_>) -> Port {
        let Some(node) = fields.present("endPort") else {
            return port;
        };
        let path = path.field("endPort");
        let wrong = match &port {
            Port::Number { port: 0, .. } => Some(("stands without a port", "add `port`")),
            Port::Number { port, .. } if end < *port => {
                Some(("is less than the port", "write the greater number last"))
            }
            Port::Number { .. } => None,
            Port::Name { .. } | Port::IcmpType(_) => {
                Some(("stands beside a name", "write the port as a number"))
            }
        };
        if let Some((wrong, help)) = wrong {
            let message = format!("`endPort` {wrong}");
            self.refuse(codes::INVALID_PORT, node.span, &path, message, help);
        }
        match port {
            // Every port already.
            Port::Number { port: 0, .. } => port_of_all(),
            Port::Number { port, .. } => Port::Number { port, end },
            Port::Name { name, .. } => Port::Name { name, end },
            Port::IcmpType(kind) => Port::IcmpType(kind),
        }
    }
}

const fn port_of_all() -> Port {
    Port::Number { port: 0, end: 0 }
}

/// Names of protocols, whether the API server knows them, and what they stand for.
const PROTOCOLS: [(&str, bool, &[Protocol]); 6] = [
    ("TCP", true, &[Protocol::TCP]),
    ("UDP", true, &[Protocol::UDP]),
    ("SCTP", true, &[Protocol::SCTP]),
    ("VRRP", false, &[Protocol::VRRP]),
    ("IGMP", false, &[Protocol::IGMP]),
    ("ANY", false, &[Protocol::TCP, Protocol::UDP, Protocol::SCTP]),
];

/// Checks a service name as IANA registers them (RFC 6335, section 5.1), in lower case.
fn check_service_name(text: &str) -> Result<(), &'static str> {
    const MAX_CHARS: usize = 15;
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.len() > MAX_CHARS {
        Err("has more than 15 characters")
    } else if !text.chars().all(is_part) {
        Err("is not made of lower case letters, digits and `-`")
    } else if !text.contains(|c: char| c.is_ascii_lowercase()) {
        Err("has no letter")
    } else if text.starts_with('-') || text.ends_with('-') || text.contains("--") {
        Err("has a `-` at an end, or two of them in a row")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_ports_are_service_names() {
        for good in ["http", "a", "http-alt", "x11", "0x50", "a23456789012345"] {
            assert_eq!(check_service_name(good), Ok(()), "{good}");
        }
        for bad in ["", "443", "HTTP", "-a", "a-", "a--b", "a_b", "a234567890123456"] {
            assert!(check_service_name(bad).is_err(), "{bad}");
        }
    }
}
