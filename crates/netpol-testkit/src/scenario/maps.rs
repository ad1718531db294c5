use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer};

/// The policy maps of a scenario, and what its prefixes are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maps {
    /// Prefix to the labels of its identity.
    pub prefixes: BTreeMap<String, LabelTexts>,
    /// Managed endpoint to its policy map.
    pub maps: BTreeMap<String, EndpointMap>,
}

/// Labels as text, compared as a set; CIDR labels are written as prefixes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct LabelTexts(pub BTreeSet<String>);

/// The policy map of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EndpointMap {
    /// Labels by which policies select the endpoint.
    pub identity: LabelTexts,
    /// Whether ingress is enforced.
    #[serde(default)]
    pub ingress_enforced: bool,
    /// Whether egress is enforced.
    #[serde(default)]
    pub egress_enforced: bool,
    /// Why the map cannot be computed; only that there is a reason is compared.
    #[serde(default)]
    pub error: Option<String>,
    /// All entries.
    #[serde(default, deserialize_with = "entries")]
    pub entries: BTreeSet<MapEntry>,
}

/// One entry of a policy map.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MapEntry {
    /// The direction.
    pub dir: MapDirection,
    /// Labels of the peer; nothing for every peer.
    pub peer: Option<LabelTexts>,
    /// Name of the protocol, `*` for every protocol.
    pub proto: String,
    /// First port of the block, or the ICMP type.
    pub port: u16,
    /// Length of the port prefix: 16 for one port, 0 for all.
    pub plen: u8,
    /// Whether the entry denies.
    pub deny: bool,
    /// The proxy, named as in decisions.
    pub redirect: Option<String>,
    /// The proxy port priority, 0 without redirect.
    pub priority: u8,
    /// The authentication mode: `spire`, `test-always-fail` or `disabled`.
    pub auth: Option<String>,
    /// Whether a rule asked for that mode.
    pub auth_explicit: bool,
}

/// The direction of a map entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MapDirection {
    /// Towards the endpoint.
    Ingress,
    /// From the endpoint.
    Egress,
}

impl LabelTexts {
    /// Returns the set of labels in a text with commas between them.
    pub fn parse(text: &str) -> Self {
        Self(text.split(',').map(str::to_owned).collect())
    }
}

impl std::fmt::Display for LabelTexts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let texts: Vec<&str> = self.0.iter().map(String::as_str).collect();
        f.write_str(&texts.join(","))
    }
}

impl std::fmt::Display for MapEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { dir, peer, proto, port, plen, deny, redirect, priority, auth, auth_explicit } =
            self;
        write!(f, "{dir:?} ")?;
        match peer {
            Some(labels) => write!(f, "[{labels}]")?,
            None => f.write_str("[*]")?,
        }
        write!(f, " {proto} {port}/{plen} {}", if *deny { "deny" } else { "allow" })?;
        if let Some(proxy) = redirect {
            write!(f, " redirect {proxy} ({priority})")?;
        }
        if let Some(mode) = auth {
            write!(f, " auth {mode}{}", if *auth_explicit { " explicit" } else { "" })?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for LabelTexts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::parse(&text))
    }
}

/// An entry as written; absent means false, 0 or none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WrittenEntry {
    dir: MapDirection,
    peer: String,
    proto: String,
    port: u16,
    plen: u8,
    #[serde(default)]
    deny: bool,
    #[serde(default)]
    redirect: Option<String>,
    #[serde(default)]
    priority: u8,
    #[serde(default)]
    auth: Option<String>,
    #[serde(default)]
    auth_explicit: bool,
    #[serde(default, rename = "by")]
    _by: Vec<String>,
}

fn entries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<MapEntry>, D::Error> {
    let written: Vec<WrittenEntry> = Vec::deserialize(deserializer)?;
    let entry = |written: WrittenEntry| MapEntry {
        dir: written.dir,
        peer: (written.peer != "*").then(|| LabelTexts::parse(&written.peer)),
        proto: written.proto,
        port: written.port,
        plen: written.plen,
        deny: written.deny,
        redirect: written.redirect,
        priority: written.priority,
        auth: written.auth,
        auth_explicit: written.auth_explicit,
    };
    Ok(written.into_iter().map(entry).collect())
}
