//! Documents: policies and the Kubernetes objects that they are about.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use netpol_core::Prefix;
use netpol_policy::doc::{self, Object, Skipped};
use netpol_policy::repository::Service;
use netpol_policy::rule::{CidrGroup, Policy, PolicyName};
use netpol_policy::{Report, Source};

use super::Engine;

/// The objects behind services: which of them say which addresses stand behind a service.
#[derive(Debug, Default)]
pub(super) struct Backends {
    services: BTreeMap<ServiceKey, Arc<doc::Service>>,
    // By service, then by the object that says so.
    addresses: BTreeMap<ServiceKey, BTreeMap<Arc<str>, Vec<IpAddr>>>,
}

/// Namespace and name of a service.
type ServiceKey = (Arc<str>, Arc<str>);

/// What came of applying a source.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Applied {
    /// The warnings.
    pub report: Report,
    /// The policies that were added or replaced.
    pub policies: Vec<Arc<PolicyName>>,
    /// The CIDR groups that were added or replaced.
    pub cidr_groups: Vec<Arc<str>>,
    /// Pods, workloads and nodes: facts from which the caller makes endpoints.
    pub manifests: Vec<Object>,
    /// Documents of kinds that have nothing to do with network policy.
    pub skipped: Vec<Skipped>,
}

impl Engine {
    /// Adds or replaces everything that a source holds: policies, CIDR groups, namespaces, services and
    /// the addresses behind them. Pods, workloads and nodes are handed back.
    ///
    /// Nothing changes for readers before the next [`publish`](Self::publish).
    ///
    /// # Errors
    ///
    /// Fails with every problem of every document if some document is unusable, names a policy twice, or
    /// there are too many policies. Nothing is applied then.
    pub fn apply(&mut self, source: &Source) -> Result<Applied, Report> {
        let doc::Read { objects, skipped, mut report, .. } =
            doc::read_all([source], &self.options, &self.reading);
        self.check_limits(source, &objects, &mut report);
        if report.has_errors() {
            return Err(report);
        }
        let mut applied = Applied { report, skipped, ..Applied::default() };
        for object in objects {
            match &object {
                Object::Policy(policy) => applied.policies.push(Arc::clone(&policy.name)),
                Object::CidrGroup(group) => applied.cidr_groups.push(Arc::clone(&group.name)),
                _ => {}
            }
            applied.manifests.extend(self.insert_object(object));
        }
        Ok(applied)
    }

    /// Adds or replaces one object; hands it back if it is a pod, a workload or a node.
    pub fn insert_object(&mut self, object: Object) -> Option<Object> {
        match object {
            Object::Policy(policy) => self.insert_policy(policy),
            Object::CidrGroup(group) => self.insert_cidr_group(group),
            Object::Namespace(namespace) => {
                let labels = namespace.labels.iter().map(|(key, value)| (&**key, &**value));
                // Pods that could not be given a new identity keep the old one.
                let _exhausted = self.set_namespace(&namespace.name, labels);
            }
            Object::Service(service) => self.insert_service_object(Arc::new(service)),
            Object::Endpoints(endpoints) => self.insert_backends(&endpoints),
            other => return Some(other),
        }
        None
    }

    /// Puts a policy in force with the next publication, in the place of one with the same name.
    pub fn insert_policy(&mut self, policy: Policy) {
        let (added, removed) = self.repository.insert_policy(Arc::new(policy));
        self.change_policy_prefixes(&added, &removed);
    }

    /// Takes a policy out of force; returns `false` if there was none.
    pub fn remove_policy(&mut self, name: &PolicyName) -> bool {
        if self.repository.policy(name).is_none() {
            return false;
        }
        let removed = self.repository.remove_policy(name);
        self.change_policy_prefixes(&[], &removed);
        true
    }

    /// Removes everything that a source names: policies, CIDR groups, namespaces, services and the
    /// addresses behind them. Returns how many of them there were.
    ///
    /// # Errors
    ///
    /// Fails with every problem of every document if some document is unusable. Nothing is removed then.
    pub fn delete(&mut self, source: &Source) -> Result<usize, Report> {
        let doc::Read { objects, report, .. } =
            doc::read_all([source], &self.options, &self.reading);
        if report.has_errors() {
            return Err(report);
        }
        let removed = objects.iter().filter(|object| self.remove_object(object)).count();
        Ok(removed)
    }

    fn remove_object(&mut self, object: &Object) -> bool {
        match object {
            Object::Policy(policy) => self.remove_policy(&policy.name),
            Object::CidrGroup(CidrGroup { name, .. }) => self.remove_cidr_group(name),
            Object::Namespace(namespace) => {
                let known = self.namespaces.contains_key(&namespace.name);
                let _exhausted = self.remove_namespace(&namespace.name);
                known
            }
            Object::Service(service) => self.remove_service(&service.namespace, &service.name),
            Object::Endpoints(endpoints) => self.remove_backends(endpoints),
            _ => false,
        }
    }

    /// Sets a service with everything that stands behind it, for `toServices` (SVC).
    pub fn insert_service(&mut self, service: Service) {
        let (added, removed) = self.repository.insert_service(service);
        self.change_policy_prefixes(&added, &removed);
    }

    fn insert_service_object(&mut self, service: Arc<doc::Service>) {
        let key = (Arc::clone(&service.namespace), Arc::clone(&service.name));
        self.backends.services.insert(key.clone(), service);
        self.reload_service(&key);
    }

    fn remove_service(&mut self, namespace: &Arc<str>, name: &Arc<str>) -> bool {
        let key = (Arc::clone(namespace), Arc::clone(name));
        let known = self.backends.services.remove(&key).is_some();
        self.reload_service(&key);
        known
    }

    fn insert_backends(&mut self, endpoints: &doc::Endpoints) {
        let key = (Arc::clone(&endpoints.namespace), Arc::clone(&endpoints.service));
        let by_object = self.backends.addresses.entry(key.clone()).or_default();
        by_object.insert(Arc::clone(&endpoints.name), endpoints.addresses.clone());
        self.reload_service(&key);
    }

    fn remove_backends(&mut self, endpoints: &doc::Endpoints) -> bool {
        let key = (Arc::clone(&endpoints.namespace), Arc::clone(&endpoints.service));
        let by_object = self.backends.addresses.get_mut(&key);
        let known = by_object.is_some_and(|by_object| by_object.remove(&endpoints.name).is_some());
        self.reload_service(&key);
        known
    }

    /// Tells the repository what stands behind a service now.
    fn reload_service(&mut self, key: &ServiceKey) {
        let (added, removed) = match self.backends.services.get(key) {
            None => self.repository.remove_service(&key.0, &key.1),
            Some(service) => {
                let addresses = self.backends.addresses.get(key);
                let backends = addresses.into_iter().flat_map(BTreeMap::values).flatten();
                self.repository.insert_service(Service {
                    namespace: Arc::clone(&service.namespace),
                    name: Arc::clone(&service.name),
                    labels: service.labels.clone(),
                    selector: service.selector.clone(),
                    backends: backends.copied().collect(),
                })
            }
        };
        self.change_policy_prefixes(&added, &removed);
    }

    /// Counts the prefixes that policies name (IPC-2), those that come before those that go.
    fn change_policy_prefixes(&mut self, added: &[Prefix], removed: &[Prefix]) {
        added.iter().for_each(|prefix| self.metadata.insert_policy_prefix(*prefix));
        removed.iter().for_each(|prefix| self.metadata.remove_policy_prefix(prefix));
    }
}
