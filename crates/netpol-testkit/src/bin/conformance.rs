//! Runs engines against the conformance vectors and reports the differences.
//!
//! The folder of the vectors is the one named by the environment variable `NETPOL_CONFORMANCE`, or
//! the project's own `testdata/conformance`. Known differences are in `testdata/deviations.json`.
#![forbid(unsafe_code)]

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use netpol_testkit::runner::{self, CompiledEngine, Engine, OracleEngine};
use netpol_testkit::scenario::{self, Suite};

const USAGE: &str = "usage: conformance [--only SUBSTRING] [--engine NAME] [--all]

  --only SUBSTRING  run only the scenarios whose names contain the text
  --engine NAME     run only this engine: oracle, compiled; both stands for all (the default)
  --all             print every difference, not only the first 20
";

/// Differences that are printed without `--all`.
const LIMIT: usize = 20;

fn main() -> ExitCode {
    let result = Options::parse(env::args().skip(1)).and_then(|options| run(&options));
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

struct Options {
    only: String,
    engine: Option<String>,
    limit: usize,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { only: String::new(), engine: None, limit: LIMIT };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| USAGE.to_owned());
            match argument.as_str() {
                "--only" => options.only = value()?,
                "--engine" => options.engine = Some(value()?),
                "--all" => options.limit = usize::MAX,
                _ => return Err(USAGE.to_owned()),
            }
        }
        Ok(options)
    }

    /// Returns the engines to run.
    fn engines(&self) -> Result<Vec<Box<dyn Engine>>, String> {
        let mut engines: Vec<Box<dyn Engine>> =
            vec![Box::new(OracleEngine), Box::new(CompiledEngine)];
        if let Some(name) = self.engine.as_deref().filter(|name| *name != "both") {
            engines.retain(|engine| engine.name() == name);
        }
        if engines.is_empty() { Err(USAGE.to_owned()) } else { Ok(engines) }
    }
}

/// Runs everything, prints the outcome and returns whether all is well.
fn run(options: &Options) -> Result<bool, String> {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    let deviations = runner::deviations_from_file(&testdata.join("deviations.json"));
    let deviations = deviations.map_err(|error| error.to_string())?;
    let folder = env::var_os("NETPOL_CONFORMANCE");
    let folder = folder.map_or_else(|| testdata.join("conformance"), PathBuf::from);
    let suite = scenario::load(&folder).map_err(|error| error.to_string())?;
    for skipped in &suite.skipped {
        println!("skipped: {skipped}");
    }
    let suite = narrowed(suite, &options.only)?;
    let mut is_success = true;
    for engine in options.engines()? {
        let report = runner::run(engine.as_ref(), &suite, &deviations);
        print!("{}", report.failure_text(options.limit));
        println!("engine: {}\n{report}", engine.name());
        is_success &= report.is_success();
    }
    Ok(is_success)
}

/// Returns the scenarios whose names contain the text.
fn narrowed(mut suite: Suite, only: &str) -> Result<Suite, String> {
    suite.flows.retain(|scenario| scenario.name.contains(only));
    suite.rejects.retain(|scenario| scenario.name.contains(only));
    if suite.flows.is_empty() && suite.rejects.is_empty() {
        return Err(format!("no scenario with `{only}` in its name"));
    }
    Ok(suite)
}
