//! CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy.

use super::{Policy, peers, ports, select};
use crate::oracle::element::{Auth, Direction, Element, Elements, Subject};
use crate::oracle::error::Unsupported;
use crate::oracle::json::{self, Object};
use crate::oracle::label::extended_key;
use crate::oracle::selector::Selector;

/// One of the four lists of elements.
#[derive(Clone, Copy)]
pub(super) struct List {
    pub(super) name: &'static str,
    pub(super) direction: Direction,
    pub(super) deny: bool,
}

const LISTS: [List; 4] = [
    List { name: "ingress", direction: Direction::Ingress, deny: false },
    List { name: "ingressDeny", direction: Direction::Ingress, deny: true },
    List { name: "egress", direction: Direction::Egress, deny: false },
    List { name: "egressDeny", direction: Direction::Egress, deny: true },
];

/// Adds the elements of all rules of the object, `spec` first (OBJ-5).
pub(super) fn translate(
    policy: &Policy<'_>,
    object: &Object,
    out: &mut Elements,
) -> Result<(), Unsupported> {
    let mut rules = Vec::new();
    rules.extend(json::object(object, "spec")?);
    for rule in json::items(object, "specs")? {
        rules.push(json::as_object(rule)?);
    }
    // GRP-1: an object with cloud groups waits for its derivative, all of it.
    for rule in &rules {
        if has_groups(rule)? {
            return Ok(());
        }
    }
    rules.into_iter().try_for_each(|rule| add_rule(policy, rule, out))
}

fn has_groups(rule: &Object) -> Result<bool, Unsupported> {
    for list in LISTS {
        for entry in json::items(rule, list.name)? {
            let entry = json::as_object(entry)?;
            let groups = [json::items(entry, "fromGroups")?, json::items(entry, "toGroups")?];
            if !groups.concat().is_empty() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn add_rule(policy: &Policy<'_>, rule: &Object, out: &mut Elements) -> Result<(), Unsupported> {
    let mut known = vec![
        "endpointSelector",
        "nodeSelector",
        "labels",
        "enableDefaultDeny",
        "description",
        "log",
    ];
    known.extend(LISTS.map(|list| list.name));
    json::only_keys(rule, &known)?;
    let subject = subject(policy, rule)?;
    for list in LISTS {
        for entry in json::items(rule, list.name)? {
            let mut element = element(policy, json::as_object(entry)?, &subject, list, out)?;
            element.default_deny = default_deny(policy, rule, list.direction)?;
            out.elements.push(element);
        }
    }
    Ok(())
}

/// SUBJ-2, SUBJ-4, SUBJ-6
fn subject(policy: &Policy<'_>, rule: &Object) -> Result<Subject, Unsupported> {
    let endpoint = json::object(rule, "endpointSelector")?;
    let node = json::object(rule, "nodeSelector")?;
    let ((Some(written), None) | (None, Some(written))) = (endpoint, node) else {
        return Err(Unsupported::new("exactly one subject selector is needed"));
    };
    let mut selector = select::read(written, extended_key)?;
    if let Some(namespace) = policy.namespace {
        selector = selector.with_label(&peers::pod_namespace("k8s"), namespace);
    }
    Ok(Subject { node: node.is_some(), clusterwide: policy.namespace.is_none(), selector })
}

/// RULE-4, given that the rule has an element in that direction.
fn default_deny(
    policy: &Policy<'_>,
    rule: &Object,
    direction: Direction,
) -> Result<bool, Unsupported> {
    let written = match json::object(rule, "enableDefaultDeny")? {
        Some(flags) => json::boolean(flags, direction.word())?,
        None => None,
    };
    Ok(written.unwrap_or(true) || !policy.world.config.enable_non_default_deny_policies)
}

/// Returns the element as if default deny were on.
fn element(
    policy: &Policy<'_>,
    entry: &Object,
    subject: &Subject,
    list: List,
    out: &mut Elements,
) -> Result<Element, Unsupported> {
    let keys = peers::keys(list);
    let mut known: Vec<&str> = keys.iter().map(String::as_str).collect();
    known.extend(["toPorts", "icmps"]);
    known.extend(Some("authentication").filter(|_| !list.deny));
    json::only_keys(entry, &known)?;
    let l3 = peers::read(policy, entry, list, subject, &mut out.prefixes)?;
    let ports = ports::read(policy, entry, list.deny)?;
    // SLC-1: names are in use if the compiled policy has them, which needs a peer and a port.
    let has_no_port = ports.as_ref().is_some_and(Vec::is_empty);
    let fqdns = match l3 {
        peers::L3::Peers(_) if !has_no_port => peers::fqdns(policy, entry)?,
        _ => Vec::new(),
    };
    Ok(Element {
        subject: subject.clone(),
        direction: list.direction,
        deny: list.deny,
        default_deny: true,
        peers: effective_peers(l3, ports.is_some()),
        fqdns,
        ports: ports.unwrap_or_else(ports::everything),
        auth: auth(entry)?,
    })
}

/// PEER-10 and MERGE-3.
fn effective_peers(l3: peers::L3, has_ports: bool) -> Vec<Selector> {
    match l3 {
        peers::L3::Nobody => Vec::new(),
        peers::L3::Unrestricted if has_ports => vec![Selector::wildcard()],
        peers::L3::Unrestricted => Vec::new(),
        peers::L3::Peers(peers) if peers.iter().any(Selector::is_wildcard) => {
            vec![Selector::wildcard()]
        }
        peers::L3::Peers(peers) => peers,
    }
}

fn auth(entry: &Object) -> Result<Option<Auth>, Unsupported> {
    let Some(authentication) = json::object(entry, "authentication")? else {
        return Ok(None);
    };
    match json::text(authentication, "mode")?.unwrap_or_default() {
        "disabled" => Ok(Some(Auth::Disabled)),
        "required" => Ok(Some(Auth::Required)),
        "test-always-fail" => Ok(Some(Auth::AlwaysFail)),
        // QUIRK-22
        word => Err(Unsupported::new(format!("unknown authentication mode `{word}`"))),
    }
}
