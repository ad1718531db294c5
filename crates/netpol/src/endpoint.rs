//! Endpoints and other things that have addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use netpol_core::Protocol;
use netpol_policy::compile::NamedPorts;

/// The number of an endpoint in an [`Engine`](crate::Engine).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointId(pub(crate) u32);

impl EndpointId {
    /// Returns the id with the number that [`number`](Self::number) gave; an engine says whether it has such
    /// an endpoint.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// What an endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndpointKind {
    /// A pod or another workload.
    Pod,
    /// The local node.
    Host,
    /// Another node.
    RemoteNode,
    /// An address of the Kubernetes API server outside of the cluster.
    KubeApiserver,
    /// A health endpoint.
    Health,
    /// The ingress proxy.
    Ingress,
    /// An endpoint whose labels are not known yet.
    Init,
    /// A pod that the network plugin does not manage.
    Unmanaged,
}

impl EndpointKind {
    /// Tells whether a policy can be enforced on it.
    #[must_use]
    pub const fn is_managed(self) -> bool {
        matches!(self, Self::Pod | Self::Host | Self::Health | Self::Ingress | Self::Init)
    }
}

/// A thing with addresses: a local pod or node, on which policy is enforced, or a peer.
///
/// # Examples
///
/// ```
/// use netpol::{Endpoint, Protocol};
///
/// let db = Endpoint::pod("default", "db-0")
///     .label("tier", "database")
///     .ip([10, 0, 1, 2])
///     .port("redis", Protocol::TCP, 6379);
/// assert_eq!(db.to_string(), "default/db-0");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub(crate) kind: EndpointKind,
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) labels: BTreeMap<Arc<str>, Arc<str>>,
    pub(crate) ips: Vec<IpAddr>,
    pub(crate) ports: NamedPorts,
    pub(crate) service_account: Option<Arc<str>>,
    pub(crate) cluster: Option<Arc<str>>,
    pub(crate) api_server: bool,
}

impl Endpoint {
    /// Returns a pod without labels and addresses.
    #[must_use]
    pub fn pod(namespace: &str, name: &str) -> Self {
        Self::new(EndpointKind::Pod, namespace, name)
    }

    /// Returns something else than a pod; it is in no namespace.
    #[must_use]
    pub fn special(kind: EndpointKind, name: &str) -> Self {
        Self::new(kind, "", name)
    }

    /// Returns the local node.
    #[must_use]
    pub fn host(name: &str) -> Self {
        Self::special(EndpointKind::Host, name)
    }

    fn new(kind: EndpointKind, namespace: &str, name: &str) -> Self {
        Self {
            kind,
            namespace: namespace.into(),
            name: name.into(),
            labels: BTreeMap::new(),
            ips: Vec::new(),
            ports: NamedPorts::default(),
            service_account: None,
            cluster: None,
            api_server: false,
        }
    }

    /// Adds a label: a pod's, or a node's.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// Adds labels.
    #[must_use]
    pub fn labels<'a>(self, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        labels.into_iter().fold(self, |endpoint, (key, value)| endpoint.label(key, value))
    }

    /// Adds an address.
    #[must_use]
    pub fn ip(mut self, ip: impl Into<IpAddr>) -> Self {
        self.ips.push(ip.into());
        self
    }

    /// Adds a named container port (PORT-9).
    #[must_use]
    pub fn port(mut self, name: &str, protocol: Protocol, port: u16) -> Self {
        self.ports.add(name, protocol, port);
        self
    }

    /// Sets the service account.
    #[must_use]
    pub fn service_account(mut self, name: &str) -> Self {
        self.service_account = Some(name.into());
        self
    }

    /// Puts it into another cluster: it is a peer only, no policy is enforced on it.
    #[must_use]
    pub fn cluster(mut self, name: &str) -> Self {
        self.cluster = Some(name.into());
        self
    }

    /// Says that the Kubernetes API server runs on this node.
    #[must_use]
    pub fn api_server(mut self) -> Self {
        self.api_server = true;
        self
    }

    /// Returns what it is.
    #[must_use]
    pub fn kind(&self) -> EndpointKind {
        self.kind
    }

    /// Returns the namespace; empty for what is in none.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the addresses.
    #[must_use]
    pub fn ips(&self) -> &[IpAddr] {
        &self.ips
    }

    /// Returns the labels as given.
    pub fn given_labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(key, value)| (&**key, &**value))
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &*self.namespace {
            "" => f.write_str(&self.name),
            namespace => write!(f, "{namespace}/{}", self.name),
        }
    }
}
