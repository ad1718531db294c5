//! Policies of a cluster, as documents.

use std::fmt::{self, Write as _};

use netpol_core::{IpFamily, Prefix};

use super::PORTS;
use super::cluster::ENDPOINTS;
use super::pod::{Pod, app, namespace, random_namespace, tier};
use super::random::Random;

/// What a document is numbered for: other seeds give other policies.
pub(super) const IN_FORCE: u64 = 0x0101_0000_0000_0000;
/// The seed of policies that are added later.
pub(super) const ADDED: u64 = IN_FORCE + (7 << 40);
/// What is added to a policy's seed for the version that replaces it.
const REPLACEMENT: u64 = 1 << 32;

/// A policy as a document, and the prefixes that it names.
pub(super) struct Document {
    pub(super) text: String,
    pub(super) prefixes: Vec<Prefix>,
}

/// Which version of a policy is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    First,
    /// The same name and subject, with other peers and ports.
    Replacement,
}

impl Document {
    /// Returns the policy with this number. `prefix` begins its name.
    pub(super) fn new(seed: u64, number: u32, version: Version, prefix: &str) -> Self {
        let seed = seed + u64::from(number);
        let mut random = Random::new(seed);
        let (namespace, subject) = subject(number, &mut random);
        if version == Version::Replacement {
            random = Random::new(seed + REPLACEMENT);
        }
        let name = format!("{prefix}-{number:06}");
        let mut text = format!(
            "apiVersion: cilium.io/v2\n\
             kind: CiliumNetworkPolicy\n\
             metadata:\n  name: {name}\n  namespace: {namespace}\n\
             spec:\n  endpointSelector:\n{subject}"
        );
        // Writing to a string cannot fail.
        let _ = write_ingress(&mut text, &mut random);
        let mut prefixes = Vec::new();
        let _ = write_egress(&mut text, &mut random, &mut prefixes);
        Self { text, prefixes }
    }
}

/// Returns the namespace of a policy and the lines of its subject.
fn subject(number: u32, random: &mut Random) -> (String, String) {
    if number < ENDPOINTS {
        let Pod { namespace, app, .. } = Pod::new(number);
        return (namespace, format!("    matchLabels:\n      app: {app}\n"));
    }
    let subject = match random.below(10) {
        0..8 => format!("    matchLabels:\n      app: {}\n", app(random)),
        8 => {
            let values = [(); 4].map(|()| app(random)).join(", ");
            format!(
                "    matchExpressions:\n    - key: app\n      operator: In\n      \
                 values: [{values}]\n"
            )
        }
        _ => format!("    matchLabels:\n      tier: {}\n", tier(random)),
    };
    (namespace(number), subject)
}

/// Two rules: an app of the same namespace, and a tier of it or an app of another one.
fn write_ingress(text: &mut String, random: &mut Random) -> fmt::Result {
    text.push_str("  ingress:\n  - fromEndpoints:\n    - matchLabels:\n");
    writeln!(text, "        app: {}", app(random))?;
    write_ports(text, random, 2)?;
    text.push_str("  - fromEndpoints:\n    - matchLabels:\n");
    if random.chance(50) {
        writeln!(text, "        tier: {}", tier(random))?;
    } else {
        writeln!(text, "        app: {}", app(random))?;
        let namespace = random_namespace(random);
        writeln!(text, "        k8s:io.kubernetes.pod.namespace: {namespace}")?;
    }
    write_ports(text, random, 2)
}

/// One rule: a block, maybe with an exception, maybe to one port.
fn write_egress(text: &mut String, random: &mut Random, prefixes: &mut Vec<Prefix>) -> fmt::Result {
    let second = random.below(256);
    let block = block(second, 0, 16);
    write!(text, "  egress:\n  - toCIDRSet:\n    - cidr: {block}\n")?;
    prefixes.push(block);
    if random.chance(25) {
        let except = self::block(second, random.below(256), 24);
        write!(text, "      except:\n      - {except}\n")?;
        prefixes.push(except);
    }
    if random.chance(50) {
        write_ports(text, random, 1)?;
    }
    Ok(())
}

fn write_ports(text: &mut String, random: &mut Random, n: usize) -> fmt::Result {
    let first = random.below(PORTS.len() as u32) as usize;
    text.push_str("    toPorts:\n    - ports:\n");
    for index in 0..n {
        let port = PORTS[(first + 7 * index) % PORTS.len()];
        write!(text, "      - port: \"{port}\"\n        protocol: TCP\n")?;
    }
    Ok(())
}

/// Returns 172.`second`.`third`.0 of `len` bits.
fn block(second: u32, third: u32, len: u8) -> Prefix {
    let address = std::net::Ipv4Addr::from_bits(0xac00_0000 | second << 16 | third << 8);
    Prefix::new(address.into(), len).unwrap_or(Prefix::all(IpFamily::V4))
}
