//! `toServices` (SVC).

use std::collections::BTreeMap;

use super::peers::{self, Prefixes};
use super::{Policy, select};
use crate::oracle::error::Unsupported;
use crate::oracle::json::{self, Object};
use crate::oracle::label::Labels;
use crate::oracle::prefix::Prefix;
use crate::oracle::selector::{LabelSelector, Selector};
use crate::world::Service;

/// Returns the peers of one item: those of every service that it means.
pub(super) fn peers(
    policy: &Policy<'_>,
    item: &Object,
    prefixes: &mut Prefixes,
) -> Result<Vec<Selector>, Unsupported> {
    json::only_keys(item, &["k8sService", "k8sServiceSelector"])?;
    let mut selectors = Vec::new();
    for service in &policy.world.services {
        if is_meant(service, item)? {
            selectors.extend(service_peers(policy, service, prefixes)?);
        }
    }
    Ok(selectors)
}

/// SVC-2, SVCV-1
fn is_meant(service: &Service, item: &Object) -> Result<bool, Unsupported> {
    let same_namespace = |reference: &Object| {
        let namespace = json::text(reference, "namespace")?.unwrap_or_default();
        Ok::<_, Unsupported>(namespace.is_empty() || namespace == service.namespace)
    };
    if let Some(reference) = json::object(item, "k8sService")? {
        let name = json::text(reference, "serviceName")?.unwrap_or_default();
        if name == service.name && same_namespace(reference)? {
            return Ok(true);
        }
    }
    let Some(reference) = json::object(item, "k8sServiceSelector")? else {
        return Ok(false);
    };
    let Some(selector) = json::object(reference, "selector")? else {
        return Ok(false);
    };
    let selector = select::read(selector, |key| format!("k8s.{key}"))?;
    Ok(same_namespace(reference)? && selector.matches(&labels(&service.labels)))
}

fn service_peers(
    policy: &Policy<'_>,
    service: &Service,
    prefixes: &mut Prefixes,
) -> Result<Vec<Selector>, Unsupported> {
    if !service.selector.is_empty() {
        return Ok(vec![Selector::Labels(pods(policy, service))]); // SVC-3
    }
    let mut selectors = Vec::new();
    for backend in &service.backends {
        let prefix = Prefix::parse(backend);
        let prefix =
            prefix.ok_or_else(|| Unsupported::new(format!("`{backend}` is no address")))?;
        prefixes.push((prefix, policy.resource.clone()));
        selectors.push(Selector::Labels(peers::inside(prefix))); // SVC-4
    }
    Ok(selectors)
}

/// SVC-3, with the source that the snapshot forgets (QUIRK-7).
fn pods(policy: &Policy<'_>, service: &Service) -> LabelSelector {
    let mut selector = LabelSelector::default();
    for (key, value) in &service.selector {
        selector = selector.with_label(&format!("k8s.{key}"), value);
    }
    let selector = selector.with_label(&peers::pod_namespace("k8s"), &service.namespace);
    peers::in_local_cluster(policy, selector)
}

fn labels(service_labels: &BTreeMap<String, String>) -> Labels {
    let mut labels = Labels::default();
    for (key, value) in service_labels {
        labels.insert("k8s", key, value);
    }
    labels
}
