//! Looks whether files have changed.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::inventory::files;

/// Looks whether files have changed since it looked the last time.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    paths: Vec<PathBuf>,
    seen: Vec<Mark>,
}

/// What tells one state of a file from another; what cannot be looked at is a state too.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    path: PathBuf,
    modified: Option<SystemTime>,
    len: u64,
}

impl Watch {
    /// Returns a watch that takes the present state as seen. To miss no change, make it before the files
    /// are read.
    pub(crate) fn new(paths: Vec<PathBuf>) -> Self {
        let seen = marks(&paths);
        Self { paths, seen }
    }

    /// Tells whether a file came, went or changed since the last call.
    pub(crate) fn has_changed(&mut self) -> bool {
        let now = marks(&self.paths);
        let changed = now != self.seen;
        self.seen = now;
        changed
    }
}

fn marks(paths: &[PathBuf]) -> Vec<Mark> {
    let found = files(paths).unwrap_or_default();
    found.into_iter().map(mark).collect()
}

fn mark(path: PathBuf) -> Mark {
    let metadata = fs::metadata(&path).ok();
    let modified = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
    Mark { path, modified, len: metadata.map_or(0, |metadata| metadata.len()) }
}
