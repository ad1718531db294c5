//! Reads golden files.

use std::fs::File;
use std::path::Path;

use flate2::read::GzDecoder;
use serde::de::DeserializeOwned;

/// Reads a golden file of the repository. Unknown keys are errors.
pub(crate) fn read<T: DeserializeOwned>(name: &str) -> T {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/goldens");
    let file = File::open(folder.join(name)).unwrap();
    serde_json::from_reader(GzDecoder::new(file)).unwrap()
}
