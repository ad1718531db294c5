//! The compiled policies against the oracle.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::recipe::Case;
use crate::decision::{Decision, Side, SideDecision};
use crate::runner::{Candidate, CompiledEngine, Engine, OracleEngine};
use crate::scenario::{EndpointMap, LabelTexts};
use crate::world::Flow;

/// How the engine and the oracle differ about a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    words: Vec<String>,
    refused: bool,
}

/// Returns how the engine and the oracle differ about the world and the flows, if they do: in what
/// they accept, in labels of prefixes, in policy maps, entry for entry, or in decisions.
pub fn disagreement(case: &Case) -> Option<Disagreement> {
    let oracle = OracleEngine.build(&case.world);
    let compiled = CompiledEngine.build(&case.world);
    let (oracle, compiled) = match (oracle, compiled) {
        (Ok(oracle), Ok(compiled)) => (oracle, compiled),
        (oracle, compiled) => {
            let refused = [("oracle", oracle.err()), ("engine", compiled.err())];
            let words = refused.into_iter().filter_map(|(who, error)| {
                error.map(|error| format!("the {who} refuses the world: {error}"))
            });
            return Some(Disagreement { words: words.collect(), refused: true });
        }
    };
    let mut words = prefixes(&*oracle, &*compiled);
    words.extend(maps(&*oracle, &*compiled));
    words.extend(case.flows.iter().filter_map(|flow| decision(&*oracle, &*compiled, flow)));
    (!words.is_empty()).then_some(Disagreement { words, refused: false })
}

impl Disagreement {
    /// Tells whether one of the two does not even accept the world.
    pub fn is_refusal(&self) -> bool {
        self.refused
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join("\n"))
    }
}

fn prefixes(oracle: &dyn Candidate, compiled: &dyn Candidate) -> Vec<String> {
    let (expected, got) = (oracle.prefixes(), compiled.prefixes());
    let (expected, got) = (expected.unwrap_or_default(), got.unwrap_or_default());
    let all: BTreeSet<&String> = expected.keys().chain(got.keys()).collect();
    let text =
        |labels: Option<&LabelTexts>| labels.map_or_else(|| "none".to_owned(), ToString::to_string);
    let differing = all.into_iter().filter(|prefix| expected.get(*prefix) != got.get(*prefix));
    let words = differing.map(|prefix| {
        let (expected, got) = (text(expected.get(prefix)), text(got.get(prefix)));
        format!("prefix {prefix}: expected {expected}, got {got}")
    });
    words.collect()
}

fn maps(oracle: &dyn Candidate, compiled: &dyn Candidate) -> Vec<String> {
    let (expected, got) = (oracle.maps(), compiled.maps());
    let (expected, got): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (expected.unwrap_or_default(), got.unwrap_or_default());
    let all: BTreeSet<&String> = expected.keys().chain(got.keys()).collect();
    let words = all.into_iter().filter_map(|name| match (expected.get(name), got.get(name)) {
        (Some(expected), Some(got)) => {
            Some(map(expected, got)?).map(|words| format!("{name}: {words}"))
        }
        (expected, _) => Some(format!("{name} is managed: expected {}", expected.is_some())),
    });
    words.collect()
}

/// Returns how two maps differ; of errors it counts only that there is one.
fn map(expected: &EndpointMap, got: &EndpointMap) -> Option<String> {
    let head = |map: &EndpointMap| {
        (map.identity.clone(), map.ingress_enforced, map.egress_enforced, map.error.is_some())
    };
    let mut words = Vec::new();
    if head(expected) != head(got) {
        words.push(format!("expected {:?}, got {:?}", head(expected), head(got)));
        words.extend(expected.error.iter().chain(&got.error).cloned());
    }
    let missing = expected.entries.difference(&got.entries);
    words.extend(missing.map(|entry| format!("missing {entry}")));
    let surplus = got.entries.difference(&expected.entries);
    words.extend(surplus.map(|entry| format!("too many {entry}")));
    (!words.is_empty()).then(|| words.join("; "))
}

fn decision(oracle: &dyn Candidate, compiled: &dyn Candidate, flow: &Flow) -> Option<String> {
    let (expected, got) = (oracle.decide(flow), compiled.decide(flow));
    let got = match (&expected, got) {
        (Ok(expected), Ok(got)) => Ok(comparable(flow, expected, &got)),
        // Which words an engine has for a flow that cannot be asked does not matter.
        (Err(words), Err(_)) => Err(words.clone()),
        (_, got) => got,
    };
    (expected != got).then(|| format!("{flow:?}: expected {expected:?}, got {got:?}"))
}

/// Leaves out what the engine says for a proxy whose decision the oracle does not model (L7-7,
/// L7-8).
fn comparable(flow: &Flow, expected: &Decision, got: &Decision) -> Decision {
    let side = |expected: &Side, got: &Side| {
        let is_known = expected.decision != SideDecision::Redirect || expected.l7.is_some();
        Side { l7: got.l7.filter(|_| is_known || !flow.has_request()), ..got.clone() }
    };
    Decision::new(flow, side(&expected.egress, &got.egress), side(&expected.ingress, &got.ingress))
}
