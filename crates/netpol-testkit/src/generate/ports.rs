//! Ports and ICMP types of an element of a CiliumNetworkPolicy (PORT, ICMP).

use serde_json::{Map, Value, json};

use super::cilium::List;
use super::l7::{self, PortsFor};
use super::tape::Tape;
use super::words::{PORT_NAMES, PORTS};
use crate::world::Config;

/// Adds ports or ICMP types, since they exclude each other (ENTRY-4), or neither.
pub(super) fn add(
    tape: &mut Tape<'_>,
    config: &Config,
    list: List,
    element: &mut Map<String, Value>,
) {
    match tape.below(8) {
        0..=4 => {
            let items = tape.list(1, 2, |tape| port_item(tape, config, list));
            element.insert("toPorts".to_owned(), json!(items));
        }
        5 if config.icmp_rules => {
            let items = tape.list(1, 2, |tape| json!({"fields": tape.list(1, 2, icmp_field)}));
            element.insert("icmps".to_owned(), json!(items));
        }
        6 if tape.once_in(4) => {
            element.insert("toPorts".to_owned(), json!([]));
        }
        _ => {}
    }
}

fn port_item(tape: &mut Tape<'_>, config: &Config, list: List) -> Value {
    if tape.once_in(32) {
        return json!({}); // PORTV-10
    }
    let mut item = json!({});
    let needs = match list.is_deny {
        true => PortsFor::Anything,
        false => l7::add(tape, list, &mut item),
    };
    item["ports"] = json!(tape.list(1, 2, |tape| port(tape, config, needs)));
    item
}

fn port(tape: &mut Tape<'_>, config: &Config, needs: PortsFor) -> Value {
    if needs == PortsFor::Anything && config.extended_ip_protocols && tape.once_in(6) {
        return match tape.below(3) {
            0 => json!({"protocol": "VRRP"}),
            1 => json!({"protocol": "IGMP", "port": "0"}),
            _ => json!({}),
        };
    }
    let mut port = match tape.below(6) {
        0 => named_port(tape),
        _ => numeric_port(tape),
    };
    if needs == PortsFor::Queries {
        port.as_object_mut().map(|port| port.remove("endPort"));
    }
    if needs != PortsFor::Anything && port["port"] == "0" {
        port["port"] = json!("80");
    }
    let protocol = match needs {
        PortsFor::Requests => "TCP",
        _ => *tape.pick(&["TCP", "UDP", "ANY", "", "SCTP"]),
    };
    if !protocol.is_empty() {
        port["protocol"] = json!(protocol);
    }
    port
}

fn numeric_port(tape: &mut Tape<'_>) -> Value {
    match tape.pick(&PORTS) {
        (port, 0) => json!({"port": port}),
        (port, end) => json!({"port": port, "endPort": end}),
    }
}

fn named_port(tape: &mut Tape<'_>) -> Value {
    let name = match tape.once_in(6) {
        true => "HTTP".to_owned(), // PORT-9: in lower case
        false => tape.text(&PORT_NAMES),
    };
    match tape.once_in(4) {
        true => json!({"port": name, "endPort": 90}),
        false => json!({"port": name}),
    }
}

fn icmp_field(tape: &mut Tape<'_>) -> Value {
    let kind = match tape.below(2) {
        0 => json!({"family": "IPv4"}),
        _ => json!({"family": "IPv6"}),
    };
    let choices =
        [json!("EchoRequest"), json!(8), json!("EchoReply"), json!(0), json!("128"), json!(255)];
    let mut field = kind;
    field["type"] = tape.pick(&choices).clone();
    field
}
