//! From addresses to labels (IPC, IPX).

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::label::Labels;
use super::prefix::Prefix;
use crate::world::Config;

/// What several resources say about prefixes. Pods are not in here: they shadow it (IPX-10).
#[derive(Debug)]
pub(super) struct IpCache {
    config: Config,
    records: Vec<Record>,
}

#[derive(Debug)]
struct Record {
    prefix: Prefix,
    source: Source,
    resource: String,
    labels: Labels,
}

/// Sources in the order of their precedence, highest first (IPX-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    KubeApiserver,
    Local,
    CustomResource,
    Generated,
}

impl IpCache {
    pub(super) fn new(config: &Config) -> Self {
        Self { config: config.clone(), records: Vec::new() }
    }

    pub(super) fn add(&mut self, prefix: Prefix, source: Source, resource: &str, labels: Labels) {
        self.records.push(Record { prefix, source, resource: resource.to_owned(), labels });
    }

    /// Adds the label of a prefix that a policy names; the zero prefix has none (IPC-6).
    pub(super) fn add_cidr(&mut self, prefix: Prefix, resource: &str) {
        let mut labels = Labels::default();
        if prefix.length() > 0 {
            labels.insert("cidr", &prefix.label_key(), "");
        }
        self.add(prefix, Source::Generated, resource, labels);
    }

    /// Returns all prefixes that something is known about.
    pub(super) fn prefixes(&self) -> BTreeSet<Prefix> {
        self.records.iter().map(|record| record.prefix).collect()
    }

    /// Returns the labels of an address: those of the longest prefix that holds it (IPC-1).
    pub(super) fn labels_of_address(&self, address: IpAddr) -> Labels {
        let full = Prefix::of_address(address);
        let covering = self.prefixes().into_iter().filter(|prefix| prefix.covers(&full));
        let longest = covering.max_by_key(Prefix::length);
        self.labels_of_prefix(longest.unwrap_or_else(|| Prefix::everything(address)))
    }

    /// Returns the labels of a prefix: flattened, inherited and made consistent.
    pub(super) fn labels_of_prefix(&self, prefix: Prefix) -> Labels {
        let mut labels = self.flattened(prefix);
        let mut wider: Vec<Prefix> = self
            .prefixes()
            .into_iter()
            .filter(|other| *other != prefix && other.covers(&prefix))
            .collect();
        wider.sort_by_key(Prefix::length);
        for other in wider.into_iter().rev() {
            let mut inherited = self.flattened(other);
            if has_source(&labels, "cidr") {
                inherited.retain(|source, _| source != "cidr"); // IPX-5: at most one
            }
            labels.add_missing(&inherited);
        }
        self.consistent(prefix, labels)
    }

    /// IPX-4
    fn flattened(&self, prefix: Prefix) -> Labels {
        let mut records: Vec<&Record> =
            self.records.iter().filter(|record| record.prefix == prefix).collect();
        records.sort_by(|a, b| (a.source, &a.resource).cmp(&(b.source, &b.resource)));
        let mut labels = Labels::default();
        for record in records {
            labels.add_missing(&record.labels);
        }
        labels
    }

    /// IPX-6
    fn consistent(&self, prefix: Prefix, mut labels: Labels) -> Labels {
        let is_node = labels.is_reserved("host") || labels.is_reserved("remote-node");
        let is_in_cluster =
            is_node || labels.is_reserved("health") || labels.is_reserved("ingress");
        let keeps_outside_labels = is_node && self.config.cidr_matches_nodes;
        let keeps_node_labels = is_node && self.config.node_selector_labels;
        labels.retain(|source, key| match source {
            "reserved" => !(is_in_cluster && key.starts_with("world")),
            "cidr" | "fqdn" | "cidrgroup" => !is_in_cluster || keeps_outside_labels,
            "node" => keeps_node_labels,
            _ => true,
        });
        if !is_in_cluster {
            labels.insert("reserved", self.world_key(prefix), "");
        }
        labels
    }

    /// IDN-4
    fn world_key(&self, prefix: Prefix) -> &'static str {
        match (self.config.dual_stack(), prefix.is_ipv4()) {
            (false, _) => "world",
            (true, true) => "world-ipv4",
            (true, false) => "world-ipv6",
        }
    }
}

fn has_source(labels: &Labels, wanted: &str) -> bool {
    labels.iter().any(|(_, label)| label.source == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrower_prefixes_inherit_from_wider_ones() {
        let mut cache = IpCache::new(&Config::default());
        let rows: [(&str, &[(&str, &str)]); 3] = [
            ("10.0.0.0/8", &[("a", "b"), ("foo", "bar")]),
            ("10.1.0.0/16", &[("a", "c")]),
            ("10.1.1.0/24", &[("d", "e")]),
        ];
        for (prefix, pairs) in rows {
            let mut labels = Labels::default();
            for (key, value) in pairs {
                labels.insert("cidrgroup", key, value);
            }
            cache.add(Prefix::parse(prefix).unwrap(), Source::Generated, "g", labels);
        }
        let labels = cache.labels_of_address("10.1.1.9".parse().unwrap());
        let expected =
            ["cidrgroup:a=c", "cidrgroup:d=e", "cidrgroup:foo=bar", "reserved:world-ipv4"];
        assert_eq!(labels.texts(), expected);
    }

    #[test]
    fn an_address_has_one_cidr_label_and_nodes_have_none() {
        let mut cache = IpCache::new(&Config::default());
        cache.add_cidr(Prefix::parse("10.0.0.0/8").unwrap(), "cnp/a/b");
        cache.add_cidr(Prefix::parse("10.96.0.0/12").unwrap(), "cnp/a/c");
        let node = Prefix::parse("10.96.0.7").unwrap();
        cache.add(node, Source::CustomResource, "node", Labels::reserved("remote-node"));
        let texts = |text: &str| cache.labels_of_address(text.parse().unwrap()).texts();
        assert_eq!(texts("10.97.0.1"), ["cidr:10.96.0.0/12", "reserved:world-ipv4"]);
        assert_eq!(texts("10.96.0.7"), ["reserved:remote-node"]);
        assert_eq!(texts("192.0.2.1"), ["reserved:world-ipv4"]);
    }
}
