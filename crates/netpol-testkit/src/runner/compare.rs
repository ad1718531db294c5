//! Expected against got, in words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Display};

use crate::decision::{Decision, Side, SideDecision};
use crate::scenario::{EndpointMap, LabelTexts, MapEntry};
use crate::world::Flow;

/// Differences that are shown of one map.
const MAP_LIMIT: usize = 4;

/// Returns how two decisions differ, if they do.
pub(super) fn decisions(flow: &Flow, expected: &Decision, got: &Decision) -> Option<String> {
    let got = leave_out(flow, expected, got);
    let mut words = Vec::new();
    words.extend(sides("egress", &expected.egress, &got.egress));
    words.extend(sides("ingress", &expected.ingress, &got.ingress));
    words.extend(differ("http", &expected.http, &got.http));
    words.extend(differ("dns", &expected.dns, &got.dns));
    words.extend(differ("tls", &expected.tls, &got.tls));
    words.extend(differ("verdict", &expected.verdict, &got.verdict));
    (!words.is_empty()).then(|| words.join("; "))
}

/// The vectors leave some decisions of proxies out although the flow asks for them; then what the
/// engine says about them does not count.
fn leave_out(flow: &Flow, expected: &Decision, got: &Decision) -> Decision {
    let is_left_out = |side: &Side| {
        side.decision == SideDecision::Redirect && side.l7.is_none() && flow.has_request()
    };
    let (egress, ingress) = (is_left_out(&expected.egress), is_left_out(&expected.ingress));
    if !egress && !ingress {
        return got.clone();
    }
    let without =
        |side: &Side, left_out: bool| Side { l7: side.l7.filter(|_| !left_out), ..side.clone() };
    Decision::new(flow, without(&got.egress, egress), without(&got.ingress, ingress))
}

/// Returns how two sets of policy maps differ, by endpoint.
pub(super) fn maps(
    expected: &BTreeMap<String, EndpointMap>,
    got: &BTreeMap<String, EndpointMap>,
) -> Vec<(String, String)> {
    let names: BTreeSet<&String> = expected.keys().chain(got.keys()).collect();
    let difference = |name: &String| {
        let words = match (expected.get(name), got.get(name)) {
            (Some(expected), Some(got)) => endpoint_maps(expected, got)?,
            (Some(_), None) => "no map".to_owned(),
            (None, _) => "a map that is not expected".to_owned(),
        };
        Some((name.clone(), words))
    };
    names.into_iter().filter_map(difference).collect()
}

/// Returns how two sets of prefixes differ, by prefix.
pub(super) fn prefixes(
    expected: &BTreeMap<String, LabelTexts>,
    got: &BTreeMap<String, LabelTexts>,
) -> Vec<(String, String)> {
    let names: BTreeSet<&String> = expected.keys().chain(got.keys()).collect();
    let text = |labels: Option<&LabelTexts>| {
        labels.map_or_else(|| "nothing".to_owned(), LabelTexts::to_string)
    };
    let difference = |name: &String| {
        let (expected, got) = (expected.get(name), got.get(name));
        (expected != got)
            .then(|| (name.clone(), format!("expected {}, got {}", text(expected), text(got))))
    };
    names.into_iter().filter_map(difference).collect()
}

fn sides(name: &str, expected: &Side, got: &Side) -> Vec<String> {
    let Side { decision, proxy, l7, auth } = expected;
    let words = [
        differ(name, decision, &got.decision),
        differ(format!("{name}Proxy"), proxy, &got.proxy),
        differ(format!("{name}L7"), l7, &got.l7),
        differ(format!("{name}Auth"), auth, &got.auth),
    ];
    words.into_iter().flatten().collect()
}

fn endpoint_maps(expected: &EndpointMap, got: &EndpointMap) -> Option<String> {
    let mut words = Vec::new();
    words.extend(differ("identity", &expected.identity, &got.identity));
    words.extend(differ("ingressEnforced", &expected.ingress_enforced, &got.ingress_enforced));
    words.extend(differ("egressEnforced", &expected.egress_enforced, &got.egress_enforced));
    words.extend(differ("error", &expected.error.is_some(), &got.error.is_some()));
    words.extend(only("missing", &expected.entries, &got.entries));
    words.extend(only("too many", &got.entries, &expected.entries));
    (!words.is_empty()).then(|| words.join("; "))
}

fn only(what: &str, of: &BTreeSet<MapEntry>, without: &BTreeSet<MapEntry>) -> Option<String> {
    let entries: Vec<&MapEntry> = of.difference(without).collect();
    let shown: Vec<String> = entries.iter().take(MAP_LIMIT).map(ToString::to_string).collect();
    (!entries.is_empty()).then(|| format!("{what} ({}): {}", entries.len(), shown.join(" | ")))
}

fn differ<T: PartialEq + Debug>(what: impl Display, expected: &T, got: &T) -> Option<String> {
    (expected != got).then(|| format!("{what}: expected {expected:?}, got {got:?}"))
}
