//! Publication: everything that was changed takes effect at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use netpol_core::MapDelta;
use netpol_policy::repository::{SubjectChange, SubjectId};

use super::{EndpointDeltas, Engine, Map};
use crate::EngineError;
use crate::snapshot::{Revision, Snapshot};

/// What a publication did.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Published {
    /// The revision that readers see now.
    pub revision: Revision,
    /// What changed in the policy maps of endpoints.
    pub deltas: Vec<EndpointDeltas>,
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
        let error = self.settle(&mut changes).or(relabelled.err());
        self.enter_prefixes();
        for identity in std::mem::take(&mut self.unused) {
            self.identities.release(identity, &mut self.repository);
        }
        changes.extend(self.repository.commit());
        self.revision += 1;
        let revision = Revision(self.revision);
        self.published.store(Arc::new(self.snapshot(revision)));
        Published { revision, deltas: self.endpoint_deltas(changes), error }
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

    fn snapshot(&self, revision: Revision) -> Snapshot {
        let managed =
            || self.endpoints.iter().filter_map(|(id, state)| Some((id, state, state.subject?)));
        let policies = managed().filter_map(|(id, _, subject)| {
            Some((id, Arc::clone(self.repository.subject_policy(subject)?)))
        });
        let endpoints =
            managed().flat_map(|(id, state, _)| state.endpoint.ips.iter().map(move |ip| (*ip, id)));
        Snapshot {
            revision,
            ipcache: self.ipcache.clone(),
            policies: Arc::new(policies.collect()),
            endpoints: Arc::new(endpoints.collect()),
        }
    }

    fn endpoint_deltas(&self, changes: Vec<SubjectChange>) -> Vec<EndpointDeltas> {
        let mut by_subject: BTreeMap<SubjectId, Vec<MapDelta>> = BTreeMap::new();
        for SubjectChange { subject, deltas } in changes {
            by_subject.entry(subject).or_default().extend(deltas);
        }
        let by_subject: Map<SubjectId, Arc<[MapDelta]>> =
            by_subject.into_iter().map(|(id, deltas)| (id, deltas.into())).collect();
        let endpoints = self.endpoints.iter().filter_map(|(endpoint, state)| {
            let deltas = Arc::clone(by_subject.get(&state.subject?)?);
            Some(EndpointDeltas { endpoint, deltas })
        });
        endpoints.collect()
    }
}
