//! Filters: everything of one direction about one port and protocol as written.

use std::collections::BTreeMap;
use std::sync::Arc;

use netpol_core::{PortRange, Protocol};

use super::{CompileError, LoadedElement, LoadedPeers, PeerPolicy};
use crate::rule::{Port, PortRule, Ports, Selector};

/// What tells filters apart: protocol and port as written (MERGE-1).
///
/// The order is that of AUTH-9: any protocol first, then by start port, end port and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FilterKey {
    /// The protocol; [`Protocol::ANY`] for rules without ports.
    pub protocol: Protocol,
    start: u16,
    end: u16,
    name: Option<Arc<str>>,
    icmp: bool,
}

impl FilterKey {
    /// The filter of rules without ports.
    pub const ANY: Self =
        Self { protocol: Protocol::ANY, start: 0, end: 0, name: None, icmp: false };

    fn new(protocol: Protocol, port: &Port) -> Self {
        let key = Self { protocol, ..Self::ANY };
        match port {
            Port::Number { port, end } => Self { start: *port, end: *end, ..key },
            Port::Name { name, end } => Self { end: *end, name: Some(Arc::clone(name)), ..key },
            Port::IcmpType(kind) => Self { start: u16::from(*kind), icmp: true, ..key },
        }
    }

    /// Returns the name, if the port is given by name.
    #[must_use]
    pub fn name(&self) -> Option<&Arc<str>> {
        self.name.as_ref()
    }

    /// Tells whether the filter is for every port of its protocol, or for every protocol.
    #[must_use]
    pub fn is_all_ports(&self) -> bool {
        self.name.is_none() && !self.icmp && self.start == 0 && self.end == 0
    }

    /// Returns the ports, the name being resolved by `resolve`; `None` if it has no number.
    #[must_use]
    pub fn range(&self, resolve: impl Fn(&Arc<str>, Protocol) -> Option<u16>) -> Option<PortRange> {
        let Self { protocol, start, end, name, .. } = self;
        match name {
            // PORT-9: an end counts for names too.
            Some(name) => Some(PortRange::new(resolve(name, *protocol)?, *end)),
            None if self.is_all_ports() => Some(PortRange::ALL),
            None => Some(PortRange::new(*start, *end)),
        }
    }
}

impl std::fmt::Display for FilterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { protocol, start, end, name, .. } = self;
        match name {
            _ if self.is_all_ports() && protocol.is_any() => f.write_str("any"),
            _ if self.is_all_ports() => write!(f, "any/{protocol}"),
            Some(name) => write!(f, "{name}/{protocol}"),
            None => write!(f, "{}/{protocol}", PortRange::new(*start, *end)),
        }
    }
}

/// Everything of one direction about one port and protocol (MERGE-1).
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// What is said about every peer.
    pub wildcard: Option<Arc<PeerPolicy>>,
    /// What is said about the peers of each selector. Those of one element share it.
    pub peers: BTreeMap<Arc<Selector>, Arc<PeerPolicy>>,
}

/// The filters of one direction, in order.
pub(crate) type Filters = BTreeMap<FilterKey, Filter>;

/// Folds elements into filters (MERGE).
///
/// # Errors
///
/// Fails if rules about the same peers and port contradict each other.
pub(crate) fn fold<'a>(
    elements: impl IntoIterator<Item = &'a LoadedElement>,
    namespace: Option<&str>,
) -> Result<Filters, CompileError> {
    let mut filters = Filters::new();
    let (denies, allows): (Vec<_>, Vec<_>) = elements.into_iter().partition(|e| e.element.deny);
    // Denies first: beside one, allows cannot contradict each other any more (MERGE-5).
    for element in denies.into_iter().chain(allows) {
        fold_element(&mut filters, element, namespace)?;
    }
    Ok(filters)
}

fn fold_element(
    filters: &mut Filters,
    element: &LoadedElement,
    namespace: Option<&str>,
) -> Result<(), CompileError> {
    match &element.element.ports {
        // PORT-1. PEER-10: without ports, no restriction of peers means nobody.
        Ports::All if element.peers == LoadedPeers::Unrestricted => Ok(()),
        Ports::All => add(filters, FilterKey::ANY, element, &Arc::new(PeerPolicy::plain(element))),
        Ports::AnyOf(rules) => {
            rules.iter().try_for_each(|rule| fold_rule(filters, element, rule, namespace))
        }
    }
}

fn fold_rule(
    filters: &mut Filters,
    element: &LoadedElement,
    rule: &PortRule,
    namespace: Option<&str>,
) -> Result<(), CompileError> {
    for port in &rule.ports {
        let policy = Arc::new(PeerPolicy::new(element, rule, port.protocol, namespace)?);
        add(filters, FilterKey::new(port.protocol, &port.port), element, &policy)?;
    }
    Ok(())
}

/// Adds to a filter what an element says about each of its peers.
fn add(
    filters: &mut Filters,
    key: FilterKey,
    element: &LoadedElement,
    policy: &Arc<PeerPolicy>,
) -> Result<(), CompileError> {
    let selectors: &[Arc<Selector>] = match &element.peers {
        LoadedPeers::Nobody => return Ok(()),
        LoadedPeers::Unrestricted => &[],
        LoadedPeers::AnyOf(selectors) if selectors.is_empty() => return Ok(()),
        // MERGE-3: beside the wildcard selector, the others of the element count for nothing.
        LoadedPeers::AnyOf(selectors) if selectors.iter().any(|s| s.is_wildcard()) => &[],
        LoadedPeers::AnyOf(selectors) => selectors,
    };
    let filter = filters.entry(key.clone()).or_default();
    if selectors.is_empty() {
        return merge_wildcard(filter, policy, &key);
    }
    for selector in selectors {
        merge_peers(filter, selector, policy, &key)?;
    }
    Ok(())
}

fn merge_wildcard(
    filter: &mut Filter,
    policy: &Arc<PeerPolicy>,
    key: &FilterKey,
) -> Result<(), CompileError> {
    match &mut filter.wildcard {
        Some(known) => merge(known, policy, key),
        none => {
            *none = Some(Arc::clone(policy));
            Ok(())
        }
    }
}

fn merge_peers(
    filter: &mut Filter,
    selector: &Arc<Selector>,
    policy: &Arc<PeerPolicy>,
    key: &FilterKey,
) -> Result<(), CompileError> {
    match filter.peers.get_mut(selector) {
        // MERGE-10: what selects nobody cannot contradict.
        Some(_) if is_none_entity(selector) => Ok(()),
        Some(known) => merge(known, policy, key),
        None => {
            filter.peers.insert(Arc::clone(selector), Arc::clone(policy));
            Ok(())
        }
    }
}

fn is_none_entity(selector: &Selector) -> bool {
    matches!(selector, Selector::Labels(labels) if labels.is_none_entity())
}

fn merge(
    known: &mut Arc<PeerPolicy>,
    policy: &Arc<PeerPolicy>,
    key: &FilterKey,
) -> Result<(), CompileError> {
    let n_known = known.elements.len();
    Arc::make_mut(known).merge(PeerPolicy::clone(policy)).map_err(|what| {
        let elements = known.elements.iter().take(n_known).chain(&policy.elements);
        let origins = elements.map(|(_, origin)| Arc::clone(origin)).collect();
        CompileError::conflict(what, key.to_string(), origins)
    })
}
