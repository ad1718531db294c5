//! Publication: everything that was changed takes effect at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use netpol_core::{IdentityId, MapDelta, PolicyMap, Prefix};
use netpol_policy::repository::{SubjectChange, SubjectId};

use super::{EndpointDeltas, Engine, Map};
use crate::slots::Slot;
use crate::snapshot::{Revision, Snapshot};
use crate::{EndpointId, EngineError};

/// What a publication did.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Published {
    /// The revision that readers see now.
    pub revision: Revision,
    /// What changed in the policy maps of endpoints.
    ///
    /// Who keeps maps elsewhere, in a kernel for example, puts the new entries of all endpoints first,
    /// then changes the ipcache as `prefixes` says, and removes entries last; those of one endpoint
    /// each in the order in which they are listed.
    pub deltas: Vec<EndpointDeltas>,
    /// The prefixes that have another identity now, or none any more, in order.
    pub prefixes: Vec<(Prefix, Option<IdentityId>)>,
    /// Why some prefix could not be given an identity; it keeps its old one (LID-3).
    pub error: Option<EngineError>,
}

impl Engine {
    /// Makes everything that was changed take effect for readers, all of it together, and
    /// returns what that changed in the endpoints' policy maps.
    ///
    /// New identities enter the policy maps before any address leads to them, and identities
    /// that nothing uses leave last, so that a flow allowed before and after is never denied in
    /// between (CHG-3, CHG-4).
    pub fn publish(&mut self) -> Published {
        let mut changes = Vec::new();
        let relabelled = self.relabel_if_needed();
        let settled = self.settle(&mut changes);
        let error = settled.or_else(|| relabelled.err());
        let prefixes = self.enter_prefixes();
        for identity in std::mem::take(&mut self.unused) {
            self.identities.release(identity, &mut self.repository);
        }
        changes.extend(self.repository.commit());
        self.revision += 1;
        let revision = Revision(self.revision);
        let moved = std::mem::take(&mut self.moved_endpoints);
        self.enter_slots(&moved);
        let (ipcache, slots) = (self.ipcache.clone(), self.slots.clone());
        let names = self.names.index().clone();
        let snapshot = Snapshot { revision, ipcache, slots, names };
        let before = self.published.swap(Arc::new(snapshot));
        let deltas = self.endpoint_deltas(changes, &moved, &before);
        Published { revision, deltas, prefixes, error }
    }

    /// Where only labels that policies look at make identities, policies change identities.
    fn relabel_if_needed(&mut self) -> Result<(), EngineError> {
        let changed = self.repository.take_relevant_labels_changed();
        if changed && self.options.policy_relevant_labels {
            self.relabel_pods(|_| true)?;
        }
        Ok(())
    }

    /// Computes policies and identities until nothing changes any more: policies bring name
    /// selectors into use, these give labels to addresses, and these are new identities.
    fn settle(&mut self, changes: &mut Vec<SubjectChange>) -> Option<EngineError> {
        let mut first_error = None;
        loop {
            if let Err(error) = self.settle_prefixes() {
                first_error.get_or_insert(error);
            }
            changes.extend(self.repository.commit());
            let name_changes = self.repository.take_name_changes();
            if name_changes.is_empty() {
                return first_error;
            }
            if let Err(error) = self.apply_name_changes(name_changes) {
                first_error.get_or_insert(error);
            }
        }
    }

    /// Brings the slots of endpoints up to date that are new, changed or gone, or whose policies
    /// changed.
    fn enter_slots(&mut self, moved: &BTreeSet<EndpointId>) {
        let changed = self.repository.take_changed_policies();
        let changed = changed.iter().flat_map(|subject| self.endpoints.of_subject(*subject));
        let concerned: BTreeSet<EndpointId> = moved.iter().copied().chain(changed).collect();
        // An address may have gone from one endpoint to another.
        for id in &concerned {
            match self.endpoints.managed_endpoint(*id) {
                Some((id, state, _)) => self.slots.keep_addresses(id, &state.endpoint.ips),
                None => self.slots.remove(*id),
            }
        }
        for id in concerned {
            let Some((id, state, subject)) = self.endpoints.managed_endpoint(id) else { continue };
            match self.repository.subject_policy(subject) {
                Some(policy) => self.slots.set(id, policy, &state.endpoint.ips),
                None => self.slots.remove(id),
            }
        }
    }

    /// Returns what changed in the policy map of each endpoint, compared with the last publication.
    fn endpoint_deltas(
        &self,
        changes: Vec<SubjectChange>,
        moved: &BTreeSet<EndpointId>,
        before: &Snapshot,
    ) -> Vec<EndpointDeltas> {
        let mut by_subject: Map<SubjectId, Vec<MapDelta>> = Map::default();
        for SubjectChange { subject, deltas } in changes {
            by_subject.entry(subject).or_default().extend(deltas);
        }
        let by_subject: Map<SubjectId, Arc<[MapDelta]>> = by_subject
            .into_iter()
            .map(|(subject, deltas)| (subject, MapDelta::coalesce(deltas).into()))
            .collect();
        let deltas = |endpoint: EndpointId| {
            let (_, _, subject) = self.endpoints.managed_endpoint(endpoint)?;
            let deltas = match moved.contains(&endpoint) {
                true => self.move_deltas(subject, before.slots.of(endpoint))?,
                false => Arc::clone(by_subject.get(&subject)?),
            };
            (!deltas.is_empty()).then_some(EndpointDeltas { endpoint, deltas })
        };
        let changed = by_subject.keys().flat_map(|subject| self.endpoints.of_subject(*subject));
        let concerned: BTreeSet<EndpointId> = moved.iter().copied().chain(changed).collect();
        concerned.into_iter().filter_map(deltas).collect()
    }

    /// Returns the way to an endpoint's policy map from the one that it had, or from nothing.
    fn move_deltas(&self, subject: SubjectId, before: Option<&Slot>) -> Option<Arc<[MapDelta]>> {
        let policy = self.repository.subject_policy(subject)?;
        Some(match before {
            Some(before) => before.policy.diff(policy).into(),
            None => PolicyMap::new().diff(&policy.to_map()).into(),
        })
    }
}
