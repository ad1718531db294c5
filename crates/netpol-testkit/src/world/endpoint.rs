use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::default_namespace;

/// A pod, or one of the reserved endpoints.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Endpoint {
    /// Name that flows refer to.
    pub name: String,
    /// Namespace of a pod; `default` when absent.
    #[serde(default = "default_namespace")]
    pub namespace: String,
    /// Labels of the pod or node.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Addresses.
    #[serde(default)]
    pub ips: Vec<String>,
    /// Service account of a pod.
    #[serde(default)]
    pub service_account: Option<String>,
    /// Container ports with names.
    #[serde(default)]
    pub ports: Vec<ContainerPort>,
    /// Cluster of a pod or node that is not in the local one.
    #[serde(default)]
    pub cluster: Option<String>,
    /// What the endpoint is, if it is not a pod.
    #[serde(default, deserialize_with = "one_or_many")]
    pub reserved: Vec<Reserved>,
}

/// A container port with a name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerPort {
    /// Name of the port.
    pub name: String,
    /// Number of the port.
    pub port: u16,
    /// `TCP`, `UDP` or `SCTP`.
    #[serde(default = "tcp")]
    pub protocol: String,
}

/// What an endpoint is that is not a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reserved {
    /// The node on which all local pods are.
    Host,
    /// Another node.
    RemoteNode,
    /// An API server.
    KubeApiserver,
    /// The health endpoint of the local node.
    Health,
    /// The ingress proxy of the local node.
    Ingress,
    /// An endpoint whose labels are not known yet.
    Init,
    /// A pod that the network plugin does not manage.
    Unmanaged,
}

impl Endpoint {
    /// Returns whether the endpoint is a pod.
    pub fn is_pod(&self) -> bool {
        self.reserved.is_empty()
    }

    /// Returns whether the endpoint is described by the word.
    pub fn is(&self, reserved: Reserved) -> bool {
        self.reserved.contains(&reserved)
    }

    /// Returns whether policy can be enforced on the endpoint: local pods, the host, and the health,
    /// ingress and init endpoints.
    pub fn is_managed(&self, local_cluster: &str) -> bool {
        if self.is_pod() {
            return self.cluster.as_deref().is_none_or(|cluster| cluster == local_cluster);
        }
        [Reserved::Host, Reserved::Health, Reserved::Ingress, Reserved::Init]
            .iter()
            .any(|reserved| self.is(*reserved))
    }
}

impl Reserved {
    /// Returns the key of the `reserved:` label.
    pub fn key(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::RemoteNode => "remote-node",
            Self::KubeApiserver => "kube-apiserver",
            Self::Health => "health",
            Self::Ingress => "ingress",
            Self::Init => "init",
            Self::Unmanaged => "unmanaged",
        }
    }
}

fn tcp() -> String {
    "TCP".to_owned()
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Reserved>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(Reserved),
        Many(Vec<Reserved>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(reserved) => vec![reserved],
        OneOrMany::Many(reserved) => reserved,
    })
}
