//! Tables of prefixes and addresses to look up, the same in every run.

use std::collections::HashSet;
use std::fs;
use std::hash::Hash;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use netpol_core::Prefix;

/// How many addresses are looked up.
const KEYS: usize = 1 << 20;
/// Values are 1 to this, so that every table can hold them.
const VALUES: usize = 4000;

/// An address of one family, as a number.
pub trait Addr: Copy + Eq + Hash + 'static {
    /// The number of bits.
    const BITS: u8;
    /// Returns the address with these bits, which are at the lower end.
    fn from_number(bits: u128) -> Self;
    /// Returns the bits, at the lower end.
    fn number(self) -> u128;
    /// Returns the prefix of `len` bits around the address.
    fn prefix(self, len: u8) -> Prefix;
    /// Draws a random number of `bits` bits.
    fn host_bits(random: &mut Random, bits: u8) -> u128;
}

impl Addr for Ipv4Addr {
    const BITS: u8 = 32;

    fn from_number(bits: u128) -> Self {
        Self::from_bits(bits as u32)
    }

    fn number(self) -> u128 {
        self.to_bits().into()
    }

    fn prefix(self, len: u8) -> Prefix {
        Prefix::new(self.into(), len).unwrap_or_else(|| Prefix::host(self.into()))
    }

    fn host_bits(random: &mut Random, bits: u8) -> u128 {
        (random.next() >> (64 - bits)).into()
    }
}

impl Addr for Ipv6Addr {
    const BITS: u8 = 128;

    fn from_number(bits: u128) -> Self {
        Self::from_bits(bits)
    }

    fn number(self) -> u128 {
        self.to_bits()
    }

    fn prefix(self, len: u8) -> Prefix {
        Prefix::new(self.into(), len).unwrap_or_else(|| Prefix::host(self.into()))
    }

    fn host_bits(random: &mut Random, bits: u8) -> u128 {
        let high = u128::from(random.next());
        (high << 64 | u128::from(random.next())) >> (128 - bits)
    }
}

/// Numbers that look random (SplitMix64).
pub struct Random(u64);

impl Random {
    /// Returns the sequence of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number.
    #[expect(clippy::should_implement_trait, reason = "the sequence does not end")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// Returns a number below `end`, which is at most 2^32.
    pub fn below(&mut self, end: usize) -> usize {
        (((self.next() >> 32) * end as u64) >> 32) as usize
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for n in (1..items.len()).rev() {
            items.swap(n, self.below(n + 1));
        }
    }
}

/// A table, addresses to look up, and the sum of the values that they have.
pub struct Input<A> {
    /// Such as `cluster4-10000`.
    pub name: String,
    /// Address, length and value of each prefix, in random order.
    pub prefixes: Vec<(A, u8, u32)>,
    /// Addresses, each in a prefix chosen at random.
    pub keys: Vec<A>,
}

impl<A: Addr> Input<A> {
    fn new(name: String, mut prefixes: Vec<(A, u8)>, n: usize, mut random: Random) -> Self {
        random.shuffle(&mut prefixes);
        prefixes.truncate(n);
        let value = |n: usize| 1 + (n % VALUES) as u32;
        let prefixes: Vec<_> =
            prefixes.iter().enumerate().map(|(n, (addr, len))| (*addr, *len, value(n))).collect();
        let keys = (0..KEYS).map(|_| {
            let (addr, len, _) = prefixes[random.below(prefixes.len())];
            match A::BITS - len {
                0 => addr,
                bits => A::from_number(addr.number() | A::host_bits(&mut random, bits)),
            }
        });
        Self { name, keys: keys.collect(), prefixes }
    }

    /// Returns the sum of the values of all keys, if it is known for this table.
    #[must_use]
    pub fn known_sum(&self) -> Option<u64> {
        let known = KNOWN_SUMS.iter().find(|(name, _)| *name == self.name);
        known.map(|(_, sum)| *sum)
    }
}

/// What plain scripts found with the same seeds.
const KNOWN_SUMS: [(&str, u64); 16] = [
    ("cluster4-1000", 524_776_054),
    ("cluster4-10000", 1_887_918_773),
    ("cluster4-100000", 2_096_501_782),
    ("cluster4-1000000", 2_098_129_159),
    ("bgp4-1000", 524_232_372),
    ("bgp4-10000", 1_887_928_001),
    ("bgp4-100000", 2_097_117_818),
    ("bgp4-1000000", 2_098_481_321),
    ("cluster6-1000", 524_622_326),
    ("cluster6-10000", 1_887_299_341),
    ("cluster6-100000", 2_098_228_919),
    ("cluster6-1000000", 2_097_429_104),
    ("bgp6-1000", 525_031_830),
    ("bgp6-10000", 1_889_427_389),
    ("bgp6-100000", 2_098_681_943),
    ("bgp6-170000", 2_085_905_426),
];

/// Prefixes in the order they were made, without duplicates.
struct Unique<A> {
    seen: HashSet<(A, u8)>,
    list: Vec<(A, u8)>,
}

impl<A: Addr> Unique<A> {
    fn new() -> Self {
        Self { seen: HashSet::new(), list: Vec::new() }
    }

    /// Adds the prefix of `len` bits around an address; returns `false` if it is there.
    fn add(&mut self, addr: u128, len: u8) -> bool {
        let host = A::BITS - len;
        let addr = A::from_number(addr.checked_shr(host.into()).map_or(0, |addr| addr << host));
        let new = self.seen.insert((addr, len));
        if new {
            self.list.push((addr, len));
        }
        new
    }
}

/// Pods of a node.
const PODS: usize = 110;

/// Returns the addresses of an IPv4 cluster: nodes own a /24 of 10.0.0.0/8.
#[must_use]
pub fn cluster_v4(n: usize) -> Input<Ipv4Addr> {
    const LENS: [(u8, usize); 5] = [(12, 2), (16, 20), (20, 20), (22, 10), (24, 48)];
    let mut random = Random::new((0x4c00 + 4) << 32 | n as u64);
    let mut all = Unique::<Ipv4Addr>::new();
    let nodes = nodes(&mut random);
    for pod in 0..n * 90 / 100 {
        let node = nodes[pod / PODS];
        all.add(0x0a00_0000 | node << 8 | (2 + pod % PODS) as u128, 32);
    }
    let lens = weighted(&LENS);
    while all.list.len() < n {
        let addr = 0x0b00_0000 + random.below(0xdf00_0000 - 0x0b00_0000);
        let host = all.list.len() % 2 == 1;
        let len = if host { 32 } else { lens[random.below(lens.len())] };
        all.add(addr as u128, len);
    }
    Input::new(format!("cluster4-{n}"), all.list, n, random)
}

/// Returns the addresses of an IPv6 cluster: nodes own a /64.
#[must_use]
pub fn cluster_v6(n: usize) -> Input<Ipv6Addr> {
    const LENS: [(u8, usize); 8] =
        [(29, 3), (32, 20), (36, 5), (40, 10), (44, 12), (48, 45), (56, 3), (64, 2)];
    let mut random = Random::new((0x4c00 + 6) << 32 | n as u64);
    let mut all = Unique::<Ipv6Addr>::new();
    let nodes = nodes(&mut random);
    for pod in 0..n * 90 / 100 {
        let network = 0xfd00_0010_0244 << 80 | nodes[pod / PODS] << 64;
        while !all.add(network | random.below(65_536) as u128, 128) {}
    }
    let lens = weighted(&LENS);
    while all.list.len() < n {
        // Within 2000::/11 or so, where announced prefixes crowd too.
        let high = 0x2000_0000_0000_0000 | (random.next() & 0x1fff_ffff_ffff_ffff);
        let high = high & !(0x1fe0 << 48);
        let addr = u128::from(high) << 64 | u128::from(random.next());
        let host = all.list.len() % 2 == 1;
        let len = if host { 128 } else { lens[random.below(lens.len())] };
        all.add(addr, len);
    }
    Input::new(format!("cluster6-{n}"), all.list, n, random)
}

fn nodes(random: &mut Random) -> Vec<u128> {
    let mut nodes: Vec<u128> = (0..65_536).collect();
    random.shuffle(&mut nodes);
    nodes
}

/// Returns each length as often as its weight says.
fn weighted(lens: &[(u8, usize)]) -> Vec<u8> {
    lens.iter().flat_map(|(len, weight)| vec![*len; *weight]).collect()
}

/// Returns `n` prefixes of a family out of a file of announced ones, all of /8 or longer.
///
/// # Errors
///
/// Fails if the file cannot be read, or has fewer prefixes.
pub fn bgp<A: Addr>(file: &Path, n: usize) -> io::Result<Input<A>> {
    let text = fs::read_to_string(file)?;
    let mut all = Unique::<A>::new();
    let prefixes = text
        .lines()
        .filter_map(|line| line.split(' ').next()?.parse::<Prefix>().ok())
        .filter(|prefix| prefix.family().bits() == A::BITS && prefix.len() >= 8);
    for prefix in prefixes {
        let bits = match prefix.addr() {
            std::net::IpAddr::V4(addr) => addr.number(),
            std::net::IpAddr::V6(addr) => addr.number(),
        };
        all.add(bits, prefix.len());
    }
    if all.list.len() < n {
        return Err(io::Error::other(format!("only {} prefixes of the family", all.list.len())));
    }
    let family = if A::BITS == 32 { 4 } else { 6 };
    let random = Random::new((1 << 48) + ((0x4c00 + family) << 32) + n as u64);
    Ok(Input::new(format!("bgp{family}-{n}"), all.list, n, random))
}
