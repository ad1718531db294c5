//! Who the two sides of a flow are (EPR).

use netpol_core::{IdentityId, IdentityScope, Label, LabelSet, cidr_label_prefix, keys};

use crate::wire::message;

message! {
    /// One side of a flow, as far as it is known.
    pub struct FlowEndpoint {
        /// The number of a local endpoint, or 0.
        id: u32 = "ID",
        /// The identity; 0 if unknown.
        identity: IdentityId = "identity",
        /// The name of its cluster, or empty.
        cluster_name: String = "cluster_name" | "clusterName",
        /// The namespace of its pod, or empty.
        namespace: String = "namespace",
        /// The labels of its identity as `source:key=value`, sorted.
        labels: Vec<String> = "labels",
        /// The name of its pod, or empty.
        pod_name: String = "pod_name" | "podName",
        /// What its pod is part of.
        workloads: Vec<Workload> = "workloads",
    }
}

impl FlowEndpoint {
    /// Returns a side of which only the identity is known: its number and labels, and with them the name
    /// of its cluster (EPR-4).
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_core::{IdentityId, Label, LabelSet};
    /// use netpol_flowlog::FlowEndpoint;
    ///
    /// let labels: LabelSet = [Label::k8s("app", "web")].into_iter().collect();
    /// let web = FlowEndpoint::new(IdentityId::new(40_136), &labels).pod("default", "web-1");
    /// assert_eq!(web.labels, ["k8s:app=web"]);
    /// ```
    #[must_use]
    pub fn new(identity: IdentityId, labels: &LabelSet) -> Self {
        let cluster =
            labels.iter().find(|label| **label == Label::k8s(keys::CLUSTER, label.value()));
        let cluster_name = cluster.map(|label| label.value().to_owned()).unwrap_or_default();
        // EPR-5
        let mut labels: Vec<_> = labels.iter().map(ToString::to_string).collect();
        labels.sort_unstable();
        Self { identity, cluster_name, labels, ..Self::default() }
    }

    /// Returns the side with the number of a local endpoint.
    #[must_use]
    pub fn local(self, id: u32) -> Self {
        Self { id, ..self }
    }

    /// Returns the side with the namespace and name of its pod.
    #[must_use]
    pub fn pod(self, namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.into(), pod_name: name.into(), ..self }
    }

    /// Returns the side with what its pod is part of.
    #[must_use]
    pub fn workload(mut self, kind: &str, name: &str) -> Self {
        self.workloads.push(Workload { name: name.into(), kind: kind.into() });
        self
    }

    /// Returns the side with only the longest of its prefix labels if its identity is of local scope
    /// (EPR-5).
    pub(crate) fn with_longest_prefix(mut self) -> Self {
        if self.identity.scope() == Some(IdentityScope::Local) {
            let longest = self.labels.iter().filter_map(|label| prefix_len(label)).max();
            self.labels.retain(|label| prefix_len(label).is_none_or(|len| Some(len) == longest));
        }
        self
    }
}

/// Returns the length of the prefix that a label `cidr:...` stands for, in bits.
fn prefix_len(label: &str) -> Option<u8> {
    let key = label.strip_prefix("cidr:")?;
    let key = key.split_once('=').map_or(key, |(key, _)| key);
    cidr_label_prefix(key).map(|prefix| prefix.len())
}

message! {
    /// What a pod is part of, such as a `Deployment`.
    pub struct Workload {
        /// The name.
        name: String = "name",
        /// The kind.
        kind: String = "kind",
    }
}

message! {
    /// A service that a side of a flow was addressed by (EPR-7).
    pub struct Service {
        /// The name.
        name: String = "name",
        /// The namespace.
        namespace: String = "namespace",
    }
}

message! {
    /// A policy that decided (COR-5).
    pub struct PolicyRef {
        /// The name.
        name: String = "name",
        /// The namespace; empty for policies of the whole cluster.
        namespace: String = "namespace",
        /// The labels of its rules, sorted.
        labels: Vec<String> = "labels",
        /// The revision of the endpoint's policy.
        revision: u64 = "revision",
        /// The kind, such as `CiliumNetworkPolicy`.
        kind: String = "kind",
    }
}

impl PolicyRef {
    /// Returns the policy with a kind, a namespace (empty for policies of the whole cluster) and a name,
    /// with the labels that its rules carry.
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_flowlog::PolicyRef;
    ///
    /// let policy = PolicyRef::new("CiliumNetworkPolicy", "default", "database", 4);
    /// assert_eq!(policy.labels[1], "k8s:io.cilium.k8s.policy.name=database");
    /// ```
    #[must_use]
    pub fn new(kind: &str, namespace: &str, name: &str, revision: u64) -> Self {
        let parts = [("derived-from", kind), ("name", name), ("namespace", namespace)];
        let known = parts.iter().filter(|(_, value)| !value.is_empty());
        let labels = known.map(|(part, value)| format!("k8s:io.cilium.k8s.policy.{part}={value}"));
        Self {
            name: name.into(),
            namespace: namespace.into(),
            labels: labels.collect(),
            revision,
            kind: kind.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_prefixes_of_a_local_identity_the_longest_is_kept() {
        let labels =
            ["reserved:world-ipv4", "cidr:1.1.0.0/16", "cidr:1.1.1.0/24", "cidr:1.0.0.0/8"];
        let labels: LabelSet = labels.into_iter().map(Label::parse).collect();
        let side =
            |number| FlowEndpoint::new(IdentityId::new(number), &labels).with_longest_prefix();
        assert_eq!(side(16_777_300).labels, ["cidr:1.1.1.0/24", "reserved:world-ipv4"]);
        assert_eq!(side(40_136).labels.len(), 4);
    }

    #[test]
    fn the_cluster_is_known_by_its_label() {
        let labels: LabelSet =
            [Label::parse("k8s:io.cilium.k8s.policy.cluster=c1")].into_iter().collect();
        assert_eq!(FlowEndpoint::new(IdentityId::new(300), &labels).cluster_name, "c1");
        let other: LabelSet =
            [Label::parse("any:io.cilium.k8s.policy.cluster=c1")].into_iter().collect();
        assert_eq!(FlowEndpoint::new(IdentityId::new(300), &other).cluster_name, "");
    }
}
