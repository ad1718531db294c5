//! Columns: the entries that one identity has in a policy map.
//!
//! What an identity may do depends on its own entries and on those for any identity, never on
//! those of a third one. So a policy map is computed column by column, and identities that
//! the same selectors match share theirs.
//!
//! Entries are put by precedence: denies remove what they cover, redirects remove weaker allows
//! that they cover, and an allow is not put where something stronger covers it (MAP-5 to MAP-8).
//! With authentication in the direction other rules hold (AUTH-3).

use std::collections::BTreeMap;

use netpol_core::Direction;
use netpol_core::{AuthRequirement, IdentityId, PolicyEntry, PolicyKey, PortPrefix, Protocol};

use super::{Redirects, RuleSets};

/// Protocol and ports of a key. The order puts a key before those that it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct L4Key {
    protocol: Protocol,
    port: PortPrefix,
}

impl L4Key {
    /// Every protocol and port.
    pub const ANY: Self = Self { protocol: Protocol::ANY, port: PortPrefix::ALL };

    /// Returns the key; without protocol it is for every port.
    #[must_use]
    pub fn new(protocol: Protocol, port: PortPrefix) -> Self {
        let port = if protocol.is_any() { PortPrefix::ALL } else { port };
        Self { protocol, port }
    }

    /// Returns the protocol.
    #[must_use]
    pub const fn protocol(self) -> Protocol {
        self.protocol
    }

    /// Returns the ports.
    #[must_use]
    pub const fn port(self) -> PortPrefix {
        self.port
    }

    /// Returns the key of a policy map for an identity.
    #[must_use]
    pub fn policy_key(self, direction: Direction, identity: IdentityId) -> PolicyKey {
        PolicyKey::new(direction, identity, self.protocol, self.port)
    }

    /// Tells whether protocol and ports of `other` are these or lie inside them.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.protocol.is_any() || (self.protocol == other.protocol && self.port.covers(other.port))
    }

    /// Returns the keys that cover this one, itself included, from narrow to broad.
    fn covering(self) -> impl Iterator<Item = Self> {
        let Self { protocol, port } = self;
        let blocks = (0..=port.len()).rev().map(move |len| PortPrefix::of_port(port.value(), len));
        let own = blocks.map(move |port| Self { protocol, port });
        own.filter(move |_| !protocol.is_any()).chain([Self::ANY])
    }
}

/// The entries of one identity, or of any identity, in one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    entries: BTreeMap<L4Key, PolicyEntry>,
}

impl Column {
    /// Returns the column with one entry, for everything.
    #[must_use]
    pub fn of(entry: PolicyEntry) -> Self {
        Self { entries: [(L4Key::ANY, entry)].into_iter().collect() }
    }

    /// Returns the entries in order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (L4Key, &PolicyEntry)> {
        self.entries.iter().map(|(key, entry)| (*key, entry))
    }

    /// Returns the entry at exactly this key.
    #[must_use]
    pub fn get(&self, key: L4Key) -> Option<&PolicyEntry> {
        self.entries.get(&key)
    }

    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the entries at keys that cover `key`, from narrow to broad.
    fn covering(&self, key: L4Key) -> impl Iterator<Item = (L4Key, PolicyEntry)> + '_ {
        key.covering().filter_map(|key| self.entries.get(&key).map(|entry| (key, *entry)))
    }

    /// Returns the keys of entries that `key` covers, itself included, from broad to narrow.
    fn covered(&self, key: L4Key) -> Vec<L4Key> {
        // Everything inside a block stands behind it; broader blocks with the same start between
        // are filtered out.
        let from_here = self.entries.range(key..).map(|(inner, _)| *inner);
        from_here.take_while(|inner| may_cover(key, *inner)).filter(|k| key.covers(*k)).collect()
    }
}

/// Tells whether an entry behind `key` in the order can still lie inside it.
fn may_cover(key: L4Key, inner: L4Key) -> bool {
    key.protocol.is_any()
        || (inner.protocol == key.protocol && inner.port.value() <= key.port.last())
}

/// Puts entries into a column by precedence.
pub(crate) struct Inserter<'a> {
    /// The entries for any identity; `None` while these are being computed themselves.
    pub(crate) any: Option<&'a Column>,
    /// Whether some rule of the direction says something about authentication (AUTH-3).
    pub(crate) auth: bool,
    pub(crate) redirects: &'a Redirects,
    pub(crate) rule_sets: &'a mut RuleSets,
}

impl Inserter<'_> {
    pub(crate) fn insert(&mut self, column: &mut Column, key: L4Key, entry: PolicyEntry) {
        match (entry.deny, self.auth) {
            (true, _) => self.insert_deny(column, key, entry),
            (false, false) => self.insert_allow(column, key, entry),
            (false, true) => self.insert_allow_with_auth(column, key, entry),
        }
    }

    /// MAP-6
    fn insert_deny(&mut self, column: &mut Column, key: L4Key, entry: PolicyEntry) {
        let denied_for_all = self.any.is_some_and(|any| any.covering(key).any(|(_, e)| e.deny));
        let denied = column.covering(key).any(|(other, e)| e.deny && other != key);
        if denied || denied_for_all {
            return;
        }
        let rules = match column.get(key) {
            Some(old) if old.deny => self.rule_sets.union(old.rules, entry.rules),
            _ => entry.rules,
        };
        remove_covered(column, key, |_| true);
        column.entries.insert(key, entry.with_rules(rules));
    }

    /// MAP-7, MAP-8
    fn insert_allow(&mut self, column: &mut Column, key: L4Key, entry: PolicyEntry) {
        let stronger = |(_, e): (L4Key, PolicyEntry)| e.deny || e.priority > entry.priority;
        let for_all = self.any.is_some_and(|any| any.covering(key).any(stronger));
        if for_all || column.covering(key).any(stronger) {
            return;
        }
        if entry.priority.is_redirect() {
            remove_covered(column, key, |e| !e.deny && e.priority < entry.priority);
        }
        self.put(column, key, entry);
    }

    /// AUTH-3: only entries of the same identity count.
    pub(crate) fn insert_allow_with_auth(
        &mut self,
        column: &mut Column,
        key: L4Key,
        mut entry: PolicyEntry,
    ) {
        let explicit = entry.auth.is_explicit();
        let mut derived = false;
        for (other, covering) in column.covering(key) {
            if covering.deny || (covering.priority > entry.priority && !explicit) {
                return;
            }
            if covering.priority > entry.priority {
                entry.redirect = covering.redirect;
                entry.priority = covering.priority;
                break;
            }
            if !explicit && !derived && other != key && covering.auth.is_explicit() {
                entry.auth = AuthRequirement::derived(covering.auth.kind());
                derived = true;
            }
        }
        let covered = column.covered(key).into_iter().filter(|other| *other != key).collect();
        self.weaken_covered(column, covered, &entry);
        self.put(column, key, entry);
    }

    /// AUTH-3.2: weaker allows below go, or take over the redirect where they say something about
    /// authentication; others take over what the new entry says about it.
    fn weaken_covered(&self, column: &mut Column, covered: Vec<L4Key>, entry: &PolicyEntry) {
        let mut stops: Vec<L4Key> = Vec::new();
        for key in covered {
            let Some(old) = column.entries.get_mut(&key) else { continue };
            let explicit = old.auth.is_explicit();
            if old.deny || explicit {
                stops.push(key);
            }
            if !old.deny && old.priority < entry.priority {
                if !explicit {
                    column.entries.remove(&key);
                    continue;
                }
                old.redirect = entry.redirect;
                old.priority = entry.priority;
            }
            let stopped = stops.iter().any(|stop| stop.covers(key));
            if entry.auth.is_explicit() && !stopped {
                old.auth = AuthRequirement::derived(entry.auth.kind());
            }
        }
    }

    /// Puts an allow, merging it with one at the same key (MAP-8).
    fn put(&mut self, column: &mut Column, key: L4Key, entry: PolicyEntry) {
        let merged = match column.get(key) {
            Some(old) if !old.deny => self.merge(*old, entry),
            _ => entry,
        };
        column.entries.insert(key, merged);
    }

    fn merge(&mut self, old: PolicyEntry, new: PolicyEntry) -> PolicyEntry {
        let redirect = match old.priority.cmp(&new.priority) {
            std::cmp::Ordering::Greater => old.redirect,
            std::cmp::Ordering::Less => new.redirect,
            // L7P-5
            std::cmp::Ordering::Equal => self.redirects.preferred(old.redirect, new.redirect),
        };
        PolicyEntry {
            deny: false,
            redirect,
            priority: old.priority.max(new.priority),
            auth: old.auth.merge(new.auth),
            rules: self.rule_sets.union(old.rules, new.rules),
        }
    }
}

/// Removes the entries that a deny for any identity takes from a column (MAP-6).
pub(crate) fn remove_denied(column: &mut Column, key: L4Key) {
    remove_covered(column, key, |_| true);
}

fn remove_covered(column: &mut Column, key: L4Key, goes: impl Fn(&PolicyEntry) -> bool) {
    for covered in column.covered(key) {
        if column.get(covered).is_some_and(&goes) {
            column.entries.remove(&covered);
        }
    }
}
