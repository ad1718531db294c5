//! Facts from Kubernetes objects.

use netpol_core::Protocol;
use netpol_policy::doc::{
    ContainerPort, Labels, Object, Pod, Service, ServiceKind, TargetPort, Workload, WorkloadKind,
};

use crate::{objects, problems};

fn labels(pairs: &[(&str, &str)]) -> Labels {
    let pairs = pairs.iter();
    pairs.map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

fn texts<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

fn pod(text: &str) -> Pod {
    match objects(text).as_slice() {
        [Object::Pod(pod)] => pod.clone(),
        other => panic!("{other:?}"),
    }
}

fn workload(text: &str) -> Workload {
    match objects(text).as_slice() {
        [Object::Workload(workload)] => workload.clone(),
        other => panic!("{other:?}"),
    }
}

fn service(text: &str) -> Service {
    match objects(text).as_slice() {
        [Object::Service(service)] => service.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pod_has_labels_ports_and_addresses() {
    let pod = pod("
apiVersion: v1
kind: Pod
metadata:
  name: web-0
  namespace: shop
  labels: {app: web}
  ownerReferences: [{kind: ReplicaSet, name: web}]
spec:
  serviceAccountName: web
  initContainers: [{name: i, ports: [{name: i, containerPort: 1}]}]
  containers:
  - name: a
    image: nginx
    ports:
    - {name: http, containerPort: 8080}
    - {containerPort: 53, protocol: UDP}
  - name: b
status:
  phase: Running
  podIP: 10.0.0.1
  podIPs: [{ip: 10.0.0.1}, {ip: \"fd00::1\"}]
");
    assert_eq!((&*pod.namespace, &*pod.name), ("shop", "web-0"));
    assert_eq!(pod.template.labels, labels(&[("app", "web")]));
    assert_eq!(&*pod.template.service_account, "web");
    assert!(!pod.template.host_network);
    let http = ContainerPort { name: Some("http".into()), port: 8080, protocol: Protocol::TCP };
    let dns = ContainerPort { name: None, port: 53, protocol: Protocol::UDP };
    assert_eq!(pod.template.ports, [http, dns]);
    assert_eq!(texts(&pod.ips), ["10.0.0.1", "fd00::1"]);
}

#[test]
fn a_pod_that_has_ended_has_no_address() {
    let text = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {hostNetwork: true}, \
                status: {phase: Failed, podIP: 10.0.0.1}}";
    let pod = pod(text);
    assert!(pod.ips.is_empty() && pod.template.host_network);
    assert_eq!((&*pod.namespace, &*pod.template.service_account), ("default", "default"));
}

#[test]
fn every_workload_has_a_template() {
    let template = "template: {metadata: {labels: {app: a}}, spec: {containers: []}}";
    let job = format!("jobTemplate: {{spec: {{parallelism: 3, {template}}}}}");
    let cases = [
        ("apps/v1", "Deployment", format!("replicas: 3, {template}"), 3),
        ("apps/v1", "StatefulSet", format!("replicas: 0, {template}"), 0),
        ("apps/v1", "DaemonSet", template.to_owned(), 1),
        ("apps/v1", "ReplicaSet", format!("replicas: null, {template}"), 1),
        ("v1", "ReplicationController", template.to_owned(), 1),
        ("batch/v1", "Job", format!("parallelism: 2, {template}"), 2),
        ("batch/v1", "CronJob", job, 3),
    ];
    for (version, kind, spec, replicas) in cases {
        let text = format!(
            "{{apiVersion: {version}, kind: {kind}, metadata: {{name: a}}, spec: {{{spec}}}}}"
        );
        let workload = workload(&text);
        assert_eq!(workload.kind.to_string(), kind);
        assert_eq!(workload.replicas, replicas, "{kind}");
        let mut wanted = labels(&[("app", "a")]);
        if workload.kind == WorkloadKind::Job {
            wanted.extend(labels(&[("job-name", "a"), ("batch.kubernetes.io/job-name", "a")]));
        }
        assert_eq!(workload.template.labels, wanted, "{kind}");
    }
}

#[test]
fn a_service_has_a_selector_ports_and_addresses() {
    let service = service(
        "
apiVersion: v1
kind: Service
metadata: {name: web, labels: {tier: front}}
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.1
  clusterIPs: [10.96.0.1, \"fd00::96\"]
  externalIPs: [192.0.2.1]
  selector: {app: web}
  ports:
  - {name: http, port: 80, targetPort: http}
  - {port: 53, protocol: UDP}
  - {port: 443, targetPort: 8443}
status: {loadBalancer: {ingress: [{ip: 192.0.2.2}, {hostname: x}]}}
",
    );
    assert_eq!(service.kind, ServiceKind::LoadBalancer);
    assert_eq!(service.labels, labels(&[("tier", "front")]));
    assert_eq!(service.selector, labels(&[("app", "web")]));
    assert_eq!(texts(&service.cluster_ips), ["10.96.0.1", "fd00::96"]);
    assert_eq!(texts(&service.external_ips), ["192.0.2.1", "192.0.2.2"]);
    let ports: Vec<_> = service.ports.iter().map(|port| (port.port, port.target.clone())).collect();
    assert_eq!(
        ports,
        [
            (80, TargetPort::Name("http".into())),
            (53, TargetPort::Number(53)),
            (443, TargetPort::Number(8443)),
        ],
    );
    assert_eq!(service.ports[1].protocol, Protocol::UDP);
}

#[test]
fn services_may_be_headless_or_names() {
    let head = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n";
    let headless = service(&format!("{head}spec: {{clusterIP: None, clusterIPs: [None]}}\n"));
    assert!(headless.cluster_ips.is_empty() && headless.selector.is_empty());
    let name = service(&format!("{head}spec: {{type: ExternalName, externalName: a.example}}\n"));
    assert_eq!(name.kind, ServiceKind::ExternalName);
    assert_eq!(name.external_name.as_deref(), Some("a.example"));
}

#[test]
fn addresses_behind_services_are_those_that_are_ready() {
    let objects = objects(
        "
apiVersion: v1
kind: Endpoints
metadata: {name: db}
subsets:
- addresses: [{ip: 192.0.2.1}, {ip: 192.0.2.2}]
  notReadyAddresses: [{ip: 192.0.2.3}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-x, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
endpoints:
- {addresses: [192.0.2.4], conditions: {ready: true}}
- {addresses: [192.0.2.5], conditions: {ready: false}}
- {addresses: [192.0.2.6]}
",
    );
    let found: Vec<_> = objects
        .iter()
        .map(|object| match object {
            Object::Endpoints(endpoints) => (&*endpoints.service, texts(&endpoints.addresses)),
            other => panic!("{other:?}"),
        })
        .collect();
    let strings = |addresses: [&str; 2]| addresses.map(str::to_owned).to_vec();
    assert_eq!(
        found,
        [("db", strings(["192.0.2.1", "192.0.2.2"])), ("db", strings(["192.0.2.4", "192.0.2.6"]))],
    );
}

#[test]
fn namespaces_and_nodes_have_labels() {
    let objects = objects(
        "
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: red}}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {role: worker}}
spec: {podCIDR: 10.0.0.0/24}
status:
  addresses:
  - {type: InternalIP, address: 172.18.0.2}
  - {type: Hostname, address: n1}
  - {type: ExternalIP, address: 198.51.100.1}
",
    );
    let [Object::Namespace(namespace), Object::Node(node)] = objects.as_slice() else {
        panic!("{objects:?}");
    };
    let wanted = labels(&[("team", "red"), ("kubernetes.io/metadata.name", "shop")]);
    assert_eq!(namespace.labels, wanted);
    assert_eq!(node.labels, labels(&[("role", "worker")]));
    assert_eq!(texts(&node.addresses), ["172.18.0.2", "198.51.100.1"]);
}

#[test]
fn lists_hold_objects() {
    let objects = objects(
        "
apiVersion: v1
kind: List
metadata: {resourceVersion: \"\"}
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: a}}
- apiVersion: v1
  kind: PodList
  items:
  - {metadata: {name: b}, spec: {}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicyList
items:
- metadata: {name: c}
  spec: {podSelector: {}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicyList
items: null
",
    );
    assert_eq!(objects.len(), 3);
    let Object::Policy(policy) = &objects[2] else {
        panic!("{objects:?}");
    };
    assert_eq!((policy.place.line, policy.place.column), (15, 3));
}

#[test]
fn json_is_read_too() {
    let text = r#"{"apiVersion": "v1", "kind": "List", "items": [
	{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a",
	  "annotations": {"x": "\"\\\/\b\f\n\r\t\u00e4😀"}}}]}"#;
    assert_eq!(objects(text).len(), 1);
    assert_eq!(objects(&text.replace(['\n', '\t'], "")).len(), 1);
}

#[test]
fn what_is_read_must_have_its_type() {
    let cases = [
        (
            "{apiVersion: v1, kind: Pod, metadata: {name: a}}",
            "t.yaml:1:1: error: `spec` is missing",
        ),
        (
            "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{ports: \
             [{containerPort: \"80\"}, {containerPort: 0}, {containerPort: 1, protocol: tcp}]}]}}",
            "t.yaml:1:95: error: `spec.containers[0].ports[0].containerPort` must be an integer, not \
             a string\n\
             t.yaml:1:118: error: `0` is no port (ports are numbers from 1 to 65535)\n\
             t.yaml:1:151: error: `tcp` is no protocol of ports (protocols: TCP, UDP, SCTP)",
        ),
        (
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: -1}}",
            "t.yaml:1:68: error: `spec.template` is missing\n\
             t.yaml:1:79: error: `spec.replicas` is -1, which is no number of things",
        ),
        (
            "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: X, clusterIP: z}}",
            "t.yaml:1:67: error: `X` is no type of service (types: ClusterIP, NodePort, \
             LoadBalancer, ExternalName)\n\
             t.yaml:1:81: error: `z` is no IP address",
        ),
        ("{apiVersion: v1, kind: List}", "t.yaml:1:1: error: `items` is missing"),
    ];
    for (text, wanted) in cases {
        assert_eq!(problems(text), wanted, "{text}");
    }
    // What is not read may be anything.
    let text =
        "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {x: 1, containers: [{y: [2]}]}}";
    assert_eq!(problems(text), "");
}

#[test]
fn labels_that_cilium_takes_for_its_own_are_pointed_out() {
    // QUIRK-2
    let text = "{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {host: x}}, spec: {}}";
    assert_eq!(
        problems(text),
        "t.yaml:1:58: warning: Cilium takes the label `host` for its own and enforces no policy on \
         such a pod (give the label another name)",
    );
    let text = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: \
                {metadata: {labels: {init: x}}, spec: {}}}}";
    assert_eq!(
        problems(text),
        "t.yaml:1:100: warning: Cilium takes the label `init` for its own and denies everything by \
         default to such a pod (give the label another name)",
    );
}
