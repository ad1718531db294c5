//! Published example policies, which stay outside of the project.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::LoadError;
use super::load::read_text;
use super::model::{RejectScenario, WrittenReject, split_documents};
use crate::world::Config;

/// Reads the expectations in `list`, and the examples they are about below `examples`.
pub(super) fn load(list: &Path, examples: &Path) -> Result<Vec<RejectScenario>, LoadError> {
    let files: BTreeMap<String, Vec<WrittenReject>> =
        serde_json::from_str(&read_text(list)?).map_err(|error| LoadError::new(list, error))?;
    let mut scenarios = Vec::new();
    for (file, expect) in files {
        let path = examples.join(&file);
        let texts = split_documents(&read_text(&path)?);
        let name = format!("corpus/cilium-examples/{file}");
        let config = Config { extended_ip_protocols: true, ..Config::default() };
        let scenario = RejectScenario::new(name, config, texts, expect);
        scenarios.push(scenario.map_err(|error| LoadError::new(&path, error))?);
    }
    Ok(scenarios)
}
