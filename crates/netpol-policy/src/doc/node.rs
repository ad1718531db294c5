//! The tree of a document: values with the places where they are written.

use crate::Span;

/// A value and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// What is written: the types of JSON, resolved by YAML 1.2's core schema.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`; `yes` and `on` are strings.
    Bool(bool),
    /// A whole number that fits.
    Integer(i64),
    /// Any other number, as written.
    Float(String),
    /// Text; quoted numbers are text.
    String(String),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in the order in which they are written. No key occurs twice.
    Mapping(Vec<(Key, Node)>),
}

/// A key of a mapping and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    pub(crate) span: Span,
    pub(crate) text: String,
}

impl Value {
    /// Returns the type's name as error messages call it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a number",
            Self::String(_) => "a string",
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }
}

impl Node {
    /// Returns the value of a key, if this is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Mapping(fields) => {
                fields.iter().find(|(k, _)| k.text == key).map(|(_, node)| node)
            }
            _ => None,
        }
    }

    /// Returns a key as it is written, if this is a mapping that has it.
    pub(crate) fn key(&self, key: &str) -> Option<&Key> {
        match &self.value {
            Value::Mapping(fields) => fields.iter().map(|(k, _)| k).find(|k| k.text == key),
            _ => None,
        }
    }

    /// Returns the text, if this is a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Tells whether this is a list or mapping without anything in it.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.value {
            Value::Sequence(items) => items.is_empty(),
            Value::Mapping(fields) => fields.is_empty(),
            _ => false,
        }
    }
}
