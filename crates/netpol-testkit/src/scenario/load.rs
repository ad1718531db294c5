use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::Value;

use super::corpus;
use super::error::LoadError;
use super::maps::Maps;
use super::model::{FlowScenario, RejectScenario, Scenario};
use crate::yaml;

/// All scenarios of a folder.
#[derive(Debug, Default)]
pub struct Suite {
    /// Scenarios with flows.
    pub flows: Vec<FlowScenario>,
    /// Scenarios of accepted and refused documents.
    pub rejects: Vec<RejectScenario>,
    /// What was left out, in words.
    pub skipped: Vec<String>,
}

/// Reads all scenarios below a folder: `tutorial`, `features`, `reject`, `random` and `corpus`.
///
/// The maps of `x.yaml` are in `x.maps.json` or `x.maps.json.gz` beside it, or all maps together are
/// lines of `maps.jsonl.gz`. The examples that `corpus` is about are in
/// `../corpus/cilium-examples`; without them that part is skipped.
///
/// # Errors
///
/// Fails if a file cannot be read or is not a scenario, a key is unknown, a name differs from the
/// path, there are maps without scenario, or there is no scenario at all.
pub fn load(folder: &Path) -> Result<Suite, LoadError> {
    let mut suite = Suite::default();
    let packed_path = folder.join("maps.jsonl.gz");
    let mut packed = packed_maps(&packed_path)?;
    for part in ["tutorial", "features", "reject"] {
        for path in files(&folder.join(part))? {
            if path.extension().is_some_and(|extension| extension == "yaml") {
                suite.add(yaml_scenario(folder, &path, &mut packed)?);
            }
        }
    }
    if let Some(name) = packed.keys().next() {
        return Err(LoadError::new(&packed_path, format!("no scenario `{name}`")));
    }
    for path in files(&folder.join("random"))? {
        if path.to_string_lossy().ends_with(".jsonl.gz") {
            let added = suite.add_lines(&read_text(&path)?);
            added.map_err(|error| LoadError::new(&path, error))?;
        }
    }
    suite.add_corpus(folder)?;
    if suite.flows.is_empty() && suite.rejects.is_empty() {
        return Err(LoadError::new(folder, "no scenario in here"));
    }
    Ok(suite)
}

impl Suite {
    /// Reads scenarios from a text with one JSON object a line.
    ///
    /// # Errors
    ///
    /// Fails if a line is not a scenario, with the reason in words.
    pub fn from_json_lines(text: &str) -> Result<Self, String> {
        let mut suite = Self::default();
        suite.add_lines(text)?;
        Ok(suite)
    }

    fn add(&mut self, scenario: Scenario) {
        match scenario {
            Scenario::Flows(scenario) => self.flows.push(*scenario),
            Scenario::Reject(scenario) => self.rejects.push(scenario),
        }
    }

    fn add_lines(&mut self, text: &str) -> Result<(), String> {
        for line in text.lines() {
            let value = serde_json::from_str(line).map_err(|error| error.to_string())?;
            self.add(Scenario::from_value(value)?);
        }
        Ok(())
    }

    fn add_corpus(&mut self, folder: &Path) -> Result<(), LoadError> {
        let list = folder.join("corpus/cilium-examples.json");
        let examples = folder.join("../corpus/cilium-examples");
        if !list.exists() {
            return Ok(());
        }
        if !examples.is_dir() {
            self.skipped.push(format!("corpus: no examples in `{}`", examples.display()));
            return Ok(());
        }
        self.rejects.extend(corpus::load(&list, &examples)?);
        Ok(())
    }
}

/// Returns the text of a file, which is gzip'ed if its name ends in `.gz`.
pub(crate) fn read_text(path: &Path) -> Result<String, LoadError> {
    let is_gzip = path.extension().is_some_and(|extension| extension == "gz");
    let read = || -> std::io::Result<String> {
        let mut text = String::new();
        let mut file = File::open(path)?;
        if is_gzip {
            MultiGzDecoder::new(file).read_to_string(&mut text)?;
        } else {
            file.read_to_string(&mut text)?;
        }
        Ok(text)
    };
    read().map_err(|error| LoadError::new(path, error))
}

/// Returns all files below a folder, in order; none if there is no such folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let mut paths: Vec<PathBuf> = entries
        .map_err(|error| LoadError::new(folder, error))?
        .into_iter()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        if path.is_dir() {
            all.extend(files(&path)?);
        } else {
            all.push(path);
        }
    }
    Ok(all)
}

fn yaml_scenario(
    folder: &Path,
    path: &Path,
    packed: &mut BTreeMap<String, Maps>,
) -> Result<Scenario, LoadError> {
    let text = read_text(path)?;
    let value = yaml::parse(&text).map_err(|error| LoadError::new(path, error))?;
    let mut scenario = Scenario::from_value(value).map_err(|error| LoadError::new(path, error))?;
    let relative = path.strip_prefix(folder).unwrap_or(path).with_extension("");
    if relative != Path::new(scenario.name()) {
        return Err(LoadError::new(
            path,
            format!("the name `{}` differs from the path", scenario.name()),
        ));
    }
    if let Scenario::Flows(scenario) = &mut scenario {
        scenario.maps =
            maps_beside(path, &scenario.name)?.or_else(|| packed.remove(&scenario.name));
    }
    Ok(scenario)
}

/// A file with maps as written.
#[derive(Deserialize)]
struct WrittenMaps {
    name: String,
    #[serde(flatten)]
    maps: Value,
}

fn maps_beside(path: &Path, name: &str) -> Result<Option<Maps>, LoadError> {
    for extension in ["maps.json", "maps.json.gz"] {
        let path = path.with_extension(extension);
        if !path.exists() {
            continue;
        }
        let (of, maps) = named_maps(&read_text(&path)?, &path)?;
        if of != name {
            return Err(LoadError::new(&path, format!("these are the maps of `{of}`")));
        }
        return Ok(Some(maps));
    }
    Ok(None)
}

/// Returns the maps in a file of lines, by name of the scenario; none if there is no such file.
fn packed_maps(path: &Path) -> Result<BTreeMap<String, Maps>, LoadError> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    read_text(path)?.lines().map(|line| named_maps(line, path)).collect()
}

fn named_maps(text: &str, path: &Path) -> Result<(String, Maps), LoadError> {
    let written: WrittenMaps =
        serde_json::from_str(text).map_err(|error| LoadError::new(path, error))?;
    let maps = serde_json::from_value(written.maps).map_err(|error| LoadError::new(path, error))?;
    Ok((written.name, maps))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::model::split_documents;

    #[test]
    fn documents_are_separated_by_lines_of_dashes_alone() {
        assert_eq!(
            split_documents("a: 1\n---\nb: '--- c'\n--- d\n"),
            ["a: 1\n", "b: '--- c'\n--- d\n"]
        );
        assert_eq!(split_documents("---\na: 1\n"), ["a: 1\n"]);
        assert_eq!(split_documents("a: 1\n"), ["a: 1\n"]);
    }

    #[test]
    fn an_unknown_key_is_an_error_at_every_level() {
        let good = r#"{"name": "a", "policies": [], "flows": [
            {"from": "1.2.3.4", "to": "1.2.3.5", "protocol": "TCP", "port": 1,
             "expect": {"egress": "none", "ingress": "none", "verdict": "allow"}}]}"#;
        let read = |text: &str| Scenario::from_value(serde_json::from_str(text).unwrap());
        assert!(read(good).is_ok());
        let misspelt = [
            good.replace("\"policies\"", "\"policy\": 1, \"policies\""),
            good.replace("\"port\"", "\"prot\""),
            good.replace("\"verdict\"", "\"verdicts\""),
            good.replace("\"name\": \"a\"", "\"name\": \"a\", \"config\": {\"ipv5\": true}"),
        ];
        for text in misspelt {
            assert!(read(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_folder_without_scenarios_is_an_error() {
        assert!(load(Path::new("no/such/folder")).is_err());
    }
}
