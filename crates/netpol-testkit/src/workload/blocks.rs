//! One policy with many prefixes.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use netpol_core::{IdentityId, IpFamily, Prefix};

use super::cluster::number;
use super::pod::Pod;
use super::random::Random;

const SEED: u64 = 0x0404_0000_0000_0000;
/// Lengths of prefixes, each with how many of 100 have it.
const LENGTHS: [(u8, usize); 6] = [(16, 5), (20, 15), (22, 10), (24, 50), (28, 10), (32, 10)];

/// One policy that allows many prefixes, some of them with an exception (W4).
#[derive(Clone, Debug)]
pub struct Blocks {
    /// The policy, as YAML.
    pub policy: String,
    /// The identity of every prefix that the policy names.
    pub prefixes: Vec<(IdentityId, Prefix)>,
}

impl Blocks {
    /// Returns the policy with so many different prefixes.
    #[must_use]
    pub fn new(n: usize) -> Self {
        let mut policy = format!(
            "apiVersion: cilium.io/v2\n\
             kind: CiliumNetworkPolicy\n\
             metadata:\n  name: cidrs\n  namespace: ns-00\n\
             spec:\n  endpointSelector:\n    matchLabels:\n      app: {}\n\
             \x20 egress:\n  - toCIDRSet:\n",
            Pod::new(0).app
        );
        let mut named = Vec::new();
        for (prefix, except) in peers(n) {
            let _ = writeln!(policy, "    - cidr: {prefix}");
            if let Some(except) = except {
                let _ = write!(policy, "      except:\n      - {except}\n");
            }
            named.extend([prefix].into_iter().chain(except));
        }
        policy.push_str("    toPorts:\n    - ports:\n");
        policy.push_str("      - port: \"443\"\n        protocol: TCP\n");
        Self { policy, prefixes: number(named) }
    }
}

/// Returns different prefixes, and an exception of every tenth that is not too narrow for one.
fn peers(n: usize) -> Vec<(Prefix, Option<Prefix>)> {
    let lengths: Vec<u8> = LENGTHS.iter().flat_map(|(len, times)| vec![*len; *times]).collect();
    let mut random = Random::new(SEED);
    let mut seen = HashSet::new();
    let mut peers = Vec::with_capacity(n);
    while peers.len() < n {
        let len = *random.pick(&lengths);
        let prefix = prefix(0x0100_0000 + random.below(0xdf00_0000 - 0x0100_0000), len);
        if !seen.insert(prefix) {
            continue;
        }
        let has_except = (peers.len() + 1) % 10 == 0 && len <= 24;
        let except = has_except.then(|| {
            let inside = random.below(1 << (28 - len)) << 4;
            self::prefix(first(&prefix) + inside, 28)
        });
        peers.push((prefix, except));
    }
    peers
}

fn prefix(address: u32, len: u8) -> Prefix {
    Prefix::new(Ipv4Addr::from_bits(address).into(), len).unwrap_or(Prefix::all(IpFamily::V4))
}

fn first(prefix: &Prefix) -> u32 {
    match prefix.addr() {
        std::net::IpAddr::V4(address) => address.to_bits(),
        std::net::IpAddr::V6(_) => 0,
    }
}
