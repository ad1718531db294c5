//! Policy maps, and the proxies that their entries lead to.

use core::fmt::Write;

use netpol::{Direction, EndpointId, Engine, IdentityId, PolicyEntry, PolicyKey, RuleSet};
use netpol_core::RedirectId;
use serde::Serialize;

use crate::engine::{ask, netpol_engine};
use crate::error::{Failure, netpol_error, netpol_status};
use crate::pointer::{Out, give};
use crate::text::netpol_text;
use crate::verdict::direction_number;

/// Text for people. Its form may change.
pub const NETPOL_FORMAT_TEXT: u8 = 0;
/// JSON for programs: members are added, but not changed.
pub const NETPOL_FORMAT_JSON: u8 = 1;

/// An entry of a policy map, as Cilium has it: the key, and what is decided for its packets.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct netpol_map_entry {
    /// Key: the identity of the peer; 0 for any.
    pub peer: u32,
    /// The number of the proxy that packets go to; 0 for none.
    pub proxy: u32,
    /// The number of the rules behind the entry.
    pub rules: u32,
    /// Key: the first port of the block, in host byte order.
    pub port: u16,
    /// Key: how many of the port's bits count, 0 to 16; 0 for all ports.
    pub port_prefix_len: u8,
    /// Key: the IP protocol number; 0 for any.
    pub protocol: u8,
    /// Key: `NETPOL_INGRESS` or `NETPOL_EGRESS`.
    pub direction: u8,
    /// 1 if packets are denied, else 0.
    pub deny: u8,
    /// The strength of the redirect, 0 for none, to 127.
    pub proxy_priority: u8,
    /// The authentication that packets need, as in `netpol_side`; bit 7 is set if a rule says so itself.
    pub auth: u8,
}

impl netpol_map_entry {
    /// Returns the entry; one without a value is a key only.
    pub(crate) fn new(key: &PolicyKey, entry: Option<&PolicyEntry>) -> Self {
        let key = Self {
            peer: key.identity().number(),
            port: key.port().value(),
            port_prefix_len: key.port().len(),
            protocol: key.protocol().number(),
            direction: direction_number(key.direction()),
            ..Self::default()
        };
        let Some(PolicyEntry { deny, redirect, priority, auth, rules }) = entry else { return key };
        Self {
            proxy: redirect.number(),
            rules: rules.number(),
            deny: (*deny).into(),
            proxy_priority: priority.number(),
            auth: auth.to_byte(),
            ..key
        }
    }
}

/// Writes the policy map of a managed endpoint as text, as of the last publication, in a `NETPOL_FORMAT_...`; the
/// caller frees it. JSON is an object with `endpoint`, `identity`, `ingressEnforced`, `egressEnforced`, `error`, if the
/// newest policy could not be computed, and `entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_policy_map(
    engine: *const netpol_engine,
    endpoint: u32,
    format: u8,
    text: *mut *mut netpol_text,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let show = |engine: &netpol_engine| {
        // SAFETY: the caller promises an output or NULL (convention 3).
        let place = unsafe { Out::new(text) }.required("text")?;
        let map = MapJson::new(engine.get()?, engine.endpoint(endpoint)?)?;
        place.put(give(netpol_text::new(match format {
            NETPOL_FORMAT_TEXT => map.text(),
            NETPOL_FORMAT_JSON => json(&map)?,
            other => return Err(Failure::bad_number("format", other.into())),
        })));
        Ok(())
    };
    // SAFETY: the caller promises an engine, or NULL, and an output (conventions 1 to 3).
    unsafe { ask(engine, error, show) }
}

/// Writes what the proxy with a number is: `http`, `dns`, `tcp`, or `listener:` and its qualified name; the caller
/// frees it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_proxy(
    engine: *const netpol_engine,
    proxy: u32,
    text: *mut *mut netpol_text,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let show = |engine: &netpol_engine| {
        // SAFETY: the caller promises an output or NULL (convention 3).
        let place = unsafe { Out::new(text) }.required("text")?;
        let redirect = engine.get()?.redirect(RedirectId::new(proxy));
        let redirect = redirect.ok_or_else(|| Failure::bad_number("proxy", proxy.into()))?;
        place.put(give(netpol_text::new(redirect.to_string())));
        Ok(())
    };
    // SAFETY: the caller promises an engine, or NULL, and an output (conventions 1 to 3).
    unsafe { ask(engine, error, show) }
}

/// Returns a value as JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::bad_text("format", &error))
}

/// A policy map. What is false, 0 or absent in an entry is left out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MapJson {
    endpoint: String,
    identity: u32,
    ingress_enforced: bool,
    egress_enforced: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    entries: Vec<EntryJson>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryJson {
    direction: &'static str,
    peer: u32,
    /// Labels of the peer, or `*`.
    peer_labels: String,
    /// A name or number, or `*`.
    protocol: String,
    port: u16,
    port_prefix_len: u8,
    deny: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<String>,
    proxy_priority: u8,
    auth: &'static str,
    auth_explicit: bool,
    /// The rules behind the entry, or in brackets what it is without rules.
    rules: Vec<String>,
}

impl MapJson {
    fn new(engine: &Engine, id: EndpointId) -> Result<Self, Failure> {
        let unmanaged = || Failure::unknown_endpoint(id.number());
        let map = engine.policy_map(id).ok_or_else(unmanaged)?;
        Ok(Self {
            endpoint: engine.endpoint(id).map(ToString::to_string).unwrap_or_default(),
            identity: engine.endpoint_identity(id).unwrap_or_default().number(),
            ingress_enforced: engine.is_enforced(id, Direction::Ingress),
            egress_enforced: engine.is_enforced(id, Direction::Egress),
            error: engine.endpoint_error(id).map(ToString::to_string),
            entries: map.iter().map(|(key, entry)| EntryJson::new(engine, key, entry)).collect(),
        })
    }

    fn text(&self) -> String {
        let Self { endpoint, identity, ingress_enforced, egress_enforced, error, entries } = self;
        let word = |enforced: &bool| if *enforced { "enforced" } else { "not enforced" };
        let (ingress, egress) = (word(ingress_enforced), word(egress_enforced));
        let mut text =
            format!("{endpoint}, identity {identity}: ingress {ingress}, egress {egress}");
        if let Some(error) = error {
            // Nothing can go wrong when writing to a string, here and below.
            let _infallible = write!(text, "\nthe newest policy could not be computed: {error}");
        }
        for entry in entries {
            let _infallible = write!(text, "\n{}", entry.text());
        }
        text
    }
}

impl EntryJson {
    fn new(engine: &Engine, key: &PolicyKey, entry: &PolicyEntry) -> Self {
        let (id, protocol) = (key.identity(), key.protocol());
        let labels = engine.identity_labels(id).filter(|_| id != IdentityId::ANY);
        let unknown = || if id == IdentityId::ANY { "*".into() } else { id.to_string() };
        Self {
            direction: key.direction().as_str(),
            peer: id.number(),
            peer_labels: labels.map_or_else(unknown, ToString::to_string),
            protocol: if protocol.is_any() { "*".into() } else { protocol.to_string() },
            port: key.port().value(),
            port_prefix_len: key.port().len(),
            deny: entry.deny,
            proxy: engine.redirect(entry.redirect).map(ToString::to_string),
            proxy_priority: entry.priority.number(),
            auth: entry.auth.kind().name(),
            auth_explicit: entry.auth.is_explicit(),
            rules: engine.rule_set(entry.rules).map(|rules| reasons(rules)).unwrap_or_default(),
        }
    }

    fn text(&self) -> String {
        let Self { direction, peer_labels, protocol, port, port_prefix_len, .. } = self;
        let action = if self.deny { "deny" } else { "allow" };
        let proxy = self.proxy.as_ref().map(|proxy| format!(" through {proxy}"));
        let (proxy, rules) = (proxy.unwrap_or_default(), self.rules.join(", "));
        let auth = match self.auth {
            "disabled" => String::new(),
            auth => format!(" authenticated by {auth}"),
        };
        format!(
            "{direction} {action} {peer_labels} {port}/{port_prefix_len} {protocol}{proxy}{auth}: {rules}"
        )
    }
}

fn reasons(rules: &RuleSet) -> Vec<String> {
    let built_in = match rules {
        RuleSet::Elements(_) => return rules.origins().map(ToString::to_string).collect(),
        RuleSet::Unenforced => "(not enforced)",
        RuleSet::DefaultAllow => "(no default deny)",
        RuleSet::AllowLocalhost => "(allow localhost)",
        RuleSet::Lockdown => "(policy cannot be computed)",
    };
    vec![built_in.into()]
}
