//! Elements: what documents come down to before they meet an endpoint.

use serde_json::Value;

use super::http::HttpRule;
use super::label::Labels;
use super::name::NamePattern;
use super::prefix::Prefix;
use super::selector::{LabelSelector, Selector};

/// All documents of a world, translated.
#[derive(Debug, Default)]
pub(super) struct Elements {
    pub(super) elements: Vec<Element>,
    /// Every prefix that a policy names, with the policy (IPC-2).
    pub(super) prefixes: Vec<(Prefix, String)>,
    pub(super) cidr_groups: Vec<CidrGroup>,
}

/// One item of `ingress`, `ingressDeny`, `egress` or `egressDeny`, or one peer of a NetworkPolicy.
#[derive(Debug, Clone)]
pub(super) struct Element {
    pub(super) subject: Subject,
    pub(super) direction: Direction,
    pub(super) deny: bool,
    /// Whether the element turns default deny on (DD-1).
    pub(super) default_deny: bool,
    /// Empty: the element matches nothing (PEER-8, PEER-10).
    pub(super) peers: Vec<Selector>,
    pub(super) fqdns: Vec<NamePattern>,
    pub(super) ports: Vec<PortRule>,
    pub(super) auth: Option<Auth>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

/// Which endpoints a rule applies to (SUBJ).
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// Whether it is a `nodeSelector`.
    pub(super) node: bool,
    /// Whether the rule belongs to a clusterwide policy.
    pub(super) clusterwide: bool,
    pub(super) selector: LabelSelector,
}

/// One port of one item of `toPorts`, one ICMP type, or everything.
#[derive(Debug, Clone)]
pub(super) struct PortRule {
    /// Protocol number; nothing for all protocols (PORT-1).
    pub(super) protocol: Option<u8>,
    pub(super) port: Port,
    pub(super) l7: L7,
}

/// A port as written: the part of a filter's key next to the protocol (MERGE-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Port {
    /// A number and an `endPort`, 0 if absent.
    Number(u16, u16),
    /// A name and an `endPort`, 0 if absent (QUIRK-14).
    Name(String, u16),
    /// An ICMP type, 0 included (QUIRK-3).
    IcmpType(u16),
}

/// What an item of `toPorts` says besides ports.
#[derive(Debug, Clone, Default)]
pub(super) struct L7 {
    pub(super) http: Vec<HttpRule>,
    pub(super) dns: Vec<NamePattern>,
    /// Whether there are Kafka rules; the oracle does not evaluate them (L7-8).
    pub(super) kafka: bool,
    /// The word of `l7proto`, and whether there are rules for it.
    pub(super) generic: Option<(String, bool)>,
    pub(super) server_names: Vec<String>,
    pub(super) terminating_tls: Option<Value>,
    pub(super) originating_tls: Option<Value>,
    pub(super) listener: Option<Listener>,
}

#[derive(Debug, Clone)]
pub(super) struct Listener {
    pub(super) clusterwide: bool,
    pub(super) config: String,
    pub(super) name: String,
    /// 1..100, or 0 if absent.
    pub(super) priority: u16,
}

/// An explicit authentication mode (AUTH-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Auth {
    Disabled,
    Required,
    AlwaysFail,
}

#[derive(Debug, Clone)]
pub(super) struct CidrGroup {
    pub(super) name: String,
    pub(super) labels: Labels,
    pub(super) prefixes: Vec<Prefix>,
}

impl Subject {
    /// Returns whether the rule applies to an endpoint with these labels (SUBJ-1, SUBJ-5).
    pub(super) fn selects(&self, labels: &Labels) -> bool {
        let is_host = labels.is_reserved("host");
        self.node == is_host
            && (self.clusterwide || labels.value("k8s", POD_NAMESPACE).is_some())
            && self.selector.matches(labels)
    }
}

/// Key of the label with a pod's namespace.
pub(super) const POD_NAMESPACE: &str = "io.kubernetes.pod.namespace";
/// Start of the keys of the labels that a pod takes over from its namespace.
pub(super) const NAMESPACE_LABELS: &str = "io.cilium.k8s.namespace.labels.";
/// Key of the label with a pod's cluster.
pub(super) const CLUSTER: &str = "io.cilium.k8s.policy.cluster";
/// Key of the label with a pod's service account.
pub(super) const SERVICE_ACCOUNT: &str = "io.cilium.k8s.policy.serviceaccount";

impl Direction {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }
}
