//! Named jobs of the repository.
fn main() {}
