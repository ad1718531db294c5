//! Rules over five fields, the first that matches wins, and packets made inside them: what packet
//! classifiers are compared with.

#[cfg(feature = "dpdk")]
mod dpdk;

use netpol_testkit::workload::PORTS;

use crate::input::Random;

/// A range of ports, both ends included.
pub type Ports = [u16; 2];

/// A rule. A prefix is an address and its length; the protocol 0 stands for any.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The sources.
    pub src: (u32, u8),
    /// The destinations.
    pub dst: (u32, u8),
    /// The source ports.
    pub src_ports: Ports,
    /// The destination ports.
    pub dst_ports: Ports,
    /// The protocol.
    pub protocol: u8,
}

/// What a classifier looks at.
#[derive(Clone, Copy, Debug)]
pub struct Packet {
    /// The source.
    pub src: u32,
    /// The destination.
    pub dst: u32,
    /// The source port.
    pub src_port: u16,
    /// The destination port.
    pub dst_port: u16,
    /// The protocol.
    pub protocol: u8,
}

impl Rule {
    /// Tells whether a packet is one of those that the rule is about.
    #[must_use]
    pub fn matches(&self, packet: &Packet) -> bool {
        let Self { src, dst, src_ports, dst_ports, protocol } = *self;
        let holds = |(net, len): (u32, u8), addr: u32| {
            (net ^ addr).checked_shr(32 - u32::from(len)).unwrap_or(0) == 0
        };
        let within = |[low, high]: Ports, port| low <= port && port <= high;
        holds(src, packet.src)
            && holds(dst, packet.dst)
            && within(src_ports, packet.src_port)
            && within(dst_ports, packet.dst_port)
            && (protocol == 0 || protocol == packet.protocol)
    }
}

/// Rules, and packets each made inside one of them.
pub struct Acl {
    /// The rules, the first first.
    pub rules: Vec<Rule>,
    /// The packets.
    pub packets: Vec<Packet>,
}

/// How many packets there are.
const PACKETS: usize = 65_536;

const LENS: [u8; 14] = [8, 12, 16, 16, 20, 22, 24, 24, 24, 28, 30, 32, 32, 32];

impl Acl {
    /// Returns `n` rules in the manner of ClassBench's access lists (D. E. Taylor, J. S. Turner,
    /// "ClassBench: A Packet Classification Benchmark", INFOCOM 2005), and packets.
    #[must_use]
    pub fn new(n: usize) -> Self {
        let mut random = Random::new((0x0acc << 48) + n as u64);
        let nets: Vec<u32> = (0..16.max(n / 20)).map(|_| (random.next() >> 32) as u32).collect();
        let mut rules = Vec::with_capacity(n);
        while rules.len() < n {
            let src = prefix(&mut random, &nets, 20);
            let dst = prefix(&mut random, &nets, 10);
            if src.1 > 0 || dst.1 > 0 {
                rules.push(rule(&mut random, src, dst));
            }
        }
        let packets = (0..PACKETS).map(|_| {
            let rule = rules[random.below(rules.len())];
            packet(&mut random, &rule)
        });
        Self { packets: packets.collect(), rules }
    }

    /// Returns the sum of the numbers of the first rules that match, counted from 1: 29,102,572
    /// of 1,000 rules.
    #[must_use]
    pub fn expected_sum(&self) -> u64 {
        let first = |packet: &Packet| self.rules.iter().position(|rule| rule.matches(packet));
        self.packets.iter().map(|packet| first(packet).map_or(0, |rule| rule as u64 + 1)).sum()
    }
}

/// Something that finds the first rule that matches.
pub trait Classify {
    /// What it is called in reports.
    fn name(&self) -> &'static str;
    /// Returns the bytes that the rules take.
    fn bytes(&self) -> usize;
    /// Looks up all packets; returns the sum of the numbers of the rules, counted from 1.
    fn sum(&self) -> u64;
}

/// Asks one rule after the other.
impl Classify for &Acl {
    fn name(&self) -> &'static str {
        "rule after rule"
    }

    fn bytes(&self) -> usize {
        size_of_val(self.rules.as_slice())
    }

    fn sum(&self) -> u64 {
        self.expected_sum()
    }
}

/// Returns all classifiers with the rules and packets of `acl`.
#[must_use]
pub fn classifiers(acl: &Acl) -> Vec<Box<dyn Classify + '_>> {
    let in_turn: Box<dyn Classify + '_> = Box::new(acl);
    #[cfg(feature = "dpdk")]
    let others = [false, true].map(|avx512| dpdk::Classifier::boxed(acl, avx512));
    #[cfg(not(feature = "dpdk"))]
    let others = [None];
    core::iter::once(in_turn).chain(others.into_iter().flatten()).collect()
}

fn prefix(random: &mut Random, nets: &[u32], percent_any: usize) -> (u32, u8) {
    if random.below(100) < percent_any {
        return (0, 0);
    }
    let len = LENS[random.below(LENS.len())];
    let addr = nets[random.below(nets.len())] ^ random.below(1 << 10) as u32;
    (addr >> (32 - len) << (32 - len), len)
}

fn rule(random: &mut Random, src: (u32, u8), dst: (u32, u8)) -> Rule {
    let dst_ports = match random.below(100) {
        0..60 => [PORTS[random.below(PORTS.len())]; 2],
        60..70 => [1024, 65_535],
        70..80 => {
            let low = random.below(60_000) as u16;
            [low, low + random.below(5000) as u16]
        }
        _ => [0, 65_535],
    };
    let src_ports = if random.below(100) < 90 { [0, 65_535] } else { [1024, 65_535] };
    let protocol = [6, 6, 6, 17, 0][random.below(5)];
    Rule { src, dst, src_ports, dst_ports, protocol }
}

fn packet(random: &mut Random, rule: &Rule) -> Packet {
    let mut host = |(net, len): (u32, u8)| match len {
        32 => net,
        _ => net | (random.next() >> 32 >> len) as u32,
    };
    let (src, dst) = (host(rule.src), host(rule.dst));
    let mut port = |[low, high]: Ports| low + random.below(usize::from(high - low) + 1) as u16;
    Packet {
        src,
        dst,
        src_port: port(rule.src_ports),
        dst_port: port(rule.dst_ports),
        protocol: if rule.protocol == 0 { 6 } else { rule.protocol },
    }
}
