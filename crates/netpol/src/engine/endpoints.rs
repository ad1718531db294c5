//! Endpoints: what policies are enforced on, and peers with labels.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use netpol_core::{IdentityId, Label, LabelSet, LabelSource, Prefix, cidr_label, keys};
use netpol_policy::PodLabels;
use netpol_policy::ipcache::Resource;
use netpol_policy::repository::{Subject, SubjectId};

use super::{Engine, Map};
use crate::{Endpoint, EndpointId, EndpointKind, EngineError};

/// The endpoints of an engine.
#[derive(Debug, Default)]
pub(super) struct Endpoints {
    by_id: BTreeMap<EndpointId, State>,
    // Those that have a subject: often few among many peers.
    by_subject: BTreeSet<(SubjectId, EndpointId)>,
    by_ip: Map<IpAddr, EndpointId>,
    next: u32,
}

/// An endpoint and what it comes to.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) endpoint: Endpoint,
    /// The identity; `None` for nodes, which have that of their addresses.
    pub(super) identity: Option<IdentityId>,
    /// What policies apply to; `None` for what is not managed.
    pub(super) subject: Option<SubjectId>,
}

impl State {
    /// Tells whether this is a node, whose identity depends on its addresses.
    pub(super) fn is_node(&self) -> bool {
        node_labels(&self.endpoint, &self.endpoint.name, false).is_some()
    }
}

impl Endpoints {
    pub(super) fn get(&self, id: EndpointId) -> Option<&State> {
        self.by_id.get(&id)
    }

    /// Returns the endpoint that has an address.
    pub(super) fn at(&self, ip: IpAddr) -> Option<(EndpointId, &State)> {
        let id = *self.by_ip.get(&ip)?;
        self.by_id.get(&id).map(|state| (id, state))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (EndpointId, &State)> {
        self.by_id.iter().map(|(id, state)| (*id, state))
    }

    /// Returns an endpoint with its subject, if policies apply to it.
    pub(super) fn managed_endpoint(
        &self,
        id: EndpointId,
    ) -> Option<(EndpointId, &State, SubjectId)> {
        let state = self.by_id.get(&id)?;
        Some((id, state, state.subject?))
    }

    /// Returns the endpoints that have a subject, in order.
    pub(super) fn of_subject(&self, subject: SubjectId) -> impl Iterator<Item = EndpointId> {
        let (first, last) = ((subject, EndpointId(0)), (subject, EndpointId(u32::MAX)));
        self.by_subject.range(first..=last).map(|(_, id)| *id)
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    fn insert(&mut self, id: EndpointId, state: State) {
        self.remove(id);
        if let Some(subject) = state.subject {
            self.by_subject.insert((subject, id));
        }
        self.by_id.insert(id, state);
    }

    fn remove(&mut self, id: EndpointId) -> Option<State> {
        let state = self.by_id.remove(&id)?;
        if let Some(subject) = state.subject {
            self.by_subject.remove(&(subject, id));
        }
        Some(state)
    }
}

impl Engine {
    /// Adds an endpoint: a local one, on which policy is enforced, or a peer.
    ///
    /// # Errors
    ///
    /// Fails if an address belongs to another endpoint, no identity is left, or there are too many
    /// endpoints. Nothing has changed then.
    pub fn add_endpoint(&mut self, endpoint: Endpoint) -> Result<EndpointId, EngineError> {
        if self.endpoints.len() >= self.limits.endpoints {
            return Err(EngineError::limit("endpoints", self.limits.endpoints));
        }
        self.check_addresses(&endpoint, None)?;
        let id = EndpointId(self.endpoints.next);
        let state = self.enter(id, endpoint)?;
        self.endpoints.next += 1;
        self.endpoints.insert(id, state);
        Ok(id)
    }

    /// Replaces everything about an endpoint but its number: labels, addresses, named ports.
    ///
    /// # Errors
    ///
    /// As for [`add_endpoint`](Self::add_endpoint), and if there is no such endpoint.
    pub fn update_endpoint(
        &mut self,
        id: EndpointId,
        endpoint: Endpoint,
    ) -> Result<(), EngineError> {
        let Some(old) = self.endpoints.get(id).cloned() else {
            return Err(EngineError::unknown_endpoint(id));
        };
        if old.endpoint == endpoint {
            return Ok(());
        }
        self.check_addresses(&endpoint, Some(id))?;
        // The new state enters first, so that an identity that stays is not freed in between.
        self.forget_addresses(&old.endpoint);
        match self.enter(id, endpoint) {
            Ok(state) => {
                self.endpoints.insert(id, state);
                self.leave(&old);
                Ok(())
            }
            Err(error) => {
                self.enter_addresses(id, &old.endpoint);
                Err(error)
            }
        }
    }

    /// Removes an endpoint; returns `false` if there was none.
    pub fn remove_endpoint(&mut self, id: EndpointId) -> bool {
        let Some(state) = self.endpoints.remove(id) else {
            return false;
        };
        self.names.remove_endpoint(id);
        self.moved_endpoints.insert(id);
        self.forget_addresses(&state.endpoint);
        self.leave(&state);
        true
    }

    fn check_addresses(
        &self,
        endpoint: &Endpoint,
        owner: Option<EndpointId>,
    ) -> Result<(), EngineError> {
        for ip in &endpoint.ips {
            let taken = self.endpoints.at(*ip).filter(|(id, _)| Some(*id) != owner);
            if let Some((_, state)) = taken {
                return Err(EngineError::address_taken(*ip, state.endpoint.to_string()));
            }
        }
        Ok(())
    }

    /// Gives an endpoint its identity, addresses and policy.
    fn enter(&mut self, id: EndpointId, endpoint: Endpoint) -> Result<State, EngineError> {
        let labels = self.labels_of(&endpoint);
        let identity = match &labels {
            Some(labels) => Some(self.identities.acquire(labels, &mut self.repository)?),
            None => None,
        };
        let managed = endpoint.kind.is_managed() && endpoint.cluster.is_none();
        let subject = labels.zip(identity).filter(|_| managed).map(|(labels, identity)| {
            let labels = self.subject_labels(&endpoint, labels);
            let ports = Arc::new(endpoint.ports.clone());
            self.repository.acquire_subject(&Subject { identity, labels, ports })
        });
        if has_cluster_ports(&endpoint) {
            self.repository.insert_named_ports(&endpoint.ports);
        }
        self.enter_addresses(id, &endpoint);
        self.moved_endpoints.insert(id);
        Ok(State { endpoint, identity, subject })
    }

    fn leave(&mut self, state: &State) {
        if has_cluster_ports(&state.endpoint) {
            self.repository.remove_named_ports(&state.endpoint.ports);
        }
        if let Some(subject) = state.subject {
            self.repository.release_subject(subject);
        }
        self.unused.extend(state.identity);
    }

    fn enter_addresses(&mut self, id: EndpointId, endpoint: &Endpoint) {
        let own_labels = self.options.node_selector_labels;
        for ip in &endpoint.ips {
            self.endpoints.by_ip.insert(*ip, id);
            let prefix = Prefix::host(*ip);
            if let Some(mut labels) = node_labels(endpoint, &self.options.cluster_name, own_labels)
            {
                // CIDR-7: where prefixes match nodes, each node's address is a prefix of its own.
                if endpoint.kind != EndpointKind::KubeApiserver && self.options.cidr_matches_nodes {
                    labels.push(cidr_label(&prefix));
                }
                self.metadata.insert(prefix, Resource::node(&endpoint.name), labels);
            }
            self.move_address(prefix);
        }
    }

    fn forget_addresses(&mut self, endpoint: &Endpoint) {
        for ip in &endpoint.ips {
            self.endpoints.by_ip.remove(ip);
            let prefix = Prefix::host(*ip);
            self.metadata.remove(&prefix, &Resource::node(&endpoint.name));
            self.move_address(prefix);
        }
    }

    /// IPX-10: an endpoint's address shadows what is known of the prefix, which comes back when
    /// the endpoint goes.
    fn move_address(&mut self, prefix: Prefix) {
        self.metadata.touch(prefix);
        self.moved_prefixes.push(prefix);
    }

    /// Returns the labels that make the identity of an endpoint (LBL-7 to LBL-10); `None` for
    /// nodes.
    fn labels_of(&self, endpoint: &Endpoint) -> Option<LabelSet> {
        let reserved = |name: &str| Some([Label::reserved(name)].into_iter().collect());
        match endpoint.kind {
            EndpointKind::Pod => Some(self.pod_labels(endpoint)),
            EndpointKind::Host => reserved("host"),
            EndpointKind::RemoteNode | EndpointKind::KubeApiserver => None,
            EndpointKind::Health => reserved("health"),
            EndpointKind::Ingress => reserved("ingress"),
            EndpointKind::Init => reserved("init"),
            EndpointKind::Unmanaged => reserved("unmanaged"),
        }
    }

    /// Returns the labels that rules select an endpoint by. The local node's own labels count
    /// there, though not for peers of it (SUBJ-6).
    fn subject_labels(&self, endpoint: &Endpoint, identity_labels: LabelSet) -> LabelSet {
        if endpoint.kind != EndpointKind::Host {
            return identity_labels;
        }
        // FLT-11
        let own = endpoint.labels.iter().map(|(key, value)| Label::k8s(key, value));
        let own = own.filter(|label| self.label_filter.is_identity_label(label));
        let api_server = endpoint.api_server.then(|| Label::reserved("kube-apiserver"));
        own.chain(identity_labels.iter().cloned()).chain(api_server).collect()
    }

    fn pod_labels(&self, endpoint: &Endpoint) -> LabelSet {
        let none = BTreeMap::new();
        let labels = PodLabels {
            labels: &endpoint.labels,
            namespace: &endpoint.namespace,
            namespace_labels: self.namespaces.get(&endpoint.namespace).unwrap_or(&none),
            service_account: endpoint.service_account.as_deref(),
            cluster: endpoint.cluster.as_deref().unwrap_or(&self.options.cluster_name),
        };
        let labels = labels.identity_labels(&self.label_filter);
        if !self.options.policy_relevant_labels {
            return labels;
        }
        let always = [keys::NAMESPACE, keys::CLUSTER];
        let relevant = |label: &&Label| {
            let key = label.key();
            always.contains(&key) || self.repository.is_relevant_label(key)
        };
        labels.iter().filter(relevant).cloned().collect()
    }

    /// Sets the labels of a namespace; pods in it get other identities (CHG-2).
    ///
    /// # Errors
    ///
    /// Fails if no identity is left; pods that could not be given a new one keep the old.
    pub fn set_namespace<'a>(
        &mut self,
        name: &str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), EngineError> {
        let labels = labels.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        if self.namespaces.get(name) == Some(&labels) {
            return Ok(());
        }
        self.namespaces.insert(name.into(), labels);
        self.relabel_pods_of(name)
    }

    /// Forgets the labels of a namespace.
    ///
    /// # Errors
    ///
    /// As for [`set_namespace`](Self::set_namespace).
    pub fn remove_namespace(&mut self, name: &str) -> Result<(), EngineError> {
        match self.namespaces.remove(name) {
            Some(_) => self.relabel_pods_of(name),
            None => Ok(()),
        }
    }

    fn relabel_pods_of(&mut self, namespace: &str) -> Result<(), EngineError> {
        self.relabel_pods(|endpoint| *endpoint.namespace == *namespace)
    }

    /// Gives pods the identities that their labels come to now. One that cannot be given a new
    /// one keeps the old.
    pub(super) fn relabel_pods(
        &mut self,
        concerned: impl Fn(&Endpoint) -> bool,
    ) -> Result<(), EngineError> {
        let concerned =
            |state: &State| state.endpoint.kind == EndpointKind::Pod && concerned(&state.endpoint);
        let pods = self.endpoints.iter().filter(|(_, state)| concerned(state));
        let pods: Vec<(EndpointId, State)> = pods.map(|(id, state)| (id, state.clone())).collect();
        let mut result = Ok(());
        for (id, old) in pods {
            match self.enter(id, old.endpoint.clone()) {
                Ok(state) => {
                    self.endpoints.insert(id, state);
                    self.leave(&old);
                }
                Err(error) => result = Err(error),
            }
        }
        result
    }
}

/// Tells whether the endpoint's named ports count for rules about egress (PORT-9).
fn has_cluster_ports(endpoint: &Endpoint) -> bool {
    endpoint.kind == EndpointKind::Pod && !endpoint.ports.is_empty()
}

/// Returns the labels that a node's addresses carry, or `None` for what is no node.
fn node_labels(endpoint: &Endpoint, local_cluster: &str, own_labels: bool) -> Option<Vec<Label>> {
    let reserved = match endpoint.kind {
        EndpointKind::Host => "host",
        EndpointKind::RemoteNode => "remote-node",
        EndpointKind::KubeApiserver => "kube-apiserver",
        _ => return None,
    };
    let mut labels = vec![Label::reserved(reserved)];
    if endpoint.api_server {
        labels.push(Label::reserved("kube-apiserver"));
    }
    if own_labels && endpoint.kind == EndpointKind::RemoteNode {
        let own = endpoint.labels.iter();
        labels.extend(own.map(|(key, value)| Label::new(LabelSource::Node, key, value)));
        let cluster = endpoint.cluster.as_deref().unwrap_or(local_cluster);
        labels.push(Label::k8s(keys::CLUSTER, cluster));
    }
    Some(labels)
}
