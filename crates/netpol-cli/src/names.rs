//! Name selectors of policies, and the identities that stand for them.

use netpol::{EndpointId, Engine, IdentityId, LabelSource};
use netpol_core::IpFamily;
use netpol_policy::rule::{Element, Peer, Peers, Policy, Selector};

/// Returns the texts of the name selectors in policies that apply to an endpoint, each once,
/// sorted.
pub(crate) fn names_of(engine: &Engine, endpoint: EndpointId) -> Vec<&str> {
    let Some(labels) = engine.endpoint_labels(endpoint) else { return Vec::new() };
    let policies = engine.policies().map(|policy| -> &Policy { policy });
    let rules = policies.flat_map(|policy| &policy.rules);
    let applying = rules.filter(|rule| !rule.subject.node && rule.subject.selector.matches(labels));
    let mut names: Vec<&str> =
        applying.flat_map(|rule| &rule.elements).flat_map(names_in).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn names_in(element: &Element) -> impl Iterator<Item = &str> {
    let peers = match &element.peers {
        Peers::AnyOf(peers) => peers.as_slice(),
        Peers::Nobody | Peers::Unrestricted => &[],
    };
    peers.iter().filter_map(|peer| match peer {
        Peer::Selector(Selector::Fqdn(selector)) => Some(selector.text()),
        Peer::Selector(Selector::Labels(_)) | Peer::Service(_) => None,
    })
}

/// Returns the identities that addresses get by a name selector and by nothing else, with their
/// families (SID-8).
pub(crate) fn name_identities(engine: &Engine, text: &str) -> Vec<(IdentityId, Option<IpFamily>)> {
    const WORLDS: [(&str, Option<IpFamily>); 3] =
        [("world", None), ("world-ipv4", Some(IpFamily::V4)), ("world-ipv6", Some(IpFamily::V6))];
    let mut identities = Vec::new();
    for (identity, labels) in engine.identities() {
        let named = labels.get(text).is_some_and(|label| *label.source() == LabelSource::Fqdn);
        let world = WORLDS.iter().find(|(name, _)| labels.has_reserved(name));
        if let (true, 2, Some((_, family))) = (named, labels.len(), world) {
            identities.push((identity, *family));
        }
    }
    identities.sort_unstable_by_key(|(identity, family)| (*family, *identity));
    identities
}
