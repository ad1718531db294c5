#![forbid(unsafe_code)]
//! HTTP, DNS and SNI matchers compiled from network-policy rules.
//!
//! A network policy may say more than which peers and ports are allowed: which HTTP requests, which DNS
//! names, which TLS server names. This crate decides such questions. It knows nothing of packets,
//! identities and documents: rules come in as plain data, each with a tag of the caller's; decisions go
//! out as allow or deny, with the tag of the rule that decided.
//!
//! | question | rules | one list | all that applies to a peer on a port |
//! |---|---|---|---|
//! | HTTP request | [`HttpRule`] | [`HttpMatcher`] | [`L7Policy::http`] |
//! | DNS name | [`NameSelector`] | [`NameMatcher`], [`NameSet`] | [`L7Policy::dns`] |
//! | TLS server name | [`ServerName`] | | [`L7Policy::sni`] |
//!
//! # Guarantees
//!
//! - Rules are compiled once. A decision takes time linear in the question, whatever the author of the
//!   rules wrote: regular expressions are RE2's and run as automata.
//! - Decisions do not allocate after warm-up, see [`Scratch`], and do not fail. What cannot be evaluated
//!   allows nothing.
//! - Compiled sizes are bounded ([`MAX_REGEX_LEN`], [`MAX_REGEX_NESTING`], [`MAX_REGEX_SIZE`],
//!   [`MAX_REGEX_TOTAL`]). What exceeds a bound is an [`Error`] that names the rule, the field and the
//!   byte.
//! - The cost of a decision grows far slower than the number of rules, see [`HttpMatcher`] and
//!   [`NameSet`].
//!
//! # Examples
//!
//! ```
//! use netpol_l7::{HttpRequest, HttpRule, L7Policy, L7Rules, NameSelector, Scratch, SelectorPolicy};
//!
//! let docs = HttpRule {
//!     method: Some("GET".into()),
//!     path: Some("/docs(/.*)?".into()),
//!     ..HttpRule::default()
//! };
//! let web = SelectorPolicy { rules: L7Rules::Http(vec![(1, docs)]), ..SelectorPolicy::new(0) };
//! let policy = L7Policy::new([&web])?;
//! let mut scratch = Scratch::new();
//! assert!(policy.http(&HttpRequest::new("GET", "/docs/start"), &mut scratch).is_allowed());
//! assert!(!policy.http(&HttpRequest::new("PUT", "/docs/start"), &mut scratch).is_allowed());
//!
//! let google = NameSelector::pattern("*.cloud.google.com");
//! let dns = SelectorPolicy { rules: L7Rules::Dns(vec![(3, google)]), ..SelectorPolicy::new(2) };
//! let policy = L7Policy::new([&dns])?;
//! assert!(policy.dns("docs.cloud.google.com").is_allowed());
//! assert!(!policy.dns("example.com").is_allowed());
//! # Ok::<(), netpol_l7::Error>(())
//! ```

mod bits;
mod decision;
mod dns;
mod error;
mod http;
mod policy;
mod regex;
mod scratch;
mod sni;

pub use self::decision::Decision;
pub use self::dns::{
    MAX_NAME_LEN, MAX_PATTERN_LEN, NameMatcher, NameSelector, NameSet, PatternDialect,
    SelectorKind, canonical_name, dns_rules_regex,
};
pub use self::error::Error;
pub use self::http::{
    Header, HeaderChange, HeaderMatch, HttpEffects, HttpMatcher, HttpRequest, HttpRule, Mismatch,
    Secret,
};
pub use self::policy::{L7Policy, L7Rules, SelectorPolicy};
pub use self::regex::{
    MAX_REGEX_LEN, MAX_REGEX_NESTING, MAX_REGEX_SIZE, MAX_REGEX_TOTAL, regex_size,
};
pub use self::scratch::Scratch;
pub use self::sni::{MAX_SERVER_NAME_LEN, ServerName};
