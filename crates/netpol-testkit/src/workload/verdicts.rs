//! One policy map, and flows to be decided by it.

use std::collections::HashSet;

use netpol_core::{
    Decision, Direction, Flow, IdentityId, PolicyEntry, PolicyKey, PolicyMap, PortPrefix, Protocol,
    RuleSetId,
};

use super::PORTS;
use super::random::Random;

const SEED: u64 = 0x0606_0000_0000_0000;
const FLOWS: usize = 65_536;
const FIRST_IDENTITY: u32 = 10_000;

/// The policy map of one endpoint, and flows that it decides (W6).
#[derive(Clone, Debug)]
pub struct Verdicts {
    /// The entries, in the order in which they were drawn.
    pub entries: Vec<(PolicyKey, PolicyEntry)>,
    /// 70 of 100 hit a chosen entry, 20 come from a known identity, 10 from an unknown one.
    pub flows: Vec<Flow>,
}

impl Verdicts {
    /// Returns a map of so many entries, and its flows.
    #[must_use]
    pub fn new(n: u32) -> Self {
        let mut random = Random::new(SEED + u64::from(n));
        let identities = (n / 5).max(10);
        let entries = entries(n as usize, identities, &mut random);
        let flows = (0..FLOWS).map(|_| flow(&entries, identities, &mut random)).collect();
        Self { entries, flows }
    }

    /// Returns the policy map.
    #[must_use]
    pub fn map(&self) -> PolicyMap {
        self.entries.iter().copied().collect()
    }

    /// Returns how many flows are allowed, denied, and matched by no entry, as the workload says.
    #[must_use]
    pub fn expected(&self) -> Option<[usize; 3]> {
        match self.entries.len() {
            100 => Some([49_070, 1_768, 14_698]),
            1_000 => Some([47_712, 3_332, 14_492]),
            10_000 => Some([48_522, 2_459, 14_555]),
            _ => None,
        }
    }

    /// Counts allows, denies, and flows matched by no entry.
    #[must_use]
    pub fn count(decisions: impl IntoIterator<Item = Decision>) -> [usize; 3] {
        let [mut allow, mut deny, mut miss] = [0; 3];
        for decision in decisions {
            match decision {
                Decision::Allow | Decision::Redirect => allow += 1,
                Decision::Deny => deny += 1,
                Decision::DefaultDeny => miss += 1,
            }
        }
        [allow, deny, miss]
    }
}

fn entries(n: usize, identities: u32, random: &mut Random) -> Vec<(PolicyKey, PolicyEntry)> {
    let mut seen = HashSet::new();
    let mut entries = Vec::with_capacity(n);
    while entries.len() < n {
        let key = key(identities, random);
        if seen.insert(key) {
            let deny = random.chance(5);
            let entry = if deny { PolicyEntry::deny } else { PolicyEntry::allow };
            entries.push((key, entry(RuleSetId::NONE)));
        }
    }
    entries
}

fn key(identities: u32, random: &mut Random) -> PolicyKey {
    let direction = if random.chance(60) { Direction::Ingress } else { Direction::Egress };
    let identity = IdentityId::new(FIRST_IDENTITY + random.below(identities));
    let port = *random.pick(&PORTS);
    let of_peer = |protocol, port| PolicyKey::new(direction, identity, protocol, port);
    match random.below(100) {
        0..65 => of_peer(Protocol::TCP, PortPrefix::single(port)),
        65..73 => of_peer(Protocol::UDP, PortPrefix::single(port)),
        73..83 => of_peer(Protocol::ANY, PortPrefix::ALL),
        83..90 => {
            let len = 6 + random.below(10) as u8;
            of_peer(Protocol::TCP, PortPrefix::of_port(port, len))
        }
        90..94 => of_peer(Protocol::TCP, PortPrefix::ALL),
        _ => {
            let protocol = if random.chance(80) { Protocol::TCP } else { Protocol::UDP };
            let port = PortPrefix::single((1024 + random.below(60_000)) as u16);
            PolicyKey::new(direction, IdentityId::ANY, protocol, port)
        }
    }
}

fn flow(entries: &[(PolicyKey, PolicyEntry)], identities: u32, random: &mut Random) -> Flow {
    let kind = random.below(100);
    let (key, _) = *random.pick(entries);
    let direction = key.direction();
    let known = |random: &mut Random| match key.identity() {
        IdentityId::ANY => IdentityId::new(FIRST_IDENTITY + random.below(identities)),
        identity => identity,
    };
    match kind {
        0..70 => {
            let peer = known(random);
            let protocol = match key.protocol() {
                Protocol::ANY if random.chance(90) => Protocol::TCP,
                Protocol::ANY => Protocol::UDP,
                protocol => protocol,
            };
            let block = key.port();
            let host_bits = match 16 - block.len() {
                0 => 0,
                bits => random.below(1 << bits) as u16,
            };
            Flow { direction, peer, protocol, port: (block.value() | host_bits).max(1) }
        }
        70..90 => {
            let peer = known(random);
            let port = (1 + random.below(65_535)) as u16;
            Flow { direction, peer, protocol: Protocol::TCP, port }
        }
        _ => {
            let peer = IdentityId::new(60_000 + random.below(1_000));
            Flow { direction, peer, protocol: Protocol::TCP, port: *random.pick(&PORTS) }
        }
    }
}

#[cfg(test)]
mod tests {
    use netpol_core::{PolicyTable, Verdict};

    use super::*;

    #[test]
    fn flows_are_decided_as_the_workload_says() {
        for n in [100, 1_000, 10_000] {
            let workload = Verdicts::new(n);
            let (map, table) = (workload.map(), PolicyTable::from(&workload.map()));
            let by_table = workload.flows.iter().map(|flow| table.lookup(flow));
            let mut together = vec![Verdict::DEFAULT_DENY; workload.flows.len()];
            table.lookup_batch(&workload.flows, &mut together);
            for ((flow, verdict), batched) in workload.flows.iter().zip(by_table).zip(&together) {
                assert_eq!(verdict, map.lookup(flow), "{flow:?}");
                assert_eq!(verdict, *batched);
            }
            let counts = Verdicts::count(together.iter().map(Verdict::decision));
            assert_eq!(Some(counts), workload.expected());
            assert!(table.memory_usage() < 1 << 20, "{}", table.memory_usage());
        }
    }
}
