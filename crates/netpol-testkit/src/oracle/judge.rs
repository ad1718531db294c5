//! The oracle itself.

use std::net::IpAddr;

use super::document;
use super::element::Direction;
use super::error::Unsupported;
use super::label::Labels;
use super::map::{self, Entries};
use super::network::Network;
use super::policy::{self, NamedPort, Setting, SidePolicy, Subject};
use super::proxy;
use super::rule::{Conflict, Rule};
use crate::decision::{AuthMode, Decision, Side, SideDecision};
use crate::world::{AllowLocalhost, Endpoint, Flow, Reserved, World};

/// A world whose flows can be judged.
///
/// ```
/// use netpol_testkit::decision::{SideDecision, Verdict};
/// use netpol_testkit::oracle::Oracle;
/// use netpol_testkit::world::{Document, World};
/// use serde_json::json;
///
/// let mut world = World::default();
/// for name in ["a", "b"] {
///     let pod = json!({"name": name, "labels": {"app": name}, "ips": []});
///     world.endpoints.push(serde_json::from_value(pod)?);
/// }
/// world.policies.push(Document::from_yaml(
///     "{kind: NetworkPolicy, metadata: {name: p}, spec: {podSelector: {matchLabels: {app: b}}}}",
/// )?);
/// let oracle = Oracle::new(&world)?;
/// let flow = serde_json::from_value(json!({"from": "a", "to": "b", "protocol": "TCP", "port": 80}))?;
/// let decision = oracle.decide(&flow)?;
/// assert_eq!(decision.ingress.decision, SideDecision::DefaultDeny);
/// assert_eq!(decision.verdict, Verdict::Deny);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Oracle<'a> {
    pub(super) world: &'a World,
    pub(super) network: Network,
    /// The policy of each endpoint; nothing for one that is not managed.
    pub(super) policies: Vec<Option<Policy>>,
}

/// Both directions, or why they cannot be computed (MERGE-12).
pub(super) type Policy = Result<Directions, Conflict>;

#[derive(Debug)]
pub(super) struct Directions {
    pub(super) ingress: SidePolicy,
    pub(super) egress: SidePolicy,
}

impl<'a> Oracle<'a> {
    /// Translates the documents and computes who is who, and every endpoint's rules.
    ///
    /// # Errors
    ///
    /// Fails if netpol would refuse a document, or an address of the world is none.
    pub fn new(world: &'a World) -> Result<Self, Unsupported> {
        let elements = document::translate(world)?;
        let named_ports: Vec<NamedPort> = world.endpoints.iter().flat_map(named_ports).collect();
        // Which names are in use does not depend on who the local host is.
        let setting = Setting {
            config: &world.config,
            host: &Labels::reserved("host"),
            named_ports: &named_ports,
            elements: &elements.elements,
        };
        let network =
            Network::new(world, &elements, |subjects| names_in_use(&setting, world, subjects))?;
        let setting = Setting { host: network.host(), ..setting };
        let policy = |(index, endpoint): (usize, &Endpoint)| {
            let is_managed = endpoint.is_managed(&world.config.cluster_name);
            is_managed.then(|| compute(&setting, endpoint, network.subject(index)))
        };
        let policies = world.endpoints.iter().enumerate().map(policy).collect();
        Ok(Self { world, policies, network })
    }

    /// Returns what the policies say about the flow.
    ///
    /// # Errors
    ///
    /// Fails if an end of the flow is neither the name of an endpoint nor an address.
    pub fn decide(&self, flow: &Flow) -> Result<Decision, Unsupported> {
        let from = self.end(&flow.from)?;
        let to = self.end(&flow.to)?;
        let egress = self.side(from.endpoint, &to.labels, Direction::Egress, flow);
        let ingress = self.side(to.endpoint, &from.labels, Direction::Ingress, flow);
        Ok(Decision::new(flow, egress, ingress))
    }

    fn end(&self, text: &str) -> Result<End, Unsupported> {
        let endpoints = &self.world.endpoints;
        let named = endpoints.iter().position(|endpoint| endpoint.name == text);
        let address = text.parse::<IpAddr>().ok();
        let has_address = |endpoint: &Endpoint| {
            let ips = endpoint.ips.iter().filter_map(|ip| ip.parse::<IpAddr>().ok());
            ips.into_iter().any(|ip| Some(ip) == address)
        };
        if let Some(index) = named.or_else(|| endpoints.iter().position(has_address)) {
            return Ok(End { endpoint: Some(index), labels: self.network.peer(index).clone() });
        }
        let address = address.ok_or_else(|| Unsupported::new(format!("`{text}` is unknown")))?;
        Ok(End { endpoint: None, labels: self.network.outside(address) })
    }

    /// Returns what one end says about the other.
    fn side(&self, end: Option<usize>, peer: &Labels, direction: Direction, flow: &Flow) -> Side {
        let Some(index) = end else {
            return Side::plain(SideDecision::None);
        };
        match &self.policies[index] {
            None => Side::plain(SideDecision::None),
            Some(Err(_)) => Side::plain(SideDecision::Error),
            Some(Ok(policy)) => self.decide_side(index, policy, peer, direction, flow),
        }
    }

    /// ORA-1
    fn decide_side(
        &self,
        index: usize,
        policy: &Directions,
        peer: &Labels,
        direction: Direction,
        flow: &Flow,
    ) -> Side {
        let side = policy.direction(direction);
        if !side.enforced {
            return Side::plain(SideDecision::Unenforced); // ORA-2
        }
        let rules = self.matching(side, peer, flow);
        if rules.iter().any(|rule| rule.deny) {
            return Side::plain(SideDecision::Deny);
        }
        let has_exception = self.has_exception(index, peer, direction); // ORA-3
        if rules.is_empty() && !has_exception {
            return Side::plain(SideDecision::DefaultDeny);
        }
        let strongest =
            rules.into_iter().filter(|rule| rule.is_redirect()).max_by_key(|rule| rule.priority());
        Side {
            decision: if strongest.is_some() {
                SideDecision::Redirect
            } else {
                SideDecision::Allow
            },
            proxy: strongest.and_then(Rule::proxy),
            l7: strongest.and_then(|redirect| proxy::decide(side, redirect, peer, flow)),
            auth: self.auth(index, side, peer, direction, flow),
        }
    }

    /// Returns all rules of all filters that concern the flow.
    fn matching<'b>(&self, side: &'b SidePolicy, peer: &Labels, flow: &Flow) -> Vec<&'b Rule> {
        let missing_listeners = self.world.config.missing_listeners;
        side.filters
            .iter()
            .filter(|(key, filter)| {
                key.covers_protocol(flow.protocol.number()) && filter.holds(flow.port_or_type())
            })
            .flat_map(|(_, filter)| &filter.rules)
            .filter(|(selector, _)| selector.matches(peer))
            .map(|(_, rule)| rule)
            .filter(|rule| !missing_listeners || rule.listener.is_none()) // LSN-5
            .collect()
    }

    /// MAP-10
    fn has_exception(&self, index: usize, peer: &Labels, direction: Direction) -> bool {
        direction == Direction::Ingress
            && self.world.config.allow_localhost == AllowLocalhost::Always
            && peer.is_reserved("host")
            && !self.world.endpoints[index].is(Reserved::Host)
    }

    /// Returns the authentication that the policy map demands.
    fn auth(
        &self,
        index: usize,
        side: &SidePolicy,
        peer: &Labels,
        direction: Direction,
        flow: &Flow,
    ) -> Option<AuthMode> {
        if !side.has_auth() {
            return None;
        }
        let entries = self.entries(index, side, peer, direction);
        let entry = entries.lookup(flow.protocol.number(), flow.port_or_type())?;
        match entry.auth.kind {
            0 => None,
            1 => Some(AuthMode::Spire),
            _ => Some(AuthMode::TestAlwaysFail),
        }
    }

    /// Returns what the policy map of an endpoint says about a peer.
    pub(super) fn entries(
        &self,
        index: usize,
        side: &SidePolicy,
        peer: &Labels,
        direction: Direction,
    ) -> Entries {
        let has_exception = self.has_exception(index, peer, direction);
        map::build(side, peer, self.world.config.missing_listeners, has_exception)
    }
}

#[cfg(test)]
impl Oracle<'_> {
    /// Returns what the lookup in the policy map says, with the proxy; nothing if there is no map.
    pub(super) fn looked_up(
        &self,
        flow: &Flow,
        direction: Direction,
    ) -> Option<(SideDecision, Option<String>)> {
        let (from, to) = (self.end(&flow.from).unwrap(), self.end(&flow.to).unwrap());
        let (own, peer) = match direction {
            Direction::Egress => (from.endpoint?, to.labels),
            Direction::Ingress => (to.endpoint?, from.labels),
        };
        let side = self.policies[own].as_ref()?.as_ref().ok()?.direction(direction);
        let entries = self.entries(own, side, &peer, direction);
        let entry = entries.lookup(flow.protocol.number(), flow.port_or_type());
        let decision = match &entry {
            _ if !side.enforced => SideDecision::Unenforced,
            None => SideDecision::DefaultDeny,
            Some(entry) if entry.deny => SideDecision::Deny,
            Some(entry) if entry.proxy.is_some() => SideDecision::Redirect,
            Some(_) => SideDecision::Allow,
        };
        Some((decision, entry.and_then(|entry| entry.proxy)))
    }
}

/// One end of a flow.
struct End {
    endpoint: Option<usize>,
    labels: Labels,
}

impl Directions {
    pub(super) fn direction(&self, direction: Direction) -> &SidePolicy {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }
}

fn compute(setting: &Setting<'_>, endpoint: &Endpoint, labels: &Labels) -> Policy {
    let named_ports = named_ports(endpoint);
    let subject = Subject {
        labels,
        namespace: endpoint.is_pod().then_some(endpoint.namespace.as_str()),
        named_ports: &named_ports,
    };
    Ok(Directions {
        ingress: policy::compute(setting, &subject, Direction::Ingress)?,
        egress: policy::compute(setting, &subject, Direction::Egress)?,
    })
}

/// Returns the container ports with names; of a name that occurs twice the last one.
fn named_ports(endpoint: &Endpoint) -> Vec<NamedPort> {
    let mut ports: Vec<NamedPort> = Vec::new();
    for port in &endpoint.ports {
        let name = port.name.to_ascii_lowercase();
        let protocol = match port.protocol.as_str() {
            "UDP" => 17,
            "SCTP" => 132,
            _ => 6,
        };
        ports.retain(|other| other.name != name);
        ports.push(NamedPort { name, protocol, port: port.port });
    }
    ports
}

/// Returns the `toFQDNs` items of all policies that managed endpoints have; one that cannot be computed
/// brings none into use (SLC-1).
fn names_in_use(
    setting: &Setting<'_>,
    world: &World,
    subjects: &[Labels],
) -> Vec<super::name::NamePattern> {
    let is_user = |(endpoint, labels): &(&Endpoint, &Labels)| {
        endpoint.is_managed(&setting.config.cluster_name)
            && policy::is_considered(setting.config, labels)
            && compute(setting, endpoint, labels).is_ok()
    };
    let users: Vec<&Labels> =
        world.endpoints.iter().zip(subjects).filter(is_user).map(|(_, labels)| labels).collect();
    let used = setting
        .elements
        .iter()
        .filter(|element| users.iter().any(|labels| element.subject.selects(labels)));
    used.flat_map(|element| element.fqdns.iter().cloned()).collect()
}
