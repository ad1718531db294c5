//! Prints what one change costs when many policies are loaded: an identity that comes or goes
//! (W2), a policy that comes, changes or goes (W3). Once with the repository alone, once through
//! the engine with publication.

use std::process::ExitCode;
use std::sync::Arc;

use netpol::{AllowLocalhost, Endpoint, EndpointId, Engine, Options};
use netpol_bench::clock::{quantile, timed};
use netpol_bench::figures::{Figure, Unit, Wanted, print};
use netpol_core::{IdentityId, cidr_label};
use netpol_policy::rule::Policy;
use netpol_testkit::workload::{Cluster, ENDPOINTS, LoadedCluster, Pod, policies_of};

const IDENTITIES: u32 = 10_000;

fn main() -> ExitCode {
    let Some(wanted) = Wanted::from_arguments() else {
        eprintln!("usage: update [--only repository|engine|N] [--passes N] [-o json]");
        return ExitCode::from(2);
    };
    let mut figures = Vec::new();
    for n_policies in [1_000, 10_000] {
        let affected = affected_endpoints(n_policies);
        let cluster = Cluster::new(n_policies, IDENTITIES);
        let workload = format!("repository {n_policies}");
        if wanted.wants(&workload) {
            let loaded = LoadedCluster::new(&cluster);
            figures.extend(events(&workload, &cluster, &wanted, affected, InRepository(loaded)));
        }
        let workload = format!("engine {n_policies}");
        if wanted.wants(&workload) {
            let engine = InEngine::new(&cluster);
            figures.extend(events(&workload, &cluster, &wanted, affected, engine));
        }
    }
    print(&wanted, &figures);
    ExitCode::SUCCESS
}

/// What is changed. Every change returns how many endpoints' maps it affected.
trait Changed {
    fn add_pod(&mut self, number: usize, id: IdentityId, pod: &Pod) -> usize;
    fn remove_pod(&mut self, number: usize, id: IdentityId) -> usize;
    fn insert_policy(&mut self, policy: Policy) -> usize;
    fn remove_policy(&mut self, policy: &Policy) -> usize;
}

struct InRepository(LoadedCluster);

impl Changed for InRepository {
    fn add_pod(&mut self, _: usize, id: IdentityId, pod: &Pod) -> usize {
        self.0.repository.insert_identity(id, &pod.identity_labels());
        self.0.repository.commit().len()
    }

    fn remove_pod(&mut self, _: usize, id: IdentityId) -> usize {
        self.0.repository.remove_identity(id);
        self.0.repository.commit().len()
    }

    fn insert_policy(&mut self, policy: Policy) -> usize {
        self.0.repository.insert_policy(Arc::new(policy));
        self.0.repository.commit().len()
    }

    fn remove_policy(&mut self, policy: &Policy) -> usize {
        self.0.repository.remove_policy(&policy.name);
        self.0.repository.commit().len()
    }
}

/// The engine, with a reader that looks at every revision, and the pods that came.
struct InEngine {
    engine: Engine,
    new_pods: Vec<EndpointId>,
}

impl InEngine {
    fn new(cluster: &Cluster) -> Self {
        let mut options = Options::default();
        options.ipv6 = false;
        options.allow_localhost = AllowLocalhost::Policy;
        let mut engine = Engine::builder().options(options).build();
        for (_, pod) in &cluster.pods {
            let name = [("kubernetes.io/metadata.name", pod.namespace.as_str())];
            engine.set_namespace(&pod.namespace, name).expect("room for identities");
        }
        for (number, (_, pod)) in (0..).zip(&cluster.pods) {
            let endpoint = endpoint(number, pod, number < ENDPOINTS);
            engine.add_endpoint(endpoint).expect("room for endpoints");
        }
        // Known before any policy names them, as the workload says.
        for (_, prefix) in &cluster.prefixes {
            engine.upsert_ip(*prefix, [cidr_label(prefix)]);
        }
        for policy in policies_of(&cluster.policies) {
            engine.insert_policy(Policy::clone(&policy));
        }
        engine.publish();
        Self { engine, new_pods: Vec::new() }
    }

    fn publish(&mut self) -> usize {
        self.engine.publish().deltas.len()
    }
}

/// Returns a pod of this node, or of another one.
fn endpoint(number: u32, pod: &Pod, local: bool) -> Endpoint {
    let endpoint = Endpoint::pod(&pod.namespace, &pod.release)
        .label("app", &pod.app)
        .label("tier", pod.tier)
        .label("release", &pod.release)
        .service_account(&pod.service_account())
        .ip(std::net::Ipv4Addr::from_bits(0x0a00_0000 + number));
    if local { endpoint } else { endpoint.cluster("default") }
}

impl Changed for InEngine {
    fn add_pod(&mut self, number: usize, _: IdentityId, pod: &Pod) -> usize {
        let endpoint = endpoint(IDENTITIES + number as u32, pod, false);
        let id = self.engine.add_endpoint(endpoint).expect("room for endpoints");
        self.new_pods.push(id);
        self.publish()
    }

    fn remove_pod(&mut self, number: usize, _: IdentityId) -> usize {
        self.engine.remove_endpoint(self.new_pods[number]);
        if number + 1 == self.new_pods.len() {
            self.new_pods.clear();
        }
        self.publish()
    }

    fn insert_policy(&mut self, policy: Policy) -> usize {
        self.engine.insert_policy(policy);
        self.publish()
    }

    fn remove_policy(&mut self, policy: &Policy) -> usize {
        self.engine.remove_policy(&policy.name);
        self.publish()
    }
}

/// What the mean number of affected endpoints must be: of identities, and of policies that come,
/// change and go.
fn affected_endpoints(n_policies: u32) -> [f64; 4] {
    let by_identity = if n_policies == 10_000 { 1.312 } else { 0.440 };
    [by_identity, 0.525, 0.53, 0.525]
}

fn events(
    workload: &str,
    cluster: &Cluster,
    wanted: &Wanted,
    affected: [f64; 4],
    mut changed: impl Changed,
) -> Vec<Figure> {
    let [added, replacements] =
        [&cluster.added, &cluster.replacements].map(|text| policies_of(text));
    let originals = policies_of(&cluster.policies);
    let mut kinds = [
        Kind::new(workload, "W2 identity added", affected[0], 15.0),
        Kind::new(workload, "W2 identity removed", affected[0], 15.0),
        Kind::new(workload, "W3 policy added", affected[1], 80.0),
        Kind::new(workload, "W3 policy replaced", affected[2], 80.0),
        Kind::new(workload, "W3 policy removed", affected[3], 40.0),
    ];
    for pass in 0..=wanted.passes {
        let [identity_in, identity_out, policy_in, policy_new, policy_out] = &mut kinds;
        let counts = pass > 0;
        let pods = || cluster.new_pods.iter().enumerate();
        identity_in.pass(counts, pods(), |(n, (id, pod))| changed.add_pod(n, *id, pod));
        identity_out.pass(counts, pods(), |(n, (id, _))| changed.remove_pod(n, *id));
        policy_in.pass(counts, copies(&added), |policy| changed.insert_policy(policy));
        policy_new.pass(counts, copies(&replacements), |policy| changed.insert_policy(policy));
        policy_out.pass(counts, &added, |policy| changed.remove_policy(policy));
        for policy in copies(&originals).into_iter().take(replacements.len()) {
            changed.insert_policy(policy);
        }
    }
    kinds.into_iter().flat_map(|kind| kind.figures).collect()
}

/// Returns policies to be given away; they are copied before the clock runs.
fn copies(policies: &[Arc<Policy>]) -> Vec<Policy> {
    policies.iter().map(|policy| Policy::clone(policy)).collect()
}

/// One kind of event.
struct Kind {
    affected: f64,
    // Mean, median and the 99th of 100.
    figures: [Figure; 3],
}

impl Kind {
    fn new(workload: &str, what: &str, affected: f64, bar: f64) -> Self {
        let figure = |which| Figure::new(format!("{workload} {what}, {which}"), Unit::Micros);
        let figures = [figure("mean").bar(bar), figure("p50"), figure("p99")];
        Self { affected, figures }
    }

    /// Times events one by one.
    fn pass<T>(
        &mut self,
        counts: bool,
        events: impl IntoIterator<Item = T>,
        mut change: impl FnMut(T) -> usize,
    ) {
        let mut affected = 0;
        let mut times = Vec::new();
        for event in events {
            let (changed, time) = timed(|| change(event));
            affected += changed;
            times.push(time);
        }
        let n = times.len() as f64;
        assert_eq!(affected as f64 / n, self.affected);
        if counts {
            let [mean, median, high] = &mut self.figures;
            mean.add(times.iter().sum::<f64>() / n);
            median.add(quantile(&times, 0.5));
            high.add(quantile(&times, 0.99));
        }
    }
}
