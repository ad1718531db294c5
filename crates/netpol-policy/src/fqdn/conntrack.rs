//! When connection tracking was cleaned up.

use super::Timestamp;

/// The completed runs of connection tracking's garbage collection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ConntrackRuns {
    /// When the last one started.
    pub(super) last: Timestamp,
    /// When the one before started.
    previous: Timestamp,
    /// How many there were.
    pub(super) count: u64,
}

impl ConntrackRuns {
    /// Counts a run (ZMB-3).
    pub(super) fn complete(&mut self, started: Timestamp) {
        self.previous = if self.count == 0 { started } else { self.last };
        self.last = started;
        self.count += 1;
    }

    /// Returns when the next run is due, if they keep the pace of the last two.
    pub(super) fn expected(&self) -> Timestamp {
        self.last.saturating_add(self.last.saturating_since(self.previous))
    }
}
