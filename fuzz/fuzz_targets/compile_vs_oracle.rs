//! The compiled policies of any small world equal the oracle.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netpol_testkit::generate::{Recipe, disagreement};

fuzz_target!(|bytes: &[u8]| {
    let case = Recipe::from_bytes(bytes).case();
    if let Some(disagreement) = disagreement(&case) {
        panic!("{disagreement}");
    }
});
