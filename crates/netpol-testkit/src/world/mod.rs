//! What a policy engine is given: the objects of a cluster, and the flows to decide.
//!
//! Nothing in here says what the answers should be, so the same types serve the scenario files and
//! generated worlds of property tests.

mod config;
mod document;
mod endpoint;
mod flow;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use self::config::{AllowLocalhost, Config, PolicyEnforcement, RepeatedStars};
pub use self::document::Document;
pub use self::endpoint::{ContainerPort, Endpoint, Reserved};
pub use self::flow::{DnsQuery, Flow, HttpRequest, Protocol, TlsHello};

/// The objects of one cluster, as far as they matter to policy.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// Options that differ from the default.
    pub config: Config,
    /// Namespaces by name; one that is not listed has no labels of its own.
    pub namespaces: BTreeMap<String, Namespace>,
    /// Pods, nodes and other reserved endpoints.
    pub endpoints: Vec<Endpoint>,
    /// Kubernetes services, for `toServices`.
    pub services: Vec<Service>,
    /// DNS answers already seen and still valid.
    pub dns: Vec<ResolvedName>,
    /// Secrets that `headerMatches` may refer to.
    pub secrets: Vec<Secret>,
    /// Policies and CIDR groups.
    pub policies: Vec<Document>,
}

/// A Kubernetes namespace.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Namespace {
    /// Labels of the namespace object, without `kubernetes.io/metadata.name`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// A Kubernetes service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Name of the service.
    pub name: String,
    /// Namespace of the service; `default` when absent.
    #[serde(default = "default_namespace")]
    pub namespace: String,
    /// Labels of the service object.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Labels of the pods behind the service; empty for a service without selector.
    #[serde(default)]
    pub selector: BTreeMap<String, String>,
    /// Addresses behind a service without selector.
    #[serde(default)]
    pub backends: Vec<String>,
}

/// One DNS answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolvedName {
    /// The name that was asked for.
    pub name: String,
    /// The addresses in the answer.
    pub ips: Vec<String>,
}

/// A secret with a single value.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// `namespace/name`.
    pub name: String,
    /// The value.
    pub value: String,
}

pub(crate) fn default_namespace() -> String {
    "default".to_owned()
}
