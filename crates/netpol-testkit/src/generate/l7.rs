//! What a port item of a CiliumNetworkPolicy asks of proxies (L7V, TLSV, LSTV).

use serde_json::{Value, json};

use super::cilium::List;
use super::peers;
use super::tape::Tape;
use super::words::SERVER_NAMES;

/// What the ports of an item must be so that its L7 part is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PortsFor {
    /// Any ports.
    Anything,
    /// TCP and not 0 (L7V-6, L7V-7).
    Requests,
    /// No ranges and not 0 (L7V-7).
    Queries,
}

/// Adds an L7 part to a port item, if any, and returns which ports go with it.
pub(super) fn add(tape: &mut Tape<'_>, list: List, item: &mut Value) -> PortsFor {
    let may_listen = list.is_egress;
    match tape.below(14) {
        0 | 1 if !list.is_node => {
            item["rules"] = json!({"http": tape.list(1, 2, http)});
            if tape.once_in(6) {
                item["terminatingTLS"] = tls_context(tape);
                if tape.once_in(2) {
                    item["serverNames"] = server_names(tape);
                }
            }
            PortsFor::Requests
        }
        2 | 3 if list.is_egress => {
            item["rules"] = json!({"dns": tape.list(1, 2, peers::name)});
            PortsFor::Queries
        }
        4 => {
            item["serverNames"] = server_names(tape);
            PortsFor::Anything
        }
        5 if may_listen => {
            item["listener"] = listener(tape);
            PortsFor::Anything
        }
        6 if tape.once_in(2) => {
            let side = *tape.pick(&["terminatingTLS", "originatingTLS"]);
            item[side] = tls_context(tape);
            PortsFor::Anything
        }
        7 if tape.once_in(4) => {
            item["rules"] = json!({"http": []}); // L7V-2
            PortsFor::Anything
        }
        8 if tape.once_in(4) && !list.is_node => {
            item["rules"] = match tape.below(2) {
                0 => json!({"kafka": [{"role": "produce", "topic": "t"}]}),
                _ => json!({"l7proto": "test", "l7": [{"a": "b"}]}),
            };
            PortsFor::Requests
        }
        _ => PortsFor::Anything,
    }
}

fn http(tape: &mut Tape<'_>) -> Value {
    match tape.below(12) {
        0 => json!({"method": "GET"}),
        1 => json!({"path": "/x"}),
        2 => json!({"method": "GET|POST", "path": "/x.*"}),
        3 => json!({}),
        4 => json!({"host": "api[.]example[.]com"}),
        5 => json!({"headers": ["X-A: 1"]}),
        6 => json!({"headers": ["x-a"]}),
        7 => json!({"headerMatches": [{"name": "X-A", "value": "1"}]}),
        8 => json!({"headerMatches": [{"name": "X-A", "value": "2", "mismatch": "LOG"}]}),
        9 => json!({"headerMatches": [
            {"name": "X-A", "secret": {"namespace": "default", "name": "token"}}
        ]}),
        10 => {
            json!({"headerMatches": [{"name": "X-A", "secret": {"namespace": "red", "name": "no"}}]})
        }
        _ => json!({"path": "/[xy]$|/y", "host": "^api.*"}),
    }
}

fn server_names(tape: &mut Tape<'_>) -> Value {
    let mut names = tape.list(1, 2, |tape| *tape.pick(&SERVER_NAMES));
    names.dedup();
    json!(names)
}

fn tls_context(tape: &mut Tape<'_>) -> Value {
    let name = tape.text(&["tls", "tls", "tls", "other"]);
    json!({"secret": {"namespace": "default", "name": name}})
}

/// Returns a listener. Each priority has one listener: which of two wins is not defined where they
/// are equally strong and stand behind different selectors (L7P-5).
fn listener(tape: &mut Tape<'_>) -> Value {
    let (kind, priority) = *tape.pick(&[
        ("CiliumEnvoyConfig", 0),
        ("CiliumClusterwideEnvoyConfig", 1),
        ("CiliumClusterwideEnvoyConfig", 50),
        ("CiliumEnvoyConfig", 100),
    ]);
    let mut listener =
        json!({"envoyConfig": {"kind": kind, "name": "envoy"}, "name": format!("l{priority}")});
    if priority > 0 {
        listener["priority"] = json!(priority);
    }
    listener
}
