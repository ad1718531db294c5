//! Documents with random changes: nothing panics, and what is wrong gives no object.

use netpol_policy::doc::{self, NetworkPolicyGate, Object, ReadOptions};
use netpol_policy::{Options, Source, Unsupported};
use proptest::prelude::*;

const SEEDS: [&str; 6] = [
    "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a, namespace: b, labels: {c: d}}
spec:
  podSelector: {matchExpressions: [{key: e, operator: In, values: [f]}]}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - ipBlock: {cidr: 10.0.0.0/8, except: [10.96.0.0/12]}
    - {podSelector: {}, namespaceSelector: {matchLabels: {g: h}}}
    ports: [{port: 80, endPort: 90, protocol: TCP}, {port: http}]
",
    "apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: a}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress:
  - toFQDNs: [{matchPattern: \"*.a.example\"}]
    toPorts:
    - ports: [{port: \"443\", protocol: TCP}]
      rules: {http: [{method: GET, path: /a}]}
  - toCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}]
  ingressDeny:
  - fromEntities: [world]
",
    "apiVersion: cilium.io/v2
kind: CiliumCIDRGroup
metadata: {name: a, labels: {b: c}}
spec: {externalCIDRs: [10.0.0.0/8, \"2001:db8::/32\"]}
",
    "apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: a}}
    spec: {containers: [{ports: [{name: http, containerPort: 80}]}]}
",
    "apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {}, status: {podIP: 10.0.0.1}}
- {apiVersion: v1, kind: Service, metadata: {name: b}, spec: {selector: {c: d}, ports: [{port: 1}]}}
",
    "apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: a, labels: {kubernetes.io/service-name: b}}
endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}}]
---
{apiVersion: v1, kind: Node, metadata: {name: c}, status: {addresses: [{type: InternalIP, address: ::1}]}}
",
];

/// Values that are put where others stood.
const VALUES: [&str; 24] = [
    "null",
    "~",
    "[]",
    "{}",
    "\"\"",
    "0",
    "-1",
    "65536",
    "99999999999999999999",
    "1.5",
    "true",
    "x",
    "[null]",
    "{a: b}",
    "[[]]",
    "10.0.0.0/33",
    "::/0",
    "\"*\"",
    "é",
    "&a x",
    "*a",
    "'",
    "{",
    "- ",
];

/// Returns a seed with some of its words replaced.
fn documents() -> impl Strategy<Value = String> {
    let value = prop::sample::select(&VALUES[..]);
    let changes = prop::collection::vec((any::<prop::sample::Index>(), value), 1..5);
    (prop::sample::select(&SEEDS[..]), changes).prop_map(|(seed, changes)| {
        let mut words: Vec<&str> =
            seed.split_inclusive([' ', '\n', ',', '[', ']', '{', '}']).collect();
        for (index, value) in changes {
            let index = index.index(words.len());
            words[index] = value;
        }
        words.concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn changed_documents_are_read_or_refused(text in documents(), agent in any::<bool>()) {
        let mut options = Options::default();
        options.unsupported = Unsupported::Delegate;
        let mut reading = ReadOptions::default();
        reading.gate = if agent { NetworkPolicyGate::Agent } else { NetworkPolicyGate::ApiServer };
        let source = Source::named("t.yaml", &text);
        let read = doc::read_all([&source], &options, &reading);
        let n_documents = text.matches("\n---\n").count() + 1;
        let is_list = text.contains("kind: List");
        let has_errors = read.report.has_errors();
        prop_assert!(!has_errors || is_list || read.objects.len() < n_documents, "{}", text);
        for object in &read.objects {
            let place = match object {
                Object::Policy(policy) => &policy.place,
                Object::CidrGroup(group) => &group.place,
                Object::Namespace(namespace) => &namespace.place,
                Object::Pod(pod) => &pod.place,
                Object::Workload(workload) => &workload.place,
                Object::Service(service) => &service.place,
                Object::Endpoints(endpoints) => &endpoints.place,
                Object::Node(node) => &node.place,
            };
            prop_assert!(place.line > 0 && place.column > 0);
        }
        for problem in read.report.problems() {
            let (span, text) = (problem.span(), problem.source().text());
            prop_assert!(text.get(span.start..span.end).is_some(), "{problem}");
            prop_assert!(source.line(problem.place().line).is_some() || text.is_empty());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let read = doc::read_bytes("t.yaml", &bytes, &Options::default());
        prop_assert!(read.report.has_errors() || !read.skipped.is_empty());
    }
}
