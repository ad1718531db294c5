//! Labels: what identities are made of and what selectors ask for.
//!
//! A label is a triple of source, key and value (LBL-1). Labels of one identity
//! form a [`LabelSet`], which is a map keyed by the key alone (LBL-4).

mod cidr;
pub mod keys;
#[expect(clippy::module_inception, reason = "the file is named for its one type")]
mod label;
mod set;
mod source;

pub use cidr::{cidr_label, cidr_label_prefix, prefix_labels, world_label};
pub use label::{Label, SelectKey};
pub use set::LabelSet;
pub use source::LabelSource;
