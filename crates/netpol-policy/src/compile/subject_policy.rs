//! The policy of one subject, computed and kept up to date.

use std::sync::Arc;

use netpol_core::{Direction, Flow, IdentityId, MapDelta, PolicyMap, RuleSetId, Verdict};

use super::ports::ClusterPorts;
use super::{
    Changes, CompileError, DirectionPolicy, L7Settings, LoadedElement, NamedPorts, Redirects,
    RuleSets,
};
use crate::rule::Origin;
use crate::select::{SelectorCache, SelectorId};

/// What, besides the elements that apply, decides the policy of a subject.
#[derive(Clone, Copy, Debug)]
pub struct SubjectContext<'a> {
    /// The namespace, for names that are looked up in it.
    pub namespace: Option<&'a str>,
    /// Whether the subject is the local node.
    pub is_host: bool,
    /// How the directions are enforced (MODE-4).
    pub enforcement: SubjectEnforcement,
    /// The subject's own named ports, for ingress.
    pub own_ports: &'a NamedPorts,
    /// The named ports of all endpoints, for egress.
    pub(crate) cluster_ports: &'a ClusterPorts,
    /// Whether the local node may always reach the subject (MAP-10).
    pub allow_localhost: bool,
    /// Whether the listeners that policies name exist (LSN-5).
    pub listeners_exist: bool,
    /// How many entries the policy map may have, both directions together.
    pub max_entries: usize,
}

/// How the directions of one subject are enforced (section MODE).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubjectEnforcement {
    /// Not at all.
    Never,
    /// Where elements apply (DD-2).
    Default,
    /// Always, with default deny.
    Always,
}

/// Tables that all subjects share.
#[derive(Debug)]
pub(crate) struct Shared<'a> {
    pub(crate) selectors: &'a mut SelectorCache,
    pub(crate) redirects: &'a mut Redirects,
    pub(crate) rule_sets: &'a mut RuleSets,
    pub(crate) l7: L7Settings<'a>,
}

/// The policy of one subject: both directions, column by column.
#[derive(Clone, Debug)]
pub struct SubjectPolicy {
    directions: [DirectionPolicy; 2],
    max_entries: usize,
    // Set when the map is full: identities that come now are denied everything (LIM-13), so
    // that no deny rule for them is missed.
    full: bool,
}

impl SubjectPolicy {
    /// Computes the policy of a subject from the elements that apply to it.
    ///
    /// # Errors
    ///
    /// Fails if rules contradict each other or the map would have too many entries. Nothing has
    /// changed then.
    pub(crate) fn resolve(
        elements: &[LoadedElement],
        context: &SubjectContext<'_>,
        shared: &mut Shared<'_>,
    ) -> Result<Self, CompileError> {
        let ingress = DirectionPolicy::resolve(Direction::Ingress, elements, context, shared)?;
        let egress = match DirectionPolicy::resolve(Direction::Egress, elements, context, shared) {
            Ok(egress) => egress,
            Err(error) => {
                ingress.release(shared.selectors);
                return Err(error);
            }
        };
        let directions = [ingress, egress];
        let policy = Self { directions, max_entries: context.max_entries, full: false };
        match policy.len() {
            len if len > context.max_entries => {
                let culprits = policy.culprits(shared.rule_sets);
                policy.release(shared.selectors);
                Err(CompileError::too_many(context.max_entries, len, culprits))
            }
            _ => Ok(policy),
        }
    }

    /// Returns the policy that denies everything: for a subject whose policy never could be
    /// computed.
    #[must_use]
    pub fn lockdown() -> Self {
        let directions = Direction::BOTH.map(DirectionPolicy::lockdown);
        Self { directions, max_entries: 2, full: false }
    }

    /// Gives back the selectors that the policy uses.
    pub(crate) fn release(&self, selectors: &mut SelectorCache) {
        self.directions.iter().for_each(|direction| direction.release(selectors));
    }

    /// Returns the selectors in use, each as often as it is used.
    pub(crate) fn selectors(&self) -> impl Iterator<Item = SelectorId> + '_ {
        self.directions.iter().flat_map(DirectionPolicy::selectors)
    }

    /// Brings the column of an identity up to date after selectors began or ceased to match it;
    /// returns `false` if the map has become too large, and the identity is denied everything.
    pub(crate) fn update(
        &mut self,
        identity: IdentityId,
        shared: &mut Shared<'_>,
        changes: &mut Changes,
    ) -> bool {
        let known = shared.selectors.identities().labels(identity).is_some();
        if self.full && known {
            self.deny(identity, changes);
            return false;
        }
        let mut update = Changes::default();
        for direction in &mut self.directions {
            direction.update(identity, shared, &mut update);
        }
        if known && self.len() > self.max_entries {
            self.full = true;
            self.deny(identity, changes);
            return false;
        }
        changes.append(update);
        true
    }

    fn deny(&mut self, identity: IdentityId, changes: &mut Changes) {
        for direction in &mut self.directions {
            direction.deny(identity, changes);
        }
    }

    /// Returns the policy of one direction.
    #[must_use]
    pub fn direction(&self, direction: Direction) -> &DirectionPolicy {
        let [ingress, egress] = &self.directions;
        match direction {
            Direction::Ingress => ingress,
            Direction::Egress => egress,
        }
    }

    /// Returns what is decided about a flow (LKP).
    #[must_use]
    pub fn lookup(&self, flow: &Flow) -> Verdict {
        self.direction(flow.direction).lookup(flow)
    }

    /// Returns the number of entries of the policy map.
    #[must_use]
    pub fn len(&self) -> usize {
        self.directions.iter().map(DirectionPolicy::len).sum()
    }

    /// Tells whether the policy map has no entry, so that everything is denied by default.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the canonical policy map.
    #[must_use]
    pub fn to_map(&self) -> PolicyMap {
        self.directions.iter().flat_map(DirectionPolicy::entries).collect()
    }

    /// Returns the changes that lead to another policy, additions before removals.
    #[must_use]
    pub fn diff(&self, target: &Self) -> Vec<MapDelta> {
        let mut changes = Changes::default();
        for direction in Direction::BOTH {
            self.direction(direction).diff(target.direction(direction), &mut changes);
        }
        changes.into_deltas()
    }

    /// Returns the error that says that the map is full, and by what.
    pub(crate) fn overflow_error(&self, rule_sets: &RuleSets) -> CompileError {
        CompileError::too_many(self.max_entries, self.len(), self.culprits(rule_sets))
    }

    /// Returns the rule sets that entries name, each as often as it is named.
    pub(crate) fn rule_sets(&self) -> impl Iterator<Item = RuleSetId> + '_ {
        self.directions.iter().flat_map(DirectionPolicy::rule_sets)
    }

    /// Returns the rules with the most entries, at most three.
    fn culprits(&self, rule_sets: &RuleSets) -> Vec<Arc<Origin>> {
        let mut counts: Vec<(usize, Arc<Origin>)> = Vec::new();
        for (_, entry) in self.directions.iter().flat_map(DirectionPolicy::entries) {
            let Some(set) = rule_sets.get(entry.rules) else { continue };
            for origin in set.origins() {
                match counts.iter_mut().find(|(_, known)| Arc::ptr_eq(known, origin)) {
                    Some((count, _)) => *count += 1,
                    None => counts.push((1, Arc::clone(origin))),
                }
            }
        }
        counts.sort_by(|(a, x), (b, y)| b.cmp(a).then_with(|| x.cmp(y)));
        counts.into_iter().take(3).map(|(_, origin)| origin).collect()
    }
}
