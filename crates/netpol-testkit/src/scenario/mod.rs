//! The conformance vectors: worlds, flows and what a correct engine answers.
//!
//! Unknown keys are errors everywhere: a misspelt expectation must not pass for an absent one.

mod corpus;
mod error;
mod expect;
mod load;
mod maps;
mod model;

pub use self::error::LoadError;
pub use self::load::{Suite, load};
pub use self::maps::{EndpointMap, LabelTexts, MapDirection, MapEntry, Maps};
pub use self::model::{FlowCase, FlowScenario, RejectCase, RejectScenario};

pub(crate) use self::expect::FlowExpect;
pub(crate) use self::load::read_text;
