//! CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy, from text to rules and problems.

#![expect(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

mod describe;
mod lints;
mod problems;
mod read;
mod robust;
mod rules;
mod vectors;
