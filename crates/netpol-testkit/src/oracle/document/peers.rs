//! Peers of an element (PEER, ENT, CIDR, CG, NODE, FQDN).

use super::cilium::List;
use super::{Policy, select, services};
use crate::oracle::element::{CLUSTER, Direction, NAMESPACE_LABELS, POD_NAMESPACE, Subject};
use crate::oracle::error::Unsupported;
use crate::oracle::json::{self, Object};
use crate::oracle::label::extended_key;
use crate::oracle::name::NamePattern;
use crate::oracle::prefix::Prefix;
use crate::oracle::selector::{CIDR_GROUP_NAME, LabelSelector, Operator, Selector};

/// The L3 part of an element.
pub(super) enum L3 {
    /// Matches nobody (PEER-8).
    Nobody,
    /// No peers were given.
    Unrestricted,
    Peers(Vec<Selector>),
}

/// Prefixes that policies name, each with the policy.
pub(super) type Prefixes = Vec<(Prefix, String)>;

/// Names of the members that may hold peers.
pub(super) fn keys(list: List) -> Vec<String> {
    let kinds = ["Endpoints", "Requires", "CIDR", "CIDRSet", "Entities", "Groups", "Nodes"];
    let mut keys: Vec<String> = kinds.iter().map(|kind| key(list, kind)).collect();
    if list.direction == Direction::Egress {
        keys.push("toServices".to_owned());
    }
    if list.direction == Direction::Egress && !list.deny {
        keys.push("toFQDNs".to_owned()); // QUIRK-8: an unknown field of deny elements
    }
    keys
}

pub(super) fn read(
    policy: &Policy<'_>,
    entry: &Object,
    list: List,
    subject: &Subject,
    prefixes: &mut Prefixes,
) -> Result<L3, Unsupported> {
    refuse_unsupported(entry, list)?;
    let mut named = Vec::new();
    let peers = all_peers(policy, entry, list, subject, &mut named)?;
    // PEER-8: one of these five that is present without items silences the whole element, which
    // then has no peers whose prefixes could be named (IPC-2).
    for kind in ["Endpoints", "Nodes", "Entities", "CIDR", "CIDRSet"] {
        if json::list(entry, &key(list, kind))?.is_some_and(<[_]>::is_empty) {
            return Ok(L3::Nobody);
        }
    }
    prefixes.extend(named);
    if !peers.is_empty() {
        return Ok(L3::Peers(peers));
    }
    // QUIRK-5: allowed services or names that come to nothing are not the same as no peers.
    let has_list = |key| Ok::<_, Unsupported>(json::list(entry, key)?.is_some());
    let names_peers = has_list("toServices")? || has_list("toFQDNs")?;
    Ok(if names_peers && !list.deny { L3::Nobody } else { L3::Unrestricted })
}

fn refuse_unsupported(entry: &Object, list: List) -> Result<(), Unsupported> {
    if !json::items(entry, &key(list, "Requires"))?.is_empty() {
        return Err(Unsupported::new("requirements are not supported")); // QUIRK-15
    }
    if list.deny && !json::items(entry, "toServices")?.is_empty() {
        return Err(Unsupported::new("services cannot be denied")); // QUIRK-6
    }
    Ok(())
}

/// PEER-9
fn all_peers(
    policy: &Policy<'_>,
    entry: &Object,
    list: List,
    subject: &Subject,
    prefixes: &mut Prefixes,
) -> Result<Vec<Selector>, Unsupported> {
    let items = |kind: &str| json::items(entry, &key(list, kind));
    let mut peers = Vec::new();
    for item in items("Endpoints")? {
        let selector = endpoint_peer(policy, json::as_object(item)?, subject)?;
        peers.push(Selector::Labels(selector));
    }
    for item in items("Nodes")? {
        peers.push(Selector::Labels(node_peer(policy, json::as_object(item)?)?));
    }
    for item in items("Entities")? {
        peers.extend(entity(policy, json::as_text(item)?)?);
    }
    for item in items("CIDR")? {
        peers.extend(cidr(policy, json::as_text(item)?, prefixes)?);
    }
    for item in items("CIDRSet")? {
        peers.extend(cidr_rule(policy, json::as_object(item)?, prefixes)?);
    }
    for item in json::items(entry, "toServices")? {
        peers.extend(services::peers(policy, json::as_object(item)?, prefixes)?);
    }
    for item in fqdns(policy, entry)? {
        peers.push(Selector::Fqdn(item.label().to_owned()));
    }
    Ok(peers)
}

/// Returns the items of `toFQDNs`.
pub(super) fn fqdns(policy: &Policy<'_>, entry: &Object) -> Result<Vec<NamePattern>, Unsupported> {
    let stars = policy.world.config.repeated_stars;
    let items = json::items(entry, "toFQDNs")?.iter();
    items.map(|item| NamePattern::read(json::as_object(item)?, stars)).collect()
}

/// PEER-1 to PEER-6
fn endpoint_peer(
    policy: &Policy<'_>,
    item: &Object,
    subject: &Subject,
) -> Result<LabelSelector, Unsupported> {
    let mut selector = select::read(item, extended_key)?;
    if selector.has_key(|key| key.starts_with("reserved.")) {
        return Ok(selector); // PEER-3
    }
    let names_namespace =
        selector.has_key(|key| key == pod_namespace("k8s") || key == pod_namespace("any"));
    if !names_namespace {
        selector = in_scope(policy, selector, subject);
    }
    Ok(in_local_cluster(policy, selector))
}

/// PEER-4
fn in_scope(policy: &Policy<'_>, selector: LabelSelector, subject: &Subject) -> LabelSelector {
    let namespace_labels = |key: &str| {
        ["k8s", "any"].iter().any(|source| key.starts_with(&format!("{source}.{NAMESPACE_LABELS}")))
    };
    match policy.namespace {
        Some(_) if selector.has_key(namespace_labels) => selector,
        Some(namespace) => selector.with_label(&pod_namespace("k8s"), namespace),
        None if subject.selector.has_key(|key| key == "reserved.init") => selector,
        None => selector.with_expression(&pod_namespace("k8s"), Operator::Exists),
    }
}

/// PEER-6
pub(super) fn in_local_cluster(policy: &Policy<'_>, selector: LabelSelector) -> LabelSelector {
    let config = &policy.world.config;
    let names_cluster =
        selector.has_key(|key| key == format!("k8s.{CLUSTER}") || key == format!("any.{CLUSTER}"));
    if names_cluster || !config.policy_default_local_cluster {
        return selector;
    }
    selector.with_label(&format!("k8s.{CLUSTER}"), &config.cluster_name)
}

/// NODE-1
fn node_peer(policy: &Policy<'_>, item: &Object) -> Result<LabelSelector, Unsupported> {
    if !policy.world.config.node_selector_labels {
        return Err(Unsupported::new("node selectors are switched off"));
    }
    let selector = select::read(item, extended_key)?;
    Ok(in_local_cluster(policy, selector.with_expression("reserved.remote-node", Operator::Exists)))
}

/// ENT-1
fn entity(policy: &Policy<'_>, word: &str) -> Result<Vec<Selector>, Unsupported> {
    let reserved = |keys: &[&str]| -> Vec<Selector> {
        keys.iter().map(|key| Selector::label(&format!("reserved.{key}"))).collect()
    };
    Ok(match word {
        "all" => vec![Selector::wildcard()],
        "world" => reserved(&["world", "world-ipv4", "world-ipv6"]),
        "cluster" => {
            let mut selectors = reserved(&[
                "host",
                "remote-node",
                "init",
                "ingress",
                "health",
                "unmanaged",
                "kube-apiserver",
            ]);
            let local = LabelSelector::default()
                .with_label(&format!("k8s.{CLUSTER}"), &policy.world.config.cluster_name);
            selectors.push(Selector::Labels(local));
            selectors
        }
        "world-ipv4" | "world-ipv6" | "host" | "remote-node" | "kube-apiserver" | "init"
        | "ingress" | "unmanaged" | "health" | "none" => reserved(&[word]),
        _ => return Err(Unsupported::new(format!("unknown entity `{word}`"))),
    })
}

/// CIDR-2 and the first two rows of CIDR-5.
fn cidr(
    policy: &Policy<'_>,
    text: &str,
    prefixes: &mut Prefixes,
) -> Result<Vec<Selector>, Unsupported> {
    let prefix = prefix(text)?;
    prefixes.push((prefix, policy.resource.clone()));
    let mut selectors = vec![Selector::Labels(inside(prefix))];
    if text == "0.0.0.0/0" || text == "::/0" {
        selectors.extend(world_of(policy, prefix).map(|key| Selector::label(&key)));
    }
    Ok(selectors)
}

/// CIDR-4 and the last row of CIDR-5; CG-2, CG-3, CG-6
fn cidr_rule(
    policy: &Policy<'_>,
    rule: &Object,
    prefixes: &mut Prefixes,
) -> Result<Vec<Selector>, Unsupported> {
    json::only_keys(rule, &["cidr", "cidrGroupRef", "cidrGroupSelector", "except"])?;
    let mut excepts = Vec::new();
    for text in json::texts(rule, "except")? {
        excepts.push(prefix(&text)?);
    }
    prefixes.extend(excepts.iter().map(|except| (*except, policy.resource.clone())));
    let without = |selector: LabelSelector| {
        excepts.iter().fold(selector, |selector, except| {
            selector.with_expression(&cidr_key(*except), Operator::DoesNotExist)
        })
    };
    if let Some(group) = json::text(rule, "cidrGroupRef")? {
        let key = format!("cidrgroup.{CIDR_GROUP_NAME}{group}");
        let named = LabelSelector::default().with_expression(&key, Operator::Exists);
        return Ok(vec![Selector::Labels(without(named))]);
    }
    if let Some(selector) = json::object(rule, "cidrGroupSelector")? {
        let selector = select::read(selector, |key| format!("cidrgroup.{key}"))?;
        return Ok(vec![Selector::CidrGroups(without(selector))]);
    }
    let text = json::text(rule, "cidr")?.ok_or_else(|| Unsupported::new("no `cidr`"))?;
    let prefix = prefix(text)?;
    prefixes.push((prefix, policy.resource.clone()));
    Ok(cidr_selectors(policy, prefix, without))
}

/// The selectors of a prefix with `except`, for CIDRRule and `ipBlock` alike.
fn cidr_selectors(
    policy: &Policy<'_>,
    prefix: Prefix,
    without: impl Fn(LabelSelector) -> LabelSelector,
) -> Vec<Selector> {
    let mut selectors = vec![Selector::Labels(without(inside(prefix)))];
    if prefix.length() == 0 {
        let world = world_of(policy, prefix);
        let world = world.map(|key| LabelSelector::default().with_label(&key, ""));
        selectors.extend(world.map(|selector| Selector::Labels(without(selector))));
    }
    selectors
}

/// Returns the key of the world label of the prefix's family, if that family is enabled (CIDR-5,
/// QUIRK-12).
fn world_of(policy: &Policy<'_>, prefix: Prefix) -> Option<String> {
    let config = &policy.world.config;
    let key = match (prefix.is_ipv4(), config.ipv4, config.ipv6) {
        (true, true, true) => "world-ipv4",
        (false, true, true) => "world-ipv6",
        (true, true, false) | (false, false, true) => "world",
        _ => return None,
    };
    Some(format!("reserved.{key}"))
}

/// Reads an `ipBlock` (NP-6).
pub(super) fn ip_block(
    policy: &Policy<'_>,
    block: &Object,
    prefixes: &mut Prefixes,
) -> Result<Vec<Selector>, Unsupported> {
    json::only_keys(block, &["cidr", "except"])?;
    cidr_rule(policy, block, prefixes)
}

/// Returns the selector of one prefix (CIDR-2).
pub(super) fn inside(prefix: Prefix) -> LabelSelector {
    LabelSelector::default().with_expression(&cidr_key(prefix), Operator::Exists)
}

pub(super) fn pod_namespace(source: &str) -> String {
    format!("{source}.{POD_NAMESPACE}")
}

fn cidr_key(prefix: Prefix) -> String {
    format!("cidr.{}", prefix.label_key())
}

fn prefix(text: &str) -> Result<Prefix, Unsupported> {
    Prefix::parse(text).ok_or_else(|| Unsupported::new(format!("`{text}` is no prefix")))
}

fn key(list: List, kind: &str) -> String {
    let start = if list.direction == Direction::Ingress { "from" } else { "to" };
    format!("{start}{kind}")
}
