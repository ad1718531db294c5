use serde_json::Value;

use crate::yaml::{self, YamlError};

/// One policy object: the text for engines that read text, the value for the oracle.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// YAML or JSON.
    pub text: String,
    /// The same as a generic value.
    pub value: Value,
}

impl Document {
    /// Returns the document of a YAML text.
    ///
    /// # Errors
    ///
    /// Fails if the text is not one well-formed YAML document.
    pub fn from_yaml(text: &str) -> Result<Self, YamlError> {
        Ok(Self { text: text.to_owned(), value: yaml::parse(text)? })
    }

    /// Returns the document of a value, with its text in JSON, which is YAML too.
    pub fn from_value(value: Value) -> Self {
        Self { text: format!("{value:#}"), value }
    }
}
