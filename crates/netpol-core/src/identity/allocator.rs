//! From label sets to numbers.

use alloc::vec::Vec;
use core::fmt;

use hashbrown::HashMap;

use super::{IdentityId, IdentityRange, IdentityScope, identity_scope};
use crate::LabelSet;

/// Gives each label set one number and counts its users.
///
/// Label sets of global scope get numbers of the cluster's range, others come from one of
/// two counters of this node (ALO, LID). Fixed numbers never come from here: ask
/// [`reserved_identity`](super::reserved_identity) first.
///
/// # Examples
///
/// ```
/// use netpol_core::{IdentityAllocator, IdentityId, LabelSet};
///
/// let mut allocator = IdentityAllocator::default();
/// let web = LabelSet::from_canonical("k8s:app=web;");
/// let id = allocator.acquire(&web)?;
/// assert_eq!(id, IdentityId::new(256));
/// assert_eq!(allocator.acquire(&web)?, id); // the same labels, the same number
/// assert!(!allocator.release(id)); // one user is left
/// assert!(allocator.release(id));
/// # Ok::<(), netpol_core::AllocateError>(())
/// ```
#[derive(Clone, Debug)]
pub struct IdentityAllocator {
    global: Pool,
    local: Pool,
    remote_node: Pool,
    by_labels: HashMap<LabelSet, IdentityId, foldhash::fast::RandomState>,
}

impl Default for IdentityAllocator {
    fn default() -> Self {
        Self::new(IdentityRange::DEFAULT)
    }
}

impl IdentityAllocator {
    /// Returns an allocator whose global numbers come from `range`.
    #[must_use]
    pub fn new(range: IdentityRange) -> Self {
        // LID-1: the value 0 of a local scope is never given.
        let local = |scope: IdentityScope| Pool::new(scope.bits() + 1, scope.bits() | 0x00ff_ffff);
        Self {
            global: Pool::new(range.min(), range.max()),
            local: local(IdentityScope::Local),
            remote_node: local(IdentityScope::RemoteNode),
            by_labels: HashMap::default(),
        }
    }

    /// Returns the number of a label set, giving it one if it has none, and adds a user.
    ///
    /// # Errors
    ///
    /// Fails if the scope has no number left (LID-3). Nothing changes then.
    pub fn acquire(&mut self, labels: &LabelSet) -> Result<IdentityId, AllocateError> {
        if let Some(id) = self.by_labels.get(labels).copied() {
            self.pool(id).retain(id);
            return Ok(id);
        }
        let scope = identity_scope(labels);
        let pool = match scope {
            IdentityScope::Global => &mut self.global,
            IdentityScope::Local => &mut self.local,
            IdentityScope::RemoteNode => &mut self.remote_node,
        };
        let id = pool.take(labels).ok_or(AllocateError { scope })?;
        self.by_labels.insert(labels.clone(), id);
        Ok(id)
    }

    /// Removes a user of a number; returns `true` if it was the last one, which frees the
    /// number (LID-4). An unknown number is left alone.
    pub fn release(&mut self, id: IdentityId) -> bool {
        match self.pool(id).release(id) {
            Some(labels) => {
                self.by_labels.remove(&labels);
                true
            }
            None => false,
        }
    }

    /// Returns the number that a label set has now.
    #[must_use]
    pub fn find(&self, labels: &LabelSet) -> Option<IdentityId> {
        self.by_labels.get(labels).copied()
    }

    /// Returns how many users a number has.
    #[must_use]
    pub fn users(&self, id: IdentityId) -> u32 {
        self.pool_of(id).used.get(&id).map_or(0, |used| used.users)
    }

    /// Returns how many numbers are in use.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_labels.len()
    }

    /// Tells whether no number is in use.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_labels.is_empty()
    }

    /// Returns the numbers in use and their labels, in order of the numbers.
    #[must_use]
    pub fn list(&self) -> Vec<(IdentityId, LabelSet)> {
        let mut list: Vec<_> = self.by_labels.iter().map(|(l, id)| (*id, l.clone())).collect();
        list.sort_unstable_by_key(|(id, _)| *id);
        list
    }

    fn pool(&mut self, id: IdentityId) -> &mut Pool {
        match id.scope() {
            Some(IdentityScope::Local) => &mut self.local,
            Some(IdentityScope::RemoteNode) => &mut self.remote_node,
            Some(IdentityScope::Global) | None => &mut self.global,
        }
    }

    fn pool_of(&self, id: IdentityId) -> &Pool {
        match id.scope() {
            Some(IdentityScope::Local) => &self.local,
            Some(IdentityScope::RemoteNode) => &self.remote_node,
            Some(IdentityScope::Global) | None => &self.global,
        }
    }
}

/// The numbers of one scope.
///
/// Numbers ascend and are used again only after the counter has wrapped (LID-2), so that
/// a number in an old packet or log line is rarely somebody else's.
#[derive(Clone, Debug)]
struct Pool {
    min: u32,
    max: u32,
    next: u32,
    used: HashMap<IdentityId, Used, foldhash::fast::RandomState>,
}

#[derive(Clone, Debug)]
struct Used {
    users: u32,
    labels: LabelSet,
}

impl Pool {
    fn new(min: u32, max: u32) -> Self {
        Self { min, max, next: min, used: HashMap::default() }
    }

    fn take(&mut self, labels: &LabelSet) -> Option<IdentityId> {
        let capacity = (self.max - self.min) as usize + 1;
        if self.used.len() >= capacity {
            return None;
        }
        // Ends: fewer numbers are used than there are.
        while self.used.contains_key(&IdentityId::new(self.next)) {
            self.advance();
        }
        let id = IdentityId::new(self.next);
        self.advance();
        self.used.insert(id, Used { users: 1, labels: labels.clone() });
        Some(id)
    }

    fn advance(&mut self) {
        self.next = if self.next == self.max { self.min } else { self.next + 1 };
    }

    fn retain(&mut self, id: IdentityId) {
        if let Some(used) = self.used.get_mut(&id) {
            used.users += 1;
        }
    }

    fn release(&mut self, id: IdentityId) -> Option<LabelSet> {
        let used = self.used.get_mut(&id)?;
        used.users -= 1;
        if used.users > 0 {
            return None;
        }
        self.used.remove(&id).map(|used| used.labels)
    }
}

/// Why a label set got no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocateError {
    scope: IdentityScope,
}

impl AllocateError {
    /// Returns the scope that is exhausted.
    #[must_use]
    pub fn scope(&self) -> IdentityScope {
        self.scope
    }
}

impl fmt::Display for AllocateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = match self.scope {
            IdentityScope::Global => "cluster-wide",
            IdentityScope::Local => "local",
            IdentityScope::RemoteNode => "remote-node",
        };
        write!(f, "no {scope} identity is left")
    }
}

impl core::error::Error for AllocateError {}
