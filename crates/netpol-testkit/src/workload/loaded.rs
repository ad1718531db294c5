//! A cluster in a repository.

use std::fmt::Write as _;
use std::sync::Arc;

use netpol_core::{Direction, IdentityId, LabelSet, Prefix, prefix_labels};
use netpol_policy::compile::NamedPorts;
use netpol_policy::doc::{self, Object};
use netpol_policy::repository::{Repository, RepositoryLimits, Subject, SubjectId};
use netpol_policy::rule::Policy;
use netpol_policy::{AllowLocalhost, Options, Source};
use sha2::{Digest as _, Sha256};

use super::{Cluster, Pod};

/// A cluster in a repository: identities and policies with the numbers and labels of the workload,
/// and one subject for each endpoint.
#[derive(Clone, Debug)]
pub struct LoadedCluster {
    /// The repository.
    pub repository: Repository,
    /// The number of each endpoint, and its subject.
    pub endpoints: Vec<(u32, SubjectId)>,
}

impl LoadedCluster {
    /// Returns a repository that knows the identities of a cluster and nothing else.
    #[must_use]
    pub fn with_identities(cluster: &Cluster) -> Self {
        let mut repository = Repository::new(options(), limits());
        insert_pods(&mut repository, &cluster.pods);
        insert_prefixes(&mut repository, &cluster.prefixes);
        Self { repository, endpoints: Vec::new() }
    }

    /// Returns a repository with a cluster's identities, policies and endpoints, whose maps are
    /// complete.
    #[must_use]
    pub fn new(cluster: &Cluster) -> Self {
        let mut loaded = Self::with_identities(cluster);
        for policy in policies_of(&cluster.policies) {
            loaded.repository.insert_policy(policy);
        }
        loaded.resolve(cluster);
        loaded
    }

    /// Computes the policy maps of all endpoints.
    pub fn resolve(&mut self, cluster: &Cluster) {
        for ((endpoint, identity), (_, pod)) in cluster.endpoints().zip(&cluster.pods) {
            let subject = self.acquire(identity, pod.identity_labels());
            self.endpoints.push((endpoint, subject));
        }
        self.repository.commit();
    }

    fn acquire(&mut self, identity: IdentityId, labels: LabelSet) -> SubjectId {
        let ports = Arc::new(NamedPorts::default());
        self.repository.acquire_subject(&Subject { identity, labels, ports })
    }

    /// Returns a repository that knows the identities of these prefixes and nothing else.
    #[must_use]
    pub fn of_prefixes(prefixes: &[(IdentityId, Prefix)]) -> Self {
        let mut repository = Repository::new(options(), limits());
        insert_prefixes(&mut repository, prefixes);
        Self { repository, endpoints: Vec::new() }
    }

    /// Adds the endpoint that is the first pod, and computes its policy map.
    pub fn resolve_first(&mut self) {
        let (identity, pod) = (IdentityId::new(10_000), Pod::new(0));
        let subject = self.acquire(identity, pod.identity_labels());
        self.endpoints.push((1, subject));
        self.repository.commit();
    }

    /// Returns how many entries the policy maps of all endpoints have.
    #[must_use]
    pub fn entry_count(&self) -> usize {
        let policies =
            self.endpoints.iter().filter_map(|(_, id)| self.repository.subject_policy(*id));
        policies.map(|policy| policy.len()).sum()
    }

    /// Returns the entries of all policy maps, sorted, each as a line: endpoint, direction (0 for
    /// ingress), identity, protocol, port, how many bits of it count, and whether it denies.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (endpoint, subject) in &self.endpoints {
            let Some(policy) = self.repository.subject_policy(*subject) else { continue };
            for direction in [Direction::Ingress, Direction::Egress] {
                let entries = policy.direction(direction).entries();
                lines.extend(entries.map(|(key, entry)| {
                    let direction = u8::from(direction == Direction::Egress);
                    let (port, protocol) = (key.port(), key.protocol().number());
                    format!(
                        "{endpoint}\t{direction}\t{}\t{protocol}\t{}\t{}\t{}",
                        key.identity(),
                        port.value(),
                        port.len(),
                        entry.deny
                    )
                }));
            }
        }
        lines.sort_unstable();
        lines
    }
}

/// Returns the policies of a text.
///
/// # Panics
///
/// Panics if something is wrong with the text: the workloads are valid.
#[must_use]
pub fn policies_of(text: &str) -> Vec<Arc<Policy>> {
    let read = doc::read(&Source::named("workload.yaml", text), &options());
    assert!(!read.report.has_errors(), "{:?}", read.report.problems().first());
    let policies = read.objects.into_iter().map(|object| match object {
        Object::Policy(policy) => Arc::new(policy),
        other => unreachable!("not a policy: {other:?}"),
    });
    policies.collect()
}

/// Returns the SHA-256 of lines, each with its end, as hexadecimal digits.
#[must_use]
pub fn digest<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    for line in lines {
        hasher.update(line);
        hasher.update("\n");
    }
    hasher.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// One address family, and no special treatment of the local node.
fn options() -> Options {
    let mut options = Options::default();
    options.ipv6 = false;
    options.allow_localhost = AllowLocalhost::Policy;
    options
}

/// The largest map of W4 has some 100,000 entries.
fn limits() -> RepositoryLimits {
    let mut limits = RepositoryLimits::default();
    limits.map_entries = 1 << 20;
    limits
}

fn insert_pods(repository: &mut Repository, pods: &[(IdentityId, Pod)]) {
    for (id, pod) in pods {
        repository.insert_identity(*id, &pod.identity_labels());
    }
}

fn insert_prefixes(repository: &mut Repository, prefixes: &[(IdentityId, Prefix)]) {
    for (id, prefix) in prefixes {
        repository.insert_identity(*id, &prefix_labels(prefix, false));
    }
}
