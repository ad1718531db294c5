use serde::Deserialize;

/// Options of the engine; `Default` gives those of Cilium with Kubernetes and both address
/// families.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Config {
    /// Which endpoints are enforced.
    pub policy_enforcement: PolicyEnforcement,
    /// Whether the host itself is an endpoint that policy applies to.
    pub host_firewall: bool,
    /// Whether the local node may always reach local endpoints.
    pub allow_localhost: AllowLocalhost,
    /// Whether CIDR peers match nodes.
    pub cidr_matches_nodes: bool,
    /// Whether `fromNodes` and `toNodes` may be used.
    pub node_selector_labels: bool,
    /// Whether IPv4 is enabled.
    pub ipv4: bool,
    /// Whether IPv6 is enabled.
    pub ipv6: bool,
    /// Name of the local cluster.
    pub cluster_name: String,
    /// Whether selectors that name no cluster mean the local one.
    pub policy_default_local_cluster: bool,
    /// Whether `enableDefaultDeny: false` counts.
    pub enable_non_default_deny_policies: bool,
    /// Whether protocols without ports may be named.
    #[serde(rename = "extendedIPProtocols")]
    pub extended_ip_protocols: bool,
    /// Whether L7 rules may be used.
    #[serde(rename = "l7Proxy")]
    pub l7_proxy: bool,
    /// Whether ICMP rules may be used.
    pub icmp_rules: bool,
    /// Whether the listeners that policies name are missing.
    pub missing_listeners: bool,
    /// How repeated stars in DNS patterns are read; not a key of the vectors.
    #[serde(skip)]
    pub repeated_stars: RepeatedStars,
}

/// How two or more stars in a row are read in a DNS pattern (L7Q-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RepeatedStars {
    /// As one star. This is what the engine did that computed the vectors.
    #[default]
    Snapshot,
    /// As whole labels in front of a dot, as everything when alone, else as one star. This is what
    /// Cilium 1.19 and netpol do.
    Release,
}

/// The enforcement mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyEnforcement {
    /// Enforce the directions that a rule selects the endpoint for.
    #[default]
    Default,
    /// Enforce every endpoint.
    Always,
    /// Enforce nothing.
    Never,
}

/// Whether the local node needs a rule to reach local endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AllowLocalhost {
    /// It needs none.
    #[default]
    Always,
    /// It needs one, like every other peer.
    Policy,
}

impl Config {
    /// Returns whether both address families are enabled.
    pub fn dual_stack(&self) -> bool {
        self.ipv4 && self.ipv6
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            policy_enforcement: PolicyEnforcement::Default,
            host_firewall: false,
            allow_localhost: AllowLocalhost::Always,
            cidr_matches_nodes: false,
            node_selector_labels: false,
            ipv4: true,
            ipv6: true,
            cluster_name: "default".to_owned(),
            policy_default_local_cluster: true,
            enable_non_default_deny_policies: true,
            extended_ip_protocols: false,
            l7_proxy: true,
            icmp_rules: true,
            missing_listeners: false,
            repeated_stars: RepeatedStars::Snapshot,
        }
    }
}
