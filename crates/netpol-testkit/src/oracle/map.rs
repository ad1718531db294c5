//! The policy map, by inserting entry after entry (MAP, AUTH).
//!
//! The verdict does not need it (ORA-1); authentication does, since its types depend on the order of
//! insertion. An identity's entries depend on no other identity but 0, so the map is built for one
//! peer at a time.

use super::element::Auth;
use super::label::Labels;
use super::policy::{Filter, SidePolicy};
use super::rule::Rule;

/// The entries that concern one peer.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// Entries for identity 0.
    pub(super) any: Vec<Entry>,
    /// Entries for the peer's identity.
    pub(super) peer: Vec<Entry>,
}

/// MAP-1, MAP-2
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) protocol: Option<u8>,
    pub(super) port: u16,
    pub(super) length: u8,
    pub(super) deny: bool,
    pub(super) priority: u8,
    pub(super) proxy: Option<String>,
    pub(super) auth: AuthRequirement,
}

/// AUTH-1
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct AuthRequirement {
    /// 0 none or disabled, 1 required, 2 always fails.
    pub(super) kind: u8,
    pub(super) explicit: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Any,
    Peer,
}

/// Builds the entries of one direction for a peer; `exception` is MAP-10.
pub(super) fn build(
    side: &SidePolicy,
    peer: &Labels,
    missing_listeners: bool,
    exception: bool,
) -> Entries {
    let mut entries = Entries::default();
    if !side.enforced {
        entries.any.push(allow_everything()); // MAP-9
    }
    let has_auth = side.has_auth();
    for (slot, entry) in side
        .filters
        .iter()
        .flat_map(|(key, filter)| filter_entries(key.protocol, filter, peer, missing_listeners))
    {
        if entry.deny {
            entries.insert_deny(slot, entry);
        } else if has_auth {
            entries.insert_with_auth(slot, entry);
        } else {
            entries.insert_allow(slot, entry);
        }
    }
    if exception {
        entries.insert_with_auth(Slot::Peer, allow_everything());
    }
    entries
}

/// MAP-4: the wildcard first, then the other selectors that match the peer (AUTH-9).
fn filter_entries(
    protocol: Option<u8>,
    filter: &Filter,
    peer: &Labels,
    missing_listeners: bool,
) -> Vec<(Slot, Entry)> {
    let Some((start, end)) = filter.range else {
        return Vec::new();
    };
    let blocks = blocks(protocol, start, end);
    let mut entries = Vec::new();
    let is_realised = |rule: &Rule| rule.listener.is_none() || !missing_listeners; // LSN-5
    let wildcard = filter.rules.iter().find(|(selector, _)| selector.is_wildcard());
    let wildcard = wildcard.map(|(_, rule)| rule).filter(|rule| is_realised(rule));
    let mut add = |slot, rule: &Rule| {
        entries.extend(
            blocks.iter().map(|(port, length)| (slot, Entry::new(protocol, *port, *length, rule))),
        );
    };
    if let Some(rule) = wildcard {
        add(Slot::Any, rule);
    }
    for (selector, rule) in &filter.rules {
        // Not where the port is written as 0; (0, 0) is the type 0 of ICMP (QUIRK-3).
        let is_elided = (start != 0 || end == 0)
            && wildcard.is_some_and(|other| {
                Entry::new(protocol, 0, 0, other) == Entry::new(protocol, 0, 0, rule)
            });
        if !selector.is_wildcard() && selector.matches(peer) && is_realised(rule) && !is_elided {
            add(Slot::Peer, rule);
        }
    }
    entries
}

/// MAP-3: the fewest aligned blocks of ports, as (first port, prefix length).
pub(super) fn blocks(protocol: Option<u8>, start: u16, end: u16) -> Vec<(u16, u8)> {
    if protocol.is_none() {
        return vec![(0, 0)];
    }
    let mut blocks = Vec::new();
    let (mut next, end) = (u32::from(start), u32::from(end));
    while next <= end {
        let fits = |length: &u32| {
            let size = 1 << (16 - length);
            next % size == 0 && next + size - 1 <= end
        };
        let length = (0..=16).find(fits).unwrap_or(16);
        blocks.push((u16::try_from(next).unwrap_or(u16::MAX), u8::try_from(length).unwrap_or(16)));
        next += 1 << (16 - length);
    }
    blocks
}

fn allow_everything() -> Entry {
    Entry::new(None, 0, 0, &Rule::default())
}

impl Entries {
    /// MAP-6
    fn insert_deny(&mut self, slot: Slot, new: Entry) {
        // A deny at the very key does not count: this one takes its place, and takes away what has come
        // since.
        let is_other = |entry: &&Entry| !entry.same_key(&new);
        let covers = |entry: &Entry| entry.deny && entry.covers(&new);
        let is_covered = match slot {
            Slot::Any => self.any.iter().filter(is_other).any(covers),
            Slot::Peer => self.any.iter().chain(self.peer.iter().filter(is_other)).any(covers),
        };
        if is_covered {
            return;
        }
        for covered in self.slots_below(slot) {
            covered.retain(|entry| !new.covers(entry));
        }
        self.slot(slot).push(new);
    }

    /// MAP-7, MAP-8
    fn insert_allow(&mut self, slot: Slot, new: Entry) {
        let is_beaten =
            self.covering(slot, &new).any(|entry| entry.deny || entry.priority > new.priority);
        if is_beaten {
            return;
        }
        for covered in self.slots_below(slot) {
            covered
                .retain(|entry| entry.deny || !new.covers(entry) || entry.priority >= new.priority);
        }
        self.put(slot, new);
    }

    /// AUTH-3: only entries of the same identity matter.
    fn insert_with_auth(&mut self, slot: Slot, mut new: Entry) {
        let mut covering: Vec<Entry> =
            self.slot(slot).iter().filter(|entry| entry.covers(&new)).cloned().collect();
        covering.sort_by_key(|entry| std::cmp::Reverse(entry.match_length()));
        let is_explicit = new.auth.explicit;
        let mut has_type = is_explicit;
        for entry in covering {
            if entry.deny {
                return;
            }
            if entry.priority > new.priority {
                if !is_explicit {
                    return;
                }
                new.priority = entry.priority;
                new.proxy = entry.proxy;
                break;
            }
            if !has_type && entry.auth.explicit && !entry.same_key(&new) {
                new.auth = entry.auth.derived();
                has_type = true;
            }
        }
        self.adjust_covered(slot, &new);
        self.put(slot, new);
    }

    /// AUTH-3, second step
    fn adjust_covered(&mut self, slot: Slot, new: &Entry) {
        let entries = self.slot(slot);
        let is_narrower = |entry: &Entry| new.covers(entry) && !entry.same_key(new);
        let is_weaker =
            |entry: &Entry| is_narrower(entry) && !entry.deny && entry.priority < new.priority;
        entries.retain(|entry| !is_weaker(entry) || entry.auth.explicit);
        for entry in entries.iter_mut().filter(|entry| is_weaker(entry)) {
            entry.priority = new.priority;
            entry.proxy.clone_from(&new.proxy);
        }
        if !new.auth.explicit {
            return;
        }
        let mut narrower: Vec<&mut Entry> =
            entries.iter_mut().filter(|entry| is_narrower(entry)).collect();
        narrower.sort_by_key(|entry| (entry.match_length(), entry.port));
        let reached = narrower.into_iter().take_while(|entry| !entry.deny && !entry.auth.explicit);
        reached.for_each(|entry| entry.auth = new.auth.derived());
    }

    /// MAP-8, AUTH-4
    fn put(&mut self, slot: Slot, new: Entry) {
        let entries = self.slot(slot);
        let Some(old) = entries.iter_mut().find(|entry| entry.same_key(&new)) else {
            entries.push(new);
            return;
        };
        if new.priority > old.priority || (new.priority == old.priority && new.proxy < old.proxy) {
            old.priority = new.priority;
            old.proxy = new.proxy;
        }
        old.auth = old.auth.merged(new.auth);
    }

    /// Returns the entries that cover a key, MAP-5.
    fn covering<'a>(&'a self, slot: Slot, key: &'a Entry) -> impl Iterator<Item = &'a Entry> {
        let peer = self.peer.iter().filter(move |_| slot == Slot::Peer);
        self.any.iter().chain(peer).filter(|entry| entry.covers(key))
    }

    /// Returns the lists in which a key of the slot can cover entries.
    fn slots_below(&mut self, slot: Slot) -> Vec<&mut Vec<Entry>> {
        match slot {
            Slot::Any => vec![&mut self.any, &mut self.peer],
            Slot::Peer => vec![&mut self.peer],
        }
    }

    fn slot(&mut self, slot: Slot) -> &mut Vec<Entry> {
        match slot {
            Slot::Any => &mut self.any,
            Slot::Peer => &mut self.peer,
        }
    }

    /// Returns the entry that decides about a packet, with its auth type raised by the other one
    /// (LKP-1 to LKP-5, AUTH-5).
    pub(super) fn lookup(&self, protocol: u8, port: u16) -> Option<Entry> {
        let longest = |entries: &[Entry]| {
            let matching = entries.iter().filter(|entry| entry.matches(protocol, port));
            matching.max_by_key(|entry| entry.match_length()).cloned()
        };
        let (chosen, other) = match (longest(&self.peer), longest(&self.any)) {
            (Some(peer), Some(any)) if any.beats(&peer) => (any, Some(peer)),
            (Some(peer), any) => (peer, any),
            (None, any) => (any?, None),
        };
        let kind = other.map_or(0, |other| other.auth.kind);
        let raised = AuthRequirement { kind: kind.max(chosen.auth.kind), explicit: false };
        let auth = if chosen.auth.explicit { chosen.auth } else { raised };
        Some(Entry { auth, ..chosen })
    }
}

impl Entry {
    fn new(protocol: Option<u8>, port: u16, length: u8, rule: &Rule) -> Self {
        Self {
            protocol,
            port,
            length,
            deny: rule.deny,
            priority: rule.priority(),
            proxy: rule.proxy(),
            auth: rule.auth.map_or_else(AuthRequirement::default, AuthRequirement::explicit),
        }
    }

    fn same_key(&self, other: &Self) -> bool {
        (self.protocol, self.port, self.length) == (other.protocol, other.port, other.length)
    }

    /// Returns whether the protocol and port of this key hold those of the other, or equal them.
    fn covers(&self, other: &Self) -> bool {
        let covers_port = || self.length <= other.length && self.holds(other.port);
        self.protocol.is_none() || (self.protocol == other.protocol && covers_port())
    }

    fn matches(&self, protocol: u8, port: u16) -> bool {
        self.protocol.is_none_or(|own| own == protocol && self.holds(port))
    }

    fn holds(&self, port: u16) -> bool {
        let shift = 16 - u32::from(self.length);
        u32::from(self.port) >> shift == u32::from(port) >> shift
    }

    /// LKP-6
    fn match_length(&self) -> u8 {
        if self.protocol.is_none() { 0 } else { 8 + self.length }
    }

    /// LKP-4, of an entry for identity 0 against one for the peer: a deny of the peer is final.
    fn beats(&self, peer: &Self) -> bool {
        let strength = |entry: &Self| (entry.priority, entry.match_length());
        !peer.deny && (self.deny || strength(self) > strength(peer))
    }
}

impl AuthRequirement {
    fn explicit(auth: Auth) -> Self {
        let kind = match auth {
            Auth::Disabled => 0,
            Auth::Required => 1,
            Auth::AlwaysFail => 2,
        };
        Self { kind, explicit: true }
    }

    fn derived(self) -> Self {
        Self { explicit: false, ..self }
    }

    /// AUTH-4
    fn merged(self, other: Self) -> Self {
        std::cmp::max_by_key(self, other, |auth| (auth.explicit, auth.kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_become_the_fewest_aligned_blocks() {
        let tcp = Some(6);
        assert_eq!(blocks(tcp, 80, 80), [(80, 16)]);
        assert_eq!(blocks(tcp, 80, 90), [(80, 13), (88, 15), (90, 16)]);
        assert_eq!(blocks(tcp, 0, 100), [(0, 10), (64, 11), (96, 14), (100, 16)]);
        assert_eq!(blocks(tcp, 0, u16::MAX), [(0, 0)]);
        assert_eq!(blocks(tcp, 1, u16::MAX).len(), 16);
        assert_eq!(blocks(None, 0, u16::MAX), [(0, 0)]);
    }
}
