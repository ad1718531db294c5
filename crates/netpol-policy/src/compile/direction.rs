//! The policy of one subject in one direction.

use std::cmp::Ordering;
use std::sync::Arc;

use hashbrown::HashMap;
use netpol_core::{
    Direction, DirectionTable, Flow, IdentityId, PolicyEntry, PolicyKey, RuleSetId, Verdict,
};

use super::column::{Inserter, remove_denied};
use super::filter::{Filters, fold};
use super::l7::L7Sets;
use super::slot::{ResolvedFilter, Slot, allow_rest};
use super::subject_policy::{Shared, SubjectContext, SubjectEnforcement};
use super::{Changes, Column, CompileError, Filter, L4Key, L7Set, LoadedElement, RuleSets};
use crate::SortedMap;
use crate::select::{SelectorCache, SelectorId};

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// The policy of one subject in one direction.
#[derive(Clone, Debug)]
pub struct DirectionPolicy {
    direction: Direction,
    enforced: bool,
    // Whether the identity of the local node gets an entry that lets it in (MAP-10).
    localhost: bool,
    filters: Arc<[ResolvedFilter]>,
    // What filters say about selectors, in the order of AUTH-9.
    slots: Arc<[Slot]>,
    slots_of: Arc<Map<SelectorId, Vec<u32>>>,
    auth: bool,
    any: Arc<Column>,
    // L7 rules for peers that no selector matches.
    any_l7: L7Sets,
    // Whether some slot redirects.
    redirects: bool,
    members: SortedMap<IdentityId, Arc<Class>>,
    // The classes by their slots. Rebuilt when most are out of use.
    classes: SortedMap<Arc<[u32]>, Arc<Class>>,
    len: usize,
    // `any` and the members' columns, ready for lookups.
    table: DirectionTable,
}

/// Identities to which the same slots apply, and so the same entries.
#[derive(Clone, Debug, Default)]
struct Class {
    column: Column,
    l7: L7Sets,
    // The one that it was computed for: while it is a member, others can be given what it has.
    first: IdentityId,
}

impl DirectionPolicy {
    pub(crate) fn resolve(
        direction: Direction,
        elements: &[LoadedElement],
        context: &SubjectContext<'_>,
        shared: &mut Shared<'_>,
    ) -> Result<Self, CompileError> {
        let applying = || elements.iter().filter(|e| e.element.direction == direction);
        let enforced = match context.enforcement {
            SubjectEnforcement::Never => false,
            SubjectEnforcement::Always => true,
            SubjectEnforcement::Default => applying().next().is_some(),
        };
        if !enforced {
            return Ok(Self::unenforced(direction, context, shared));
        }
        // DD-3, DD-4
        let default_deny = context.enforcement == SubjectEnforcement::Always
            || applying().any(|element| element.element.default_deny);
        let host = shared.selectors.identities().labels(IdentityId::HOST);
        let host = host.filter(|_| localhost(direction, context));
        let mut filters = fold(applying(), context.namespace, host)?;
        if !default_deny {
            allow_rest(&mut filters)?;
        }
        Ok(Self::enforced(direction, filters, context, shared))
    }

    /// MAP-9
    fn unenforced(
        direction: Direction,
        context: &SubjectContext<'_>,
        shared: &mut Shared<'_>,
    ) -> Self {
        let allow = PolicyEntry::allow(RuleSets::UNENFORCED);
        let mut policy = Self {
            enforced: false,
            localhost: localhost(direction, context),
            ..Self::constant(direction, allow)
        };
        policy.compile_members(shared);
        policy
    }

    pub(crate) fn lockdown(direction: Direction) -> Self {
        Self::constant(direction, PolicyEntry::deny(RuleSets::LOCKDOWN))
    }

    fn constant(direction: Direction, entry: PolicyEntry) -> Self {
        let any = Column::of(entry);
        let mut table = DirectionTable::new();
        table.insert(IdentityId::ANY, entries_of(&any, direction, IdentityId::ANY));
        Self {
            direction,
            enforced: true,
            localhost: false,
            filters: Arc::default(),
            slots: Arc::default(),
            slots_of: Arc::default(),
            auth: false,
            any: Arc::new(any),
            any_l7: L7Sets::default(),
            redirects: false,
            members: SortedMap::default(),
            classes: SortedMap::default(),
            len: 1,
            table,
        }
    }

    fn enforced(
        direction: Direction,
        filters: Filters,
        context: &SubjectContext<'_>,
        shared: &mut Shared<'_>,
    ) -> Self {
        let localhost = localhost(direction, context);
        let auth = filters.values().any(Filter::has_auth);
        let resolve = |(key, filter)| ResolvedFilter::new(direction, key, filter, context, shared);
        let filters: Arc<[ResolvedFilter]> = filters.into_iter().map(resolve).collect();
        let mut slots = Vec::new();
        for filter in filters.iter() {
            slots.extend(filter.slots(context.listeners_exist, shared));
        }
        let mut policy = Self {
            localhost,
            auth,
            filters,
            slots_of: Arc::new(slots_of(&slots)),
            redirects: slots.iter().any(|slot| slot.entry.priority.is_redirect()),
            slots: slots.into(),
            ..Self::constant(direction, PolicyEntry::deny(RuleSets::LOCKDOWN))
        };
        policy.any = Arc::new(policy.compile_any(shared));
        let any = entries_of(&policy.any, direction, IdentityId::ANY);
        policy.table.insert(IdentityId::ANY, any);
        policy.any_l7 = policy.compile_l7(&[], shared);
        policy.len = policy.any.len();
        policy.compile_members(shared);
        policy
    }

    fn compile_any(&self, shared: &mut Shared<'_>) -> Column {
        let mut column = Column::default();
        for slot in self.slots.iter().filter(|slot| slot.selector.is_none()) {
            self.put(slot, None, &mut column, shared);
        }
        column
    }

    fn compile_members(&mut self, shared: &mut Shared<'_>) {
        let mut applying: Vec<(IdentityId, u32)> = Vec::new();
        for (index, slot) in (0..).zip(self.slots.iter()) {
            let Some(selector) = slot.selector else { continue };
            let members = shared.selectors.members(selector).iter();
            applying.extend(members.map(|identity| (identity, index)));
        }
        applying.sort_unstable();
        self.table.reserve(applying.chunk_by(|(a, _), (b, _)| a == b).count());
        let mut slots = Vec::new();
        for of_one in applying.chunk_by(|(a, _), (b, _)| a == b) {
            let Some((identity, _)) = of_one.first() else { continue };
            slots.clear();
            slots.extend(of_one.iter().map(|(_, slot)| *slot));
            self.enter(*identity, &slots, shared);
        }
        if self.localhost && self.members.get(&IdentityId::HOST).is_none() {
            self.enter(IdentityId::HOST, &[], shared);
        }
    }

    fn enter(&mut self, identity: IdentityId, slots: &[u32], shared: &mut Shared<'_>) {
        let class = self.class(identity, slots, shared);
        self.len += class.column.len();
        self.place(identity, &class);
        self.members.insert(identity, class);
    }

    /// Gives an identity the entries of a class in the table.
    fn place(&mut self, identity: IdentityId, class: &Arc<Class>) {
        let first = self.members.get(&class.first);
        let is_there = first.is_some_and(|its| Arc::ptr_eq(its, class));
        if !is_there || !self.table.insert_like(identity, class.first) {
            self.table.insert(identity, entries_of(&class.column, self.direction, identity));
        }
    }

    /// Returns the class of an identity to which these slots apply.
    fn class(
        &mut self,
        identity: IdentityId,
        slots: &[u32],
        shared: &mut Shared<'_>,
    ) -> Arc<Class> {
        if self.localhost && identity == IdentityId::HOST {
            let column = self.compile_localhost(slots, shared);
            let l7 = self.compile_l7(slots, shared);
            return Arc::new(Class { column, l7, first: identity });
        }
        if let Some(class) = self.classes.get(slots) {
            return Arc::clone(class);
        }
        self.forget_classes();
        let column = self.compile_column(slots, shared);
        let l7 = self.compile_l7(slots, shared);
        let class = Arc::new(Class { column, l7, first: identity });
        self.classes.insert(slots.into(), Arc::clone(&class));
        class
    }

    /// Drops classes without members, once they are the greater part.
    fn forget_classes(&mut self) {
        const FEW: usize = 64;
        if self.classes.len() > FEW + 2 * self.members.len() {
            self.classes.retain(|class| Arc::strong_count(class) > 1);
        }
    }

    fn compile_column(&self, slots: &[u32], shared: &mut Shared<'_>) -> Column {
        if self.auth {
            return self.compile_in_order(slots, shared);
        }
        // MAP-11: without authentication the order does not matter, so the finished entries for
        // any identity can stand there first.
        let mut column = Column::default();
        for slot in slots.iter().filter_map(|slot| self.slots.get(*slot as usize)) {
            self.put(slot, Some(&self.any), &mut column, shared);
        }
        column
    }

    /// AUTH-9: entries for any identity and for this one, in the order of the slots.
    fn compile_in_order(&self, slots: &[u32], shared: &mut Shared<'_>) -> Column {
        let (mut any, mut column) = (Column::default(), Column::default());
        for (index, slot) in (0..).zip(self.slots.iter()) {
            if slot.selector.is_none() {
                self.put(slot, None, &mut any, shared);
                // A deny that another one covers is not put, and takes nothing away (MAP-6).
                let is_put = |key: &&L4Key| any.get(**key).is_some_and(|entry| entry.deny);
                let denied = slot.keys.iter().filter(|_| slot.entry.deny).filter(is_put);
                denied.for_each(|key| remove_denied(&mut column, *key));
            } else if slots.binary_search(&index).is_ok() {
                self.put(slot, Some(&any), &mut column, shared);
            }
        }
        column
    }

    /// Puts what a slot says into a column; `any` holds the entries for any identity.
    fn put(&self, slot: &Slot, any: Option<&Column>, column: &mut Column, shared: &mut Shared<'_>) {
        let Shared { redirects, rule_sets, .. } = shared;
        let mut inserter = Inserter { any, auth: self.auth, redirects, rule_sets };
        slot.keys.iter().for_each(|key| inserter.insert(column, *key, slot.entry));
    }

    /// MAP-10: the local node's column, with the entry that lets it in.
    fn compile_localhost(&self, slots: &[u32], shared: &mut Shared<'_>) -> Column {
        let mut column = self.compile_column(slots, shared);
        let Shared { redirects, rule_sets, .. } = shared;
        let mut inserter = Inserter { any: None, auth: true, redirects, rule_sets };
        let allow = PolicyEntry::allow(RuleSets::ALLOW_LOCALHOST);
        inserter.insert(&mut column, L4Key::ANY, allow);
        column
    }

    /// Unites the L7 rules of the slots for any peer and of these.
    fn compile_l7(&self, slots: &[u32], shared: &Shared<'_>) -> L7Sets {
        if !self.redirects {
            return L7Sets::default();
        }
        let any = self.slots.iter().filter(|slot| slot.selector.is_none());
        let own = slots.iter().filter_map(|slot| self.slots.get(*slot as usize));
        L7Sets::new(&any.chain(own).collect::<Vec<_>>(), &shared.l7)
    }

    /// Brings the column of an identity up to date.
    pub(crate) fn update(
        &mut self,
        identity: IdentityId,
        shared: &mut Shared<'_>,
        changes: &mut Changes,
    ) {
        let is_localhost = self.localhost && identity == IdentityId::HOST;
        let selected_by = shared.selectors.selected_by(identity).iter();
        let applying = selected_by.filter_map(|id| self.slots_of.get(id)).flatten().copied();
        let mut slots: Vec<u32> = applying.collect();
        slots.sort_unstable();
        let class = match slots.is_empty() && !is_localhost {
            true => None,
            false => Some(self.class(identity, &slots, shared)),
        };
        self.set_class(identity, class, changes);
    }

    /// Denies an identity everything.
    pub(crate) fn deny(&mut self, identity: IdentityId, changes: &mut Changes) {
        if self.enforced {
            let column = Column::of(PolicyEntry::deny(RuleSets::LOCKDOWN));
            let class = Class { column, l7: L7Sets::default(), first: identity };
            self.set_class(identity, Some(Arc::new(class)), changes);
        }
    }

    fn set_class(
        &mut self,
        identity: IdentityId,
        class: Option<Arc<Class>>,
        changes: &mut Changes,
    ) {
        let old = match &class {
            Some(class) => {
                self.place(identity, class);
                self.members.insert(identity, Arc::clone(class))
            }
            None => {
                self.table.remove(identity);
                self.members.remove(&identity)
            }
        };
        self.len = self.len + column_len(class.as_ref()) - column_len(old.as_ref());
        self.record(identity, old.as_ref(), class.as_ref(), changes);
    }

    /// Records the way from one class to another.
    fn record(
        &self,
        identity: IdentityId,
        old: Option<&Arc<Class>>,
        new: Option<&Arc<Class>>,
        changes: &mut Changes,
    ) {
        let same = old.zip(new).is_some_and(|(old, new)| Arc::ptr_eq(old, new));
        if !same {
            let none = Column::default();
            let old = old.map_or(&none, |class| &class.column);
            let new = new.map_or(&none, |class| &class.column);
            changes.column(|l4| l4.policy_key(self.direction, identity), old, new);
        }
    }

    pub(crate) fn release(&self, selectors: &mut SelectorCache) {
        self.selectors().for_each(|selector| selectors.release(selector));
    }

    pub(crate) fn selectors(&self) -> impl Iterator<Item = SelectorId> + '_ {
        self.filters.iter().flat_map(|filter| filter.peers.iter().map(|(selector, _)| *selector))
    }

    /// Returns the direction.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// Tells whether policy is enforced in this direction (DD-2).
    #[must_use]
    pub const fn is_enforced(&self) -> bool {
        self.enforced
    }

    /// Tells whether a port is given by name, so that the policy depends on named ports.
    #[must_use]
    pub fn uses_named_ports(&self) -> bool {
        self.filters.iter().any(|filter| filter.key.name().is_some())
    }

    /// Returns the number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Tells whether there is no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the entries of the policy map, in order of the keys.
    pub fn entries(&self) -> impl Iterator<Item = (PolicyKey, PolicyEntry)> + '_ {
        let direction = self.direction;
        let any = [(IdentityId::ANY, &*self.any)];
        let members = self.members.iter().map(|(identity, class)| (*identity, &class.column));
        let columns = any.into_iter().chain(members);
        columns.flat_map(move |(identity, column)| entries_of(column, direction, identity))
    }

    /// Returns the rule sets that entries, now or soon, name.
    pub(crate) fn rule_sets(&self) -> impl Iterator<Item = RuleSetId> + '_ {
        let classes = self.members.values().chain(self.classes.values());
        let columns = classes.map(|class| &class.column).chain([&*self.any]);
        let entries = columns.flat_map(Column::iter).map(|(_, entry)| entry.rules);
        entries.chain(self.slots.iter().map(|slot| slot.entry.rules))
    }

    /// Returns what is decided about a flow in this direction (LKP).
    #[inline(always)]
    #[must_use]
    pub fn lookup(&self, flow: &Flow) -> Verdict {
        self.table.lookup(flow.peer, flow.protocol, flow.port)
    }

    /// Returns the table that lookups read.
    #[must_use]
    pub const fn table(&self) -> &DirectionTable {
        &self.table
    }

    /// Returns what a proxy applies to connections of a peer to a port; `None` if nothing redirects
    /// them.
    #[must_use]
    pub fn l7(&self, flow: &Flow) -> Option<&Arc<L7Set>> {
        let class = self.members.get(&flow.peer);
        let sets = class.map_or(&self.any_l7, |class| &class.l7);
        sets.get(flow.protocol, flow.port)
    }

    /// Records the way from this policy to another one.
    pub(crate) fn diff(&self, target: &Self, changes: &mut Changes) {
        let any = |l4: L4Key| l4.policy_key(self.direction, IdentityId::ANY);
        changes.column(any, &self.any, &target.any);
        // Both sides in order of the identities, what stands on one side only beside `None`.
        let (mut olds, mut news) =
            (self.members.iter().peekable(), target.members.iter().peekable());
        loop {
            let order = match (olds.peek(), news.peek()) {
                (None, None) => return,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((old, _)), Some((new, _))) => old.cmp(new),
            };
            let old = if order.is_le() { olds.next() } else { None };
            let new = if order.is_ge() { news.next() } else { None };
            let Some((identity, _)) = old.or(new) else { return };
            self.record(
                *identity,
                old.map(|(_, class)| class),
                new.map(|(_, class)| class),
                changes,
            );
        }
    }
}

/// Returns the entries of a column as those of an identity.
fn entries_of(
    column: &Column,
    direction: Direction,
    identity: IdentityId,
) -> impl Iterator<Item = (PolicyKey, PolicyEntry)> + '_ {
    column.iter().map(move |(l4, entry)| (l4.policy_key(direction, identity), *entry))
}

fn column_len(class: Option<&Arc<Class>>) -> usize {
    class.map_or(0, |class| class.column.len())
}

fn slots_of(slots: &[Slot]) -> Map<SelectorId, Vec<u32>> {
    let mut slots_of: Map<SelectorId, Vec<u32>> = Map::default();
    for (index, slot) in (0..).zip(slots) {
        if let Some(selector) = slot.selector {
            slots_of.entry(selector).or_default().push(index);
        }
    }
    slots_of
}

/// Tells whether the local node gets an entry of its own that lets it in (MAP-10).
fn localhost(direction: Direction, context: &SubjectContext<'_>) -> bool {
    context.allow_localhost && !context.is_host && direction == Direction::Ingress
}
