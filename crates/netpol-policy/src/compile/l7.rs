//! L7 rules, ready to be asked about requests, names and server names.
//!
//! Which rules a proxy applies to a connection depends on the class of the peer, the protocol and the
//! port. For every port that redirects, the rules of all slots that cover it are united beforehand
//! (L7E-2), so that a request is decided without looking for them.

use std::sync::Arc;

use hashbrown::HashMap;
use netpol_core::{PortRange, Protocol};
use netpol_l7::{L7Policy, L7Rules, NameSelector, PatternDialect, Secret, SelectorPolicy};

use super::slot::Slot;
use super::{ElementId, L7List, PeerPolicy};
use crate::rule::{DnsRule, HeaderMatch, HttpRule, Origin, ParserType, SecretRef};

/// Values of Kubernetes secrets, by namespace and name.
pub(crate) type Secrets = HashMap<SecretRef, Arc<str>, foldhash::fast::RandomState>;

/// What L7 rules mean besides what they say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct L7Settings<'a> {
    pub(crate) secrets: &'a Secrets,
    pub(crate) dialect: PatternDialect,
}

/// What a proxy applies to connections of one peer to one port.
#[derive(Debug)]
pub struct L7Set {
    policy: L7Policy,
    // By the tags that decisions name.
    origins: Vec<Arc<Origin>>,
}

impl L7Set {
    /// Returns the matcher.
    #[must_use]
    pub fn policy(&self) -> &L7Policy {
        &self.policy
    }

    /// Returns where the rule with this tag comes from; `None` for what no policy says.
    #[must_use]
    pub fn origin(&self, tag: u32) -> Option<&Arc<Origin>> {
        self.origins.get(usize::try_from(tag).ok()?)
    }

    /// Unites what slots say. Where that is too large to be compiled, every request is denied.
    fn new<'a>(slots: impl Iterator<Item = &'a Slot>, settings: &L7Settings<'_>) -> Self {
        let mut origins = Vec::new();
        let policies: Vec<SelectorPolicy> = slots
            .map(|slot| selector_policy(&slot.policy, settings.secrets, &mut origins))
            .collect();
        let policy = L7Policy::with_dialect(&policies, settings.dialect);
        Self { policy: policy.unwrap_or_else(|_| nothing_allowed()), origins }
    }
}

fn nothing_allowed() -> L7Policy {
    #[expect(clippy::expect_used, reason = "without rules there is nothing to go wrong")]
    L7Policy::new([]).expect("the empty policy")
}

/// The sets that apply to one class of peers.
#[derive(Clone, Debug, Default)]
pub(super) struct L7Sets {
    // In order of protocols and ports; no two overlap.
    sets: Vec<(Protocol, PortRange, Arc<L7Set>)>,
}

impl L7Sets {
    /// Returns the sets for every port that some of these slots redirect.
    pub(super) fn new(slots: &[&Slot], settings: &L7Settings<'_>) -> Self {
        let mut sets: Vec<(Protocol, PortRange, Arc<L7Set>)> = Vec::new();
        for (protocol, range) in redirecting_ranges(slots) {
            let covering = slots.iter().copied().filter(|slot| covers(slot, protocol, range));
            let set = match covering.clone().any(is_dns) {
                // L7-4: the DNS proxy uses the rules of the very port only.
                true => L7Set::new(covering.filter(|slot| slot.range == range), settings),
                false => L7Set::new(covering.filter(|slot| !is_listener(slot)), settings),
            };
            sets.push((protocol, range, Arc::new(set)));
        }
        Self { sets }
    }

    /// Returns what a proxy applies to connections to a port.
    pub(super) fn get(&self, protocol: Protocol, port: u16) -> Option<&Arc<L7Set>> {
        let behind =
            |(p, range, _): &(Protocol, PortRange, _)| (*p, range.start()) <= (protocol, port);
        let index = self.sets.partition_point(behind).checked_sub(1)?;
        let (p, range, set) = self.sets.get(index)?;
        (*p == protocol && range.contains(port)).then_some(set)
    }
}

fn is_dns(slot: &Slot) -> bool {
    slot.policy.parser == ParserType::Dns
}

/// LSN-4: what a custom listener enforces is its own business.
fn is_listener(slot: &Slot) -> bool {
    slot.policy.parser == ParserType::Crd
}

fn covers(slot: &Slot, protocol: Protocol, range: PortRange) -> bool {
    (slot.protocol.is_any() || slot.protocol == protocol)
        && slot.range.start() <= range.start()
        && range.end() <= slot.range.end()
}

/// Returns the ports that some slot redirects, cut wherever another slot begins or ends.
fn redirecting_ranges(slots: &[&Slot]) -> Vec<(Protocol, PortRange)> {
    let redirects = || slots.iter().filter(|slot| slot.entry.priority.is_redirect());
    let mut ranges = Vec::new();
    let mut protocols: Vec<Protocol> = redirects().map(|slot| slot.protocol).collect();
    protocols.sort_unstable();
    protocols.dedup();
    for protocol in protocols {
        let concerns = |slot: &&&Slot| slot.protocol.is_any() || slot.protocol == protocol;
        let mut cuts: Vec<u32> = slots
            .iter()
            .filter(concerns)
            .flat_map(|slot| [u32::from(slot.range.start()), u32::from(slot.range.end()) + 1])
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        let pieces = cuts.iter().zip(cuts.iter().skip(1)).filter_map(|(start, next)| {
            let (start, end) = (u16::try_from(*start).ok()?, u16::try_from(next - 1).ok()?);
            Some(PortRange::new(start, end))
        });
        let redirected =
            pieces.filter(|piece| redirects().any(|slot| covers(slot, protocol, *piece)));
        ranges.extend(redirected.map(|piece| (protocol, piece)));
    }
    ranges
}

/// Returns what one slot says in the matcher's own terms; `origins` collects what tags stand for.
fn selector_policy(
    policy: &PeerPolicy,
    secrets: &Secrets,
    origins: &mut Vec<Arc<Origin>>,
) -> SelectorPolicy {
    let mut tag = |element: Option<ElementId>| {
        let elements = policy.elements.iter();
        let found = elements
            .clone()
            .find(|(id, _)| Some(*id) == element)
            .or_else(|| elements.clone().next());
        let Some((_, origin)) = found else { return u32::MAX };
        origins.push(Arc::clone(origin));
        u32::try_from(origins.len() - 1).unwrap_or(u32::MAX)
    };
    let whole = tag(None);
    let rules = match &policy.l7 {
        L7List::None | L7List::Everything => L7Rules::None,
        L7List::Unsupported => L7Rules::Unsupported,
        L7List::Http(rules) => L7Rules::Http(
            rules.iter().map(|(rule, id)| (tag(Some(*id)), http_rule(rule, secrets))).collect(),
        ),
        L7List::Dns(rules) => {
            let names = rules.iter().flat_map(|(rule, id)| {
                let tag = tag(Some(*id));
                name_selectors(rule).map(move |name| (tag, name))
            });
            L7Rules::Dns(names.collect())
        }
    };
    let names = policy.server_names.iter().map(|name| (whole, name.to_string()));
    SelectorPolicy { tag: whole, deny: policy.deny, server_names: names.collect(), rules }
}

fn name_selectors(rule: &DnsRule) -> impl Iterator<Item = NameSelector> + use<> {
    let name = rule.match_name.as_deref().map(NameSelector::name);
    let pattern = rule.match_pattern.as_deref().map(NameSelector::pattern);
    name.into_iter().chain(pattern)
}

fn http_rule(rule: &HttpRule, secrets: &Secrets) -> netpol_l7::HttpRule {
    let text = |text: &Option<Arc<str>>| text.as_deref().map(String::from);
    let HttpRule { path, method, host, headers, header_matches } = rule;
    netpol_l7::HttpRule {
        method: text(method),
        path: text(path),
        host: text(host),
        headers: headers.iter().map(ToString::to_string).collect(),
        header_matches: header_matches.iter().map(|m| header_match(m, secrets)).collect(),
    }
}

fn header_match(header: &HeaderMatch, secrets: &Secrets) -> netpol_l7::HeaderMatch {
    let HeaderMatch { name, value, secret, mismatch } = header;
    netpol_l7::HeaderMatch {
        name: name.to_string(),
        value: value.as_deref().map(String::from),
        // HM-7
        secret: match secret {
            None => Secret::None,
            Some(secret) => secrets
                .get(secret)
                .map_or(Secret::Undelivered, |value| Secret::Delivered(value.to_string())),
        },
        mismatch: *mismatch,
    }
}
