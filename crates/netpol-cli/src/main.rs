//! The netpol command line tool.
fn main() {}
