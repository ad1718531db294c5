//! One port with its protocol.

use netpol_core::Protocol;

use super::super::codes;
use super::super::decode::{Context, Fields, Path};
use super::super::node::Node;
use super::fields::{known_fields, word_field};
use crate::rule::{Port, PortProtocol};
use crate::{Options, Span};

/// A port as written, with the places that L7 rules may complain about.
pub(super) struct WrittenPort {
    /// [`Protocol::ANY`] if absent (PORTV-6).
    pub(super) protocol: Protocol,
    pub(super) port: Port,
    pub(super) port_span: Span,
    pub(super) protocol_span: Span,
    pub(super) end_span: Span,
}

impl WrittenPort {
    /// Returns the ports meant, one for each protocol (PORT-4).
    pub(super) fn expand(&self) -> Vec<PortProtocol> {
        const ANY: [Protocol; 3] = [Protocol::TCP, Protocol::UDP, Protocol::SCTP];
        let protocols =
            if self.protocol.is_any() { &ANY[..] } else { std::slice::from_ref(&self.protocol) };
        let port =
            |protocol: &Protocol| PortProtocol { protocol: *protocol, port: self.port.clone() };
        protocols.iter().map(port).collect()
    }
}

const PROTOCOLS: [(&str, Protocol); 6] = [
    ("TCP", Protocol::TCP),
    ("UDP", Protocol::UDP),
    ("SCTP", Protocol::SCTP),
    ("VRRP", Protocol::VRRP),
    ("IGMP", Protocol::IGMP),
    ("ANY", Protocol::ANY),
];

/// Decodes an item of `ports`.
pub(super) fn port(
    cx: &mut Context<'_>,
    node: &Node,
    path: &Path<'_>,
    options: &Options,
) -> Option<WrittenPort> {
    let fields = known_fields(cx, node, path, &["port", "endPort", "protocol"], &[])?;
    let protocol = protocol(cx, fields, path);
    let end = end_port(cx, fields, path);
    let port = number_or_name(cx, node, fields, path, end.unwrap_or(0), options)?;
    let protocol = protocol?;
    let span_of = |name: &str| fields.get(name).map_or(node.span, |node| node.span);
    let written = WrittenPort {
        protocol,
        port,
        port_span: span_of("port"),
        protocol_span: span_of("protocol"),
        end_span: span_of("endPort"),
    };
    warn_of_end(cx, fields, path, &written);
    check_portless(cx, path, &written, options);
    Some(written)
}

/// Returns the protocol, by default any, or `None` after reporting that it is none (PORTV-6).
fn protocol(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>) -> Option<Protocol> {
    let Some(node) = fields.get("protocol") else {
        return Some(Protocol::ANY);
    };
    if let Some(text @ ("ICMP" | "ICMPv6" | "ICMPV6")) = node.as_str() {
        let path = path.field("protocol");
        let message = format!("`{text}` has no ports");
        let help = "write `icmps: [{fields: [{type: ...}]}]` in an element of its own";
        cx.error_help(codes::INVALID_VALUE, node.span, &path, message, help);
        return None;
    }
    word_field(cx, fields, path, "protocol", &PROTOCOLS)
}

/// TYP-3
fn end_port(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>) -> Option<u16> {
    let node = fields.get("endPort")?;
    let path = path.field("endPort");
    let number = cx.integer(node, &path)?;
    let end = u16::try_from(number).ok();
    if end.is_none() {
        let message = format!("`{number}` is no port: ports are 0 to 65535");
        cx.error(codes::INVALID_PORT, node.span, &path, message);
    }
    end
}

/// Decodes `port` (PORTV-2 to PORTV-5). Numbers are plain decimal (QUIRK-16).
fn number_or_name(
    cx: &mut Context<'_>,
    node: &Node,
    fields: Fields<'_>,
    path: &Path<'_>,
    end: u16,
    options: &Options,
) -> Option<Port> {
    if fields.get("port").is_none() && options.extended_ip_protocols {
        return Some(Port::Number { port: 0, end });
    }
    let path = path.field("port");
    let Some(value) = fields.get("port") else {
        // PORTV-2
        let message = format!("`{path}` is missing");
        let help = "to mean all ports write port: \"0\"";
        cx.error_help(codes::MISSING_FIELD, node.span, &path, message, help);
        return None;
    };
    let text = cx.string(value, &path)?;
    match classify(text) {
        Ok(Word::Number(port)) => Some(Port::Number { port, end }),
        Ok(Word::Name) => Some(Port::Name { name: text.to_ascii_lowercase().into(), end }),
        Err(help) => {
            let message = format!("`{text}` is no port");
            cx.error_help(codes::INVALID_PORT, value.span, &path, message, help);
            None
        }
    }
}

enum Word {
    Number(u16),
    Name,
}

/// Returns what the text of a port is, or advice on what to write instead.
fn classify(text: &str) -> Result<Word, String> {
    let is_decimal = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    if is_decimal {
        return decimal(text).map(Word::Number);
    }
    if has_base(text) {
        return Err("write the number in decimal".to_owned());
    }
    if is_service_name(text) {
        return Ok(Word::Name);
    }
    Err(advice(text))
}

fn decimal(text: &str) -> Result<u16, String> {
    let plain = text.trim_start_matches('0');
    if text.len() > 1 && plain.len() < text.len() {
        let plain = if plain.is_empty() { "0" } else { plain };
        return Err(format!("write \"{plain}\": Cilium reads leading zeros as octal"));
    }
    text.parse().map_err(|_| "ports are 0 to 65535".to_owned())
}

/// Tells whether a text is a number with a base in front, such as `0x50`, which Cilium takes for a
/// name (QUIRK-16).
fn has_base(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let is_number =
        |digits: &str, base: u32| !digits.is_empty() && digits.chars().all(|c| c.is_digit(base));
    let bases = [("0x", 16), ("0o", 8), ("0b", 2)];
    bases.into_iter().any(|(prefix, base)| {
        text.strip_prefix(prefix).is_some_and(|digits| is_number(digits, base))
    })
}

/// Tells whether a text is a name of RFC 6335: letters, digits and single hyphens between them,
/// 15 at most, a letter at least (PORTV-3, LIM-12).
fn is_service_name(text: &str) -> bool {
    const MAX_CHARS: usize = 15;
    text.len() <= MAX_CHARS
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
        && text.bytes().any(|c| c.is_ascii_alphabetic())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}

fn advice(text: &str) -> String {
    if let Some((first, last)) = text.split_once('-')
        && let (Ok(first), Ok(last)) = (first.trim().parse::<u16>(), last.trim().parse::<u16>())
    {
        return format!("write port: \"{first}\", endPort: {last}");
    }
    if text.contains(',') {
        return "write one item for each port".to_owned();
    }
    "write a number such as \"80\", or a name of up to 15 letters, digits and hyphens".to_owned()
}

/// PORTV-8, IGN-4
fn warn_of_end(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>, written: &WrittenPort) {
    if let (Some(key), Port::Number { port, end }) = (fields.key("endPort"), &written.port)
        && end <= port
    {
        let path = path.field("endPort");
        let message = format!("`endPort: {end}` is ignored: it is not above the port {port}");
        let help = "remove it, or write the greater number there";
        cx.warning(codes::NO_EFFECT, key.span, &path, message, help);
    }
}

/// Checks protocols that have no ports (PORTV-7).
fn check_portless(cx: &mut Context<'_>, path: &Path<'_>, written: &WrittenPort, options: &Options) {
    let protocol = written.protocol;
    if protocol != Protocol::VRRP && protocol != Protocol::IGMP {
        return;
    }
    match &written.port {
        Port::Number { port: 0, .. } if options.extended_ip_protocols => {}
        Port::Number { port: 0, .. } => {
            // IGN-12
            let path = path.field("protocol");
            let message = format!("{protocol} is not looked at: extended protocols are off");
            let help = "switch them on, or remove the port";
            cx.warning(codes::NO_EFFECT, written.protocol_span, &path, message, help);
        }
        Port::Name { name, .. } => {
            let path = path.field("port");
            let message = format!("{protocol} has no ports: `{name}` matches nothing");
            let help = "write port: \"0\"";
            cx.warning(codes::MATCHES_NOTHING, written.port_span, &path, message, help);
        }
        Port::Number { .. } | Port::IcmpType(_) => {
            let path = path.field("port");
            let message = format!("{protocol} has no ports");
            let help = "write port: \"0\"";
            cx.error_help(codes::INVALID_PORT, written.port_span, &path, message, help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_decimal_numbers_or_service_names() {
        for (text, port) in [("0", 0), ("80", 80), ("65535", 65535)] {
            assert!(matches!(classify(text), Ok(Word::Number(n)) if n == port), "{text}");
        }
        for name in ["http", "a-b", "1e3", "Http-Alt", "x", "123456789012-ab"] {
            assert!(matches!(classify(name), Ok(Word::Name)), "{name}");
        }
    }

    #[test]
    fn advice_says_what_to_write_instead() {
        let general =
            "write a number such as \"80\", or a name of up to 15 letters, digits and hyphens";
        let cases = [
            ("", general),
            ("a--b", general),
            ("-1", general),
            ("http_x", general),
            ("8 0", general),
            ("8_0", general),
            ("sixteen-letters-", general),
            ("65536", "ports are 0 to 65535"),
            ("080", "write \"80\": Cilium reads leading zeros as octal"),
            ("00", "write \"0\": Cilium reads leading zeros as octal"),
            ("0x50", "write the number in decimal"),
            ("0B11", "write the number in decimal"),
            ("80-90", "write port: \"80\", endPort: 90"),
            ("80,90", "write one item for each port"),
        ];
        for (text, wanted) in cases {
            assert_eq!(classify(text).err().as_deref(), Some(wanted), "{text}");
        }
    }
}
