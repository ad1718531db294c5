//! How much an engine takes before it refuses.

use std::time::Duration;

use netpol_policy::doc::Object;
use netpol_policy::rule::Policy;
use netpol_policy::{Code, Place, Problem, Report, Source, Span};

use super::Engine;

/// How much an engine takes before it refuses, each with a clear error.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EngineLimits {
    /// Policies in force; default 1,000,000.
    pub policies: usize,
    /// Rules in one policy, that is `spec` and items of `specs`; default 10,000.
    pub rules_per_policy: usize,
    /// Peers in one policy: selectors, entities, prefixes and names, all elements together; default
    /// 1,000,000.
    pub peers_per_policy: usize,
    /// Endpoints, peers included; default 1,000,000.
    pub endpoints: usize,
    /// Entries of one policy map, both directions together; default 16384 (LIM-13).
    pub map_entries: usize,
    /// Addresses remembered for one DNS name; default 1000 (LIM-14).
    pub addresses_per_name: usize,
    /// DNS names remembered for one endpoint; default 10,000 (FQQ-7).
    pub names_per_endpoint: usize,
    /// The shortest time for which a DNS answer counts; shorter ones are raised to it; default zero
    /// (LRN-6).
    pub min_ttl: Duration,
}

impl Default for EngineLimits {
    fn default() -> Self {
        Self {
            policies: 1_000_000,
            rules_per_policy: 10_000,
            peers_per_policy: 1_000_000,
            endpoints: 1_000_000,
            map_entries: 16_384,
            addresses_per_name: 1000,
            names_per_endpoint: 10_000,
            min_ttl: Duration::ZERO,
        }
    }
}

impl Engine {
    /// Reports what would be too much, if these objects were added.
    pub(super) fn check_limits(&self, source: &Source, objects: &[Object], report: &mut Report) {
        let policies = || {
            objects.iter().filter_map(|object| match object {
                Object::Policy(policy) => Some(policy),
                _ => None,
            })
        };
        for policy in policies() {
            report.extend(self.check_policy(source, policy));
        }
        let is_new = |policy: &&Policy| self.repository.policy(&policy.name).is_none();
        let new = policies().filter(is_new).count();
        let free = self.limits.policies.saturating_sub(self.repository.policy_count());
        if let Some(first) = policies().filter(is_new).nth(free).filter(|_| new > free) {
            let limit = self.limits.policies;
            report.push(too_many(source, &first.place, "policies in force", limit));
        }
    }

    fn check_policy(&self, source: &Source, policy: &Policy) -> Report {
        let mut report = Report::new();
        let elements = policy.rules.iter().flat_map(|rule| &rule.elements);
        let n_peers = elements.map(|element| element.peers.listed().len()).sum();
        let counts = [
            (policy.rules.len(), "rules in one policy", self.limits.rules_per_policy),
            (n_peers, "peers in one policy", self.limits.peers_per_policy),
        ];
        for (count, what, limit) in counts {
            if count > limit {
                report.push(too_many(source, &policy.place, what, limit));
            }
        }
        report
    }
}

fn too_many(source: &Source, place: &Place, what: &str, limit: usize) -> Problem {
    let span = Span { line: place.line, column: place.column, ..Span::default() };
    Problem::error(Code("limit"), source, span, format!("more than {limit} {what}"))
        .with_help("raise the engine's limit if so many are meant")
}
