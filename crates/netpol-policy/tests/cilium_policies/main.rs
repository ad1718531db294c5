//! CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy, from text to rules and problems.

mod describe;
mod lints;
mod problems;
mod read;
mod robust;
mod rules;
mod vectors;
