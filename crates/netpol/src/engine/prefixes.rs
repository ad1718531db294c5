//! Prefixes: from what is known about them to identities.

use std::collections::BTreeSet;

use netpol_core::{IdentityId, IpFamily, Label, LabelSet, LabelSource, Prefix, keys};
use netpol_policy::ipcache::Resource;
use netpol_policy::rule::CidrGroup;

use super::Engine;
use crate::EngineError;

impl Engine {
    /// Says which labels a prefix has: of remote pods, nodes, or anything else outside of this
    /// engine. It gains the label of the outside unless it belongs to the cluster (IPC-5).
    pub fn upsert_ip(&mut self, prefix: Prefix, labels: impl IntoIterator<Item = Label>) {
        let labels = labels.into_iter().collect();
        self.metadata.insert(prefix, Resource::api(""), labels);
    }

    /// Takes back what was said about a prefix.
    pub fn remove_ip(&mut self, prefix: &Prefix) {
        self.metadata.remove(prefix, &Resource::api(""));
    }

    /// Sets a CIDR group, in the place of one with the same name (CG).
    pub(super) fn insert_cidr_group(&mut self, group: CidrGroup) {
        self.remove_cidr_group(&group.name);
        // CG-1
        let name_key = format!("{}{}", keys::CIDR_GROUP_NAME, group.name);
        let name = Label::new(LabelSource::CidrGroup, &name_key, "");
        let labels: Vec<Label> = group.labels.iter().cloned().chain([name]).collect();
        for prefix in &group.prefixes {
            self.metadata.insert(*prefix, Resource::cidr_group(&group.name), labels.clone());
        }
        self.cidr_groups.insert(group.name.clone(), group);
    }

    /// Removes a CIDR group; returns `false` if there was none.
    pub fn remove_cidr_group(&mut self, name: &str) -> bool {
        let Some(group) = self.cidr_groups.remove(name) else {
            return false;
        };
        for prefix in &group.prefixes {
            self.metadata.remove(prefix, &Resource::cidr_group(name));
        }
        true
    }

    /// The outside itself is in the ipcache always (IPC-6).
    pub(super) fn insert_zero_prefixes(&mut self) {
        let in_use = [(IpFamily::V4, self.options.ipv4), (IpFamily::V6, self.options.ipv6)];
        for (family, _) in in_use.into_iter().filter(|(_, in_use)| *in_use) {
            self.metadata.insert_policy_prefix(Prefix::all(family));
        }
    }

    /// Gives identities to the prefixes whose labels changed, and enters them into the ipcache.
    ///
    /// A prefix that cannot be given one keeps its old identity, and the first such failure is
    /// returned (LID-3).
    pub(super) fn settle_prefixes(&mut self) -> Result<(), EngineError> {
        let changed = self.metadata.take_changed();
        let mut host_changed = false;
        let mut result = Ok(());
        for prefix in changed {
            let shadowed = self.shadowing_identity(prefix).is_some();
            let labels = self.metadata.labels(&prefix).filter(|_| !shadowed);
            host_changed |= labels.as_ref().is_some_and(|labels| labels.has_reserved("host"));
            host_changed |= self.prefix_identities.get(&prefix) == Some(&IdentityId::HOST);
            let settled = self.settle_prefix(prefix, labels);
            result = result.and(settled);
        }
        if host_changed {
            self.settle_host();
        }
        result
    }

    fn settle_prefix(
        &mut self,
        prefix: Prefix,
        labels: Option<LabelSet>,
    ) -> Result<(), EngineError> {
        let new = match labels {
            Some(labels) => Some(self.identities.acquire(&labels, &mut self.repository)?),
            None => None,
        };
        let old = match new {
            Some(new) => self.prefix_identities.insert(prefix, new),
            None => self.prefix_identities.remove(&prefix),
        };
        self.unused.extend(old);
        self.moved_prefixes.push(prefix);
        Ok(())
    }

    /// RES-3: the local node's labels are those of all its addresses.
    fn settle_host(&mut self) {
        let addresses = self.prefix_identities.iter();
        let own = addresses.filter(|(_, identity)| **identity == IdentityId::HOST);
        let labels = own.filter_map(|(prefix, _)| self.metadata.labels(prefix));
        let labels: LabelSet =
            labels.flat_map(|set| set.iter().cloned().collect::<Vec<_>>()).collect();
        let labels = if labels.is_empty() {
            [Label::reserved("host")].into_iter().collect()
        } else {
            labels
        };
        self.repository.insert_identity(IdentityId::HOST, &labels);
    }

    /// Enters addresses and prefixes with new identities into the ipcache; returns what changed there.
    pub(super) fn enter_prefixes(&mut self) -> Vec<(Prefix, Option<IdentityId>)> {
        let moved: BTreeSet<Prefix> =
            std::mem::take(&mut self.moved_prefixes).into_iter().collect();
        let mut changes = Vec::new();
        for prefix in moved {
            let known = self.prefix_identities.get(&prefix).copied();
            let identity = self.shadowing_identity(prefix).or(known);
            let old = match identity {
                Some(identity) => self.ipcache.insert(prefix, identity),
                None => self.ipcache.remove(&prefix),
            };
            if old != identity {
                changes.push((prefix, identity));
            }
        }
        changes
    }

    /// Returns the identity of the endpoint whose address shadows a prefix (IPX-10).
    fn shadowing_identity(&self, prefix: Prefix) -> Option<IdentityId> {
        let at = self.endpoints.at(prefix.addr()).filter(|_| prefix.is_host());
        at.and_then(|(_, state)| state.identity.filter(|_| !state.is_node()))
    }
}
