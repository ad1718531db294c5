//! ICMP types.

use netpol_core::Protocol;

use super::super::codes;
use super::super::decode::{Context, Fields, Path};
use super::super::node::{Node, Value};
use super::fields::{check_number, known_fields, list_field, word_field};
use super::scope::ListScope;
use crate::rule::{Port, PortProtocol, PortRule};

/// Decodes `icmps`: port rules whose ports are types (ICMP-1).
pub(super) fn rules(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    scope: &ListScope<'_>,
) -> Vec<PortRule> {
    let items = list_field(cx, fields, path, "icmps").unwrap_or_default();
    let path = path.field("icmps");
    if let (Some(key), false) = (fields.key("icmps"), items.is_empty())
        && !scope.options().icmp_rules
    {
        // ICMPV-2
        let message = "ICMP rules are switched off";
        let help = "switch them on, or remove `icmps`";
        cx.error_help(codes::DISABLED, key.span, &path, message, help);
    }
    let rule = |(index, item)| rule(cx, item, &path.index(index), scope);
    items.iter().enumerate().filter_map(rule).collect()
}

fn rule(
    cx: &mut Context<'_>,
    node: &Node,
    path: &Path<'_>,
    scope: &ListScope<'_>,
) -> Option<PortRule> {
    const MOST: usize = 40; // LIM-2
    let fields = known_fields(cx, node, path, &["fields"], HINTS)?;
    let items = list_field(cx, fields, path, "fields").unwrap_or_default();
    let path = path.field("fields");
    check_number(cx, items, &path, MOST, "make a second item of `icmps`");
    if items.is_empty() {
        let message = "without types this matches nothing";
        let help = "list types, such as `{type: EchoRequest}`";
        cx.warning(codes::MATCHES_NOTHING, node.span, &path, message, help);
    }
    let port = |(index, item)| icmp_type(cx, item, &path.index(index), scope);
    Some(PortRule {
        ports: items.iter().enumerate().filter_map(port).collect(),
        ..PortRule::default()
    })
}

const HINTS: &[(&str, &str)] = &[
    ("type", "write `fields: [{type: ...}]`"),
    ("family", "it belongs into an item of `fields`, beside `type`"),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

impl Family {
    const fn protocol(self) -> Protocol {
        match self {
            Self::V4 => Protocol::ICMP,
            Self::V6 => Protocol::ICMPV6,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::V4 => Self::V6,
            Self::V6 => Self::V4,
        }
    }

    const fn types(self) -> &'static [(&'static str, u8)] {
        match self {
            Self::V4 => &TYPES_V4,
            Self::V6 => &TYPES_V6,
        }
    }

    fn find(self, name: &str) -> Option<u8> {
        let mut types = self.types().iter();
        types.find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }
}

/// Decodes an item of `fields` (ICMPV-3 to ICMPV-6).
fn icmp_type(
    cx: &mut Context<'_>,
    node: &Node,
    path: &Path<'_>,
    scope: &ListScope<'_>,
) -> Option<PortProtocol> {
    let fields = known_fields(cx, node, path, &["family", "type"], &[])?;
    let family = match fields.get("family") {
        None => Some(Family::V4),
        Some(_) => word_field(cx, fields, path, "family", &FAMILIES),
    };
    let value = cx.required(fields, node, path, "type")?;
    let path = path.field("type");
    let family = family?;
    let port = match &value.value {
        Value::Integer(number) => from_number(cx, *number, value, &path, scope)?,
        _ => Port::IcmpType(from_text(cx, family, value, &path)?),
    };
    Some(PortProtocol { protocol: family.protocol(), port })
}

const FAMILIES: [(&str, Family); 2] = [("IPv4", Family::V4), ("IPv6", Family::V6)];

/// Returns the type with this number. Neither of Cilium's gates refuses numbers that are no types
/// (ICMPV-5), so they are accepted and mean as little as possible: an allow element admits nothing
/// by them, and a deny element denies all types by a negative one, as Cilium does.
fn from_number(
    cx: &mut Context<'_>,
    number: i64,
    node: &Node,
    path: &Path<'_>,
    scope: &ListScope<'_>,
) -> Option<Port> {
    if let Ok(kind) = u8::try_from(number) {
        return Some(Port::IcmpType(kind)); // QUIRK-3
    }
    let all = number < 0 && scope.list.is_deny();
    let effect = if all { "this denies all types" } else { "this matches nothing" };
    let message = format!("`{number}` is no ICMP type: {effect}");
    let help = "types are 0 to 255";
    cx.warning(codes::MATCHES_NOTHING, node.span, path, message, help);
    all.then_some(Port::Number { port: 0, end: 0 })
}

/// Returns the type with this name or number in quotes.
fn from_text(cx: &mut Context<'_>, family: Family, node: &Node, path: &Path<'_>) -> Option<u8> {
    let text = cx.string(node, path)?;
    let is_plain = text == "0" || !text.starts_with(['0', '+']);
    if let (true, Ok(number)) = (is_plain, text.parse()) {
        return Some(number);
    }
    if let Some(kind) = family.find(text) {
        return Some(kind);
    }
    let message = format!("`{text}` is no ICMP type of {}", family.name());
    cx.error_help(codes::INVALID_VALUE, node.span, path, message, advice(family, text));
    None
}

fn advice(family: Family, text: &str) -> String {
    if text == "ExtendedEchoReply" {
        // ICMPV-6
        return "write the number: 43 for IPv4, 161 for IPv6".to_owned();
    }
    if family.other().find(text).is_some() {
        return format!("add `family: {}`", family.other().name());
    }
    let mut types = family.types().iter();
    let near = types.find(|(known, _)| known.eq_ignore_ascii_case(text));
    match near {
        Some((known, _)) => format!("write {known}: the case counts"),
        None => "write a number from 0 to 255, or a name such as EchoRequest".to_owned(),
    }
}

/// The names that both gates know; `ExtendedEchoReply` is not among them (ICMPV-6).
const TYPES_V4: [(&str, u8); 13] = [
    ("EchoReply", 0),
    ("DestinationUnreachable", 3),
    ("Redirect", 5),
    ("Echo", 8),
    ("EchoRequest", 8),
    ("RouterAdvertisement", 9),
    ("RouterSelection", 10),
    ("TimeExceeded", 11),
    ("ParameterProblem", 12),
    ("Timestamp", 13),
    ("TimestampReply", 14),
    ("Photuris", 40),
    ("ExtendedEchoRequest", 42),
];

/// The names that both gates know.
const TYPES_V6: [(&str, u8); 26] = [
    ("DestinationUnreachable", 1),
    ("PacketTooBig", 2),
    ("TimeExceeded", 3),
    ("ParameterProblem", 4),
    ("EchoRequest", 128),
    ("EchoReply", 129),
    ("MulticastListenerQuery", 130),
    ("MulticastListenerReport", 131),
    ("MulticastListenerDone", 132),
    ("RouterSolicitation", 133),
    ("RouterAdvertisement", 134),
    ("NeighborSolicitation", 135),
    ("NeighborAdvertisement", 136),
    ("RedirectMessage", 137),
    ("RouterRenumbering", 138),
    ("ICMPNodeInformationQuery", 139),
    ("ICMPNodeInformationResponse", 140),
    ("InverseNeighborDiscoverySolicitation", 141),
    ("InverseNeighborDiscoveryAdvertisement", 142),
    ("HomeAgentAddressDiscoveryRequest", 144),
    ("HomeAgentAddressDiscoveryReply", 145),
    ("MobilePrefixSolicitation", 146),
    ("MobilePrefixAdvertisement", 147),
    ("DuplicateAddressRequestCodeSuffix", 157),
    ("DuplicateAddressConfirmationCodeSuffix", 158),
    ("ExtendedEchoRequest", 160),
];
