//! Rules as short lines of text, to compare them at a glance.

use netpol_policy::rule::{
    Element, L7Rules, Peer, Peers, Policy, Port, PortProtocol, PortRule, Ports, Selector,
    ServiceSelector,
};

/// Returns one line for each element of a policy, such as `allow from [any:app=b] on [TCP 80]`.
pub(crate) fn elements(policy: &Policy) -> Vec<String> {
    let rules = policy.rules.iter();
    rules.flat_map(|rule| &rule.elements).map(|of_rule| element(of_rule)).collect()
}

fn element(element: &Element) -> String {
    let verb = if element.deny { "deny" } else { "allow" };
    let preposition = match element.direction {
        netpol_core::Direction::Ingress => "from",
        netpol_core::Direction::Egress => "to",
    };
    let peers = match &element.peers {
        Peers::Nobody => "nobody".to_owned(),
        Peers::Unrestricted => "unrestricted".to_owned(),
        Peers::AnyOf(peers) => list(peers.iter().map(peer)),
    };
    let ports = match &element.ports {
        Ports::All => "all".to_owned(),
        Ports::AnyOf(rules) => list(rules.iter().map(port_rule)),
    };
    let auth = element.auth.map(|auth| format!(" auth {}", auth.name()));
    let soft = if element.default_deny { "" } else { " soft" };
    let auth = auth.unwrap_or_default();
    format!("{verb} {preposition} {peers} on {ports}{auth}{soft}")
}

fn peer(peer: &Peer) -> String {
    match peer {
        Peer::Selector(selector) => selector.to_string(),
        Peer::Service(service) => {
            let ServiceSelector { name, labels } = &**service;
            let name = name.as_ref().map(|(name, namespace)| format!("{namespace}/{name}"));
            let labels = labels.as_ref().map(|(selector, namespace)| {
                format!("{namespace}/{}", Selector::Labels(selector.clone()))
            });
            format!(
                "service {}",
                [name, labels].into_iter().flatten().collect::<Vec<_>>().join("|")
            )
        }
    }
}

fn port_rule(rule: &PortRule) -> String {
    let mut text: Vec<String> = rule.ports.iter().map(port).collect();
    match &rule.l7 {
        L7Rules::None => {}
        L7Rules::Http(rules) => text.push(format!("http*{}", rules.len())),
        L7Rules::Dns(rules) => text.push(format!("dns*{}", rules.len())),
        L7Rules::Kafka => text.push("kafka".to_owned()),
        L7Rules::Generic(word) => text.push(format!("l7proto {word}")),
    }
    if !rule.server_names.is_empty() {
        text.push(format!("sni {}", rule.server_names.join("|")));
    }
    if let Some(tls) = &rule.terminating_tls {
        text.push(format!("terminate {}/{}", tls.secret.namespace, tls.secret.name));
    }
    if let Some(tls) = &rule.originating_tls {
        text.push(format!("originate {}/{}", tls.secret.namespace, tls.secret.name));
    }
    if let Some(listener) = &rule.listener {
        let kind = if listener.clusterwide { "ccec" } else { "cec" };
        let (config, name, priority) = (&listener.config, &listener.name, listener.priority);
        text.push(format!("listener {kind}:{config}/{name}:{priority}"));
    }
    text.join(" + ")
}

fn port(port: &PortProtocol) -> String {
    let protocol = port.protocol;
    match &port.port {
        Port::Number { port, end: 0 } => format!("{protocol} {port}"),
        Port::Number { port, end } => format!("{protocol} {port}-{end}"),
        Port::Name { name, end: 0 } => format!("{protocol} {name}"),
        Port::Name { name, end } => format!("{protocol} {name}-{end}"),
        Port::IcmpType(kind) => format!("{protocol} type {kind}"),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join("; "))
}
