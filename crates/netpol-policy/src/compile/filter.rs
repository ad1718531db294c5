//! Filters: everything of one direction about one port and protocol as written.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use netpol_core::{LabelSet, LabelSource, PortRange, Protocol, SelectKey};

use super::{CompileError, LoadedElement, LoadedPeers, PeerPolicy, RankedSelector};
use crate::rule::{LabelSelector, Port, PortRule, Ports, Selector};

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
        self.is_port_zero() && self.end == 0
    }

    /// Tells whether the port is written as 0, with an end or without. The type 0 of ICMP is
    /// none (QUIRK-3).
    #[must_use]
    pub fn is_port_zero(&self) -> bool {
        self.name.is_none() && !self.icmp && self.start == 0
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
    pub peers: BTreeMap<RankedSelector, Arc<PeerPolicy>>,
}

impl Filter {
    /// Tells whether something is said about authentication (AUTH-3).
    pub(super) fn has_auth(&self) -> bool {
        self.wildcard.iter().chain(self.peers.values()).any(|policy| policy.auth.is_some())
    }
}

/// The filters of one direction, in order.
pub(crate) type Filters = BTreeMap<FilterKey, Filter>;

/// Folds elements into filters (MERGE).
///
/// `host` has the labels of the local node if it may always reach the subject (HOST-4).
///
/// # Errors
///
/// Fails if rules about the same peers and port contradict each other.
pub(crate) fn fold<'a>(
    elements: impl IntoIterator<Item = &'a LoadedElement>,
    namespace: Option<&str>,
    host: Option<&LabelSet>,
) -> Result<Filters, CompileError> {
    let mut filters = Filters::new();
    let (denies, allows): (Vec<_>, Vec<_>) = elements.into_iter().partition(|e| e.element.deny);
    // Denies first: beside one, allows cannot contradict each other any more (MERGE-5).
    for element in denies.into_iter().chain(allows) {
        fold_element(&mut filters, element, namespace, host)?;
    }
    Ok(filters)
}

fn fold_element(
    filters: &mut Filters,
    element: &LoadedElement,
    namespace: Option<&str>,
    host: Option<&LabelSet>,
) -> Result<(), CompileError> {
    match &element.element.ports {
        // PORT-1. PEER-10: without ports, no restriction of peers means nobody.
        Ports::All if element.peers == LoadedPeers::Unrestricted => Ok(()),
        Ports::All => {
            let policy = Arc::new(PeerPolicy::plain(element));
            peers(element).map_or(Ok(()), |peers| add(filters, FilterKey::ANY, peers, &policy))
        }
        Ports::AnyOf(rules) => {
            rules.iter().try_for_each(|rule| fold_rule(filters, element, rule, namespace, host))
        }
    }
}

/// Returns the selectors of an element's peers, none for every peer; `None` if it is about nobody.
fn peers(element: &LoadedElement) -> Option<&[Arc<Selector>]> {
    match &element.peers {
        LoadedPeers::Nobody => None,
        LoadedPeers::Unrestricted => Some(&[]),
        LoadedPeers::AnyOf(selectors) if selectors.is_empty() => None,
        // MERGE-3: beside the wildcard selector, the others of the element count for nothing.
        LoadedPeers::AnyOf(selectors) if selectors.iter().any(|s| s.is_wildcard()) => Some(&[]),
        LoadedPeers::AnyOf(selectors) => Some(selectors),
    }
}

fn fold_rule(
    filters: &mut Filters,
    element: &LoadedElement,
    rule: &PortRule,
    namespace: Option<&str>,
    host: Option<&LabelSet>,
) -> Result<(), CompileError> {
    for port in &rule.ports {
        let policy = Arc::new(PeerPolicy::new(element, rule, port.protocol, namespace)?);
        let Some(peers) = peers(element) else { continue };
        let key = FilterKey::new(port.protocol, &port.port);
        add(filters, key.clone(), peers, &policy)?;
        if host.is_some_and(|labels| policy.is_redirect() && covers_unnamed(peers, labels)) {
            let pass = Arc::new(PeerPolicy::pass(element));
            add(filters, key, &[Arc::new(host_selector())], &pass)?;
        }
    }
    Ok(())
}

/// HOST-4: tells whether peers hold the local node without naming it; the proxy lets it pass then.
fn covers_unnamed(peers: &[Arc<Selector>], host: &LabelSet) -> bool {
    let named = host_selector();
    let is_covered = peers.is_empty() || peers.iter().any(|peer| peer.matches(host));
    is_covered && !peers.iter().any(|peer| **peer == named)
}

/// Returns the selector of the entity `host`.
fn host_selector() -> Selector {
    let key = SelectKey::new(LabelSource::Reserved, "host");
    Selector::Labels(LabelSelector::new([(key, "".into())], []))
}

/// Adds to a filter what is said about peers, all of them if none is named.
fn add(
    filters: &mut Filters,
    key: FilterKey,
    peers: &[Arc<Selector>],
    policy: &Arc<PeerPolicy>,
) -> Result<(), CompileError> {
    let filter = filters.entry(key.clone()).or_default();
    if peers.is_empty() {
        return merge_wildcard(filter, policy, &key);
    }
    // MERGE-10: what selects nobody says nothing, and so cannot contradict.
    for selector in peers.iter().filter(|selector| !is_none_entity(selector)) {
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
    match filter.peers.entry(RankedSelector::new(selector)) {
        Entry::Occupied(known) => merge(known.into_mut(), policy, key),
        Entry::Vacant(none) => {
            none.insert(Arc::clone(policy));
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
