//! DNS names: selectors of policies, the identities that stand for them, and answers.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use netpol::{Engine, IdentityId, LabelSet};
use netpol_core::IpFamily;
use netpol_policy::rule::{Element, LabelSelector, Peer, Policy, Selector};

/// The rules that have name selectors.
pub(crate) struct NameRules<'e> {
    rules: Vec<(&'e LabelSelector, Vec<&'e str>)>,
}

impl<'e> NameRules<'e> {
    /// Returns the rules of an engine's policies that have name selectors.
    pub(crate) fn of(engine: &'e Engine) -> Self {
        let policies = engine.policies().map(Arc::as_ref);
        let rules = policies.flat_map(|policy: &Policy| &policy.rules);
        let rules = rules.filter(|rule| !rule.subject.node).map(|rule| {
            let names: Vec<&str> =
                rule.elements.iter().flat_map(|element| names_in(element)).collect();
            (&rule.subject.selector, names)
        });
        Self { rules: rules.filter(|(_, names)| !names.is_empty()).collect() }
    }

    /// Returns the texts of the name selectors in rules that apply to an endpoint with these
    /// labels, each once, sorted.
    pub(crate) fn names_of(&self, labels: &LabelSet) -> Vec<&'e str> {
        let applying = self.rules.iter().filter(|(subject, _)| subject.matches(labels));
        let mut names: Vec<&str> = applying.flat_map(|(_, names)| names).copied().collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn names_in(element: &Element) -> impl Iterator<Item = &str> {
    element.peers.listed().iter().filter_map(|peer| match peer {
        Peer::Selector(Selector::Fqdn(selector)) => Some(selector.text()),
        Peer::Selector(Selector::Labels(_)) | Peer::Service(_) => None,
    })
}

/// Returns the identities that addresses get by a name selector and by no other, with their
/// families (SID-8).
pub(crate) fn name_identities(engine: &Engine, text: &str) -> Vec<(IdentityId, Option<IpFamily>)> {
    let family = |identity| {
        let labels = engine.identity_labels(identity);
        let of_world = |name| labels.is_some_and(|labels| labels.has_reserved(name));
        match (of_world("world-ipv4"), of_world("world-ipv6")) {
            (true, false) => Some(IpFamily::V4),
            (false, true) => Some(IpFamily::V6),
            _ => None,
        }
    };
    let identities = engine.name_identities(text).into_iter();
    let mut identities: Vec<_> = identities.map(|id| (family(id), id)).collect();
    // A name and a pattern with the same text have the same identities.
    identities.sort_unstable();
    identities.dedup();
    identities.into_iter().map(|(family, id)| (id, family)).collect()
}

/// Addresses that a DNS answer gave for a name: `NAME=ADDRESS[,ADDRESS]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DnsAnswer {
    /// The name.
    pub(crate) name: String,
    /// The addresses.
    pub(crate) addresses: Vec<IpAddr>,
}

impl FromStr for DnsAnswer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "write NAME=ADDRESS, such as www.example.com=192.0.2.1";
        let (name, addresses) = text.split_once('=').ok_or(form)?;
        if name.is_empty() {
            return Err(form.into());
        }
        let address =
            |text: &str| text.parse().map_err(|_| format!("`{text}` is no IP address; {form}"));
        let addresses = addresses.split(',').map(address).collect::<Result<_, String>>()?;
        Ok(Self { name: name.to_owned(), addresses })
    }
}

#[cfg(test)]
mod tests {
    use super::DnsAnswer;

    #[test]
    fn an_answer_has_a_name_and_addresses() {
        let answer: DnsAnswer = "a.example=192.0.2.1,2001:db8::1".parse().unwrap();
        assert_eq!((answer.name.as_str(), answer.addresses.len()), ("a.example", 2));
        for wrong in ["a.example", "=192.0.2.1", "a.example=", "a.example=192.0.2.1,"] {
            assert!(wrong.parse::<DnsAnswer>().is_err(), "{wrong}");
        }
    }
}
