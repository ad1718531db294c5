//! Who is who: labels of endpoints and addresses (LBL, IDN, IPC).

use std::net::IpAddr;

use super::element::{CLUSTER, Elements, NAMESPACE_LABELS, POD_NAMESPACE, SERVICE_ACCOUNT};
use super::error::Unsupported;
use super::filter::LabelFilter;
use super::ipcache::{IpCache, Source};
use super::label::Labels;
use super::name::NamePattern;
use super::prefix::Prefix;
use crate::world::{Endpoint, Reserved, World};

/// The labels of everything that has an address.
#[derive(Debug)]
pub(super) struct Network {
    cache: IpCache,
    /// For each endpoint: the labels by which policies select it as their subject.
    subjects: Vec<Labels>,
    /// For each endpoint: the labels by which peers are selected.
    peers: Vec<Labels>,
    host: Labels,
}

impl Network {
    /// Computes who is who; `fqdns` gives the names in use, once the subjects are known.
    pub(super) fn new(
        world: &World,
        elements: &Elements,
        fqdns: impl FnOnce(&[Labels]) -> Vec<NamePattern>,
    ) -> Result<Self, Unsupported> {
        let filter = LabelFilter::new()?;
        let subjects: Vec<Labels> = world
            .endpoints
            .iter()
            .map(|endpoint| subject_labels(world, endpoint, &filter))
            .collect();
        let mut cache = IpCache::new(&world.config);
        add_nodes(&mut cache, world)?;
        add_policies(&mut cache, elements);
        add_names(&mut cache, world, &fqdns(&subjects))?;
        let host = host_labels(world, &cache)?;
        let mut network = Self { cache, peers: Vec::new(), subjects, host };
        for (endpoint, subject) in world.endpoints.iter().zip(&network.subjects) {
            let labels = network.peer_labels(endpoint, subject)?;
            network.peers.push(labels);
        }
        Ok(network)
    }

    /// Returns the labels by which policies select the endpoint at this position.
    pub(super) fn subject(&self, index: usize) -> &Labels {
        &self.subjects[index]
    }

    /// Returns the labels of the endpoint at this position as a peer.
    pub(super) fn peer(&self, index: usize) -> &Labels {
        &self.peers[index]
    }

    /// Returns the labels of the local host as a peer.
    pub(super) fn host(&self) -> &Labels {
        &self.host
    }

    /// Returns the labels of an address that no endpoint has.
    pub(super) fn outside(&self, address: IpAddr) -> Labels {
        self.cache.labels_of_address(address)
    }

    /// Returns all prefixes with labels, those of endpoints included.
    pub(super) fn prefixes(&self, world: &World) -> Vec<(Prefix, Labels)> {
        let mut prefixes = self.cache.prefixes();
        let families = [("0.0.0.0/0", world.config.ipv4), ("::/0", world.config.ipv6)];
        for (everything, _) in families.iter().filter(|(_, is_enabled)| *is_enabled) {
            prefixes.extend(Prefix::parse(everything));
        }
        let known =
            prefixes.into_iter().map(|prefix| (prefix, self.cache.labels_of_prefix(prefix)));
        let mut known: Vec<(Prefix, Labels)> = known.collect();
        for (endpoint, labels) in world.endpoints.iter().zip(&self.peers) {
            let shadowing = endpoint.ips.iter().filter_map(|ip| Prefix::parse(ip));
            for prefix in shadowing {
                known.retain(|(other, _)| *other != prefix); // IPX-10
                known.push((prefix, labels.clone()));
            }
        }
        known
    }

    fn peer_labels(&self, endpoint: &Endpoint, subject: &Labels) -> Result<Labels, Unsupported> {
        if endpoint.is(Reserved::Host) {
            return Ok(self.host.clone());
        }
        let is_outside = endpoint.is(Reserved::RemoteNode) || endpoint.is(Reserved::KubeApiserver);
        match endpoint.ips.first().filter(|_| is_outside) {
            Some(ip) => Ok(self.cache.labels_of_address(address(ip)?)),
            None => Ok(subject.clone()),
        }
    }
}

/// LBL-7 for pods, IDN-3 and IDN-5 for the others.
fn subject_labels(world: &World, endpoint: &Endpoint, filter: &LabelFilter) -> Labels {
    let mut labels = Labels::default();
    for reserved in &endpoint.reserved {
        labels.insert("reserved", reserved.key(), "");
    }
    let kept = endpoint.labels.iter().filter(|(key, _)| filter.keeps(key));
    if endpoint.is(Reserved::Host) {
        kept.for_each(|(key, value)| labels.insert("k8s", key, value));
        return labels;
    }
    if !endpoint.is_pod() {
        return labels;
    }
    let own = kept.filter(|(key, _)| !key.starts_with("io.cilium.k8s"));
    own.for_each(|(key, value)| labels.insert("k8s", key, value));
    add_derived_labels(world, endpoint, &mut labels);
    labels
}

fn add_derived_labels(world: &World, endpoint: &Endpoint, labels: &mut Labels) {
    let namespace = endpoint.namespace.as_str();
    if let Some(object) = world.namespaces.get(namespace) {
        for (key, value) in &object.labels {
            labels.insert("k8s", &format!("{NAMESPACE_LABELS}{key}"), value);
        }
    }
    let name_label = format!("{NAMESPACE_LABELS}kubernetes.io/metadata.name");
    labels.insert("k8s", &name_label, namespace);
    labels.insert("k8s", POD_NAMESPACE, namespace);
    labels.insert("k8s", CLUSTER, cluster(world, endpoint));
    if let Some(account) = &endpoint.service_account {
        labels.insert("k8s", SERVICE_ACCOUNT, account);
    }
}

fn cluster<'a>(world: &'a World, endpoint: &'a Endpoint) -> &'a str {
    endpoint.cluster.as_deref().unwrap_or(&world.config.cluster_name)
}

/// IPC-2: nodes and API servers.
fn add_nodes(cache: &mut IpCache, world: &World) -> Result<(), Unsupported> {
    for endpoint in &world.endpoints {
        let is_node = endpoint.is(Reserved::Host) || endpoint.is(Reserved::RemoteNode);
        let resource = format!("node//{}", endpoint.name);
        for ip in &endpoint.ips {
            let prefix = Prefix::of_address(address(ip)?);
            if is_node && world.config.cidr_matches_nodes {
                cache.add_cidr(prefix, &resource); // CIDR-7
            }
            for reserved in &endpoint.reserved {
                let source = match reserved {
                    Reserved::KubeApiserver => Source::KubeApiserver,
                    Reserved::Host => Source::Local,
                    Reserved::RemoteNode => Source::CustomResource,
                    _ => continue,
                };
                cache.add(prefix, source, &resource, Labels::reserved(reserved.key()));
            }
            if endpoint.is(Reserved::RemoteNode) && world.config.node_selector_labels {
                cache.add(prefix, Source::CustomResource, &resource, node_labels(world, endpoint));
            }
        }
    }
    Ok(())
}

/// NODE-2
fn node_labels(world: &World, endpoint: &Endpoint) -> Labels {
    let mut labels = Labels::default();
    for (key, value) in &endpoint.labels {
        labels.insert("node", key, value);
    }
    labels.insert("k8s", CLUSTER, cluster(world, endpoint));
    labels
}

/// IPC-2: prefixes of policies, and CIDR groups (CG-1).
fn add_policies(cache: &mut IpCache, elements: &Elements) {
    for (prefix, resource) in &elements.prefixes {
        cache.add_cidr(*prefix, resource);
    }
    for group in &elements.cidr_groups {
        for prefix in &group.prefixes {
            let resource = format!("cidrgroup//{}", group.name);
            cache.add(*prefix, Source::Generated, &resource, group.labels.clone());
        }
    }
}

/// FQDN-2, SID-3
fn add_names(
    cache: &mut IpCache,
    world: &World,
    patterns: &[NamePattern],
) -> Result<(), Unsupported> {
    for resolved in &world.dns {
        let mut labels = Labels::default();
        for pattern in patterns.iter().filter(|pattern| pattern.selects(&resolved.name)) {
            labels.insert("fqdn", pattern.label(), "");
        }
        if labels == Labels::default() {
            continue;
        }
        let resource = format!("daemon/fqdn-name-manager/{}", resolved.name);
        for ip in &resolved.ips {
            let prefix = Prefix::of_address(address(ip)?);
            cache.add(prefix, Source::Generated, &resource, labels.clone());
        }
    }
    Ok(())
}

/// RES-3: the union over all addresses of the host.
fn host_labels(world: &World, cache: &IpCache) -> Result<Labels, Unsupported> {
    let mut labels = Labels::reserved("host");
    for endpoint in world.endpoints.iter().filter(|endpoint| endpoint.is(Reserved::Host)) {
        for ip in &endpoint.ips {
            labels.add_missing(&cache.labels_of_address(address(ip)?));
        }
    }
    Ok(labels)
}

fn address(text: &str) -> Result<IpAddr, Unsupported> {
    text.parse().map_err(|_| Unsupported::new(format!("`{text}` is no address")))
}
