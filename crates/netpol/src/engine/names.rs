//! DNS names and the addresses that were learnt for them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use netpol_core::{IdentityId, IpFamily, Label, LabelSet, Prefix, world_label};
use netpol_l7::{NameMatcher, NameSelector, SelectorKind, canonical_name};
use netpol_policy::ipcache::Resource;
use netpol_policy::rule::FqdnSelector;

use super::Engine;
use crate::EngineError;

/// DNS names and their addresses, and the selectors that ask for names.
#[derive(Debug, Default)]
pub(super) struct Names {
    addresses: BTreeMap<String, BTreeSet<IpAddr>>,
    selectors: BTreeMap<FqdnSelector, NameMatcher>,
    // The identities that selectors got before any answer.
    preallocated: BTreeMap<FqdnSelector, Vec<IdentityId>>,
}

impl Engine {
    /// Says that a name has these addresses: what a DNS answer told (FQDN-2). Addresses of earlier
    /// answers stay.
    ///
    /// # Errors
    ///
    /// Fails if there are too many names, or too many addresses of this one.
    pub fn learn_name(
        &mut self,
        name: &str,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Result<(), EngineError> {
        let name = canonical_name(name);
        let is_new = !self.names.addresses.contains_key(&name);
        if is_new && self.names.addresses.len() >= self.limits.names {
            return Err(EngineError::limit("names", self.limits.names));
        }
        let known = self.names.addresses.entry(name.clone()).or_default();
        known.extend(addresses);
        while known.len() > self.limits.addresses_per_name {
            known.pop_last();
        }
        self.label_addresses_of(&name);
        Ok(())
    }

    /// Gives the addresses of a name the labels of the selectors that match it (SID-3).
    fn label_addresses_of(&mut self, name: &str) {
        let Some(addresses) = self.names.addresses.get(name) else {
            return;
        };
        let matching = self.names.selectors.iter().filter(|(_, m)| m.is_match(name));
        let labels: Vec<Label> = matching.map(|(selector, _)| selector.label()).collect();
        for address in addresses {
            let (prefix, resource) = (Prefix::host(*address), Resource::fqdn(name));
            if labels.is_empty() {
                self.metadata.remove(&prefix, &resource);
            } else {
                self.metadata.insert(prefix, resource, labels.clone());
            }
        }
    }

    /// Brings name selectors into use, or out of it (SLC-1, SLC-2).
    pub(super) fn apply_name_changes(
        &mut self,
        changes: Vec<(FqdnSelector, bool)>,
    ) -> Result<(), EngineError> {
        let mut result = Ok(());
        for (selector, in_use) in changes {
            if !in_use {
                self.names.selectors.remove(&selector);
                self.unused.extend(self.names.preallocated.remove(&selector).unwrap_or_default());
                continue;
            }
            result = result.and(self.preallocate(&selector));
            let kind = SelectorKind::ToFqdns;
            let name = name_selector(&selector);
            if let Ok(matcher) = NameMatcher::new(kind, &name, self.options.pattern_dialect) {
                self.names.selectors.insert(selector, matcher);
            }
        }
        let names: Vec<String> = self.names.addresses.keys().cloned().collect();
        names.iter().for_each(|name| self.label_addresses_of(name));
        result
    }

    /// Gives a name selector its identities before any answer is learnt, so that the first answer
    /// needs no new ones (SID-8).
    fn preallocate(&mut self, selector: &FqdnSelector) -> Result<(), EngineError> {
        if !self.options.preallocate_names {
            return Ok(());
        }
        let families = [(IpFamily::V4, self.options.ipv4), (IpFamily::V6, self.options.ipv6)];
        for (family, _) in families.into_iter().filter(|(_, in_use)| *in_use) {
            let world = world_label(family, self.options.dual_stack());
            let labels: LabelSet = [selector.label(), world].into_iter().collect();
            let identity = self.identities.acquire(&labels, &mut self.repository)?;
            self.names.preallocated.entry(selector.clone()).or_default().push(identity);
        }
        Ok(())
    }

    /// Returns the identities of addresses that are learnt for names which the selector with this
    /// text, and no other, matches: one for each address family in use (SID-8). Nothing if no
    /// policy of an endpoint has the selector.
    #[must_use]
    pub fn name_identities(&self, text: &str) -> Vec<IdentityId> {
        let preallocated = self.names.preallocated.iter();
        let of_text = preallocated.filter(|(selector, _)| selector.text() == text);
        of_text.flat_map(|(_, identities)| identities.iter().copied()).collect()
    }

    /// Returns the texts of the name selectors that policies of endpoints have, in order.
    pub fn name_selectors(&self) -> impl Iterator<Item = &str> {
        self.names.selectors.keys().map(FqdnSelector::text)
    }
}

fn name_selector(selector: &FqdnSelector) -> NameSelector {
    NameSelector {
        match_name: selector.match_name.as_deref().map(String::from),
        match_pattern: selector.match_pattern.as_deref().map(String::from),
    }
}
