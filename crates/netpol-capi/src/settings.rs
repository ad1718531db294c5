//! Settings of an engine.

use core::time::Duration;

use netpol::{
    AllowLocalhost, Enforcement, Engine, EngineLimits, IdentityRange, Limits, NetworkPolicyGate,
    Options, ReadOptions, Unsupported,
};

use crate::error::{Failure, netpol_error, netpol_status};
use crate::guard::guard;
use crate::pointer::{Out, shared};
use crate::text::netpol_str;

/// Policy is enforced on endpoints that some policy selects.
pub const NETPOL_ENFORCEMENT_DEFAULT: u8 = 0;
/// Policy is enforced on every endpoint.
pub const NETPOL_ENFORCEMENT_ALWAYS: u8 = 1;
/// Policy is enforced on no endpoint.
pub const NETPOL_ENFORCEMENT_NEVER: u8 = 2;

/// Settings of an engine. Fill them with `netpol_settings_default`, then change what should differ.
///
/// Fields without further words are 0 for no and 1 for yes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct netpol_settings {
    /// `sizeof(netpol_settings)`.
    pub size: usize,
    /// When policy is enforced: `NETPOL_ENFORCEMENT_...`; default `NETPOL_ENFORCEMENT_DEFAULT`.
    pub enforcement: u8,
    /// Whether the local node may always reach its endpoints; default yes.
    pub allow_localhost: u8,
    /// Whether peer selectors that name no cluster mean the local one; default yes.
    pub default_local_cluster: u8,
    /// Whether IPv4 is in use; default yes.
    pub ipv4: u8,
    /// Whether IPv6 is in use; default yes.
    pub ipv6: u8,
    /// Whether there is a proxy for L7 rules; without one they are refused; default yes.
    pub l7_proxy: u8,
    /// Whether ICMP rules are accepted and types looked up; default yes.
    pub icmp_rules: u8,
    /// Whether policy is enforced on the local node itself; default no.
    pub host_firewall: u8,
    /// Whether `fromNodes` and `toNodes` are accepted; default no.
    pub node_selector_labels: u8,
    /// Whether prefixes also match nodes; default no.
    pub cidr_matches_nodes: u8,
    /// Whether `enableDefaultDeny` counts; default yes.
    pub non_default_deny: u8,
    /// Whether VRRP, IGMP and ports without number are accepted; default no.
    pub extended_ip_protocols: u8,
    /// Whether Kafka, generic L7 rules and cloud groups are accepted, their requests always denied and such
    /// policies not enforced, instead of refused; default no.
    pub delegate_unsupported: u8,
    /// Whether listeners that policies name exist; default yes.
    pub listeners_exist: u8,
    /// Whether a name selector gets its identities before any answer is learnt; default yes.
    pub preallocate_names: u8,
    /// Whether pods that differ only in labels that no policy looks at share an identity; default no.
    pub policy_relevant_labels: u8,
    /// Whether a NetworkPolicy is accepted that only the API server would refuse; default no.
    pub trust_network_policies: u8,
    /// The name of the local cluster, not empty; default `default`.
    pub cluster_name: netpol_str,
    /// The namespace of documents that say none, not empty; default `default`.
    pub default_namespace: netpol_str,
    /// The least number of an identity of pods; default 256.
    pub min_identity: u32,
    /// The greatest number of an identity of pods; default 65535.
    pub max_identity: u32,
    /// Bytes of one source; default 64 MiB.
    pub max_document_bytes: usize,
    /// Documents in one source; default 200,000.
    pub max_documents: usize,
    /// Collections of a document inside each other; default 64, at most 200.
    pub max_document_depth: usize,
    /// Values of one document; default 2,000,000.
    pub max_document_values: usize,
    /// Policies in force; default 1,000,000.
    pub max_policies: usize,
    /// Rules in one policy; default 10,000.
    pub max_rules_per_policy: usize,
    /// Peers in one policy; default 1,000,000.
    pub max_peers_per_policy: usize,
    /// Endpoints, peers included; default 1,000,000.
    pub max_endpoints: usize,
    /// Entries of one policy map; default 16,384.
    pub max_map_entries: usize,
    /// Addresses remembered for one DNS name; default 1,000.
    pub max_addresses_per_name: usize,
    /// DNS names remembered for one endpoint; default 10,000.
    pub max_names_per_endpoint: usize,
    /// The shortest time for which a DNS answer counts, in seconds; default 0.
    pub min_ttl: u32,
}

/// Writes the default settings. `size` is `sizeof(netpol_settings)`; nothing is written if it is wrong.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_settings_default(
    settings: *mut netpol_settings,
    size: usize,
    error: *mut *mut netpol_error,
) -> netpol_status {
    // SAFETY: the caller promises an output or NULL (convention 3).
    let error = unsafe { Out::new(error) };
    guard(error, || {
        Failure::check_size("settings", size, size_of::<netpol_settings>())?;
        // SAFETY: the caller promises NULL or place for the struct of this size (convention 3).
        let settings = unsafe { Out::new(settings) }.required("settings")?;
        settings.put(netpol_settings::default());
        Ok(())
    })
}

impl Default for netpol_settings {
    fn default() -> Self {
        let (options, limits) = (Options::default(), EngineLimits::default());
        let (reading, range) = (Limits::default(), IdentityRange::DEFAULT);
        Self {
            size: size_of::<Self>(),
            enforcement: NETPOL_ENFORCEMENT_DEFAULT,
            allow_localhost: (options.allow_localhost == AllowLocalhost::Always).into(),
            default_local_cluster: options.default_local_cluster.into(),
            ipv4: options.ipv4.into(),
            ipv6: options.ipv6.into(),
            l7_proxy: options.l7_proxy.into(),
            icmp_rules: options.icmp_rules.into(),
            host_firewall: options.host_firewall.into(),
            node_selector_labels: options.node_selector_labels.into(),
            cidr_matches_nodes: options.cidr_matches_nodes.into(),
            non_default_deny: options.non_default_deny.into(),
            extended_ip_protocols: options.extended_ip_protocols.into(),
            delegate_unsupported: (options.unsupported == Unsupported::Delegate).into(),
            listeners_exist: options.listeners_exist.into(),
            preallocate_names: options.preallocate_names.into(),
            policy_relevant_labels: options.policy_relevant_labels.into(),
            trust_network_policies: 0,
            cluster_name: netpol_str::borrow("default"),
            default_namespace: netpol_str::borrow("default"),
            min_identity: range.min(),
            max_identity: range.max(),
            max_document_bytes: reading.max_bytes,
            max_documents: reading.max_documents,
            max_document_depth: reading.max_depth,
            max_document_values: reading.max_nodes,
            max_policies: limits.policies,
            max_rules_per_policy: limits.rules_per_policy,
            max_peers_per_policy: limits.peers_per_policy,
            max_endpoints: limits.endpoints,
            max_map_entries: limits.map_entries,
            max_addresses_per_name: limits.addresses_per_name,
            max_names_per_endpoint: limits.names_per_endpoint,
            min_ttl: 0,
        }
    }
}

impl netpol_settings {
    /// Returns the engine with these settings, and how much of a document is read.
    ///
    /// # Safety
    ///
    /// `settings` is NULL or may be read, its texts included.
    pub(crate) unsafe fn build(settings: *const Self) -> Result<(Engine, Limits), Failure> {
        if settings.is_null() {
            return Ok((Engine::new(), Limits::default()));
        }
        // SAFETY: the caller promises the size, which every version of the struct begins with.
        let size = unsafe { shared(settings.cast::<usize>(), "settings") }?;
        Failure::check_size("settings", *size, size_of::<Self>())?;
        // SAFETY: the caller promises as many bytes as the size says.
        let settings = unsafe { shared(settings, "settings") }?;
        // SAFETY: the caller promises the texts.
        let options = unsafe { settings.options() }?;
        // SAFETY: likewise.
        let reading = unsafe { settings.reading() }?;
        let limits = reading.limits;
        let builder = Engine::builder().options(options).reading(reading);
        Ok((builder.limits(settings.limits()).identities(settings.range()?).build(), limits))
    }

    unsafe fn options(&self) -> Result<Options, Failure> {
        let mut options = Options::default();
        options.enforcement = match self.enforcement {
            NETPOL_ENFORCEMENT_DEFAULT => Enforcement::Default,
            NETPOL_ENFORCEMENT_ALWAYS => Enforcement::Always,
            NETPOL_ENFORCEMENT_NEVER => Enforcement::Never,
            other => return Err(Failure::bad_number("enforcement", other.into())),
        };
        options.allow_localhost = match flag("allow_localhost", self.allow_localhost)? {
            true => AllowLocalhost::Always,
            false => AllowLocalhost::Policy,
        };
        options.unsupported = match flag("delegate_unsupported", self.delegate_unsupported)? {
            true => Unsupported::Delegate,
            false => Unsupported::Reject,
        };
        options.default_local_cluster = flag("default_local_cluster", self.default_local_cluster)?;
        options.ipv4 = flag("ipv4", self.ipv4)?;
        options.ipv6 = flag("ipv6", self.ipv6)?;
        options.l7_proxy = flag("l7_proxy", self.l7_proxy)?;
        options.icmp_rules = flag("icmp_rules", self.icmp_rules)?;
        options.host_firewall = flag("host_firewall", self.host_firewall)?;
        options.node_selector_labels = flag("node_selector_labels", self.node_selector_labels)?;
        options.cidr_matches_nodes = flag("cidr_matches_nodes", self.cidr_matches_nodes)?;
        options.non_default_deny = flag("non_default_deny", self.non_default_deny)?;
        options.extended_ip_protocols = flag("extended_ip_protocols", self.extended_ip_protocols)?;
        options.listeners_exist = flag("listeners_exist", self.listeners_exist)?;
        options.preallocate_names = flag("preallocate_names", self.preallocate_names)?;
        options.policy_relevant_labels =
            flag("policy_relevant_labels", self.policy_relevant_labels)?;
        // SAFETY: the caller of this function promises the text.
        options.cluster_name = unsafe { name("cluster_name", self.cluster_name) }?.into();
        Ok(options)
    }

    unsafe fn reading(&self) -> Result<ReadOptions, Failure> {
        let mut reading = ReadOptions::default();
        reading.limits.max_bytes = self.max_document_bytes;
        reading.limits.max_documents = self.max_documents;
        reading.limits.max_depth = self.max_document_depth;
        reading.limits.max_nodes = self.max_document_values;
        // SAFETY: the caller of this function promises the text.
        reading.default_namespace =
            unsafe { name("default_namespace", self.default_namespace) }?.into();
        reading.gate = match flag("trust_network_policies", self.trust_network_policies)? {
            true => NetworkPolicyGate::Agent,
            false => NetworkPolicyGate::ApiServer,
        };
        Ok(reading)
    }

    fn limits(&self) -> EngineLimits {
        let mut limits = EngineLimits::default();
        limits.policies = self.max_policies;
        limits.rules_per_policy = self.max_rules_per_policy;
        limits.peers_per_policy = self.max_peers_per_policy;
        limits.endpoints = self.max_endpoints;
        limits.map_entries = self.max_map_entries;
        limits.addresses_per_name = self.max_addresses_per_name;
        limits.names_per_endpoint = self.max_names_per_endpoint;
        limits.min_ttl = Duration::from_secs(self.min_ttl.into());
        limits
    }

    fn range(&self) -> Result<IdentityRange, Failure> {
        let range = IdentityRange::new(self.min_identity, self.max_identity);
        range.ok_or_else(|| Failure::bad_number("max_identity", self.max_identity.into()))
    }
}

/// Returns whether a field says yes.
pub(crate) const fn flag(what: &'static str, value: u8) -> Result<bool, Failure> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(Failure::bad_number(what, other as u64)),
    }
}

/// Returns a text that must not be empty.
unsafe fn name<'a>(what: &'static str, text: netpol_str) -> Result<&'a str, Failure> {
    // SAFETY: the caller promises the text.
    match unsafe { text.text(what) }? {
        "" => Err(Failure::bad_text(what, &"is empty")),
        name => Ok(name),
    }
}
