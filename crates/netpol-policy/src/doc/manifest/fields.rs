//! Small helpers for fields that may be absent or null.

use std::net::IpAddr;
use std::sync::Arc;

use netpol_core::Protocol;

use super::Labels;
use crate::doc::codes;
use crate::doc::decode::{Context, Fields, Path};
use crate::doc::metadata::label_map;
use crate::doc::node::Node as Tree;

/// Returns the fields of a field that is a mapping; none if it is absent.
pub(super) fn mapping<'n>(
    cx: &mut Context<'_>,
    fields: Fields<'n>,
    path: &Path<'_>,
    name: &str,
) -> Fields<'n> {
    let node = fields.present(name);
    let mapping = node.and_then(|node| cx.any_fields(node, &path.field(name)));
    mapping.unwrap_or(Fields(&[]))
}

/// Decodes every item of a field that is a list; items that are wrong have been reported and are
/// left out.
pub(super) fn each<'n, T>(
    cx: &mut Context<'_>,
    fields: Fields<'n>,
    path: &Path<'_>,
    name: &str,
    mut decode: impl FnMut(&mut Context<'_>, &'n Tree, &Path<'_>) -> Option<T>,
) -> Vec<T> {
    let path = path.field(name);
    let items = fields.present(name).and_then(|node| cx.list(node, &path));
    let items = items.unwrap_or_default().iter().enumerate();
    items.filter_map(|(index, item)| decode(cx, item, &path.index(index))).collect()
}

/// Returns the text of a field; `None` if it is absent or empty.
pub(super) fn text<'n>(
    cx: &mut Context<'_>,
    fields: Fields<'n>,
    path: &Path<'_>,
    name: &str,
) -> Option<&'n str> {
    let node = fields.present(name)?;
    cx.string(node, &path.field(name)).filter(|text| !text.is_empty())
}

/// Returns the text of a field as a shared one.
pub(super) fn shared_text(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    name: &str,
) -> Option<Arc<str>> {
    text(cx, fields, path, name).map(Arc::from)
}

/// Returns a boolean, `false` if it is absent.
pub(super) fn flag(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    name: &str,
) -> Option<bool> {
    let node = fields.present(name)?;
    cx.boolean(node, &path.field(name))
}

/// Returns a number of things, or what counts if the field is absent.
pub(super) fn number(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    name: &str,
    default: u32,
) -> u32 {
    let Some(node) = fields.present(name) else {
        return default;
    };
    let path = path.field(name);
    let Some(number) = cx.integer(node, &path) else {
        return default;
    };
    u32::try_from(number).unwrap_or_else(|_| {
        let message = format!("`{path}` is {number}, which is no number of things");
        cx.error(codes::INVALID_VALUE, node.span, &path, message);
        default
    })
}

/// Returns labels, none if the field is absent.
pub(super) fn labels(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    name: &str,
) -> Labels {
    let node = fields.present(name);
    let labels = node.and_then(|node| label_map(cx, node, &path.field(name)));
    labels.unwrap_or_default().into_iter().collect()
}

/// Returns the address that a node holds.
pub(super) fn address(cx: &mut Context<'_>, node: &Tree, path: &Path<'_>) -> Option<IpAddr> {
    let text = cx.string(node, path)?;
    let address = text.parse().ok();
    if address.is_none() {
        let message = format!("`{text}` is no IP address");
        cx.error(codes::INVALID_CIDR, node.span, path, message);
    }
    address
}

/// Returns the port that a field holds, which must be there.
pub(super) fn port(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    node: &Tree,
    path: &Path<'_>,
    name: &str,
) -> Option<u16> {
    let value = cx.required(fields, node, path, name)?;
    port_number(cx, value, &path.field(name))
}

/// Returns the port that a node holds: 1 to 65535.
pub(super) fn port_number(cx: &mut Context<'_>, node: &Tree, path: &Path<'_>) -> Option<u16> {
    let number = cx.integer(node, path)?;
    let port = u16::try_from(number).ok().filter(|port| *port > 0);
    if port.is_none() {
        let message = format!("`{number}` is no port");
        let help = "ports are numbers from 1 to 65535";
        cx.error_help(codes::INVALID_PORT, node.span, path, message, help);
    }
    port
}

/// Returns the protocol of a port, TCP if it is absent.
pub(super) fn protocol(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
) -> Option<Protocol> {
    let Some(node) = fields.present("protocol") else {
        return Some(Protocol::TCP);
    };
    let path = path.field("protocol");
    let text = cx.string(node, &path)?;
    let protocol = transport(text);
    if protocol.is_none() {
        let message = format!("`{text}` is no protocol of ports");
        let help = "protocols: TCP, UDP, SCTP";
        cx.error_help(codes::INVALID_VALUE, node.span, &path, message, help);
    }
    protocol
}

fn transport(text: &str) -> Option<Protocol> {
    match text {
        "" | "TCP" => Some(Protocol::TCP),
        "UDP" => Some(Protocol::UDP),
        "SCTP" => Some(Protocol::SCTP),
        _ => None,
    }
}
