//! From policy documents to policy maps.
//!
//! ```text
//! text -doc-> documents with positions -rule-> rules -select-> identity sets -compile-> PolicyMap
//! ```
//!
//! - [`doc`] reads YAML and JSON into documents as written, and reports every problem with
//!   file, line, column and help.
//! - [`rule`] holds policies as meant: validated, labels extended, peers scoped.
//! - [`select`] keeps the identities that each selector matches.
//! - [`compile`] makes policy maps from rules and identity sets.
//!
//! The crate is pure: no clock, no thread, no I/O.

#![forbid(unsafe_code)]

pub mod compile;
pub mod doc;
pub mod fqdn;
pub mod ipcache;
mod labels;
mod options;
mod report;
pub mod repository;
pub mod rule;
pub mod select;
mod sorted_map;
mod source;

pub use labels::{LabelFilter, LabelFilterError, LabelPrefix, PodLabels};
pub use options::{AllowLocalhost, Enforcement, Options, Unsupported};
pub use report::{Code, Problem, Report, Severity};
pub use sorted_map::SortedMap;
pub use source::{Place, Source, Span};
