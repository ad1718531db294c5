//! One policy with many name selectors, and DNS answers.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use netpol_l7::NameSelector;

use super::pod::Pod;
use super::random::Random;

const SEED: u64 = 0x0505_0000_0000_0000;
const TLDS: [&str; 6] = ["com", "net", "org", "io", "example", "internal"];
const WORDS: [&str; 16] = [
    "api", "cdn", "auth", "img", "db", "mail", "www", "static", "edge", "log", "push", "pay",
    "shop", "data", "ml", "dev",
];
const DOMAINS: usize = 500;

/// Name selectors, names, and DNS answers (W5).
#[derive(Clone, Debug)]
pub struct Names {
    /// One policy with all selectors, as YAML.
    pub policy: String,
    /// The selectors, all different.
    pub selectors: Vec<NameSelector>,
    /// The names, without final dot.
    pub names: Vec<String>,
    /// Answers: one for each name first, then for names drawn with a skew.
    pub responses: Vec<Response>,
}

/// What a DNS answer says.
#[derive(Clone, Debug)]
pub struct Response {
    /// The name, without final dot.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<Ipv4Addr>,
    /// The time to live, in seconds.
    pub ttl: u32,
}

impl Names {
    /// Returns so many selectors, names and answers; of the latter more than of names.
    #[must_use]
    pub fn new(n_selectors: usize, n_names: usize, n_responses: usize) -> Self {
        let mut random = Random::new(SEED);
        let domains = domains(&mut random);
        let names: Vec<String> =
            (0..n_names).map(|number| name(number, &domains, &mut random)).collect();
        let selectors = selectors(n_selectors, &names, &domains, &mut random);
        let responses = responses(&names, n_responses, &mut random);
        Self { policy: policy(&selectors), selectors, names, responses }
    }
}

fn domains(random: &mut Random) -> Vec<String> {
    let domain = |number| format!("{}{number}.{}", random.pick(&WORDS), random.pick(&TLDS));
    (0..DOMAINS).map(domain).collect()
}

fn name(number: usize, domains: &[String], random: &mut Random) -> String {
    let (domain, round) = (&domains[number % domains.len()], number / domains.len());
    match number % 3 {
        0 => format!("{}.{}-{round}.{domain}", random.pick(&WORDS), random.pick(&WORDS)),
        _ => format!("{}-{round}.{domain}", random.pick(&WORDS)),
    }
}

fn selectors(
    n: usize,
    names: &[String],
    domains: &[String],
    random: &mut Random,
) -> Vec<NameSelector> {
    let mut seen = HashSet::new();
    let mut selectors = Vec::with_capacity(n);
    while selectors.len() < n {
        let selector = match random.below(100) {
            0..80 => NameSelector::name(random.pick(names)),
            80..90 => NameSelector::pattern(format!("*.{}", random.pick(domains))),
            90..95 => {
                let word = random.pick(&WORDS);
                NameSelector::pattern(format!("{word}-*.{}", random.pick(domains)))
            }
            95..99 => NameSelector::pattern(format!("**.{}", random.pick(domains))),
            _ => {
                let word = random.pick(&WORDS);
                NameSelector::pattern(format!("{word}*.*.{}", random.pick(&TLDS)))
            }
        };
        if seen.insert(selector.clone()) {
            selectors.push(selector);
        }
    }
    selectors
}

fn policy(selectors: &[NameSelector]) -> String {
    let mut policy = format!(
        "apiVersion: cilium.io/v2\n\
         kind: CiliumNetworkPolicy\n\
         metadata:\n  name: fqdn\n  namespace: ns-00\n\
         spec:\n  endpointSelector:\n    matchLabels:\n      app: {}\n\
         \x20 egress:\n  - toFQDNs:\n",
        Pod::new(0).app
    );
    for NameSelector { match_name, match_pattern } in selectors {
        let _ = match (match_name, match_pattern) {
            (Some(name), _) => writeln!(policy, "    - matchName: {name}"),
            (None, pattern) => {
                writeln!(policy, "    - matchPattern: \"{}\"", pattern.as_deref().unwrap_or(""))
            }
        };
    }
    policy.push_str("    toPorts:\n    - ports:\n");
    policy.push_str("      - port: \"443\"\n        protocol: TCP\n");
    policy
}

fn responses(names: &[String], n: usize, random: &mut Random) -> Vec<Response> {
    let mut known: HashMap<String, Vec<Ipv4Addr>> = HashMap::new();
    let n_names = u32::try_from(names.len()).unwrap_or(u32::MAX);
    let response = |number: usize| {
        let name = names.get(number).unwrap_or_else(|| {
            // The smallest of three draws, so that some names are asked for often.
            let draws = [(); 3].map(|()| random.below(n_names));
            &names[draws.into_iter().min().unwrap_or(0) as usize]
        });
        let addresses = match known.get(name) {
            None => (0..1 + random.below(4)).map(|_| address(random)).collect(),
            Some(old) if random.chance(50) => {
                let kept = old.iter().skip(old.len().saturating_sub(3)).copied();
                kept.chain([address(random)]).collect()
            }
            Some(old) => old.clone(),
        };
        known.insert(name.clone(), addresses.clone());
        Response { name: name.clone(), addresses, ttl: 30 + random.below(3600) }
    };
    (0..n).map(response).collect()
}

fn address(random: &mut Random) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x3400_0000 + random.below(1 << 24))
}
