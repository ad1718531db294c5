use std::collections::{BTreeMap, BTreeSet};

use super::engine::{BuildError, Candidate, Engine, Judgement};
use crate::decision::Decision;
use crate::oracle::{Oracle, OracleEntry, OracleMap};
use crate::scenario::{EndpointMap, LabelTexts, MapDirection, MapEntry};
use crate::world::{Config, Flow, World};

/// The slow oracle as an engine. It does not judge documents.
#[derive(Debug, Clone, Copy, Default)]
pub struct OracleEngine;

impl Engine for OracleEngine {
    fn name(&self) -> &'static str {
        "oracle"
    }

    fn build<'w>(&self, world: &'w World) -> Result<Box<dyn Candidate + 'w>, BuildError> {
        let oracle = Oracle::new(world)
            .map_err(|error| BuildError::new(error.document(), error.to_string()))?;
        Ok(Box::new(oracle))
    }

    fn judge(&self, _config: &Config, _document: &str) -> Option<Judgement> {
        None
    }
}

impl Candidate for Oracle<'_> {
    fn decide(&self, flow: &Flow) -> Result<Decision, String> {
        Oracle::decide(self, flow).map_err(|error| error.to_string())
    }

    fn maps(&self) -> Option<BTreeMap<String, EndpointMap>> {
        let maps = Oracle::maps(self).into_iter();
        Some(maps.map(|(name, map)| (name, endpoint_map(map))).collect())
    }

    fn prefixes(&self) -> Option<BTreeMap<String, LabelTexts>> {
        let prefixes = Oracle::prefixes(self).into_iter();
        Some(prefixes.map(|(prefix, labels)| (prefix, label_texts(labels))).collect())
    }
}

fn endpoint_map(map: OracleMap) -> EndpointMap {
    let OracleMap { identity, ingress_enforced, egress_enforced, error, entries } = map;
    EndpointMap {
        identity: label_texts(identity),
        ingress_enforced,
        egress_enforced,
        error,
        entries: entries.into_iter().map(map_entry).collect::<BTreeSet<_>>(),
    }
}

fn map_entry(entry: OracleEntry) -> MapEntry {
    let auth = match (entry.auth, entry.auth_explicit) {
        (0, false) => None,
        (0, true) => Some("disabled"),
        (1, _) => Some("spire"),
        _ => Some("test-always-fail"),
    };
    MapEntry {
        dir: if entry.ingress { MapDirection::Ingress } else { MapDirection::Egress },
        peer: entry.peer.map(label_texts),
        proto: entry.protocol.map_or("*", protocol_name).to_owned(),
        port: entry.port,
        plen: entry.length,
        deny: entry.deny,
        redirect: entry.redirect,
        priority: entry.priority,
        auth: auth.map(str::to_owned),
        auth_explicit: entry.auth_explicit,
    }
}

fn label_texts(labels: Vec<String>) -> LabelTexts {
    LabelTexts(labels.into_iter().collect())
}

/// PORT-6; the oracle knows no other protocols.
fn protocol_name(number: u8) -> &'static str {
    match number {
        1 => "ICMP",
        2 => "IGMP",
        6 => "TCP",
        17 => "UDP",
        58 => "ICMPV6",
        112 => "VRRP",
        _ => "SCTP",
    }
}
