//! Peers of a NetworkPolicy.

use std::sync::Arc;

use netpol_core::{Prefix, keys};

use super::Reader;
use crate::doc::cilium::cidr::{inside, world};
use crate::doc::cilium::prefix::{Written, parse, prefix};
use crate::doc::codes;
use crate::doc::decode::{Fields, Path};
use crate::doc::node::Node;
use crate::doc::pod_keys;
use crate::doc::selector::{KeyRule, label_selector};
use crate::rule::{LabelSelector, Requirement, Selector};

impl Reader<'_, '_> {
    /// Reads an item of `from` or `to` (NPV-4, NP-6).
    pub(super) fn peer(&mut self, node: &Node, path: &Path<'_>) -> Vec<Selector> {
        let known = ["podSelector", "namespaceSelector", "ipBlock"];
        let Some(fields) = self.cx.fields(node, path, &known) else {
            return Vec::new();
        };
        let pods = fields.present("podSelector");
        let namespaces = fields.present("namespaceSelector");
        let block = fields.present("ipBlock");
        match (pods.or(namespaces), block) {
            (None, None) => {
                // NP-10: the agent takes it for nobody, less QUIRK-1.
                let message = format!("`{path}` names no peer");
                let help = "write `podSelector`, `namespaceSelector` or `ipBlock`";
                self.refuse(codes::MISSING_FIELD, node.span, path, message, help);
            }
            (Some(_), Some(_)) => {
                let span = fields.key("ipBlock").map_or(node.span, |key| key.span);
                let message = "`ipBlock` cannot stand beside a selector";
                let help = "make it a peer of its own";
                self.refuse(codes::MIXED_PEERS, span, path, message, help);
            }
            _ => {}
        }
        let mut selectors = Vec::new();
        if pods.is_some() || namespaces.is_some() {
            let selector = self.pods(pods, namespaces, path);
            selectors.extend(selector.map(Selector::Labels));
        }
        if let Some(block) = block {
            selectors.extend(self.ip_block(block, &path.field("ipBlock")));
        }
        selectors
    }

    /// Returns the selector of pods, by their own labels and those of their namespace.
    fn pods(
        &mut self,
        pods: Option<&Node>,
        namespaces: Option<&Node>,
        path: &Path<'_>,
    ) -> Option<LabelSelector> {
        let pods = pods.map(|node| self.pod_selector(node, &path.field("podSelector")));
        let namespaces = namespaces.map(|node| {
            let path = path.field("namespaceSelector");
            let keys = KeyRule::Kubernetes(keys::NAMESPACE_LABELS);
            label_selector(self.cx, node, &path, keys)
        });
        let mut selector = pods.unwrap_or_else(|| Some(LabelSelector::default()))?;
        let names_cluster = selector.mentions(|key| *key == pod_keys::cluster());
        match namespaces {
            None => selector.set_label(pod_keys::namespace(), Arc::clone(&self.namespace)),
            Some(namespaces) => add_namespaces(&mut selector, &namespaces?),
        }
        // NP-7
        if self.options.default_local_cluster && !names_cluster {
            selector.set_label(pod_keys::cluster(), Arc::clone(&self.options.cluster_name));
        }
        Some(selector)
    }

    /// Reads `ipBlock` (NPV-5, CIDR-4, CIDR-5).
    fn ip_block(&mut self, node: &Node, path: &Path<'_>) -> Vec<Selector> {
        let Some(fields) = self.cx.fields(node, path, &["cidr", "except"]) else {
            return Vec::new();
        };
        let excepts = self.excepts(fields, &path.field("except"));
        let Some(cidr) = self.cx.required(fields, node, path, "cidr") else {
            return Vec::new();
        };
        let Some(outer) = self.prefix(cidr, &path.field("cidr")) else {
            return Vec::new();
        };
        self.check_excepts(fields, &path.field("except"), &outer.prefix);
        let mut selectors = vec![inside(&outer.prefix, &excepts)];
        if outer.prefix.len() == 0 {
            selectors.extend(world(outer.prefix.family(), &excepts, self.options));
        }
        selectors
    }

    /// Reads a prefix. One that is none selects nothing as far as the agent is asked (NP-14).
    fn prefix(&mut self, node: &Node, path: &Path<'_>) -> Option<Written> {
        let text = node.as_str();
        if self.gate == super::NetworkPolicyGate::Agent
            && let Some(text) = text
            && parse(text).is_none()
        {
            let message = format!("`{text}` is no prefix: nothing is selected");
            let help = "write an address and a length";
            self.cx.warning(codes::INVALID_CIDR, node.span, path, message, help);
            return None;
        }
        prefix(self.cx, node, path)
    }

    fn excepts(&mut self, fields: Fields<'_>, path: &Path<'_>) -> Vec<Written> {
        let list = fields.present("except");
        let items = list.and_then(|node| self.cx.list(node, path));
        let items = items.unwrap_or_default().iter().enumerate();
        items.filter_map(|(index, item)| self.prefix(item, &path.index(index))).collect()
    }

    /// Reports exceptions that are not strictly inside of the prefix.
    fn check_excepts(&mut self, fields: Fields<'_>, path: &Path<'_>, outer: &Prefix) {
        for (index, item) in fields.items("except").iter().enumerate() {
            let Some(written) = item.as_str().and_then(parse) else {
                continue;
            };
            let except = written.prefix;
            if !outer.contains(written.addr) || except.len() <= outer.len() {
                let message = format!("`{except}` is no part of {outer}");
                let help = "name a smaller prefix inside of `cidr`";
                let path = path.index(index);
                self.refuse(codes::INVALID_CIDR, item.span, &path, message, help);
            }
        }
    }
}

/// Adds the conditions on the namespace; without any it is a pod in some namespace (NP-6).
fn add_namespaces(selector: &mut LabelSelector, namespaces: &LabelSelector) {
    if namespaces.is_wildcard() {
        selector.add_expression(Requirement::exists(pod_keys::namespace()));
    }
    for requirement in namespaces.requirements() {
        selector.add_expression(requirement.clone());
    }
}
