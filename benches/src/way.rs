//! The whole way of a packet: from its bytes to the verdict of both sides.

use std::net::Ipv4Addr;
use std::time::Duration;

use netpol::{Endpoint, Engine, Packet, Reader, Source};
use netpol_core::conntrack::{Conntrack, CtZone};
use netpol_core::packet::{self, Headers};
use netpol_core::{Direction, Flow, PolicyMap, Prefix, RedirectId, cidr_label};

use crate::acl::{self, Acl};
use crate::clock::{quantile, timed};
use crate::input::{Addr, Random, cluster_v4};
use crate::packets::{conntrack, frame};
use crate::table::Bar::{Nanoseconds, Speed};
use crate::table::{Comparison, Entry};

/// How many kinds of pods there are. Those of the first group may open connections to those of the second.
const APPS: usize = 200;
const GROUP: usize = 40;
/// To these ports.
const PORTS: std::ops::Range<u16> = 8000..8024;
/// How many packets there are in the report.
const PACKETS: usize = 65_536;

/// A node that manages the pods of a cluster, two policy maps of 960 entries for each pod, and packets.
pub struct Node {
    reader: Reader,
    map: PolicyMap,
    frames: Vec<[u8; 54]>,
    allowed: usize,
}

impl Node {
    /// Returns the node of a cluster with so many addresses, and so many packets.
    ///
    /// # Panics
    ///
    /// Panics if the engine refuses the cluster.
    #[must_use]
    pub fn new(addresses: usize, packets: usize) -> Self {
        let table = cluster_v4(addresses);
        let mut engine = Engine::new();
        engine.apply(&Source::named("mesh.yaml", &policy())).expect("the policy is valid");
        let (mut pods, mut ids) = (Vec::new(), Vec::new());
        for (addr, len, _) in &table.prefixes {
            if *len == 32 && addr.octets()[0] == 10 {
                let app = pods.len() % APPS;
                let pod = Endpoint::pod("default", &format!("pod-{}", pods.len()))
                    .label("app", &app_name(app))
                    .ip(*addr);
                ids.push(engine.add_endpoint(pod).expect("room for endpoints"));
                pods.push((*addr, app));
            } else {
                let prefix: Prefix = addr.prefix(*len);
                engine.upsert_ip(prefix, [cidr_label(&prefix)]);
            }
        }
        engine.publish();
        let mut random = Random::new(64);
        let packets: Vec<_> = (0..packets).map(|_| connection(&mut random, &pods)).collect();
        let allowed = packets.iter().filter(|(_, allowed)| *allowed).count();
        let frames = packets.into_iter().map(|(frame, _)| frame).collect();
        let map = ids.first().and_then(|pod| engine.policy_map(*pod)).expect("a managed pod");
        Self { reader: engine.reader(), map, frames, allowed }
    }

    /// Returns how many packets are allowed.
    #[must_use]
    pub const fn allowed(&self) -> usize {
        self.allowed
    }

    /// Returns the policy map of a pod: all pods have the same.
    #[must_use]
    pub const fn map(&self) -> &PolicyMap {
        &self.map
    }

    /// Returns the flows of the packets as those see them who receive them.
    #[must_use]
    pub fn flows(&mut self) -> Vec<Flow> {
        let headers: Vec<Headers> = self.headers().collect();
        let flow = |headers: &Headers| {
            headers.flow(Direction::Ingress, self.reader.identity(headers.tuple.src))
        };
        headers.iter().map(flow).collect()
    }

    fn headers(&self) -> impl Iterator<Item = Headers> {
        let parsed = self.frames.iter().map(|frame| packet::parse(frame));
        parsed.filter_map(|parsed| parsed.headers().copied())
    }

    /// Returns what is asked about.
    #[must_use]
    pub fn packets(&self) -> Vec<Packet> {
        self.headers().map(|headers| packet_of(&headers)).collect()
    }

    /// Returns how many packets are allowed.
    pub fn verdicts(&mut self, packets: &[Packet]) -> usize {
        packets.iter().filter(|packet| self.reader.verdict(packet).is_allowed()).count()
    }

    /// Parses all frames and returns how many are allowed.
    pub fn bytes_to_verdicts(&mut self) -> usize {
        let Self { reader, frames, .. } = self;
        let parsed = frames.iter().map(|frame| packet::parse(frame));
        let asked = parsed.filter_map(|parsed| parsed.headers().map(packet_of));
        asked.filter(|packet| reader.verdict(packet).is_allowed()).count()
    }

    /// Does the same with connection tracking; policy is not asked about replies.
    fn bytes_to_verdicts_tracked(&mut self, conntrack: &mut Conntrack) -> usize {
        let Self { reader, frames, .. } = self;
        let now = Duration::from_secs(1000);
        let allowed = frames.iter().filter(|frame| {
            let parsed = packet::parse(*frame);
            let Some(headers) = parsed.headers() else { return false };
            let known = conntrack.lookup(CtZone::DEFAULT, headers, now).state();
            let allowed = known.skips_policy() || reader.verdict(&packet_of(headers)).is_allowed();
            if allowed {
                conntrack.confirm(CtZone::DEFAULT, headers, RedirectId::NONE, now);
            }
            allowed
        });
        allowed.count()
    }
}

fn packet_of(headers: &Headers) -> Packet {
    let tuple = &headers.tuple;
    Packet::new(tuple.src, tuple.dst, tuple.protocol, tuple.dst_port)
}

fn app_name(app: usize) -> String {
    format!("app-{app:03}")
}

/// Returns a policy for all pods: each of its two maps has 960 entries.
fn policy() -> String {
    let apps = |apps: std::ops::Range<usize>| apps.map(app_name).collect::<Vec<_>>().join(", ");
    let ports: Vec<String> =
        PORTS.map(|port| format!("{{port: \"{port}\", protocol: TCP}}")).collect();
    let ports = ports.join(", ");
    let (clients, servers) = (apps(0..GROUP), apps(GROUP..2 * GROUP));
    format!(
        "apiVersion: cilium.io/v2\n\
         kind: CiliumNetworkPolicy\n\
         metadata: {{name: mesh, namespace: default}}\n\
         spec:\n\
        \x20 endpointSelector: {{}}\n\
        \x20 ingress:\n\
        \x20 - fromEndpoints:\n\
        \x20   - matchExpressions: [{{key: app, operator: In, values: [{clients}]}}]\n\
        \x20   toPorts: [{{ports: [{ports}]}}]\n\
        \x20 egress:\n\
        \x20 - toEndpoints:\n\
        \x20   - matchExpressions: [{{key: app, operator: In, values: [{servers}]}}]\n\
        \x20   toPorts: [{{ports: [{ports}]}}]\n"
    )
}

/// Returns a packet that opens a connection, and whether the policy allows it. About 7 of 10 are allowed.
fn connection(random: &mut Random, pods: &[(Ipv4Addr, usize)]) -> ([u8; 54], bool) {
    let regular = random.below(10) < 7;
    let mut pod = |first: usize| {
        let pod = random.below(pods.len());
        // The pods' kinds take turns.
        let kind = first + random.below(GROUP);
        let pod = if regular { pod / APPS * APPS + kind } else { pod };
        pods.get(pod).copied().unwrap_or(pods[kind])
    };
    let (src, dst) = (pod(0), pod(GROUP));
    let port = PORTS.start + random.below(PORTS.len() + usize::from(!regular) * 100) as u16;
    let may_send = (GROUP..2 * GROUP).contains(&dst.1) && PORTS.contains(&port);
    let may_receive = src.1 < GROUP;
    let src_port = 32_768 + random.below(28_000) as u16;
    (frame([src.0, dst.0], [src_port, port]), may_send && may_receive)
}

/// Returns what the whole way of a packet costs, beside packet classifiers.
///
/// # Panics
///
/// Panics if a verdict is not the one that the policy is made for, or a classifier finds
/// another rule than the first that matches.
#[must_use]
pub fn compare(passes: usize) -> Vec<Comparison> {
    let mut node = Node::new(10_000, PACKETS);
    let packets = node.packets();
    let mut tracked = conntrack(PACKETS);
    let acl = Acl::new(1000);
    let expected = acl.expected_sum();
    let mut classifiers: Vec<_> =
        acl::classifiers(&acl).into_iter().map(|classifier| (classifier, Vec::new())).collect();
    let mut times: [Vec<f64>; 3] = Default::default();
    for pass in 0..=passes {
        let results = [
            timed(|| node.bytes_to_verdicts()),
            timed(|| node.bytes_to_verdicts_tracked(&mut tracked)),
            timed(|| node.verdicts(&packets)),
        ];
        for ((allowed, time), times) in results.into_iter().zip(&mut times) {
            assert_eq!(allowed, node.allowed);
            times.extend((pass > 0).then_some(time / PACKETS as f64));
        }
        for (classifier, times) in &mut classifiers {
            let (sum, time) = timed(|| classifier.sum());
            assert_eq!(sum, expected, "{}", classifier.name());
            times.extend((pass > 0).then_some(time / acl.packets.len() as f64));
        }
    }
    let [bytes, tracked, addresses] = times.map(|times| quantile(&times, 0.5));
    let peers = classifiers.iter().map(|(classifier, times)| {
        Entry::with_bytes(classifier.name(), quantile(times, 0.5), classifier.bytes())
    });
    let comparison = |what, time, peers, bars| Comparison {
        workload: format!("way, {what}, 10,000 addresses, 960 entries a map"),
        ours: Entry::new("netpol", time),
        peers,
        bars,
    };
    vec![
        comparison("bytes to verdict", bytes, vec![], vec![Nanoseconds(50.0)]),
        comparison("bytes to verdict, tracked", tracked, vec![], vec![Nanoseconds(83.3)]),
        comparison(
            "addresses to verdict, beside 1,000 rules",
            addresses,
            peers.collect(),
            vec![Speed("DPDK acl, AVX-512", 3.0)],
        ),
    ]
}
