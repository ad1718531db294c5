//! Kubernetes services, for `toServices`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use netpol_core::{Label, LabelSet, LabelSource, Prefix, SelectKey, cidr_label, keys};

use crate::Options;
use crate::rule::{LabelSelector, Requirement, Selector, ServiceSelector};

/// What `toServices` needs to know of a Kubernetes service (SVC).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// The namespace.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
    /// The labels of the object.
    pub labels: BTreeMap<Arc<str>, Arc<str>>,
    /// The labels of the pods behind it; empty for a service without selector.
    pub selector: BTreeMap<Arc<str>, Arc<str>>,
    /// The addresses behind a service without selector.
    pub backends: Vec<IpAddr>,
}

/// Services by namespace and name.
pub(super) type Services = BTreeMap<(Arc<str>, Arc<str>), Arc<Service>>;

impl Service {
    /// Tells whether an item of `toServices` means this service (SVC-2).
    #[must_use]
    pub fn is_selected_by(&self, selector: &ServiceSelector) -> bool {
        let ServiceSelector { name, labels } = selector;
        let in_namespace =
            |namespace: &Arc<str>| namespace.is_empty() || *namespace == self.namespace;
        let by_name = name
            .as_ref()
            .is_some_and(|(name, namespace)| *name == self.name && in_namespace(namespace));
        let by_labels = labels.as_ref().is_some_and(|(selector, namespace)| {
            in_namespace(namespace) && selector.matches(&self.label_set())
        });
        by_name || by_labels
    }

    fn label_set(&self) -> LabelSet {
        let label =
            |(key, value): (&Arc<str>, &Arc<str>)| Label::new(LabelSource::Unspec, key, value);
        self.labels.iter().map(label).collect()
    }

    /// Returns the selectors of what stands behind the service (SVC-3, SVC-4).
    pub(crate) fn peers(&self, options: &Options) -> Vec<Arc<Selector>> {
        if self.selector.is_empty() {
            let backends = self.prefixes().map(|prefix| {
                let label = cidr_label(&prefix);
                let key = SelectKey::new(LabelSource::Cidr, label.key());
                LabelSelector::new([], [Requirement::exists(key)])
            });
            return backends.map(|selector| Arc::new(Selector::Labels(selector))).collect();
        }
        // QUIRK-7: keys get the source that pods' labels have.
        let k8s = |key: &str| SelectKey::new(LabelSource::K8s, key);
        let pods = self.selector.iter().map(|(key, value)| (k8s(key), Arc::clone(value)));
        let namespace = [(k8s(keys::NAMESPACE), Arc::clone(&self.namespace))];
        let mut selector = LabelSelector::new(pods.chain(namespace), []);
        // PEER-6
        if options.default_local_cluster && !self.selector.contains_key(keys::CLUSTER) {
            selector.set_label(k8s(keys::CLUSTER), Arc::clone(&options.cluster_name));
        }
        vec![Arc::new(Selector::Labels(selector))]
    }

    /// Returns the prefixes of the addresses behind a service without selector.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = Prefix> + '_ {
        let without_selector = self.selector.is_empty();
        self.backends.iter().filter(move |_| without_selector).map(|addr| Prefix::host(*addr))
    }
}
