//! Engines against the conformance vectors.

mod compare;
mod compiled;
mod deviation;
mod engine;
mod oracle;
mod report;
mod run;
#[cfg(test)]
mod tests;

pub use self::compiled::CompiledEngine;
pub use self::deviation::{Deviations, deviations_from_file};
pub use self::engine::{BuildError, Candidate, Engine, Judgement};
pub use self::oracle::OracleEngine;
pub use self::report::{Count, Failure, Report};
pub use self::run::run;
