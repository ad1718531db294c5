//! Keys of the labels that are derived from Kubernetes objects (LBL-7).

/// Key of the label that holds a pod's namespace.
pub const NAMESPACE: &str = "io.kubernetes.pod.namespace";
/// What keys of labels begin with that are copied from a pod's Namespace object.
pub const NAMESPACE_LABELS: &str = "io.cilium.k8s.namespace.labels.";
/// Key of the label that holds a pod's service account.
pub const SERVICE_ACCOUNT: &str = "io.cilium.k8s.policy.serviceaccount";
/// Key of the label that holds the name of a pod's cluster.
pub const CLUSTER: &str = "io.cilium.k8s.policy.cluster";
/// What keys begin with that no pod can set itself.
pub const CILIUM_PREFIX: &str = "io.cilium.k8s";
/// Key of the label that every member of a CIDR group has, with the group's name behind it.
pub const CIDR_GROUP_NAME: &str = "io.cilium.policy.cidrgroupname/";
