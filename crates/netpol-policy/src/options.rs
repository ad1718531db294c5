//! Settings that change what documents mean.

use std::sync::Arc;

use netpol_l7::PatternDialect;

/// When policy is enforced at all (MODE-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Enforcement {
    /// In a direction of an endpoint for which some policy has rules.
    #[default]
    Default,
    /// In both directions of every endpoint.
    Always,
    /// Nowhere.
    Never,
}

/// Whether the local node may always reach its endpoints (HOST-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AllowLocalhost {
    /// It may, unless a deny rule covers it; Kubernetes needs this for its probes.
    #[default]
    Always,
    /// Policy decides.
    Policy,
}

/// What becomes of features that something else than netpol would have to carry out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Unsupported {
    /// Documents that use them are refused.
    #[default]
    Reject,
    /// They are accepted as Cilium does: Kafka and generic (`l7proto`) rules become redirects whose
    /// requests netpol never allows by itself, and a policy with cloud groups is not enforced,
    /// because it waits for the policy that an operator derives from it (GRP-1).
    Delegate,
}

/// Settings that change what documents mean; the defaults are those of section OPT.
///
/// # Examples
///
/// ```
/// use netpol_policy::Options;
///
/// let mut options = Options::default();
/// options.cluster_name = "paris".into();
/// assert!(options.dual_stack());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// When policy is enforced (OPT-1).
    pub enforcement: Enforcement,
    /// Whether the local node may always reach its endpoints (OPT-2).
    pub allow_localhost: AllowLocalhost,
    /// Whether peer selectors that name no cluster mean the local one; default `true` (OPT-3).
    pub default_local_cluster: bool,
    /// Name of the local cluster; default `default` (OPT-4).
    pub cluster_name: Arc<str>,
    /// Whether IPv4 is in use; default `true` (OPT-5).
    pub ipv4: bool,
    /// Whether IPv6 is in use; default `true` (OPT-5).
    pub ipv6: bool,
    /// Whether there is a proxy for L7 rules; without one they are refused; default `true` (OPT-6).
    pub l7_proxy: bool,
    /// Whether ICMP rules are accepted and types looked up; default `true` (OPT-7).
    pub icmp_rules: bool,
    /// Whether policy is enforced on the local node itself; default `false` (OPT-9).
    pub host_firewall: bool,
    /// Whether `fromNodes` and `toNodes` are accepted; default `false` (OPT-10).
    pub node_selector_labels: bool,
    /// Whether prefixes also match nodes; default `false` (OPT-11).
    pub cidr_matches_nodes: bool,
    /// Whether `enableDefaultDeny` counts; default `true` (OPT-12).
    pub non_default_deny: bool,
    /// Whether the protocols VRRP and IGMP and ports without number are accepted; default `false`
    /// (OPT-13).
    pub extended_ip_protocols: bool,
    /// What becomes of Kafka, generic L7 rules and cloud groups; default: refused.
    pub unsupported: Unsupported,
    /// Whether listeners that policies name exist; where they do not, redirects to them are left
    /// out, so that the traffic is denied; default `true` (LSN-5).
    pub listeners_exist: bool,
    /// What runs of stars in name patterns mean; default: as in released 1.19 (TRN-4).
    pub pattern_dialect: PatternDialect,
    /// Whether a name selector gets its identities as soon as it is in use, before any answer is
    /// learnt; default `true` (SID-8).
    pub preallocate_names: bool,
    /// Whether pods that differ only in labels that no policy in force looks at share an identity;
    /// default `false`. Fewer identities, the same verdicts; an identity then changes when a policy
    /// begins or ceases to look at a label.
    pub policy_relevant_labels: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            enforcement: Enforcement::default(),
            allow_localhost: AllowLocalhost::default(),
            default_local_cluster: true,
            cluster_name: "default".into(),
            ipv4: true,
            ipv6: true,
            l7_proxy: true,
            icmp_rules: true,
            host_firewall: false,
            node_selector_labels: false,
            cidr_matches_nodes: false,
            non_default_deny: true,
            extended_ip_protocols: false,
            unsupported: Unsupported::default(),
            listeners_exist: true,
            pattern_dialect: PatternDialect::default(),
            preallocate_names: true,
            policy_relevant_labels: false,
        }
    }
}

impl Options {
    /// Tells whether both address families are in use (IDN-4).
    #[must_use]
    pub const fn dual_stack(&self) -> bool {
        self.ipv4 && self.ipv6
    }
}
