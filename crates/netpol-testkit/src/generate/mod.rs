//! Random small worlds that cover the policy language, and what is checked with them.
//!
//! A world is made from a [`Recipe`]: short byte strings, one for each thing in it. Whoever has
//! bytes has worlds, be it a property test or a fuzzer, and fewer or smaller bytes make a simpler
//! world, so that a failing one shrinks. Every document that is made is one that both of Cilium's
//! gates accept. The vocabulary is small on purpose: labels, ports and prefixes meet often.

mod cilium;
mod compare;
mod config;
mod endpoints;
mod flows;
mod groups;
mod kubernetes;
mod l7;
mod peers;
mod ports;
mod read;
mod recipe;
mod reduce;
mod selectors;
mod services;
mod tape;
mod words;

pub use self::compare::{Disagreement, disagreement};
pub use self::read::reads_the_same;
pub use self::recipe::{Case, Recipe};
pub use self::reduce::reduced;
