//! What is known of one connection.

use core::time::Duration;

use super::config::ConntrackTimeouts;
use super::key::{Key, Side};
use crate::RedirectId;
use crate::packet::{TcpFlags, Transport};

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// Nobody answered yet.
    Opening,
    /// Both sides closed it, or one reset it.
    Closing,
    /// The other side answered.
    Answered,
}

impl Phase {
    /// Returns the phase with this number.
    pub(super) const fn from_bits(bits: u8) -> Self {
        match bits {
            0 => Self::Opening,
            1 => Self::Closing,
            _ => Self::Answered,
        }
    }
}

/// What is known of one connection: one cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) opener: Side,
    pub(super) phase: Phase,
    pub(super) redirect: RedirectId,
    // Who has closed its direction.
    low_closed: bool,
    high_closed: bool,
}

impl Entry {
    /// Returns the connection that a packet from `opener` begins.
    pub(super) fn new(key: Key, opener: Side, transport: Transport, redirect: RedirectId) -> Self {
        let mut entry = Self {
            key,
            opener,
            phase: Phase::Opening,
            redirect,
            low_closed: false,
            high_closed: false,
        };
        entry.note_flags(opener, transport);
        entry
    }

    /// Notes a packet.
    pub(super) fn note(&mut self, from: Side, transport: Transport) {
        if self.reopens(transport) {
            *self = Self::new(self.key, self.opener, transport, self.redirect);
            return;
        }
        if from != self.opener && self.phase == Phase::Opening {
            self.phase = Phase::Answered;
        }
        self.note_flags(from, transport);
    }

    fn note_flags(&mut self, from: Side, transport: Transport) {
        let Transport::Tcp(flags) = transport else {
            return;
        };
        if flags.has(TcpFlags::FIN) {
            match from {
                Side::Low => self.low_closed = true,
                Side::High => self.high_closed = true,
            }
        }
        if flags.has(TcpFlags::RST) || (self.low_closed && self.high_closed) {
            self.phase = Phase::Closing;
        }
    }

    /// Tells whether a packet begins another connection between the same ends.
    pub(super) fn reopens(&self, transport: Transport) -> bool {
        let opens = match transport {
            Transport::Tcp(flags) => flags.has(TcpFlags::SYN) && !flags.has(TcpFlags::ACK),
            _ => false,
        };
        opens && self.phase == Phase::Closing
    }

    /// Returns for how long the connection is remembered from now on.
    pub(super) fn timeout(&self, timeouts: &ConntrackTimeouts) -> Duration {
        match self.phase {
            _ if !self.key.is_tcp() => timeouts.other,
            Phase::Opening => timeouts.tcp_opening,
            Phase::Closing => timeouts.tcp_closing,
            Phase::Answered => timeouts.tcp,
        }
    }
}
