//! What can be chosen about connection tracking.

use core::time::Duration;

/// How large a table is, and how long it remembers.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ConntrackConfig {
    /// How many connections there is room for, raised to a power of two, at least 16 and at
    /// most 2^27; default 65,536. Each takes 72 bytes.
    pub capacity: usize,
    /// How long connections are remembered.
    pub timeouts: ConntrackTimeouts,
}

impl Default for ConntrackConfig {
    fn default() -> Self {
        Self { capacity: 1 << 16, timeouts: ConntrackTimeouts::default() }
    }
}

impl ConntrackConfig {
    /// Returns the configuration for so many connections, everything else as by default.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { capacity, ..Self::default() }
    }
}

/// How long a connection is remembered after its last packet. Counted in whole seconds, rounded up.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ConntrackTimeouts {
    /// A TCP connection that was not answered; default 60 s.
    pub tcp_opening: Duration,
    /// A TCP connection that was answered; default 8,000 s.
    pub tcp: Duration,
    /// A TCP connection that both sides closed, or one reset; default 10 s.
    pub tcp_closing: Duration,
    /// Everything else; default 60 s.
    pub other: Duration,
}

impl Default for ConntrackTimeouts {
    fn default() -> Self {
        Self {
            tcp_opening: Duration::from_secs(60),
            tcp: Duration::from_secs(8000),
            tcp_closing: Duration::from_secs(10),
            other: Duration::from_secs(60),
        }
    }
}
