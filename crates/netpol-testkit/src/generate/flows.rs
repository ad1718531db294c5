use std::collections::BTreeMap;

use super::tape::Tape;
use super::words::{ADDRESSES, FLOW_PORTS, NAMES};
use crate::world::{DnsQuery, Flow, HttpRequest, Protocol, TlsHello, World};

/// Returns a flow between two ends, at least one of which is an endpoint if there is any.
pub(super) fn flow(tape: &mut Tape<'_>, world: &World) -> Flow {
    let (from, to) = match tape.below(4) {
        0 | 1 => (endpoint(tape, world), endpoint(tape, world)),
        2 => (endpoint(tape, world), address(tape, world)),
        _ => (address(tape, world), endpoint(tape, world)),
    };
    let protocol = *tape.pick(&[
        Protocol::Tcp,
        Protocol::Tcp,
        Protocol::Tcp,
        Protocol::Udp,
        Protocol::Udp,
        Protocol::Sctp,
        Protocol::Icmp,
        Protocol::Icmpv6,
        Protocol::Vrrp,
        Protocol::Igmp,
    ]);
    let mut flow =
        Flow { from, to, protocol, port: None, icmp_type: None, http: None, dns: None, tls: None };
    match protocol {
        Protocol::Tcp | Protocol::Udp | Protocol::Sctp => flow.port = Some(*tape.pick(&FLOW_PORTS)),
        Protocol::Icmp | Protocol::Icmpv6 => {
            flow.icmp_type = Some(*tape.pick(&[8, 0, 128, 129, 3, 255, 1]));
        }
        Protocol::Vrrp | Protocol::Igmp => {}
    }
    add_request(tape, &mut flow);
    flow
}

fn endpoint(tape: &mut Tape<'_>, world: &World) -> String {
    match world.endpoints.as_slice() {
        [] => address(tape, world),
        endpoints => tape.pick(endpoints).name.clone(),
    }
}

/// Returns an address of a family that is in use.
fn address(tape: &mut Tape<'_>, world: &World) -> String {
    let is_enabled = |text: &&str| match text.contains(':') {
        true => world.config.ipv6,
        false => world.config.ipv4,
    };
    let addresses: Vec<&str> = ADDRESSES.into_iter().filter(is_enabled).collect();
    tape.text(&addresses)
}

fn add_request(tape: &mut Tape<'_>, flow: &mut Flow) {
    match (flow.protocol, tape.below(4)) {
        (Protocol::Tcp, 1) => flow.http = Some(http_request(tape)),
        (Protocol::Tcp, 2) => flow.tls = Some(tls_hello(tape)),
        (Protocol::Tcp | Protocol::Udp, 3) => {
            flow.dns = Some(DnsQuery { query: tape.text(&NAMES) });
        }
        _ => {}
    }
}

fn http_request(tape: &mut Tape<'_>) -> HttpRequest {
    let mut headers = BTreeMap::new();
    if let Some(value) = tape.pick(&[None, Some("1"), Some("2"), Some("secret")]) {
        headers.insert("X-A".to_owned(), (*value).to_owned());
    }
    HttpRequest {
        method: tape.text(&["GET", "POST", "PUT"]),
        path: tape.text(&["/x", "/", "/xy", "/y?q=1"]),
        host: tape.text(&["", "api.example.com", "example.com"]),
        headers,
    }
}

fn tls_hello(tape: &mut Tape<'_>) -> TlsHello {
    TlsHello { sni: tape.text(&["", "www.example.com", "a.b.example.com", "db.internal"]) }
}
