//! What a connection is found by.

use core::hash::{BuildHasher, Hasher};
use core::net::IpAddr;

use crate::Protocol;
use crate::packet::Tuple;

/// Which of several sets of connections a packet belongs to, where one table serves many.
///
/// Cilium keeps connections per endpoint and direction (CT-4): a connection between two local
/// endpoints is known twice. Give each of these a zone of its own, or use
/// [`CtZone::DEFAULT`] where packets pass only once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct CtZone(u32);

impl CtZone {
    /// The zone of tables that have only one.
    pub const DEFAULT: Self = Self(0);

    /// Returns the zone with this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// A connection, whoever opened it: both directions have the same key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    // The two ends, the smaller one first.
    addrs: [u128; 2],
    ports: [u16; 2],
    zone: u32,
    protocol: u8,
    v6: bool,
}

/// The direction of a packet with regard to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// From the smaller end.
    Low,
    /// From the greater end.
    High,
}

impl Key {
    /// Returns the key of a packet's connection, and the direction of the packet.
    #[inline]
    pub(super) fn new(zone: CtZone, tuple: &Tuple) -> (Self, Side) {
        let src = (bits(tuple.src), tuple.src_port);
        let dst = (bits(tuple.dst), tuple.dst_port);
        let (side, low, high) =
            if src <= dst { (Side::Low, src, dst) } else { (Side::High, dst, src) };
        let key = Self {
            addrs: [low.0, high.0],
            ports: [low.1, high.1],
            zone: zone.0,
            protocol: tuple.protocol.number(),
            v6: tuple.src.is_ipv6(),
        };
        (key, side)
    }

    /// Returns the tuple of the packets from one side.
    pub(super) fn tuple(&self, side: Side) -> Tuple {
        let [low, high] = self.addrs.map(|bits| address(bits, self.v6));
        let [low_port, high_port] = self.ports;
        let tuple = Tuple {
            src: low,
            dst: high,
            protocol: Protocol::new(self.protocol),
            src_port: low_port,
            dst_port: high_port,
        };
        match side {
            Side::Low => tuple,
            Side::High => tuple.reversed(),
        }
    }

    pub(super) const fn zone(&self) -> CtZone {
        CtZone(self.zone)
    }

    pub(super) const fn is_tcp(&self) -> bool {
        self.protocol == Protocol::TCP.number()
    }

    /// Returns the keyed hash.
    // PERF: three numbers in registers. Derived, it would go through the arrays as bytes, at twice the cost.
    #[inline]
    pub(super) fn hash(&self, seed: &foldhash::fast::RandomState) -> u64 {
        let Self { addrs: [low, high], ports: [low_port, high_port], zone, protocol, v6 } = *self;
        let kind = u64::from(protocol) << 1 | u64::from(v6);
        let ends = u64::from(zone) << 32 | u64::from(low_port) << 16 | u64::from(high_port);
        let mut hasher = seed.build_hasher();
        hasher.write_u128(low);
        hasher.write_u128(high);
        hasher.write_u128(u128::from(kind) << 64 | u128::from(ends));
        hasher.finish()
    }

    /// Returns 8 bits that stand for the network of the end on one side.
    pub(super) fn source(&self, side: Side, seed: &foldhash::fast::RandomState) -> u8 {
        let [low, high] = self.addrs;
        let addr = if side == Side::Low { low } else { high };
        let network = addr >> if self.v6 { 64 } else { 8 };
        let [first, ..] = seed.hash_one((network, self.v6)).to_be_bytes();
        first
    }
}

#[inline]
fn bits(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(addr) => addr.to_bits().into(),
        IpAddr::V6(addr) => addr.to_bits(),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "an IPv4 address was widened")]
fn address(bits: u128, v6: bool) -> IpAddr {
    if v6 { IpAddr::V6(bits.into()) } else { IpAddr::V4((bits as u32).into()) }
}
