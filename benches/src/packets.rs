//! Packets to parse and to track.

use std::time::Duration;

use netpol_core::RedirectId;
use netpol_core::conntrack::{Conntrack, ConntrackConfig, CtState, CtZone};
use netpol_core::packet::{self, Headers};

use crate::input::Random;

/// Frames of as many connections, each with its answer.
pub struct Traffic {
    frames: Vec<[u8; 54]>,
}

impl Traffic {
    /// Returns the frames of `connections` TCP connections between random ends.
    #[must_use]
    pub fn new(connections: usize) -> Self {
        let mut random = Random::new(connections as u64);
        let frames = (0..connections).flat_map(|_| {
            let there = frame(&mut random);
            [there, answer(there)]
        });
        Self { frames: frames.collect() }
    }

    /// Parses all frames; returns how many there are.
    ///
    /// # Panics
    ///
    /// Panics if one of them is not read.
    #[must_use]
    pub fn parse(&self) -> usize {
        let parsed = self.frames.iter().filter_map(|frame| {
            let parsed = packet::parse(std::hint::black_box(frame));
            parsed.headers().map(|headers| std::hint::black_box(headers.tuple.dst_port))
        });
        let count = parsed.count();
        assert_eq!(count, self.frames.len());
        count
    }

    /// Returns what the frames say.
    #[must_use]
    pub fn headers(&self) -> Vec<Headers> {
        let parsed = self.frames.iter().map(|frame| packet::parse(frame));
        parsed.filter_map(|parsed| parsed.headers().copied()).collect()
    }
}

fn frame(random: &mut Random) -> [u8; 54] {
    let mut frame = [0; 54];
    frame[12..14].copy_from_slice(&[0x08, 0x00]);
    frame[14..24].copy_from_slice(&[0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6]);
    let ends = random.next().to_be_bytes();
    frame[26..34].copy_from_slice(&ends);
    frame[26] = 10;
    frame[30] = 10;
    frame[34..38].copy_from_slice(&random.next().to_be_bytes()[..4]);
    frame[46..48].copy_from_slice(&[0x50, 0x10]);
    frame
}

fn answer(mut frame: [u8; 54]) -> [u8; 54] {
    frame[26..34].rotate_left(4);
    frame[34..38].rotate_left(2);
    frame
}

/// Looks up and confirms every packet; returns how many were replies.
pub fn track(conntrack: &mut Conntrack, packets: &[Headers]) -> usize {
    let now = Duration::from_secs(1000);
    let mut replies = 0;
    for packet in packets {
        let state = conntrack.lookup(CtZone::DEFAULT, packet, now).state();
        conntrack.confirm(CtZone::DEFAULT, packet, RedirectId::NONE, now);
        replies += usize::from(state == CtState::Reply);
    }
    replies
}

/// Returns a table with twice the places that so many connections take.
#[must_use]
pub fn conntrack(connections: usize) -> Conntrack {
    Conntrack::new(ConntrackConfig::with_capacity(2 * connections))
}
