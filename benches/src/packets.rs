//! Packets to parse and to track.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::Ipv4Addr;
use std::time::Duration;

use netpol_core::RedirectId;
use netpol_core::conntrack::{Conntrack, ConntrackConfig, CtState, CtZone};
use netpol_core::packet::{self, Headers, Tuple};

use crate::clock::{quantile, timed};
use crate::heap::measured;
use crate::input::Random;
use crate::table::{Comparison, Entry};

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
            let addr = |random: &mut Random| {
                Ipv4Addr::from_bits(0x0a00_0000 | random.below(1 << 24) as u32)
            };
            let addrs = [addr(&mut random), addr(&mut random)];
            let ports = [random.below(1 << 16) as u16, random.below(1 << 16) as u16];
            let there = frame(addrs, ports);
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

/// Returns the first frame of a TCP connection between two addresses, from one port to another.
#[must_use]
pub fn frame(addrs: [Ipv4Addr; 2], ports: [u16; 2]) -> [u8; 54] {
    let mut frame = [0; 54];
    frame[12..14].copy_from_slice(&[0x08, 0x00]);
    frame[14..24].copy_from_slice(&[0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6]);
    frame[26..30].copy_from_slice(&addrs[0].octets());
    frame[30..34].copy_from_slice(&addrs[1].octets());
    frame[34..36].copy_from_slice(&ports[0].to_be_bytes());
    frame[36..38].copy_from_slice(&ports[1].to_be_bytes());
    frame[46..48].copy_from_slice(&[0x50, 0x10]);
    frame
}

fn answer(mut frame: [u8; 54]) -> [u8; 54] {
    frame[26..34].rotate_left(4);
    frame[34..38].rotate_left(2);
    frame
}

/// Looks up and confirms every packet; returns how many were replies.
#[must_use]
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

/// Does the least of the same with a hash table that knows no limit, timeout or TCP state.
fn track_in_hashes<S: BuildHasher>(
    connections: &mut HashMap<Tuple, Duration, S>,
    packets: &[Headers],
) -> usize {
    let now = Duration::from_secs(1000);
    let mut replies = 0;
    for Headers { tuple, .. } in packets {
        if let Some(seen) = connections.get_mut(&tuple.reversed()) {
            *seen = now;
            replies += 1;
        } else {
            connections.insert(*tuple, now);
        }
    }
    replies
}

/// Returns a table with twice the places that so many connections take.
#[must_use]
pub fn conntrack(connections: usize) -> Conntrack {
    Conntrack::new(ConntrackConfig::with_capacity(2 * connections))
}

/// Returns what parsing packets and tracking their connections costs, each for one packet.
///
/// # Panics
///
/// Panics if a packet is not read, or a reply not recognised.
#[must_use]
pub fn compare(connections: usize, passes: usize) -> Vec<Comparison> {
    let traffic = Traffic::new(connections);
    let packets = traffic.headers();
    let (mut ours, bytes) = measured(|| conntrack(connections));
    let mut std = HashMap::<_, _, RandomState>::default();
    let mut fold = HashMap::<_, _, foldhash::fast::RandomState>::default();
    let mut times: [Vec<f64>; 4] = Default::default();
    for pass in 0..=passes {
        let results = [
            timed(|| traffic.parse() / 2),
            timed(|| track(&mut ours, &packets)),
            timed(|| track_in_hashes(&mut std, &packets)),
            timed(|| track_in_hashes(&mut fold, &packets)),
        ];
        for ((replies, time), times) in results.into_iter().zip(&mut times) {
            // Some ends may be drawn twice.
            assert!(replies >= connections * 99 / 100, "{replies}");
            times.extend((pass > 0).then_some(time / packets.len() as f64));
        }
    }
    let [parse, ours, std, fold] = times.map(|times| quantile(&times, 0.5));
    vec![
        Comparison {
            workload: format!("packets {connections}, parse"),
            ours: Entry::new("netpol", parse),
            peers: Vec::new(),
            bars: Vec::new(),
        },
        Comparison {
            workload: format!("packets {connections}, conntrack, lookup and confirm"),
            ours: Entry::with_bytes("netpol", ours, bytes),
            peers: vec![
                Entry::new("std HashMap, no timeouts", std),
                Entry::new("hashes by foldhash, same", fold),
            ],
            bars: Vec::new(),
        },
    ]
}
