//! The kinds of documents, and which of them are read.

use super::manifest::WorkloadKind;

/// A kind of document that is read; all others are skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// `CiliumNetworkPolicy`
    CiliumNetworkPolicy,
    /// `CiliumClusterwideNetworkPolicy`
    CiliumClusterwideNetworkPolicy,
    /// `CiliumCIDRGroup`
    CiliumCidrGroup,
    /// `NetworkPolicy`
    NetworkPolicy,
    /// `Namespace`
    Namespace,
    /// `Pod`
    Pod,
    /// `Deployment` and the like
    Workload(WorkloadKind),
    /// `Service`
    Service,
    /// `Endpoints`
    Endpoints,
    /// `EndpointSlice`
    EndpointSlice,
    /// `Node`
    Node,
    /// `List`, whose items say themselves what they are
    List,
}

impl Kind {
    /// Every kind that is read.
    const ALL: [Self; 18] = [
        Self::CiliumNetworkPolicy,
        Self::CiliumClusterwideNetworkPolicy,
        Self::CiliumCidrGroup,
        Self::NetworkPolicy,
        Self::Namespace,
        Self::Pod,
        Self::Workload(WorkloadKind::Deployment),
        Self::Workload(WorkloadKind::StatefulSet),
        Self::Workload(WorkloadKind::DaemonSet),
        Self::Workload(WorkloadKind::ReplicaSet),
        Self::Workload(WorkloadKind::ReplicationController),
        Self::Workload(WorkloadKind::Job),
        Self::Workload(WorkloadKind::CronJob),
        Self::Service,
        Self::Endpoints,
        Self::EndpointSlice,
        Self::Node,
        Self::List,
    ];

    /// Returns the kind that documents call so.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Returns the kind as documents write it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::CiliumNetworkPolicy => "CiliumNetworkPolicy",
            Self::CiliumClusterwideNetworkPolicy => "CiliumClusterwideNetworkPolicy",
            Self::CiliumCidrGroup => "CiliumCIDRGroup",
            Self::NetworkPolicy => "NetworkPolicy",
            Self::Namespace => "Namespace",
            Self::Pod => "Pod",
            Self::Workload(kind) => kind.as_str(),
            Self::Service => "Service",
            Self::Endpoints => "Endpoints",
            Self::EndpointSlice => "EndpointSlice",
            Self::Node => "Node",
            Self::List => "List",
        }
    }

    /// Returns the versions that documents of the kind may have, the best first (OBJ-1 to OBJ-4).
    pub(crate) const fn api_versions(self) -> &'static [&'static str] {
        match self {
            Self::CiliumNetworkPolicy | Self::CiliumClusterwideNetworkPolicy => &["cilium.io/v2"],
            // TRN-8
            Self::CiliumCidrGroup => &["cilium.io/v2", "cilium.io/v2alpha1"],
            Self::NetworkPolicy => &["networking.k8s.io/v1"],
            Self::Workload(WorkloadKind::ReplicationController)
            | Self::Namespace
            | Self::Pod
            | Self::Service
            | Self::Endpoints
            | Self::Node
            | Self::List => &["v1"],
            Self::Workload(WorkloadKind::Job) => &["batch/v1"],
            Self::Workload(WorkloadKind::CronJob) => &["batch/v1", "batch/v1beta1"],
            Self::Workload(_) => &["apps/v1"],
            Self::EndpointSlice => &["discovery.k8s.io/v1", "discovery.k8s.io/v1beta1"],
        }
    }

    /// Tells whether objects of the kind are in a namespace.
    pub(crate) const fn is_namespaced(self) -> bool {
        !matches!(
            self,
            Self::CiliumClusterwideNetworkPolicy
                | Self::CiliumCidrGroup
                | Self::Namespace
                | Self::Node
                | Self::List
        )
    }

    /// Tells whether it would be a security hole to leave out a document of this kind.
    pub(crate) const fn is_policy(self) -> bool {
        matches!(
            self,
            Self::CiliumNetworkPolicy
                | Self::CiliumClusterwideNetworkPolicy
                | Self::CiliumCidrGroup
                | Self::NetworkPolicy
        )
    }
}

/// What a pair of apiVersion and kind stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A document that is read.
    Read(Kind),
    /// A list of documents of one kind, which need not say what they are.
    ListOf(Kind),
    /// The kind is one that is read, the version is not.
    WrongVersion(Kind),
    /// A kind that is no known one, but looks like that of a policy.
    Misspelt(Kind),
    /// Something else.
    Other,
}

/// Returns what an apiVersion and a kind stand for together.
pub(crate) fn meaning(api_version: &str, name: &str) -> Meaning {
    let listed = name.strip_suffix("List").and_then(Kind::named);
    let (kind, meaning) = match (Kind::named(name), listed) {
        (Some(kind), _) => (kind, Meaning::Read(kind)),
        (None, Some(kind)) => (kind, Meaning::ListOf(kind)),
        (None, None) => {
            return misspelt(api_version, name).map_or(Meaning::Other, Meaning::Misspelt);
        }
    };
    let versions = kind.api_versions();
    let is_group = |version: &&str| group(version) == group(api_version);
    if versions.contains(&api_version) {
        meaning
    } else if kind.is_policy() || versions.iter().any(is_group) {
        Meaning::WrongVersion(kind)
    } else {
        // A kind of the same name, such as the `Service` of Knative.
        Meaning::Other
    }
}

/// Returns the group of an apiVersion; that of the oldest kinds is empty.
fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Returns the kind of policy that was probably meant.
fn misspelt(api_version: &str, name: &str) -> Option<Kind> {
    let versions_fit = |kind: &Kind| {
        let mut versions = kind.api_versions().iter();
        versions.any(|version| group(version) == group(api_version))
    };
    let near = |kind: &Kind| {
        let singular = name.strip_suffix("ies").map(|stem| format!("{stem}y"));
        let name = singular.as_deref().unwrap_or(name);
        super::decode::nearest(name, &[kind.as_str()]).is_some()
    };
    let mut policies = Kind::ALL.into_iter().filter(|kind| kind.is_policy());
    policies.find(|kind| versions_fit(kind) && near(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_version_and_name() {
        use Meaning::{ListOf, Misspelt, Other, Read, WrongVersion};
        let deployment = Kind::Workload(WorkloadKind::Deployment);
        let cases = [
            ("cilium.io/v2", "CiliumNetworkPolicy", Read(Kind::CiliumNetworkPolicy)),
            ("cilium.io/v2alpha1", "CiliumCIDRGroup", Read(Kind::CiliumCidrGroup)),
            ("cilium.io/v1", "CiliumNetworkPolicy", WrongVersion(Kind::CiliumNetworkPolicy)),
            ("v1", "NetworkPolicy", WrongVersion(Kind::NetworkPolicy)),
            ("cilium.io/v2", "CiliumNetworkPolicies", Misspelt(Kind::CiliumNetworkPolicy)),
            ("networking.k8s.io/v1", "NetworkPolcy", Misspelt(Kind::NetworkPolicy)),
            ("networking.k8s.io/v1", "Ingress", Other),
            ("cilium.io/v2", "CiliumEnvoyConfig", Other),
            ("apps/v1", "Deployment", Read(deployment)),
            ("apps/v1beta1", "Deployment", WrongVersion(deployment)),
            ("serving.knative.dev/v1", "Service", Other),
            ("v1", "PodList", ListOf(Kind::Pod)),
            ("v1", "List", Read(Kind::List)),
            ("v1", "ConfigMapList", Other),
        ];
        for (version, name, wanted) in cases {
            assert_eq!(meaning(version, name), wanted, "{version} {name}");
        }
    }
}
