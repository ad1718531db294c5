//! What is legal, but surely not meant.
//!
//! Most of it is found by whoever decodes a field; in here is what takes a look at several.

mod elements;
mod labels;
mod rules;

pub(in crate::doc) use labels::labels;
pub(super) use rules::rules;
