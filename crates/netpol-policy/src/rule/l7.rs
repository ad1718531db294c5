//! What a proxy checks, and which proxy.

use std::sync::Arc;

use netpol_l7::Mismatch;

/// The L7 rules of one port rule. Empty lists count as none (L7V-2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum L7Rules {
    /// No rules.
    #[default]
    None,
    /// Requests must match one of these; never empty.
    Http(Vec<HttpRule>),
    /// Queries must ask for a name that one of these matches; never empty.
    Dns(Vec<DnsRule>),
    /// Kafka rules, which netpol does not evaluate (KFK-1).
    Kafka,
    /// Rules for the named generic parser, which netpol does not evaluate (GEN-4).
    Generic(Arc<str>),
}

/// One HTTP rule: all members that are present must match (HTTP-1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRule {
    /// RE2 expression for the whole path, query included.
    pub path: Option<Arc<str>>,
    /// RE2 expression for the whole method.
    pub method: Option<Arc<str>>,
    /// RE2 expression for the whole authority.
    pub host: Option<Arc<str>>,
    /// `name: value` (exact value) or `name` (presence), as written (HTTP-10).
    pub headers: Vec<Arc<str>>,
    /// Header conditions with an action on mismatch.
    pub header_matches: Vec<HeaderMatch>,
}

/// A header condition (section HM).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderMatch {
    /// Name of the header.
    pub name: Arc<str>,
    /// The wanted value; `None` or empty for presence.
    pub value: Option<Arc<str>>,
    /// Where the wanted value comes from instead.
    pub secret: Option<SecretRef>,
    /// What happens if the header does not match.
    pub mismatch: Mismatch,
}

/// A reference to a Kubernetes secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SecretRef {
    /// Namespace as written; empty if absent (TLSV-1).
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
}

/// One DNS rule: the name that may be asked for. At least one member is present.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DnsRule {
    /// The exact name, as written.
    pub match_name: Option<Arc<str>>,
    /// A pattern with `*`, as written.
    pub match_pattern: Option<Arc<str>>,
}

/// A TLS context: references to key material, which netpol hands on and never reads (TLS-4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TlsContext {
    /// The secret.
    pub secret: SecretRef,
    /// Item of the secret with the trusted authorities, if given.
    pub trusted_ca: Option<Arc<str>>,
    /// Item of the secret with the certificate, if given.
    pub certificate: Option<Arc<str>>,
    /// Item of the secret with the private key, if given.
    pub private_key: Option<Arc<str>>,
}

/// A custom listener that traffic is sent to (LSN-1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Listener {
    /// Whether the configuration is a clusterwide one; else it is in the subject's namespace
    /// (LSTV-3).
    pub clusterwide: bool,
    /// Name of the Envoy configuration.
    pub config: Arc<str>,
    /// Name of the listener in it.
    pub name: Arc<str>,
    /// Priority as written, 1 to 100; 0 if absent (LSTV-2).
    pub priority: u8,
}

/// Which proxy a redirect needs (L7P-2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ParserType {
    /// None: no redirect.
    #[default]
    None,
    /// TLS contexts or server names, without L7 rules.
    Tls,
    /// HTTP rules.
    Http,
    /// Kafka rules.
    Kafka,
    /// A generic parser with this name.
    Generic(Arc<str>),
    /// DNS rules.
    Dns,
    /// A custom listener.
    Crd,
}
