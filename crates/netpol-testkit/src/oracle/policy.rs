//! The policy of one endpoint: enforcement, and the filters of both directions (DD, MODE, MERGE).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::element::{Direction, Element, L7, Port, PortRule};
use super::label::Labels;
use super::rule::{Conflict, Rule};
use super::selector::Selector;
use crate::world::{AllowLocalhost, Config, PolicyEnforcement};

/// What the computation of every endpoint's policy needs to know.
pub(super) struct Setting<'a> {
    pub(super) config: &'a Config,
    /// The labels of the local host, as peers see it.
    pub(super) host: &'a Labels,
    /// Named ports of all endpoints: name, protocol number, port.
    pub(super) named_ports: &'a [NamedPort],
    pub(super) elements: &'a [Element],
}

/// The endpoint whose policy is computed.
pub(super) struct Subject<'a> {
    pub(super) labels: &'a Labels,
    pub(super) namespace: Option<&'a str>,
    pub(super) named_ports: &'a [NamedPort],
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedPort {
    pub(super) name: String,
    pub(super) protocol: u8,
    pub(super) port: u16,
}

/// One direction of an endpoint's policy.
#[derive(Debug, Default)]
pub(super) struct SidePolicy {
    pub(super) enforced: bool,
    pub(super) filters: BTreeMap<FilterKey, Filter>,
}

/// MERGE-1
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilterKey {
    pub(super) protocol: Option<u8>,
    pub(super) port: Port,
}

#[derive(Debug)]
pub(super) struct Filter {
    /// First and last port; nothing if a name is not resolved (PORT-9).
    pub(super) range: Option<(u16, u16)>,
    pub(super) rules: BTreeMap<Selector, Rule>,
}

/// MODE, DD
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Enforcement {
    Off,
    DefaultDeny,
    DefaultAllow,
}

/// Computes one direction of the subject's policy.
pub(super) fn compute(
    setting: &Setting<'_>,
    subject: &Subject<'_>,
    direction: Direction,
) -> Result<SidePolicy, Conflict> {
    let mut applying: Vec<&Element> = applying(setting, subject, direction).collect();
    applying.sort_by_key(|element| !element.deny); // MERGE-5: a deny settles it before allows can conflict
    let enforcement = enforcement(setting.config, subject.labels, &applying);
    let mut side = SidePolicy { enforced: enforcement != Enforcement::Off, ..Default::default() };
    if !side.enforced {
        return Ok(side);
    }
    for element in applying {
        for port_rule in &element.ports {
            let rules = element_rules(setting, subject, element, port_rule, enforcement)?;
            add(setting, subject, direction, &mut side, port_rule, rules)?;
        }
    }
    if enforcement == Enforcement::DefaultAllow {
        let everything = PortRule { protocol: None, port: Port::Number(0, 0), l7: L7::default() };
        let rules = BTreeMap::from([(Selector::wildcard(), Rule::default())]);
        add(setting, subject, direction, &mut side, &everything, rules)?; // DD-4
    }
    Ok(side)
}

/// Returns the elements of the direction whose subject is this endpoint.
pub(super) fn applying<'a>(
    setting: &'a Setting<'_>,
    subject: &'a Subject<'_>,
    direction: Direction,
) -> impl Iterator<Item = &'a Element> {
    setting.elements.iter().filter(move |element| {
        element.direction == direction && element.subject.selects(subject.labels)
    })
}

/// Returns whether policies are looked at for the endpoint at all (MODE-1, MODE-3).
pub(super) fn is_considered(config: &Config, labels: &Labels) -> bool {
    let is_unprotected_host = labels.is_reserved("host") && !config.host_firewall;
    !is_unprotected_host && config.policy_enforcement != PolicyEnforcement::Never
}

/// MODE-4, with the test of the source that the snapshot lacks (QUIRK-2).
fn enforcement(config: &Config, labels: &Labels, applying: &[&Element]) -> Enforcement {
    let is_always =
        config.policy_enforcement == PolicyEnforcement::Always || labels.is_reserved("init");
    if !is_considered(config, labels) {
        Enforcement::Off
    } else if is_always {
        Enforcement::DefaultDeny
    } else if applying.is_empty() {
        Enforcement::Off // DD-2
    } else if applying.iter().any(|element| element.default_deny) {
        Enforcement::DefaultDeny // DD-3
    } else {
        Enforcement::DefaultAllow
    }
}

/// Returns what one port of one element says about each of its peers.
fn element_rules(
    setting: &Setting<'_>,
    subject: &Subject<'_>,
    element: &Element,
    port_rule: &PortRule,
    enforcement: Enforcement,
) -> Result<BTreeMap<Selector, Rule>, Conflict> {
    let mut rule = match element.deny {
        true => Rule::deny(),
        false => Rule::allow(port_rule.protocol, &port_rule.l7, element.auth, subject.namespace)?,
    };
    if enforcement == Enforcement::DefaultAllow {
        rule.allow_all_requests(); // DD-7
    }
    // MERGE-10: `reserved:none` selects nobody and conflicts with nothing.
    let nobody = Selector::label("reserved.none");
    let peers = element.peers.iter().filter(|peer| **peer != nobody);
    let mut rules: BTreeMap<Selector, Rule> =
        peers.map(|peer| (peer.clone(), rule.clone())).collect();
    // HOST-4: a redirect of the local host that does not name it lets it pass.
    let host = Selector::label("reserved.host");
    if element.direction == Direction::Ingress
        && setting.config.allow_localhost == AllowLocalhost::Always
        && rule.is_redirect()
        && rules.keys().any(|peer| peer.matches(setting.host))
    {
        rules.entry(host).or_default();
    }
    Ok(rules)
}

fn add(
    setting: &Setting<'_>,
    subject: &Subject<'_>,
    direction: Direction,
    side: &mut SidePolicy,
    port_rule: &PortRule,
    rules: BTreeMap<Selector, Rule>,
) -> Result<(), Conflict> {
    let key = FilterKey { protocol: port_rule.protocol, port: port_rule.port.clone() };
    let named_ports = match direction {
        Direction::Ingress => subject.named_ports,
        Direction::Egress => setting.named_ports,
    };
    let range = range(&key, named_ports);
    let filter = side.filters.entry(key).or_insert(Filter { range, rules: BTreeMap::new() });
    for (selector, rule) in rules {
        match filter.rules.get_mut(&selector) {
            Some(existing) => existing.merge(rule)?,
            None => {
                filter.rules.insert(selector, rule);
            }
        }
    }
    Ok(())
}

/// Returns the ports of a filter (PORT-3, PORT-8, PORT-9).
fn range(key: &FilterKey, named_ports: &[NamedPort]) -> Option<(u16, u16)> {
    let (start, end) = match &key.port {
        Port::IcmpType(number) => return Some((*number, *number)),
        Port::Number(start, end) => (*start, *end),
        Port::Name(name, end) => (resolve(name, key.protocol?, named_ports)?, *end),
    };
    Some(match (start, end) {
        (0, 0) => (0, u16::MAX),
        (start, end) if end > start => (start, end),
        (start, _) => (start, start),
    })
}

/// PORT-9: all that have the name for this protocol must agree.
fn resolve(name: &str, protocol: u8, named_ports: &[NamedPort]) -> Option<u16> {
    let mut ports = named_ports
        .iter()
        .filter(|port| port.name == name && port.protocol == protocol)
        .map(|port| port.port);
    let first = ports.next()?;
    ports.all(|port| port == first).then_some(first)
}

impl FilterKey {
    /// Returns what the canonical order of AUTH-9 compares: protocol, start port, end port, name.
    fn order(&self) -> (Option<u8>, u16, u16, Option<&str>, bool) {
        match &self.port {
            Port::Number(start, end) => (self.protocol, *start, *end, None, false),
            Port::Name(name, end) => (self.protocol, 0, *end, Some(name), false),
            Port::IcmpType(number) => (self.protocol, *number, 0, None, true),
        }
    }

    pub(super) fn covers_protocol(&self, protocol: u8) -> bool {
        self.protocol.is_none_or(|own| own == protocol)
    }
}

impl PartialOrd for FilterKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for FilterKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl Filter {
    pub(super) fn holds(&self, port: u16) -> bool {
        self.range.is_some_and(|(start, end)| start <= port && port <= end)
    }
}

impl SidePolicy {
    /// Returns whether a rule asks for an authentication mode (AUTH-3).
    pub(super) fn has_auth(&self) -> bool {
        let rules = self.filters.values().flat_map(|filter| filter.rules.values());
        rules.into_iter().any(|rule| rule.auth.is_some())
    }
}
