use super::compare;
use super::deviation::{Deviations, ScenarioDeviation};
use super::engine::{Candidate, Engine, Judgement};
use super::report::{Failure, Report};
use crate::scenario::{FlowScenario, Maps, RejectScenario, Suite};
use crate::world::Flow;

/// Puts an engine to all scenarios of a suite.
///
/// A difference from the vectors is a failure, except that a scenario or document in the list of
/// deviations is compared with the list instead, and that one that is tagged with a defect of the
/// reference and not in the list is only counted.
pub fn run(engine: &dyn Engine, suite: &Suite, deviations: &Deviations) -> Report {
    let mut report = Report::default();
    for problem in deviations.problems(suite) {
        report.add_failure("deviations", "list".to_owned(), problem);
    }
    for scenario in &suite.flows {
        let outcome = flow_scenario(engine, scenario, deviations.scenario(&scenario.name));
        report.add(&scenario.name, outcome);
    }
    for scenario in &suite.rejects {
        if let Some(outcome) = reject_scenario(engine, scenario, deviations) {
            report.add(&scenario.name, outcome);
        }
    }
    report
}

/// What came out of one scenario.
#[derive(Default)]
struct Outcome {
    passed_flows: usize,
    failed_flows: usize,
    /// What differs from what netpol answers or, for lack of a listed answer, from the vectors.
    differences: Vec<Difference>,
    as_listed: bool,
    unlisted: bool,
}

type Difference = (String, String);

impl Report {
    fn add(&mut self, name: &str, outcome: Outcome) {
        self.flows.passed += outcome.passed_flows;
        self.flows.failed += outcome.failed_flows;
        if !outcome.differences.is_empty() {
            self.scenarios.failed += 1;
        } else if outcome.unlisted {
            self.deviating_unlisted += 1;
        } else if outcome.as_listed {
            self.deviating_as_listed += 1;
        } else {
            self.scenarios.passed += 1;
        }
        for (place, message) in outcome.differences {
            self.add_failure(name, place, message);
        }
    }

    fn add_failure(&mut self, scenario: &str, place: String, message: String) {
        self.failures.push(Failure { scenario: scenario.to_owned(), place, message });
    }
}

fn flow_scenario(
    engine: &dyn Engine,
    scenario: &FlowScenario,
    listed: Option<&ScenarioDeviation>,
) -> Outcome {
    let refused = listed.and_then(|listed| listed.refused);
    let mut outcome = Outcome { as_listed: listed.is_some(), ..Outcome::default() };
    let candidate = match (engine.build(&scenario.world), refused) {
        (Err(error), Some(document)) if error.document() == Some(document) => return outcome,
        (Ok(_), Some(document)) => {
            outcome
                .differences
                .push(("build".to_owned(), format!("document {document} is accepted")));
            return outcome;
        }
        (Ok(candidate), None) => candidate,
        (Err(error), _) => {
            outcome.differences.push(("build".to_owned(), error.to_string()));
            return outcome.tolerate(scenario, listed);
        }
    };
    compare_flows(candidate.as_ref(), scenario, listed, &mut outcome);
    if let Some(maps) = &scenario.maps {
        compare_maps(candidate.as_ref(), maps, listed, &mut outcome);
    }
    outcome.tolerate(scenario, listed)
}

impl Outcome {
    /// Differences of a tagged scenario that is not listed do not count as failures.
    fn tolerate(self, scenario: &FlowScenario, listed: Option<&ScenarioDeviation>) -> Self {
        let is_tolerated = listed.is_none() && !scenario.quirks.is_empty();
        if !is_tolerated || self.differences.is_empty() {
            return self;
        }
        Self { unlisted: true, failed_flows: 0, differences: Vec::new(), ..self }
    }
}

fn compare_flows(
    candidate: &dyn Candidate,
    scenario: &FlowScenario,
    listed: Option<&ScenarioDeviation>,
    outcome: &mut Outcome,
) {
    for (index, case) in scenario.flows.iter().enumerate() {
        let ours = listed.and_then(|listed| listed.flows.get(&index));
        let expected = ours.unwrap_or(&case.expect);
        let difference = match candidate.decide(&case.flow) {
            Ok(got) => compare::decisions(&case.flow, expected, &got),
            Err(message) => Some(message),
        };
        match difference {
            None if ours.is_some() => {} // counted with the scenario, not with the flows
            None => outcome.passed_flows += 1,
            Some(message) => {
                outcome.failed_flows += 1;
                outcome.differences.push((flow_text(index, &case.flow), message));
            }
        }
    }
}

fn compare_maps(
    candidate: &dyn Candidate,
    expected: &Maps,
    listed: Option<&ScenarioDeviation>,
    outcome: &mut Outcome,
) {
    if let Some(got) = candidate.maps() {
        let mut maps = expected.maps.clone();
        maps.extend(listed.map(|listed| listed.maps.clone()).unwrap_or_default());
        outcome.differences.extend(with_place("map of", compare::maps(&maps, &got)));
    }
    if let Some(got) = candidate.prefixes() {
        let differences = compare::prefixes(&expected.prefixes, &got);
        outcome.differences.extend(with_place("prefix", differences));
    }
}

fn with_place(what: &str, differences: Vec<(String, String)>) -> impl Iterator<Item = Difference> {
    differences.into_iter().map(move |(name, message)| (format!("{what} {name}"), message))
}

fn flow_text(index: usize, flow: &Flow) -> String {
    let Flow { from, to, protocol, .. } = flow;
    let request = [
        flow.http.as_ref().map(|request| format!(" {} {}", request.method, request.path)),
        flow.dns.as_ref().map(|query| format!(" {}", query.query)),
        flow.tls.as_ref().map(|hello| format!(" {}", hello.sni)),
    ];
    let request: String = request.into_iter().flatten().collect();
    format!("flow {index} ({from} -> {to} {protocol:?} {}{request})", flow.port_or_type())
}

/// Returns the outcome, or nothing if the engine does not judge documents.
fn reject_scenario(
    engine: &dyn Engine,
    scenario: &RejectScenario,
    deviations: &Deviations,
) -> Option<Outcome> {
    let mut outcome = Outcome::default();
    for (index, document) in scenario.documents.iter().enumerate() {
        let judgement = engine.judge(&scenario.config, &document.text)?;
        let got = judgement == Judgement::Accepted;
        let listed = deviations.document(&scenario.name, index);
        let expected = listed.map_or(document.accepted, |listed| listed.accepted);
        outcome.as_listed |= listed.is_some();
        if got == expected {
            continue;
        }
        if listed.is_none() && !document.quirks.is_empty() {
            outcome.unlisted = true;
            continue;
        }
        let place = format!("document {index} ({})", document.policy);
        outcome.differences.push((place, document_text(expected, &judgement)));
    }
    Some(outcome)
}

fn document_text(expected: bool, got: &Judgement) -> String {
    let expected = if expected { "accepted" } else { "refused" };
    match got {
        Judgement::Accepted => format!("expected {expected}, got accepted"),
        Judgement::Refused(reason) => format!("expected {expected}, got refused: {reason}"),
    }
}
