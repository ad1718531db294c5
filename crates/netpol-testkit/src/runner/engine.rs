//! What the runner needs from an engine.

use std::collections::BTreeMap;
use std::fmt;

use crate::decision::Decision;
use crate::scenario::{EndpointMap, LabelTexts};
use crate::world::{Config, Flow, World};

/// A policy engine that the vectors can be put to.
pub trait Engine {
    /// Returns the name by which the engine is chosen.
    fn name(&self) -> &'static str;

    /// Loads everything there is in a world.
    ///
    /// # Errors
    ///
    /// Fails if the engine refuses a document or anything else of the world.
    fn build<'w>(&self, world: &'w World) -> Result<Box<dyn Candidate + 'w>, BuildError>;

    /// Returns what the engine makes of a document by itself, under these options; nothing if the
    /// engine does not judge documents.
    fn judge(&self, config: &Config, document: &str) -> Option<Judgement>;
}

/// An engine that has loaded a world.
pub trait Candidate {
    /// Returns the decision about a flow.
    ///
    /// # Errors
    ///
    /// Fails if the flow cannot be asked, with the reason in words.
    fn decide(&self, flow: &Flow) -> Result<Decision, String>;

    /// Returns the policy map of every managed endpoint by name; nothing if the engine has none to
    /// show.
    fn maps(&self) -> Option<BTreeMap<String, EndpointMap>>;

    /// Returns every prefix that has an identity, with the labels of that identity; nothing if the
    /// engine has none to show.
    fn prefixes(&self) -> Option<BTreeMap<String, LabelTexts>>;
}

/// A world that an engine refuses to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildError {
    document: Option<usize>,
    message: String,
}

/// What an engine makes of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It would be enforced.
    Accepted,
    /// It is refused, or is no policy at all; with the reason in words.
    Refused(String),
}

impl BuildError {
    /// Returns the error of a world in which the document at this position, counted from 0, is to
    /// blame, or nothing in particular.
    pub fn new(document: Option<usize>, message: impl Into<String>) -> Self {
        Self { document, message: message.into() }
    }

    /// Returns the position of the document that is to blame, counted from 0, if it is one.
    pub fn document(&self) -> Option<usize> {
        self.document
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BuildError {}
