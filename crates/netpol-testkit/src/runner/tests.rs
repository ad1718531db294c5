use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;
use crate::decision::{Decision, L7Decision, Side, SideDecision};
use crate::scenario::{EndpointMap, LabelTexts, Suite};
use crate::world::{Config, Flow, World};

/// Says the same about everything.
#[derive(Clone)]
struct FixedEngine {
    ingress: Side,
    accepts: bool,
    refuses_document: Option<usize>,
}

impl Engine for FixedEngine {
    fn name(&self) -> &'static str {
        "fixed"
    }

    fn build<'w>(&self, _world: &'w World) -> Result<Box<dyn Candidate + 'w>, BuildError> {
        match self.refuses_document {
            Some(document) => Err(BuildError::new(Some(document), "no")),
            None => Ok(Box::new(self.clone())),
        }
    }

    fn judge(&self, _config: &Config, _document: &str) -> Option<Judgement> {
        let refused = || Judgement::Refused("no".to_owned());
        Some(if self.accepts { Judgement::Accepted } else { refused() })
    }
}

impl Candidate for FixedEngine {
    fn decide(&self, flow: &Flow) -> Result<Decision, String> {
        let egress = Side::plain(SideDecision::Unenforced);
        Ok(Decision::new(flow, egress, self.ingress.clone()))
    }

    fn maps(&self) -> Option<BTreeMap<String, EndpointMap>> {
        let map = EndpointMap {
            identity: LabelTexts::parse("k8s:app=b"),
            ingress_enforced: true,
            egress_enforced: false,
            error: None,
            entries: BTreeSet::new(),
        };
        Some(BTreeMap::from([("b".to_owned(), map)]))
    }

    fn prefixes(&self) -> Option<BTreeMap<String, LabelTexts>> {
        Some(BTreeMap::new())
    }
}

fn engine(ingress: SideDecision) -> FixedEngine {
    FixedEngine { ingress: Side::plain(ingress), accepts: true, refuses_document: None }
}

/// A scenario with two flows that are allowed, and the map of the fixed engine.
fn scenario() -> Value {
    let flow = |port: u16| {
        json!({"from": "a", "to": "b", "protocol": "TCP", "port": port,
            "expect": {"egress": "unenforced", "ingress": "allow", "verdict": "allow"}})
    };
    json!({"name": "x", "policies": [], "flows": [flow(80), flow(81)], "prefixes": {},
        "maps": {"b": {"identity": "k8s:app=b", "ingressEnforced": true, "entries": []}}})
}

fn tagged(mut scenario: Value) -> Value {
    scenario["quirks"] = json!(["QUIRK-5"]);
    scenario
}

fn run_one(engine: &FixedEngine, scenario: &Value, deviations: &Value) -> Report {
    let suite = Suite::from_json_lines(&scenario.to_string()).unwrap();
    run(engine, &suite, &Deviations::from_json(&deviations.to_string()).unwrap())
}

#[test]
fn an_engine_that_agrees_passes() {
    let report = run_one(&engine(SideDecision::Allow), &scenario(), &json!([]));
    assert!(report.is_success(), "{}", report.failure_text(9));
    assert_eq!(report.to_string(), "scenarios: 1 passed, 0 failed, flows: 2 passed, 0 failed");
}

#[test]
fn a_wrong_verdict_is_reported_with_both_answers() {
    let report = run_one(&engine(SideDecision::DefaultDeny), &scenario(), &json!([]));
    assert!(!report.is_success());
    assert_eq!(report.to_string(), "scenarios: 0 passed, 1 failed, flows: 0 passed, 2 failed");
    let text = report.failure_text(1);
    assert!(text.starts_with("x flow 0 (a -> b Tcp 80): ingress: expected Allow, got DefaultDeny"));
    assert!(text.ends_with("... and 1 more differences\n"));
}

#[test]
fn every_part_of_a_decision_is_compared() {
    let redirect = Side {
        decision: SideDecision::Redirect,
        proxy: Some("http".to_owned()),
        l7: Some(L7Decision::Deny),
        auth: None,
    };
    let mut asked = scenario();
    asked["flows"] = json!([{"from": "a", "to": "b", "protocol": "TCP", "port": 80,
        "http": {"method": "GET", "path": "/"},
        "expect": {"egress": "unenforced", "ingress": "redirect", "ingressProxy": "http",
            "ingressL7": "deny", "http": "deny", "verdict": "deny"}}]);
    let fixed = FixedEngine { ingress: redirect, ..engine(SideDecision::Allow) };
    assert!(run_one(&fixed, &asked, &json!([])).is_success());
    for (key, value) in [
        ("ingressProxy", json!("tcp")),
        ("ingressL7", json!("allow")),
        ("ingressAuth", json!("spire")),
        ("http", json!("allow")),
        ("verdict", json!("redirect")),
        ("tls", json!("deny")),
        ("egress", json!("none")),
    ] {
        let mut wrong = asked.clone();
        wrong["flows"][0]["expect"][key] = value;
        assert!(!run_one(&fixed, &wrong, &json!([])).is_success(), "{key}");
    }
}

#[test]
fn a_decision_that_the_vector_leaves_out_does_not_count() {
    let redirect = Side {
        decision: SideDecision::Redirect,
        proxy: Some("http".to_owned()),
        l7: Some(L7Decision::Allow),
        auth: None,
    };
    let mut left_out = scenario();
    left_out["flows"] = json!([{"from": "a", "to": "b", "protocol": "TCP", "port": 80,
        "http": {"method": "GET", "path": "/"},
        "expect": {"egress": "unenforced", "ingress": "redirect", "ingressProxy": "http",
            "verdict": "redirect"}}]);
    let fixed = FixedEngine { ingress: redirect, ..engine(SideDecision::Allow) };
    assert!(run_one(&fixed, &left_out, &json!([])).is_success());
}

#[test]
fn a_wrong_map_fails_the_scenario_and_no_flow() {
    let entry = json!({"dir": "ingress", "peer": "*", "proto": "TCP", "port": 80, "plen": 16});
    for (key, value) in [
        ("entries", json!([entry])),
        ("identity", json!("k8s:app=c")),
        ("egressEnforced", json!(true)),
        ("error", json!("why")),
    ] {
        let mut wrong = scenario();
        wrong["maps"]["b"][key] = value;
        let report = run_one(&engine(SideDecision::Allow), &wrong, &json!([]));
        assert_eq!((report.scenarios.failed, report.flows.failed), (1, 0), "{key}");
    }
    let mut wrong = scenario();
    wrong["prefixes"] = json!({"10.0.0.0/8": "reserved:world-ipv4"});
    assert!(!run_one(&engine(SideDecision::Allow), &wrong, &json!([])).is_success());
}

#[test]
fn a_refused_world_fails_unless_it_is_listed_for_that_document() {
    let refusing = FixedEngine { refuses_document: Some(1), ..engine(SideDecision::Allow) };
    assert!(!run_one(&refusing, &scenario(), &json!([])).is_success());
    let listed = |document: usize| json!([{"scenario": "x", "quirk": "QUIRK-5", "reason": "r", "refused": document}]);
    let report = run_one(&refusing, &tagged(scenario()), &listed(1));
    assert!(report.is_success());
    assert_eq!(report.deviating_as_listed, 1);
    assert!(!run_one(&refusing, &tagged(scenario()), &listed(0)).is_success());
    let accepting = engine(SideDecision::Allow);
    assert!(!run_one(&accepting, &tagged(scenario()), &listed(1)).is_success());
}

#[test]
fn a_listed_flow_is_compared_with_the_list() {
    let deviations = json!([{"scenario": "x", "quirk": "QUIRK-5", "reason": "r", "flows": {
        "1": {"egress": "unenforced", "ingress": "default-deny", "verdict": "deny"}}}]);
    let report = run_one(&engine(SideDecision::Allow), &tagged(scenario()), &deviations);
    assert_eq!(report.failures.len(), 1);
    assert!(report.failures[0].place.starts_with("flow 1"));

    let both = json!([{"scenario": "x", "quirk": "QUIRK-5", "reason": "r", "flows": {
        "0": {"egress": "unenforced", "ingress": "deny", "verdict": "deny"},
        "1": {"egress": "unenforced", "ingress": "deny", "verdict": "deny"}}}]);
    let report = run_one(&engine(SideDecision::Deny), &tagged(scenario()), &both);
    let expected = "1 deviate as listed\nscenarios: 0 passed, 0 failed, flows: 0 passed, 0 failed";
    assert_eq!(report.to_string(), expected);
}

#[test]
fn listing_a_scenario_without_the_tag_fails() {
    let deviations = json!([{"scenario": "x", "quirk": "QUIRK-5", "reason": "r", "flows": {
        "0": {"egress": "unenforced", "ingress": "allow", "verdict": "allow"}}}]);
    let report = run_one(&engine(SideDecision::Allow), &scenario(), &deviations);
    assert!(!report.is_success());
    assert_eq!(report.failures[0].message, "x: not tagged QUIRK-5");
    let far = json!([{"scenario": "x", "quirk": "QUIRK-5", "reason": "r", "flows": {
        "2": {"egress": "unenforced", "ingress": "allow", "verdict": "allow"}}}]);
    assert!(!run_one(&engine(SideDecision::Allow), &tagged(scenario()), &far).is_success());
}

#[test]
fn a_tagged_scenario_that_is_not_listed_may_differ() {
    let report = run_one(&engine(SideDecision::Deny), &tagged(scenario()), &json!([]));
    assert!(report.is_success());
    let expected =
        "1 deviate without being listed\nscenarios: 0 passed, 0 failed, flows: 0 passed, 0 failed";
    assert_eq!(report.to_string(), expected);
    let report = run_one(&engine(SideDecision::Allow), &tagged(scenario()), &json!([]));
    assert_eq!(report.scenarios.passed, 1);
}

#[test]
fn documents_are_judged_one_by_one() {
    let documents = json!({"name": "r", "kind": "reject", "policies": "a: 1\n---\nb: [\n",
        "expect": [{"policy": "a", "accepted": true},
            {"policy": "b", "accepted": true, "quirks": ["QUIRK-8"]}]});
    let accepting = engine(SideDecision::Allow);
    let refusing = FixedEngine { accepts: false, ..accepting.clone() };
    assert!(run_one(&accepting, &documents, &json!([])).is_success());
    let report = run_one(&refusing, &documents, &json!([]));
    assert_eq!(report.failures.len(), 1);
    assert_eq!(report.failures[0].place, "document 0 (a)");

    let listed = |document: usize| {
        json!([{"scenario": "r", "document": document, "quirk": "QUIRK-8", "reason": "r",
            "accepted": false}])
    };
    assert!(!run_one(&accepting, &documents, &listed(1)).is_success());
    let untagged = run_one(&accepting, &documents, &listed(0));
    assert_eq!(untagged.failures[0].message, "r document 0: not tagged QUIRK-8");
}

#[test]
fn a_list_with_unknown_keys_or_without_content_is_refused() {
    let good = json!({"scenario": "x", "quirk": "QUIRK-5", "reason": "r", "refused": 0});
    let read = |entries: Value| Deviations::from_json(&entries.to_string());
    assert!(read(json!([good])).is_ok());
    assert!(read(json!([good, good])).is_err());
    for (key, value) in [("flow", json!({})), ("accepted", json!(false)), ("document", json!(1))] {
        let mut bad = good.clone();
        bad[key] = value;
        assert!(read(json!([bad])).is_err(), "{key}");
    }
    assert!(read(json!([{"scenario": "x", "quirk": "QUIRK-5", "reason": "r"}])).is_err());
}
