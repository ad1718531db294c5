//! `netpol map`: the policy map of an endpoint, and the rules behind its entries.

use std::fmt::Write;
use std::sync::Arc;

use netpol::{
    Direction, EndpointId, Engine, IdentityId, PolicyEntry, PolicyKey, PolicyMap, RuleSet,
};
use netpol_core::RedirectId;
use netpol_ebpf::policy::{self, Key};
use netpol_policy::rule::Origin;
use serde::Serialize;

use crate::cli::{MapArgs, MapFormat};
use crate::failure::{Failure, Outcome};
use crate::inventory::{Inventory, evaluate};
use crate::output::{OriginJson, Table, print, to_json};
use crate::peer::Peer;

/// Prints the policy map.
pub(crate) fn run(args: &MapArgs) -> Result<Outcome, Failure> {
    let Some(inventory) = evaluate(&args.input, &args.evaluation)? else {
        return Ok(Outcome::Unusable);
    };
    let (name, endpoint) = endpoint(&args.endpoint, &inventory)?;
    let view = View { engine: &inventory.engine, name, endpoint };
    print(&match args.output {
        MapFormat::Text => view.text(),
        MapFormat::Json => to_json(&view.json()),
        MapFormat::CiliumBpf => {
            warn_of_widened(&view.map());
            bpf_dump(&view.map())
        }
    })?;
    Ok(Outcome::Fine)
}

/// Returns the endpoint that a text means.
fn endpoint(text: &str, inventory: &Inventory) -> Result<(String, EndpointId), Failure> {
    let peer = Peer::parse(text, inventory)?;
    match peer.faces.iter().find_map(|face| face.face.endpoint) {
        Some(endpoint) => Ok((peer.name, endpoint)),
        None => {
            let message =
                format!("no policy is enforced on `{}`, so it has no policy map", peer.name);
            Err(Failure::new(message, "name a workload or a pod of the manifests"))
        }
    }
}

struct View<'e> {
    engine: &'e Engine,
    name: String,
    endpoint: EndpointId,
}

impl<'e> View<'e> {
    fn text(&self) -> String {
        let identity = self.engine.endpoint_identity(self.endpoint).unwrap_or_default();
        let mut text = format!("{}, identity {identity}\n", self.name);
        for direction in Direction::BOTH {
            let enforced = self.engine.is_enforced(self.endpoint, direction);
            let enforced =
                if enforced { "enforced" } else { "not enforced: everything is allowed" };
            // Nothing can go wrong when writing to a string.
            let _infallible = writeln!(text, "{direction}: {enforced}");
        }
        text.push('\n');
        text.push_str(&self.table().render());
        text
    }

    fn map(&self) -> PolicyMap {
        self.engine.policy_map(self.endpoint).unwrap_or_default()
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&[
            "POLICY",
            "DIRECTION",
            "LABELS (source:key[=value])",
            "PORT/PROTO",
            "PROXY",
            "AUTH TYPE",
            "PREFIX",
            "RULES",
        ]);
        let map = self.map();
        for (key, entry) in map.iter() {
            let (peer, reasons) = (self.peer(*key), self.reasons(entry));
            let peer = peer.unwrap_or_else(|| "ANY".into());
            let mut labels = peer.split(',').map(str::to_owned);
            let mut reasons = reasons.into_iter();
            table.push([
                if entry.deny { "Deny" } else { "Allow" }.into(),
                title_case(key.direction()).into(),
                labels.next().unwrap_or_default(),
                port(*key),
                self.redirect(entry).unwrap_or_else(|| "NONE".into()),
                entry.auth.kind().name().into(),
                key.match_len().to_string(),
                reasons.next().unwrap_or_default(),
            ]);
            // One line for each further label or rule.
            let further = std::iter::from_fn(|| match (labels.next(), reasons.next()) {
                (None, None) => None,
                (label, rule) => Some(continuation(label, rule)),
            });
            further.for_each(|row| table.push(row));
        }
        table
    }

    fn json(&self) -> MapJson<'e> {
        let labels = self.engine.endpoint_labels(self.endpoint);
        let map = self.map();
        let error = self.engine.endpoint_error(self.endpoint);
        MapJson {
            endpoint: self.name.clone(),
            identity: labels.map(ToString::to_string).unwrap_or_default(),
            identity_number: self
                .engine
                .endpoint_identity(self.endpoint)
                .unwrap_or_default()
                .number(),
            ingress_enforced: self.engine.is_enforced(self.endpoint, Direction::Ingress),
            egress_enforced: self.engine.is_enforced(self.endpoint, Direction::Egress),
            error: error.map(ToString::to_string),
            entries: map.iter().map(|(key, entry)| self.entry_json(*key, entry)).collect(),
        }
    }

    fn entry_json(&self, key: PolicyKey, entry: &PolicyEntry) -> EntryJson<'e> {
        let rules = self.rules(entry);
        let origins: Vec<&Arc<Origin>> = rules.iter().flat_map(|rules| rules.origins()).collect();
        let mut by: Vec<String> = origins.iter().map(|origin| origin.policy.to_string()).collect();
        by.sort_unstable();
        by.dedup();
        EntryJson {
            dir: key.direction().as_str(),
            peer: self.peer(key).unwrap_or_else(|| "*".into()),
            peer_number: key.identity().number(),
            proto: if key.protocol().is_any() { "*".into() } else { key.protocol().to_string() },
            port: key.port().value(),
            plen: key.port().len(),
            deny: entry.deny,
            redirect: self.redirect(entry),
            priority: entry.priority.number(),
            auth: entry.auth.kind().name(),
            auth_explicit: entry.auth.is_explicit(),
            by,
            rules: origins.into_iter().map(|origin| OriginJson::from(&**origin)).collect(),
            built_in: rules.and_then(|rules| built_in(rules)),
        }
    }

    /// Returns the labels of the peer of a key; `None` for every peer.
    fn peer(&self, key: PolicyKey) -> Option<String> {
        let id = Some(key.identity()).filter(|id| *id != IdentityId::ANY)?;
        let labels = self.engine.identity_labels(id);
        Some(labels.map_or_else(|| id.to_string(), ToString::to_string))
    }

    fn redirect(&self, entry: &PolicyEntry) -> Option<String> {
        self.engine.redirect(entry.redirect).map(ToString::to_string)
    }

    fn rules(&self, entry: &PolicyEntry) -> Option<&'e Arc<RuleSet>> {
        self.engine.rule_set(entry.rules)
    }

    /// Returns what is behind an entry: rules with their places, or a word in brackets.
    fn reasons(&self, entry: &PolicyEntry) -> Vec<String> {
        let Some(rules) = self.rules(entry) else { return Vec::new() };
        match built_in(rules) {
            Some(word) => vec![format!("({word})")],
            None => rules.origins().map(ToString::to_string).collect(),
        }
    }
}

/// The port of the first proxy: where Cilium's range begins.
const FIRST_PROXY_PORT: u16 = 10_000;

/// Returns the bytes of a policy map in Cilium's layout, as `bpftool map dump` shows them.
fn bpf_dump(map: &PolicyMap) -> String {
    let mut text = String::new();
    for (key, value) in policy::dump(map, proxy_port) {
        // Nothing can go wrong when writing to a string.
        let _infallible = writeln!(text, "key: {}  value: {}", hex(&key), hex(&value));
    }
    let ending = if map.len() == 1 { "" } else { "s" };
    let _infallible = writeln!(text, "Found {} element{ending}", map.len());
    text
}

fn proxy_port(redirect: RedirectId) -> u16 {
    let number = u16::try_from(redirect.number()).unwrap_or(u16::MAX);
    if redirect.is_none() { 0 } else { FIRST_PROXY_PORT.saturating_add(number - 1) }
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

/// Says which entries are broader in Cilium's layout than policy has them.
fn warn_of_widened(map: &PolicyMap) {
    for (key, _) in map.iter().filter(|(key, _)| Key::widens(key)) {
        eprintln!(
            "warning: Cilium's map has no key for port or type 0, and matches every {} packet in place of {}",
            key.protocol(),
            port(*key),
        );
    }
}

/// Returns a row that continues the one above it.
fn continuation(label: Option<String>, rule: Option<String>) -> [String; 8] {
    let mut cells = <[String; 8]>::default();
    let [_, _, labels, _, _, _, _, rules] = &mut cells;
    *labels = label.unwrap_or_default();
    *rules = rule.unwrap_or_default();
    cells
}

/// Returns the word for an entry that no rule made.
fn built_in(rules: &RuleSet) -> Option<&'static str> {
    match rules {
        RuleSet::Elements(_) => None,
        RuleSet::Unenforced => Some("not enforced"),
        RuleSet::DefaultAllow => Some("no default deny"),
        RuleSet::AllowLocalhost => Some("allow localhost"),
        RuleSet::Lockdown => Some("policy cannot be computed"),
    }
}

fn title_case(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "Ingress",
        Direction::Egress => "Egress",
    }
}

/// Returns ports and protocol of a key, such as `80/TCP` or `1024-2047/UDP`.
fn port(key: PolicyKey) -> String {
    let (protocol, block) = (key.protocol(), key.port());
    if protocol.is_any() {
        return "ANY".into();
    }
    match (block.value(), block.last()) {
        _ if block.is_all() => format!("ANY/{protocol}"),
        (first, last) if first == last => format!("{first}/{protocol}"),
        (first, last) => format!("{first}-{last}/{protocol}"),
    }
}

/// A policy map as JSON. What is false, 0 or absent in an entry is left out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MapJson<'a> {
    endpoint: String,
    /// Labels.
    identity: String,
    identity_number: u32,
    ingress_enforced: bool,
    egress_enforced: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    entries: Vec<EntryJson<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryJson<'a> {
    dir: &'static str,
    /// Labels, or `*`.
    peer: String,
    peer_number: u32,
    proto: String,
    port: u16,
    plen: u8,
    #[serde(skip_serializing_if = "is_default")]
    deny: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect: Option<String>,
    #[serde(skip_serializing_if = "is_default")]
    priority: u8,
    #[serde(skip_serializing_if = "is_disabled")]
    auth: &'static str,
    #[serde(skip_serializing_if = "is_default")]
    auth_explicit: bool,
    by: Vec<String>,
    rules: Vec<OriginJson<'a>>,
    /// Why there is an entry that no rule made.
    #[serde(skip_serializing_if = "Option::is_none")]
    built_in: Option<&'static str>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_disabled(auth: &&str) -> bool {
    *auth == netpol::AuthType::Disabled.name()
}
