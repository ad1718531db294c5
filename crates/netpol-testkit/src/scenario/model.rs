use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::expect::FlowExpect;
use super::maps::{EndpointMap, LabelTexts, Maps};
use crate::decision::Decision;
use crate::world::{
    Config, Document, Endpoint, Flow, Namespace, ResolvedName, Secret, Service, World,
};

/// A world with flows and the decisions about them.
#[derive(Debug, Clone)]
pub struct FlowScenario {
    /// Unique name, equal to the path without extension.
    pub name: String,
    /// The defects of the reference that the expectations show, as `QUIRK-n`.
    pub quirks: Vec<String>,
    /// What the engine is given.
    pub world: World,
    /// What it is asked, with the answers.
    pub flows: Vec<FlowCase>,
    /// The policy maps, if they are known.
    pub maps: Option<Maps>,
}

/// A flow and the decision about it.
#[derive(Debug, Clone)]
pub struct FlowCase {
    /// The flow.
    pub flow: Flow,
    /// What a correct engine answers.
    pub expect: Decision,
}

/// Documents that are accepted or refused.
#[derive(Debug, Clone)]
pub struct RejectScenario {
    /// Unique name, equal to the path without extension.
    pub name: String,
    /// Options of the engine.
    pub config: Config,
    /// The documents, in order.
    pub documents: Vec<RejectCase>,
}

/// One document and whether it is accepted.
#[derive(Debug, Clone)]
pub struct RejectCase {
    /// The text of the document, which need not be well-formed.
    pub text: String,
    /// `<kind>:<namespace>/<name>`, for messages.
    pub policy: String,
    /// Whether an engine accepts it.
    pub accepted: bool,
    /// The defects of the reference that this shows, as `QUIRK-n`.
    pub quirks: Vec<String>,
}

/// Either kind of scenario.
pub(super) enum Scenario {
    Flows(Box<FlowScenario>),
    Reject(RejectScenario),
}

/// A scenario as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default)]
    kind: Kind,
    #[serde(default, rename = "description")]
    _description: String,
    #[serde(default, rename = "upstream")]
    _upstream: String,
    #[serde(default)]
    quirks: Vec<String>,
    #[serde(default)]
    config: Config,
    policies: Value,
    #[serde(default)]
    namespaces: BTreeMap<String, Option<Namespace>>,
    #[serde(default)]
    endpoints: Vec<Endpoint>,
    #[serde(default)]
    services: Vec<Service>,
    #[serde(default)]
    dns: Vec<ResolvedName>,
    #[serde(default)]
    secrets: Vec<Secret>,
    #[serde(default, rename = "errors")]
    _errors: BTreeMap<String, String>,
    #[serde(default)]
    flows: Vec<Map<String, Value>>,
    #[serde(default)]
    expect: Vec<WrittenReject>,
    #[serde(default)]
    prefixes: Option<BTreeMap<String, LabelTexts>>,
    #[serde(default)]
    maps: Option<BTreeMap<String, EndpointMap>>,
}

#[derive(Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Flows,
    Reject,
}

/// The expectation of a document as written. Only `accepted` has to be met.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenReject {
    policy: String,
    accepted: bool,
    #[serde(default)]
    quirks: Vec<String>,
    #[serde(default, rename = "stage")]
    _stage: String,
    #[serde(default, rename = "error")]
    _error: String,
    #[serde(default, rename = "agent")]
    _agent: String,
    #[serde(default, rename = "lint")]
    _lint: String,
}

impl Scenario {
    /// Reads a scenario from a generic value.
    pub(super) fn from_value(value: Value) -> Result<Self, String> {
        let written: Written = serde_json::from_value(value).map_err(|error| error.to_string())?;
        match written.kind {
            Kind::Flows => flows(written).map(|scenario| Self::Flows(Box::new(scenario))),
            Kind::Reject => reject(written).map(Self::Reject),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Flows(scenario) => &scenario.name,
            Self::Reject(scenario) => &scenario.name,
        }
    }
}

impl RejectScenario {
    /// Puts documents and expectations together.
    pub(super) fn new(
        name: String,
        config: Config,
        texts: Vec<String>,
        expect: Vec<WrittenReject>,
    ) -> Result<Self, String> {
        if texts.len() != expect.len() {
            return Err(format!("{} documents, {} expectations", texts.len(), expect.len()));
        }
        let case = |(text, expect): (String, WrittenReject)| RejectCase {
            text,
            policy: expect.policy,
            accepted: expect.accepted,
            quirks: expect.quirks,
        };
        let documents = texts.into_iter().zip(expect).map(case).collect();
        Ok(Self { name, config, documents })
    }
}

/// Splits a text at the lines `---`; a text without anything before the first one starts there.
pub(super) fn split_documents(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if line.trim_end() == "---" {
            documents.push(String::new());
        } else if let Some(document) = documents.last_mut() {
            document.push_str(line);
        }
    }
    if documents.len() > 1 && documents[0].trim().is_empty() {
        documents.remove(0);
    }
    documents
}

fn flows(written: Written) -> Result<FlowScenario, String> {
    if written.flows.is_empty() || !written.expect.is_empty() {
        return Err("a scenario with flows has `flows` and no `expect`".to_owned());
    }
    let maps = match (written.prefixes, written.maps) {
        (Some(prefixes), Some(maps)) => Some(Maps { prefixes, maps }),
        (None, None) => None,
        _ => return Err("`prefixes` and `maps` belong together".to_owned()),
    };
    let namespaces = written.namespaces.into_iter();
    let world = World {
        config: written.config,
        namespaces: namespaces.map(|(name, object)| (name, object.unwrap_or_default())).collect(),
        endpoints: written.endpoints,
        services: written.services,
        dns: written.dns,
        secrets: written.secrets,
        policies: documents(written.policies)?,
    };
    let flows = written.flows.into_iter().map(flow_case).collect::<Result<_, String>>()?;
    Ok(FlowScenario { name: written.name, quirks: written.quirks, world, flows, maps })
}

fn reject(written: Written) -> Result<RejectScenario, String> {
    if !written.flows.is_empty() || !written.endpoints.is_empty() {
        return Err("a scenario of kind `reject` has no flows and no endpoints".to_owned());
    }
    let texts = match written.policies {
        Value::String(text) => split_documents(&text),
        _ => return Err("`policies` is no text".to_owned()),
    };
    RejectScenario::new(written.name, written.config, texts, written.expect)
}

fn documents(policies: Value) -> Result<Vec<Document>, String> {
    match policies {
        Value::String(text) => {
            let parse =
                |text: &String| Document::from_yaml(text).map_err(|error| error.to_string());
            split_documents(&text).iter().map(parse).collect()
        }
        Value::Array(values) => Ok(values.into_iter().map(Document::from_value).collect()),
        _ => Err("`policies` is neither a text nor a list".to_owned()),
    }
}

fn flow_case(mut members: Map<String, Value>) -> Result<FlowCase, String> {
    let expect = members.remove("expect").ok_or("a flow without `expect`")?;
    let expect: FlowExpect = serde_json::from_value(expect).map_err(|error| error.to_string())?;
    let flow = serde_json::from_value(Value::Object(members)).map_err(|error| error.to_string())?;
    Ok(FlowCase { flow, expect: expect.decision() })
}
