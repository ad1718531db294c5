//! Kubernetes NetworkPolicy (NP).

use serde_json::Value;

use super::peers::{self, Prefixes};
use super::{Policy, ports, select};
use crate::oracle::element::{
    CLUSTER, Direction, Element, Elements, L7, NAMESPACE_LABELS, PortRule, Subject,
};
use crate::oracle::error::Unsupported;
use crate::oracle::json::{self, Object};
use crate::oracle::selector::{LabelSelector, Operator, Selector};

/// Adds the elements of the policy, one for each peer of each rule (NP-1).
pub(super) fn translate(
    policy: &Policy<'_>,
    object: &Object,
    out: &mut Elements,
) -> Result<(), Unsupported> {
    let spec = json::object(object, "spec")?.ok_or_else(|| Unsupported::new("no spec"))?;
    json::only_keys(spec, &["podSelector", "ingress", "egress", "policyTypes"])?;
    let subject = subject(policy, spec)?;
    let types = json::texts(spec, "policyTypes")?;
    let has_type = |word: &str| types.iter().any(|written| written == word);
    let by_default = [
        (Direction::Ingress, has_type("Ingress") || !has_type("Egress")),
        (Direction::Egress, has_type("Egress")),
    ];
    for (direction, default_deny) in by_default {
        let rules = json::items(spec, direction.word())?;
        // NP-3: rules count whatever the types say.
        if rules.is_empty() && default_deny {
            out.elements.push(element(&subject, direction, Vec::new(), ports::everything()));
        }
        for rule in rules {
            add_rule(policy, json::as_object(rule)?, direction, &subject, out)?;
        }
    }
    Ok(())
}

/// NP-5
fn subject(policy: &Policy<'_>, spec: &Object) -> Result<Subject, Unsupported> {
    let written = json::object(spec, "podSelector")?.cloned().unwrap_or_default();
    let selector = select::read(&written, kubernetes_key)?;
    let selector =
        selector.with_label(&peers::pod_namespace("k8s"), policy.namespace.unwrap_or_default());
    Ok(Subject { node: false, clusterwide: false, selector })
}

fn add_rule(
    policy: &Policy<'_>,
    rule: &Object,
    direction: Direction,
    subject: &Subject,
    out: &mut Elements,
) -> Result<(), Unsupported> {
    let key = if direction == Direction::Ingress { "from" } else { "to" };
    json::only_keys(rule, &["ports", key])?;
    let ports = rule_ports(rule)?;
    let peers = json::items(rule, key)?;
    if peers.is_empty() {
        out.elements.push(element(subject, direction, vec![Selector::wildcard()], ports));
        return Ok(());
    }
    for written in peers {
        let selectors = peer(policy, json::as_object(written)?, &mut out.prefixes)?;
        out.elements.push(element(subject, direction, selectors, ports.clone()));
    }
    Ok(())
}

/// NP-4
fn element(
    subject: &Subject,
    direction: Direction,
    peers: Vec<Selector>,
    ports: Vec<PortRule>,
) -> Element {
    Element {
        subject: subject.clone(),
        direction,
        deny: false,
        default_deny: true,
        peers,
        fqdns: Vec::new(),
        ports,
        auth: None,
    }
}

/// NP-6, without the defects of NP-9 and NP-10.
fn peer(
    policy: &Policy<'_>,
    written: &Object,
    prefixes: &mut Prefixes,
) -> Result<Vec<Selector>, Unsupported> {
    json::only_keys(written, &["podSelector", "namespaceSelector", "ipBlock"])?;
    let mut selectors = Vec::new();
    if let Some(block) = json::object(written, "ipBlock")? {
        selectors.extend(peers::ip_block(policy, block, prefixes)?);
    }
    let pods = json::object(written, "podSelector")?;
    let namespaces = json::object(written, "namespaceSelector")?;
    if pods.is_some() || namespaces.is_some() {
        let empty = Object::new();
        let pods = select::read(pods.unwrap_or(&empty), kubernetes_key)?;
        let selector = with_namespaces(policy, in_local_cluster(policy, pods), namespaces)?;
        selectors.push(Selector::Labels(selector));
    }
    Ok(selectors)
}

fn with_namespaces(
    policy: &Policy<'_>,
    mut selector: LabelSelector,
    namespaces: Option<&Object>,
) -> Result<LabelSelector, Unsupported> {
    let Some(namespaces) = namespaces else {
        let own = policy.namespace.unwrap_or_default();
        return Ok(selector.with_label(&peers::pod_namespace("k8s"), own));
    };
    let namespaces = select::read(namespaces, |key| format!("k8s.{NAMESPACE_LABELS}{key}"))?;
    if namespaces == LabelSelector::default() {
        return Ok(selector.with_expression(&peers::pod_namespace("k8s"), Operator::Exists));
    }
    selector.match_labels.extend(namespaces.match_labels);
    selector.match_expressions.extend(namespaces.match_expressions);
    Ok(selector)
}

/// NP-7
fn in_local_cluster(policy: &Policy<'_>, selector: LabelSelector) -> LabelSelector {
    let config = &policy.world.config;
    let key = kubernetes_key(CLUSTER);
    if !config.policy_default_local_cluster || selector.has_key(|other| other == key) {
        return selector;
    }
    selector.with_label(&key, &config.cluster_name)
}

/// NP-2
fn rule_ports(rule: &Object) -> Result<Vec<PortRule>, Unsupported> {
    let written = json::items(rule, "ports")?;
    if written.is_empty() {
        return Ok(ports::everything());
    }
    let mut rules = Vec::new();
    for item in written {
        let item = json::as_object(item)?;
        json::only_keys(item, &["port", "endPort", "protocol"])?;
        let text = json::member(item, "port").map_or_else(|| "0".to_owned(), port_text);
        let port = ports::parse_port(&text, json::number(item, "endPort")?.unwrap_or(0))?;
        let protocol = json::text(item, "protocol")?.unwrap_or("TCP");
        rules.extend(ports::expand(protocol, &port, &L7::default())?);
    }
    Ok(rules)
}

fn port_text(port: &Value) -> String {
    port.as_str().map_or_else(|| port.to_string(), str::to_owned)
}

fn kubernetes_key(key: &str) -> String {
    format!("k8s.{key}")
}
