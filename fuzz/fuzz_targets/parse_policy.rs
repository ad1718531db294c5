//! Any bytes are read within bounds, and what is read once is read the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netpol_testkit::generate::reads_the_same;

fuzz_target!(|bytes: &[u8]| reads_the_same(bytes).unwrap());
