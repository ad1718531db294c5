//! What checks netpol: a slow oracle that shares no code with the engine, and the runner that
//! compares an engine with the conformance vectors.
//!
//! - [`world`]: what an engine is given, and the flows it is asked about.
//! - [`decision`]: what it answers.
//! - [`generate`]: random worlds, and the comparison of the engine with the oracle in them.
//! - [`oracle`]: the semantics once more, as plain as possible.
//! - [`scenario`]: the vectors, read from files.
//! - [`runner`]: engines against vectors.
//! - [`workload`]: large inputs, and what must come out of them.
#![forbid(unsafe_code)]

pub mod decision;
pub mod generate;
pub mod oracle;
pub mod runner;
pub mod scenario;
pub mod workload;
pub mod world;
pub mod yaml;
