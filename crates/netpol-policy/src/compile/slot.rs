//! What filters say about selectors, ready to be put into policy maps.

use std::sync::Arc;

use netpol_core::{
    AuthRequirement, Direction, PolicyEntry, PortPrefix, PortPrefixes, PortRange, Protocol,
    RedirectId,
};

use super::filter::Filters;
use super::subject_policy::{Shared, SubjectContext};
use super::{CompileError, Filter, FilterKey, L4Key, PeerPolicy, RuleSets};
use crate::rule::ParserType;
use crate::select::SelectorId;

/// A filter with the ports and selectors that it comes to.
#[derive(Clone, Debug)]
pub struct ResolvedFilter {
    /// Protocol and port as written.
    pub key: FilterKey,
    /// The ports; `None` if a name has no number.
    pub range: Option<PortRange>,
    /// What is said about every peer.
    pub wildcard: Option<Arc<PeerPolicy>>,
    /// What is said about the peers of each selector.
    pub peers: Vec<(SelectorId, Arc<PeerPolicy>)>,
}

/// What a filter says about a selector, as an entry of policy maps.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// The selector; `None` for any identity.
    pub(super) selector: Option<SelectorId>,
    /// The protocol; [`Protocol::ANY`] for every one.
    pub(super) protocol: Protocol,
    pub(super) range: PortRange,
    /// Where the entry stands. Empty if it would only repeat the one for any identity; its L7 rules count
    /// all the same.
    pub(super) keys: Arc<[L4Key]>,
    pub(super) entry: PolicyEntry,
    pub(super) policy: Arc<PeerPolicy>,
}

impl ResolvedFilter {
    pub(super) fn new(
        direction: Direction,
        key: FilterKey,
        filter: Filter,
        context: &SubjectContext<'_>,
        shared: &mut Shared<'_>,
    ) -> Self {
        let range = key.range(|name, protocol| match direction {
            Direction::Ingress => context.own_ports.port(name, protocol),
            Direction::Egress => context.cluster_ports.port(name, protocol),
        });
        let Filter { wildcard, peers } = filter;
        let peers = peers
            .into_iter()
            .map(|(selector, policy)| (shared.selectors.acquire(selector.selector()), policy));
        let peers = peers.collect();
        Self { key, range, wildcard, peers }
    }

    /// MAP-4: what the filter puts into the map, the wildcard first.
    pub(super) fn slots(&self, listeners_exist: bool, shared: &mut Shared<'_>) -> Vec<Slot> {
        let Self { key, range, wildcard, peers } = self;
        // PORT-9: a name without number puts nothing.
        let Some(range) = *range else { return Vec::new() };
        let keys: Arc<[L4Key]> = match range.is_all() {
            true => [L4Key::new(key.protocol, PortPrefix::ALL)].into(),
            false => PortPrefixes::new(range).map(|p| L4Key::new(key.protocol, p)).collect(),
        };
        let slot = |selector, policy: &Arc<PeerPolicy>, entry, keys| Slot {
            selector,
            protocol: key.protocol,
            range,
            keys,
            entry,
            policy: Arc::clone(policy),
        };
        // LSN-5
        let exists = |policy: &PeerPolicy| policy.parser != ParserType::Crd || listeners_exist;
        let any = wildcard.as_ref().filter(|policy| exists(policy));
        let mut entries = Entries { shared, last: None };
        let any = any.map(|policy| slot(None, policy, entries.of(policy), Arc::clone(&keys)));
        let for_any = any.as_ref().map(|slot| slot.entry).filter(|_| !key.is_port_zero());
        let peers = peers.iter().filter(|(_, policy)| exists(policy)).map(|(selector, policy)| {
            let entry = entries.of(policy);
            // What is said about everybody need not be said again, unless from port 0 on.
            let repeats = for_any.is_some_and(|for_any| for_any.same_decision(&entry));
            let keys = if repeats { Arc::default() } else { Arc::clone(&keys) };
            slot(Some(*selector), policy, entry, keys)
        });
        any.into_iter().chain(peers).collect()
    }
}

/// DD-4: everything else is allowed, and DD-7: L7 rules let every request pass.
pub(super) fn allow_rest(filters: &mut Filters) -> Result<(), CompileError> {
    for filter in filters.values_mut() {
        let policies = filter.wildcard.iter_mut().chain(filter.peers.values_mut());
        let checking = policies.filter(|policy| !policy.l7.is_none());
        checking.for_each(|policy| Arc::make_mut(policy).allow_all_requests());
    }
    let filter = filters.entry(FilterKey::ANY).or_default();
    match &mut filter.wildcard {
        Some(known) => Arc::make_mut(known).merge(PeerPolicy::allow_all()).map_err(|what| {
            let origins = known.elements.iter().map(|(_, origin)| Arc::clone(origin)).collect();
            CompileError::conflict(what, FilterKey::ANY.to_string(), origins)
        }),
        none => {
            *none = Some(Arc::new(PeerPolicy::allow_all()));
            Ok(())
        }
    }
}

/// Makes entries of policies, many of which are one and the same.
struct Entries<'a, 's> {
    shared: &'a mut Shared<'s>,
    last: Option<(Arc<PeerPolicy>, PolicyEntry)>,
}

impl Entries<'_, '_> {
    fn of(&mut self, policy: &Arc<PeerPolicy>) -> PolicyEntry {
        match &self.last {
            Some((last, entry)) if Arc::ptr_eq(last, policy) => *entry,
            _ => {
                let entry = entry(policy, self.shared);
                self.last = Some((Arc::clone(policy), entry));
                entry
            }
        }
    }
}

/// Returns the entry that stands for a policy.
fn entry(policy: &PeerPolicy, shared: &mut Shared<'_>) -> PolicyEntry {
    let rules = match policy.elements.is_empty() {
        true => RuleSets::DEFAULT_ALLOW,
        false => shared.rule_sets.intern(&policy.elements),
    };
    if policy.deny {
        return PolicyEntry::deny(rules);
    }
    let redirect = policy.redirect().map(|redirect| shared.redirects.intern(&redirect));
    PolicyEntry {
        deny: false,
        redirect: redirect.unwrap_or(RedirectId::NONE),
        priority: policy.priority,
        auth: policy.auth.map_or(AuthRequirement::NONE, AuthRequirement::explicit),
        rules,
    }
}
