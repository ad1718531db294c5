//! Where netpol departs from the reference on purpose, one by one.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::decision::Decision;
use crate::scenario::{
    EndpointMap, FlowExpect, FlowScenario, LoadError, RejectScenario, Suite, read_text,
};

/// The list of known differences: what netpol answers where the vectors show a defect.
#[derive(Debug, Default)]
pub struct Deviations {
    scenarios: BTreeMap<String, ScenarioDeviation>,
    documents: BTreeMap<(String, usize), DocumentDeviation>,
}

/// What differs in a scenario with flows.
#[derive(Debug, Default)]
pub(super) struct ScenarioDeviation {
    quirk: String,
    /// The position of the document that is refused, so that there is nothing else to compare.
    pub(super) refused: Option<usize>,
    /// Flow by position to the decision.
    pub(super) flows: BTreeMap<usize, Decision>,
    /// Endpoint to the policy map.
    pub(super) maps: BTreeMap<String, EndpointMap>,
}

/// What differs about a document.
#[derive(Debug)]
pub(super) struct DocumentDeviation {
    quirk: String,
    pub(super) accepted: bool,
}

/// An entry of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    scenario: String,
    quirk: String,
    #[serde(rename = "reason")]
    _reason: String,
    #[serde(default)]
    document: Option<usize>,
    #[serde(default)]
    accepted: Option<bool>,
    #[serde(default)]
    refused: Option<usize>,
    #[serde(default)]
    flows: BTreeMap<usize, FlowExpect>,
    #[serde(default)]
    maps: BTreeMap<String, EndpointMap>,
}

/// Reads the list of known differences from a file.
///
/// # Errors
///
/// Fails if the file cannot be read, has an unknown key, or has an entry that says nothing, says it
/// twice, or mixes documents with flows.
pub fn deviations_from_file(path: &Path) -> Result<Deviations, LoadError> {
    Deviations::from_json(&read_text(path)?).map_err(|message| LoadError::new(path, message))
}

impl Deviations {
    /// Reads the list from a text.
    ///
    /// # Errors
    ///
    /// As [`deviations_from_file`].
    pub fn from_json(text: &str) -> Result<Self, String> {
        let written: Vec<Written> =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut deviations = Self::default();
        for entry in written {
            deviations.add(entry)?;
        }
        Ok(deviations)
    }

    /// Returns what is wrong with the list for these scenarios: entries for scenarios or documents
    /// without the tag, or without the flow or document that the entry is about.
    pub fn problems(&self, suite: &Suite) -> Vec<String> {
        let flows = suite.flows.iter().filter_map(|scenario| {
            let deviation = self.scenario(&scenario.name)?;
            deviation.problem(scenario).map(|problem| format!("{}: {problem}", scenario.name))
        });
        let documents = suite.rejects.iter().flat_map(|scenario| self.document_problems(scenario));
        flows.chain(documents).collect()
    }

    /// Returns the names that the list has entries for.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let documents = self.documents.keys().map(|(name, _)| name.as_str());
        self.scenarios.keys().map(String::as_str).chain(documents)
    }

    pub(super) fn scenario(&self, name: &str) -> Option<&ScenarioDeviation> {
        self.scenarios.get(name)
    }

    pub(super) fn document(&self, name: &str, index: usize) -> Option<&DocumentDeviation> {
        self.documents.get(&(name.to_owned(), index))
    }

    fn add(&mut self, entry: Written) -> Result<(), String> {
        let Written { scenario, quirk, _reason: _, document, accepted, refused, flows, maps } =
            entry;
        let is_about_flows = refused.is_some() || !flows.is_empty() || !maps.is_empty();
        let is_new = match (document, accepted) {
            (Some(document), Some(accepted)) if !is_about_flows => {
                let key = (scenario.clone(), document);
                self.documents.insert(key, DocumentDeviation { quirk, accepted }).is_none()
            }
            (None, None) if is_about_flows => {
                let flows = flows.into_iter().map(|(index, expect)| (index, expect.decision()));
                let deviation = ScenarioDeviation { quirk, refused, flows: flows.collect(), maps };
                self.scenarios.insert(scenario.clone(), deviation).is_none()
            }
            _ => {
                return Err(format!(
                    "the entry of `{scenario}` is about neither flows nor a document"
                ));
            }
        };
        if is_new { Ok(()) } else { Err(format!("`{scenario}` is listed twice")) }
    }

    fn document_problems(&self, scenario: &RejectScenario) -> Vec<String> {
        let listed = self.documents.iter().filter(|((name, _), _)| *name == scenario.name);
        let problem = |((name, index), deviation): (&(String, usize), &DocumentDeviation)| {
            let tags = scenario.documents.get(*index).map(|document| &document.quirks);
            let is_tagged = tags.is_some_and(|tags| tags.contains(&deviation.quirk));
            (!is_tagged).then(|| format!("{name} document {index}: not tagged {}", deviation.quirk))
        };
        listed.filter_map(problem).collect()
    }
}

impl ScenarioDeviation {
    fn problem(&self, scenario: &FlowScenario) -> Option<String> {
        if !scenario.quirks.contains(&self.quirk) {
            return Some(format!("not tagged {}", self.quirk));
        }
        let flow = self.flows.keys().find(|index| **index >= scenario.flows.len());
        flow.map(|index| format!("no flow {index}"))
    }
}
