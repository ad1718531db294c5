//! Identities with fixed numbers.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::IdentityId;
use crate::{Label, LabelSet};

/// Identities with a fixed number and a fixed meaning (RES-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ReservedIdentity {
    /// Not determined.
    Unknown = 0,
    /// This node, all its addresses.
    Host = 1,
    /// Outside, single stack.
    World = 2,
    /// Pods without a managing network plugin.
    Unmanaged = 3,
    /// Health endpoints.
    Health = 4,
    /// Endpoints whose labels are not known yet.
    Init = 5,
    /// Other nodes, of all clusters.
    RemoteNode = 6,
    /// Other nodes that run an API server.
    KubeApiserver = 7,
    /// Ingress proxy.
    Ingress = 8,
    /// Outside, IPv4, dual stack.
    WorldIpv4 = 9,
    /// Outside, IPv6, dual stack.
    WorldIpv6 = 10,
}

/// All reserved identities, in order of their numbers.
pub const RESERVED_IDENTITIES: [ReservedIdentity; 11] = [
    ReservedIdentity::Unknown,
    ReservedIdentity::Host,
    ReservedIdentity::World,
    ReservedIdentity::Unmanaged,
    ReservedIdentity::Health,
    ReservedIdentity::Init,
    ReservedIdentity::RemoteNode,
    ReservedIdentity::KubeApiserver,
    ReservedIdentity::Ingress,
    ReservedIdentity::WorldIpv4,
    ReservedIdentity::WorldIpv6,
];

impl ReservedIdentity {
    /// Returns the reserved identity with this number.
    #[must_use]
    pub fn from_id(id: IdentityId) -> Option<Self> {
        RESERVED_IDENTITIES.into_iter().find(|reserved| reserved.id() == id)
    }

    /// Returns the reserved identity with this name, such as `remote-node`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        RESERVED_IDENTITIES.into_iter().find(|reserved| reserved.name() == name)
    }

    /// Returns the number.
    #[must_use]
    pub const fn id(self) -> IdentityId {
        IdentityId::new(self as u32)
    }

    /// Returns the name, which is also the key of the identity's label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Host => "host",
            Self::World => "world",
            Self::Unmanaged => "unmanaged",
            Self::Health => "health",
            Self::Init => "init",
            Self::RemoteNode => "remote-node",
            Self::KubeApiserver => "kube-apiserver",
            Self::Ingress => "ingress",
            Self::WorldIpv4 => "world-ipv4",
            Self::WorldIpv6 => "world-ipv6",
        }
    }

    /// Returns the labels (RES-1).
    #[must_use]
    pub fn labels(self) -> LabelSet {
        let also = (self == Self::KubeApiserver).then(|| Label::reserved("remote-node"));
        [Label::reserved(self.name())].into_iter().chain(also).collect()
    }
}

/// Names that a user gives to the numbers 128 to 255 (WKN-4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FixedIdentities {
    by_name: BTreeMap<String, IdentityId>,
}

impl FixedIdentities {
    /// Returns the mapping without names.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a name; returns `false`, changing nothing, if the number is not in 128 to 255 or
    /// either is taken.
    pub fn add(&mut self, id: IdentityId, name: &str) -> bool {
        let taken = self.by_name.contains_key(name) || self.by_name.values().any(|v| *v == id);
        if taken || !id.is_user_reserved() || name.is_empty() {
            return false;
        }
        self.by_name.insert(name.into(), id);
        true
    }

    /// Returns the number with this name.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<IdentityId> {
        self.by_name.get(name).copied()
    }

    /// Returns the name of this number.
    #[must_use]
    pub fn name(&self, id: IdentityId) -> Option<&str> {
        self.by_name.iter().find(|(_, v)| **v == id).map(|(name, _)| name.as_str())
    }

    /// Returns names and numbers, in order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, IdentityId)> {
        self.by_name.iter().map(|(name, id)| (name.as_str(), *id))
    }
}

/// What decides, besides the labels, which number a label set gets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IdentityConfig {
    /// Name of the local cluster; default `default`.
    pub cluster_name: String,
    /// Namespace of the agent's own pods; default `kube-system`.
    pub cilium_namespace: String,
    /// Identities that the user fixed; default none.
    pub fixed: FixedIdentities,
    /// Whether other nodes have identities of their own, because selectors may name nodes or
    /// prefixes match them; default `false` (RES-4).
    pub node_identities: bool,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self {
            cluster_name: "default".into(),
            cilium_namespace: "kube-system".into(),
            fixed: FixedIdentities::new(),
            node_identities: false,
        }
    }
}

/// Returns the fixed number of a label set, if it has one (RES-4).
///
/// Unlike Cilium, which looks at keys alone, the special keys count only with the source
/// `reserved`: a pod label named `host` makes no host (IDQ-3).
#[must_use]
pub fn reserved_identity(labels: &LabelSet, config: &IdentityConfig) -> Option<IdentityId> {
    let known = well_known_identities(config).into_iter().find(|known| known.labels == *labels);
    if let Some(known) = known {
        return Some(known.id);
    }
    // WKN-5: a name that is not mapped rules out every reserved identity.
    if let Some(label) = labels.get("io.cilium.fixed-identity") {
        return config.fixed.id(label.value());
    }
    if labels.has_reserved("host") {
        return Some(IdentityId::HOST);
    }
    if labels.has_reserved("remote-node") {
        return remote_node_identity(labels, config);
    }
    let mut all = labels.iter();
    match (all.next(), all.next()) {
        (Some(only), None) if only.is_reserved(only.key()) => {
            ReservedIdentity::from_name(only.key())
                .filter(|reserved| *reserved != ReservedIdentity::Unknown)
                .map(ReservedIdentity::id)
        }
        _ => None,
    }
}

fn remote_node_identity(labels: &LabelSet, config: &IdentityConfig) -> Option<IdentityId> {
    if config.node_identities {
        return None;
    }
    Some(match labels.has_reserved("kube-apiserver") {
        true => IdentityId::KUBE_APISERVER,
        false => IdentityId::REMOTE_NODE,
    })
}

/// A fixed number for the exact labels of a common system pod (WKN-1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WellKnownIdentity {
    /// The number, 100 to 115.
    pub id: IdentityId,
    /// The labels, all of which and no other an identity must have.
    pub labels: LabelSet,
}

/// Returns the well-known identities of a cluster (WKN-1).
///
/// Each system pod has two numbers: with and without the label that carries the name of its
/// namespace.
#[must_use]
pub fn well_known_identities(config: &IdentityConfig) -> Vec<WellKnownIdentity> {
    const DNS: [(&str, &str); 1] = [("k8s-app", "kube-dns")];
    const OPERATOR: [(&str, &str); 4] = [
        ("name", "cilium-operator"),
        ("io.cilium/app", "operator"),
        ("app.kubernetes.io/part-of", "cilium"),
        ("app.kubernetes.io/name", "cilium-operator"),
    ];
    const EKS: &str = "eks.amazonaws.com/component";
    let eks = |component| [DNS[0], (EKS, component)];
    let system = "kube-system";
    let operator = config.cilium_namespace.as_str();
    let rows: [WellKnownRow<'_>; 5] = [
        (102, system, "kube-dns", DNS.into()),
        (103, system, "kube-dns", eks("kube-dns").into()),
        (104, system, "coredns", DNS.into()),
        (105, operator, "cilium-operator", OPERATOR.into()),
        (106, system, "coredns", eks("coredns").into()),
    ];
    let plain = rows.iter().map(|row| well_known(config, row, false));
    plain.chain(rows.iter().map(|row| well_known(config, row, true))).collect()
}

/// Number, namespace, service account and pod labels.
type WellKnownRow<'a> = (u32, &'a str, &'a str, Vec<(&'a str, &'a str)>);

fn well_known(
    config: &IdentityConfig,
    (number, namespace, account, labels): &WellKnownRow<'_>,
    named: bool,
) -> WellKnownIdentity {
    use crate::label::keys;
    let name_key = alloc::format!("{}kubernetes.io/metadata.name", keys::NAMESPACE_LABELS);
    let name = named.then(|| Label::k8s(&name_key, namespace));
    let labels = labels.iter().map(|(key, value)| Label::k8s(key, value));
    let derived = [
        Label::k8s(keys::NAMESPACE, namespace),
        Label::k8s(keys::SERVICE_ACCOUNT, account),
        Label::k8s(keys::CLUSTER, &config.cluster_name),
    ];
    WellKnownIdentity {
        id: IdentityId::new(if named { number + 8 } else { *number }),
        labels: labels.chain(derived).chain(name).collect(),
    }
}
