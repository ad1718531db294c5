//! The rules behind entries of policy maps, shared and numbered.

use std::sync::Arc;

use hashbrown::HashMap;
use netpol_core::RuleSetId;

use super::ElementId;
use crate::rule::Origin;

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// Elements and where they come from, in order of their numbers.
pub type Elements = Arc<[(ElementId, Arc<Origin>)]>;

/// What stands behind an entry of a policy map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleSet {
    /// Elements of policies, in order of their numbers.
    Elements(Elements),
    /// No policy restricts the direction (MAP-9).
    Unenforced,
    /// Policies apply, but none of them switches default deny on (DD-4).
    DefaultAllow,
    /// The local node may reach its endpoints (MAP-10).
    AllowLocalhost,
    /// The policy could not be computed; everything is denied.
    Lockdown,
}

impl RuleSet {
    /// Returns where the elements come from; nothing for what is built in.
    pub fn origins(&self) -> impl Iterator<Item = &Arc<Origin>> {
        let elements = match self {
            Self::Elements(elements) => &**elements,
            Self::Unenforced | Self::DefaultAllow | Self::AllowLocalhost | Self::Lockdown => &[],
        };
        elements.iter().map(|(_, origin)| origin)
    }
}

/// The numbers of rule sets. Equal sets have one number, and no number is given twice, so that
/// a number in an old verdict never means something else.
#[derive(Clone, Debug)]
pub struct RuleSets {
    by_id: Map<RuleSetId, Arc<RuleSet>>,
    by_elements: Map<Box<[ElementId]>, RuleSetId>,
    next: u32,
}

impl Default for RuleSets {
    fn default() -> Self {
        let built_in = [
            (Self::UNENFORCED, RuleSet::Unenforced),
            (Self::DEFAULT_ALLOW, RuleSet::DefaultAllow),
            (Self::ALLOW_LOCALHOST, RuleSet::AllowLocalhost),
            (Self::LOCKDOWN, RuleSet::Lockdown),
        ];
        let next = Self::LOCKDOWN.number() + 1;
        let by_id = built_in.into_iter().map(|(id, set)| (id, Arc::new(set))).collect();
        Self { by_id, by_elements: Map::default(), next }
    }
}

impl RuleSets {
    /// The number of [`RuleSet::Unenforced`].
    pub const UNENFORCED: RuleSetId = RuleSetId::new(1);
    /// The number of [`RuleSet::DefaultAllow`].
    pub const DEFAULT_ALLOW: RuleSetId = RuleSetId::new(2);
    /// The number of [`RuleSet::AllowLocalhost`].
    pub const ALLOW_LOCALHOST: RuleSetId = RuleSetId::new(3);
    /// The number of [`RuleSet::Lockdown`].
    pub const LOCKDOWN: RuleSetId = RuleSetId::new(4);

    /// Returns the number of the set of these elements, in any order.
    pub fn intern(&mut self, elements: &[(ElementId, Arc<Origin>)]) -> RuleSetId {
        let mut sorted = elements.to_vec();
        sorted.sort_unstable_by_key(|(id, _)| *id);
        sorted.dedup_by_key(|(id, _)| *id);
        let key: Box<[ElementId]> = sorted.iter().map(|(id, _)| *id).collect();
        if let Some(id) = self.by_elements.get(&key) {
            return *id;
        }
        let id = RuleSetId::new(self.next);
        // Four billion sets in one process: the last number then stands for all others, and
        // explanations, not verdicts, get vague.
        self.next = self.next.saturating_add(1);
        self.by_id.insert(id, Arc::new(RuleSet::Elements(sorted.into())));
        self.by_elements.insert(key, id);
        id
    }

    /// Returns the number of the union of two sets. What is built in adds nothing to elements.
    pub fn union(&mut self, a: RuleSetId, b: RuleSetId) -> RuleSetId {
        match (self.elements(a), self.elements(b)) {
            _ if a == b => a,
            (Some(first), Some(second)) => {
                let both: Vec<_> = first.iter().chain(&*second).cloned().collect();
                self.intern(&both)
            }
            (Some(_), None) => a,
            (None, _) => b,
        }
    }

    fn elements(&self, id: RuleSetId) -> Option<Elements> {
        match &**self.by_id.get(&id)? {
            RuleSet::Elements(elements) => Some(Arc::clone(elements)),
            _ => None,
        }
    }

    /// Returns the set with this number, if it is in force or was until lately.
    #[must_use]
    pub fn get(&self, id: RuleSetId) -> Option<&Arc<RuleSet>> {
        self.by_id.get(&id)
    }

    /// Returns the number of sets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Tells whether there is no set; there always are those that are built in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Forgets the sets that are not in use.
    pub fn retain(&mut self, in_use: impl Fn(RuleSetId) -> bool) {
        let built_in = |id: &RuleSetId| *id <= Self::LOCKDOWN;
        self.by_elements.retain(|_, id| in_use(*id));
        self.by_id.retain(|id, _| built_in(id) || in_use(*id));
    }
}
