//! DNS names and the addresses that were learnt for them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use netpol_core::{Label, Prefix};
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

    pub(super) fn apply_name_changes(&mut self, changes: Vec<(FqdnSelector, bool)>) {
        for (selector, registered) in changes {
            let name = NameSelector {
                match_name: selector.match_name.as_deref().map(String::from),
                match_pattern: selector.match_pattern.as_deref().map(String::from),
            };
            let dialect = self.options.pattern_dialect;
            match NameMatcher::new(SelectorKind::ToFqdns, &name, dialect) {
                Ok(matcher) if registered => self.names.selectors.insert(selector, matcher),
                _ => self.names.selectors.remove(&selector),
            };
        }
        let names: Vec<String> = self.names.addresses.keys().cloned().collect();
        names.iter().for_each(|name| self.label_addresses_of(name));
    }
}
