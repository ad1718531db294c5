//! What the write side can be asked.

use std::net::IpAddr;
use std::sync::Arc;

use netpol_core::{IdentityId, LabelSet, PolicyMap, Prefix, RedirectId, RuleSetId};
use netpol_policy::compile::{CompileError, LoadedElement, Redirect, RuleSet, SubjectPolicy};
use netpol_policy::rule::Policy;

use super::Engine;
use crate::{Direction, Endpoint, EndpointId};

impl Engine {
    /// Returns an endpoint.
    #[must_use]
    pub fn endpoint(&self, id: EndpointId) -> Option<&Endpoint> {
        self.endpoints.get(id).map(|state| &state.endpoint)
    }

    /// Returns all endpoints, peers included, in order of their numbers.
    pub fn endpoints(&self) -> impl Iterator<Item = (EndpointId, &Endpoint)> {
        self.endpoints.iter().map(|(id, state)| (id, &state.endpoint))
    }

    /// Returns the endpoint that has an address, be it managed or a peer.
    #[must_use]
    pub fn endpoint_at(&self, ip: IpAddr) -> Option<EndpointId> {
        self.endpoints.at(ip).map(|(id, _)| id)
    }

    /// Returns the identity of an endpoint, as of the last publication; a node's is that of its first
    /// address.
    #[must_use]
    pub fn endpoint_identity(&self, id: EndpointId) -> Option<IdentityId> {
        let state = self.endpoints.get(id)?;
        let at = |ip: &IpAddr| self.ipcache.identity(*ip);
        state.identity.or_else(|| state.endpoint.ips.first().map(at))
    }

    /// Tells whether a policy can be enforced on an endpoint.
    #[must_use]
    pub fn is_managed(&self, id: EndpointId) -> bool {
        self.endpoints.get(id).is_some_and(|state| state.subject.is_some())
    }

    /// Returns the labels that rules select an endpoint by; `None` if it is not managed.
    #[must_use]
    pub fn endpoint_labels(&self, id: EndpointId) -> Option<&LabelSet> {
        let subject = self.endpoints.get(id)?.subject?;
        self.repository.subject(subject).map(|subject| &subject.labels)
    }

    /// Returns the labels of an identity that is known.
    #[must_use]
    pub fn identity_labels(&self, id: IdentityId) -> Option<&LabelSet> {
        self.repository.identity_labels(id)
    }

    /// Returns the identities that are known, in no order.
    pub fn identities(&self) -> impl Iterator<Item = (IdentityId, &LabelSet)> {
        self.repository.identities()
    }

    /// Returns the keys of the labels that policies in force look at, sorted: all others could be left
    /// out of identities without changing a verdict.
    #[must_use]
    pub fn policy_relevant_labels(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.repository.relevant_label_keys().collect();
        keys.sort_unstable();
        keys
    }

    /// Returns how many identities are in use, besides the fixed ones.
    #[must_use]
    pub fn identity_count(&self) -> usize {
        self.identities.len()
    }

    /// Returns all prefixes that have an identity, as of the last publication.
    pub fn prefixes(&self) -> impl Iterator<Item = (Prefix, IdentityId)> {
        self.ipcache.iter()
    }

    /// Returns the canonical policy map of an endpoint, as of the last publication; `None` if it is
    /// not managed.
    #[must_use]
    pub fn policy_map(&self, id: EndpointId) -> Option<PolicyMap> {
        self.subject_policy(id).map(|policy| policy.to_map())
    }

    /// Tells whether policy is enforced on an endpoint in a direction (DD-2).
    #[must_use]
    pub fn is_enforced(&self, id: EndpointId, direction: Direction) -> bool {
        self.subject_policy(id).is_some_and(|policy| policy.direction(direction).is_enforced())
    }

    /// Returns why the newest policy of an endpoint could not be computed, if so; the last good one
    /// is in force, or everything is denied (MERGE-12).
    #[must_use]
    pub fn endpoint_error(&self, id: EndpointId) -> Option<&CompileError> {
        self.repository.subject_error(self.endpoints.get(id)?.subject?)
    }

    /// Returns the proxy with this number.
    #[must_use]
    pub fn redirect(&self, id: RedirectId) -> Option<&Redirect> {
        self.repository.redirects().get(id)
    }

    /// Returns the rules behind an entry or a verdict; `None` if they are long out of force.
    #[must_use]
    pub fn rule_set(&self, id: RuleSetId) -> Option<&Arc<RuleSet>> {
        self.repository.rule_set(id)
    }

    /// Returns the policies in force, in no order.
    pub fn policies(&self) -> impl Iterator<Item = &Arc<Policy>> {
        self.repository.policies()
    }

    /// Returns the elements that apply to an endpoint, in the order in which they were loaded.
    pub(crate) fn applying_elements(&self, id: EndpointId) -> Vec<LoadedElement> {
        let subject = self.endpoints.get(id).and_then(|state| state.subject);
        subject.map_or_else(Vec::new, |subject| self.repository.applying(subject))
    }

    pub(crate) fn subject_policy(&self, id: EndpointId) -> Option<&Arc<SubjectPolicy>> {
        self.repository.subject_policy(self.endpoints.get(id)?.subject?)
    }
}
