//! The repository: what is in force, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use netpol_core::{IdentityId, LabelSet, MapDelta, Prefix, RuleSetId};

use super::policies::Policies;
use super::services::Services;
use super::{Service, Subject, SubjectId};
use crate::compile::{
    Changes, ClusterPorts, CompileError, L7Settings, LoadedElement, NamedPorts, Redirects, RuleSet,
    RuleSets, Secrets, Shared, SubjectContext, SubjectEnforcement, SubjectPolicy,
};
use crate::rule::{Policy, PolicyName, SecretRef};
use crate::select::{SelectorCache, SelectorId};
use crate::{AllowLocalhost, Enforcement, Options};

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
type Set<K> = HashSet<K, foldhash::fast::RandomState>;

/// How much a repository takes before it refuses.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RepositoryLimits {
    /// Entries of one subject's policy map, both directions together; default 16384 (LIM-13).
    pub map_entries: usize,
}

impl Default for RepositoryLimits {
    fn default() -> Self {
        Self { map_entries: 16_384 }
    }
}

/// Policies in force, the subjects they apply to, and the policy maps that come of it.
///
/// Changes are collected and take effect together in [`commit`](Self::commit).
#[derive(Clone, Debug)]
pub struct Repository {
    options: Options,
    limits: RepositoryLimits,
    policies: Policies,
    services: Services,
    selectors: SelectorCache,
    redirects: Redirects,
    rule_sets: RuleSets,
    cluster_ports: ClusterPorts,
    secrets: Secrets,
    subjects: Map<SubjectId, Entry>,
    by_subject: Map<Subject, SubjectId>,
    next_subject: u32,
    // Which subjects' policies use a selector.
    selector_users: BTreeSet<(SelectorId, SubjectId)>,
    // What has to be looked at in the next commit.
    dirty: BTreeSet<SubjectId>,
    touched: BTreeMap<IdentityId, BTreeSet<SubjectId>>,
    // Whose policies are others since this was last asked.
    changed: BTreeSet<SubjectId>,
    rule_sets_after_sweep: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    subject: Subject,
    users: u32,
    policy: Arc<SubjectPolicy>,
    error: Option<CompileError>,
}

/// What a commit changed for one subject.
#[derive(Clone, Debug)]
pub struct SubjectChange {
    /// The subject.
    pub subject: SubjectId,
    /// The way from the old policy map to the new one, additions before removals.
    pub deltas: Vec<MapDelta>,
}

impl Repository {
    /// Returns a repository without policies and subjects.
    #[must_use]
    pub fn new(options: Options, limits: RepositoryLimits) -> Self {
        Self {
            options,
            limits,
            policies: Policies::default(),
            services: Services::new(),
            selectors: SelectorCache::default(),
            redirects: Redirects::default(),
            rule_sets: RuleSets::default(),
            cluster_ports: ClusterPorts::default(),
            secrets: Secrets::default(),
            subjects: Map::default(),
            by_subject: Map::default(),
            next_subject: 0,
            selector_users: BTreeSet::new(),
            dirty: BTreeSet::new(),
            touched: BTreeMap::new(),
            changed: BTreeSet::new(),
            rule_sets_after_sweep: 0,
        }
    }

    /// Puts a policy in force, in the place of one with the same name. Returns the prefixes that it
    /// names and those that the old one named, each as often as it is named.
    pub fn insert_policy(&mut self, policy: Arc<Policy>) -> (Vec<Prefix>, Vec<Prefix>) {
        let removed = self.remove_policy(&policy.name);
        self.mark_subjects_of(&policy);
        let added = self.policies.insert(policy, &self.services, &self.options);
        (added, removed)
    }

    /// Takes a policy out of force. Returns the prefixes that it named; none if there was no such
    /// policy.
    pub fn remove_policy(&mut self, name: &PolicyName) -> Vec<Prefix> {
        let Some((policy, prefixes)) = self.policies.remove(name) else { return Vec::new() };
        self.mark_subjects_of(&policy);
        prefixes
    }

    fn mark_subjects_of(&mut self, policy: &Policy) {
        for rule in &policy.rules {
            self.mark_subjects(rule.subject.node, |labels| rule.subject.selector.matches(labels));
        }
    }

    /// Marks the subjects that a rule about the local node, or about endpoints, applies to.
    fn mark_subjects(&mut self, node: bool, matches: impl Fn(&LabelSet) -> bool) {
        let applies =
            |entry: &Entry| entry.subject.is_host() == node && matches(&entry.subject.labels);
        let affected = self.subjects.iter().filter(|(_, entry)| applies(entry));
        self.dirty.extend(affected.map(|(id, _)| *id));
    }

    /// Returns a policy in force.
    #[must_use]
    pub fn policy(&self, name: &PolicyName) -> Option<&Arc<Policy>> {
        self.policies.get(name)
    }

    /// Returns the policies in force, in no order.
    pub fn policies(&self) -> impl Iterator<Item = &Arc<Policy>> {
        self.policies.iter()
    }

    /// Returns the number of policies in force.
    #[must_use]
    pub fn policy_count(&self) -> usize {
        self.policies.len()
    }

    /// Tells whether a selector of some policy in force looks at labels with this key.
    #[must_use]
    pub fn is_relevant_label(&self, key: &str) -> bool {
        self.policies.label_keys().contains(key)
    }

    /// Returns the keys of labels that selectors of policies in force look at, in no order.
    pub fn relevant_label_keys(&self) -> impl Iterator<Item = &str> {
        self.policies.label_keys().iter()
    }

    /// Tells whether selectors began or ceased to look at some label since this was last asked.
    pub fn take_relevant_labels_changed(&mut self) -> bool {
        self.policies.take_label_keys_changed()
    }

    /// Sets a service. Returns the prefixes that `toServices` peers gain and lose by it.
    pub fn insert_service(&mut self, service: Service) -> (Vec<Prefix>, Vec<Prefix>) {
        let key = (Arc::clone(&service.namespace), Arc::clone(&service.name));
        let service = Arc::new(service);
        if self.services.insert(key, Arc::clone(&service)).as_ref() == Some(&service) {
            return (Vec::new(), Vec::new());
        }
        self.reload_services()
    }

    /// Removes a service. Returns the prefixes that `toServices` peers gain and lose by it.
    pub fn remove_service(&mut self, namespace: &str, name: &str) -> (Vec<Prefix>, Vec<Prefix>) {
        match self.services.remove(&(namespace.into(), name.into())) {
            Some(_) => self.reload_services(),
            None => (Vec::new(), Vec::new()),
        }
    }

    fn reload_services(&mut self) -> (Vec<Prefix>, Vec<Prefix>) {
        let changes = self.policies.reload_services(&self.services, &self.options);
        for (selector, node) in &changes.subjects {
            self.mark_subjects(*node, |labels| selector.matches(labels));
        }
        (changes.added, changes.removed)
    }

    /// Sets the value of a secret that HTTP rules may ask for; `None` removes it (HM-1).
    pub fn set_secret(&mut self, secret: SecretRef, value: Option<&str>) {
        let changed = match value {
            Some(value) => self.secrets.insert(secret, value.into()).as_deref() != Some(value),
            None => self.secrets.remove(&secret).is_some(),
        };
        if changed {
            self.dirty.extend(self.subjects.keys());
        }
    }

    /// Makes an identity known, or gives it other labels (CHG-3).
    pub fn insert_identity(&mut self, id: IdentityId, labels: &LabelSet) {
        if self.selectors.identities().labels(id) == Some(labels) {
            return;
        }
        let before = self.selectors.remove_identity(id);
        self.touch(id, &before);
        let after = self.selectors.add_identity(id, labels).to_vec();
        self.touch(id, &after);
        if id == IdentityId::HOST {
            // HOST-4 asks whether selectors match the local node.
            self.dirty.extend(self.subjects.keys());
        }
    }

    /// Forgets an identity (CHG-4).
    pub fn remove_identity(&mut self, id: IdentityId) {
        let before = self.selectors.remove_identity(id);
        self.touch(id, &before);
    }

    fn touch(&mut self, id: IdentityId, selectors: &[SelectorId]) {
        let users: Vec<SubjectId> =
            selectors.iter().flat_map(|selector| self.users_of(*selector)).collect();
        if !users.is_empty() {
            self.touched.entry(id).or_default().extend(users);
        }
    }

    /// Returns the labels of an identity that is known.
    #[must_use]
    pub fn identity_labels(&self, id: IdentityId) -> Option<&LabelSet> {
        self.selectors.identities().labels(id)
    }

    /// Returns the identities that are known, in no order.
    pub fn identities(&self) -> impl Iterator<Item = (IdentityId, &LabelSet)> {
        self.selectors.identities().iter()
    }

    /// Adds named ports to those that names mean on egress (PORT-9).
    pub fn insert_named_ports(&mut self, ports: &NamedPorts) {
        if self.cluster_ports.add(ports) {
            self.mark_users_of_named_ports();
        }
    }

    /// Removes named ports from those that names mean on egress.
    pub fn remove_named_ports(&mut self, ports: &NamedPorts) {
        if self.cluster_ports.remove(ports) {
            self.mark_users_of_named_ports();
        }
    }

    fn mark_users_of_named_ports(&mut self) {
        let egress = netpol_core::Direction::Egress;
        let uses = |entry: &Entry| entry.policy.direction(egress).uses_named_ports();
        let affected =
            self.subjects.iter().filter(|(_, entry)| uses(entry) || entry.error.is_some());
        self.dirty.extend(affected.map(|(id, _)| *id));
    }

    /// Adds a user of a subject and returns its number. A new subject is denied everything
    /// until the next commit.
    pub fn acquire_subject(&mut self, subject: &Subject) -> SubjectId {
        if let Some(id) = self.by_subject.get(subject) {
            if let Some(entry) = self.subjects.get_mut(id) {
                entry.users += 1;
            }
            return *id;
        }
        let id = SubjectId(self.next_subject);
        self.next_subject += 1;
        let entry = Entry {
            subject: subject.clone(),
            users: 1,
            policy: Arc::new(SubjectPolicy::lockdown()),
            error: None,
        };
        self.subjects.insert(id, entry);
        self.by_subject.insert(subject.clone(), id);
        self.dirty.insert(id);
        id
    }

    /// Removes a user of a subject; the last one takes the subject with it.
    pub fn release_subject(&mut self, id: SubjectId) {
        let Some(entry) = self.subjects.get_mut(&id) else { return };
        entry.users -= 1;
        if entry.users > 0 {
            return;
        }
        let Some(Entry { subject, policy, .. }) = self.subjects.remove(&id) else { return };
        self.by_subject.remove(&subject);
        self.dirty.remove(&id);
        self.changed.remove(&id);
        self.forget_selectors(id, &policy);
    }

    fn forget_selectors(&mut self, id: SubjectId, policy: &SubjectPolicy) {
        for selector in policy.selectors() {
            self.selector_users.remove(&(selector, id));
        }
        policy.release(&mut self.selectors);
    }

    fn users_of(&self, selector: SelectorId) -> impl Iterator<Item = SubjectId> + '_ {
        let (first, last) = ((selector, SubjectId(0)), (selector, SubjectId(u32::MAX)));
        self.selector_users.range(first..=last).map(|(_, subject)| *subject)
    }

    /// Returns a subject.
    #[must_use]
    pub fn subject(&self, id: SubjectId) -> Option<&Subject> {
        self.subjects.get(&id).map(|entry| &entry.subject)
    }

    /// Returns the policy of a subject, as of the last commit.
    #[must_use]
    pub fn subject_policy(&self, id: SubjectId) -> Option<&Arc<SubjectPolicy>> {
        self.subjects.get(&id).map(|entry| &entry.policy)
    }

    /// Returns the subjects whose policies commits have changed or replaced since this was last called, even
    /// if their maps are the same.
    pub fn take_changed_policies(&mut self) -> BTreeSet<SubjectId> {
        std::mem::take(&mut self.changed)
    }

    /// Returns why the newest policy of a subject could not be computed, if so (MERGE-12). The last
    /// good one is in force; if there never was one, everything is denied.
    #[must_use]
    pub fn subject_error(&self, id: SubjectId) -> Option<&CompileError> {
        self.subjects.get(&id)?.error.as_ref()
    }

    /// Returns the selectors in use and the identities that they match.
    #[must_use]
    pub fn selectors(&self) -> &SelectorCache {
        &self.selectors
    }

    /// Returns the name selectors that came into use (`true`) or fell out of it since this was
    /// last called, in order (SLC-1, SLC-2).
    pub fn take_name_changes(&mut self) -> Vec<(crate::rule::FqdnSelector, bool)> {
        self.selectors.take_name_changes()
    }

    /// Returns the elements that apply to a subject, in the order in which they were loaded.
    #[must_use]
    pub fn applying(&self, id: SubjectId) -> Vec<LoadedElement> {
        self.subject(id).map_or_else(Vec::new, |subject| {
            self.policies.applying(&subject.labels, subject.is_host())
        })
    }

    /// Returns the proxies that redirects lead to.
    #[must_use]
    pub fn redirects(&self) -> &Redirects {
        &self.redirects
    }

    /// Returns the rules behind an entry.
    #[must_use]
    pub fn rule_set(&self, id: RuleSetId) -> Option<&Arc<RuleSet>> {
        self.rule_sets.get(id)
    }

    /// Returns the settings.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Brings the policies of all subjects up to date with everything that was changed, and
    /// returns what that changed in their policy maps.
    pub fn commit(&mut self) -> Vec<SubjectChange> {
        let mut changes: BTreeMap<SubjectId, Changes> = BTreeMap::new();
        let dirty = std::mem::take(&mut self.dirty);
        let touched = std::mem::take(&mut self.touched);
        let mut result = Vec::new();
        let mut computed = BTreeSet::new();
        for subject in dirty {
            let Some(deltas) = self.recompute(subject) else { continue };
            computed.insert(subject);
            if !deltas.is_empty() {
                result.push(SubjectChange { subject, deltas });
            }
        }
        // The last good policy of a subject that could not be computed follows the identities too:
        // a deny in it must not miss those that are new.
        for (identity, subjects) in &touched {
            for subject in subjects.difference(&computed) {
                self.update(*subject, *identity, changes.entry(*subject).or_default());
            }
        }
        let changed = changes.into_iter().filter(|(_, changes)| !changes.is_empty());
        result.extend(
            changed
                .map(|(subject, changes)| SubjectChange { subject, deltas: changes.into_deltas() }),
        );
        self.sweep();
        result
    }

    fn update(&mut self, id: SubjectId, identity: IdentityId, changes: &mut Changes) {
        let Some(entry) = self.subjects.get_mut(&id) else { return };
        let Self { selectors, redirects, rule_sets, secrets, options, .. } = self;
        let l7 = L7Settings { secrets, dialect: options.pattern_dialect };
        let mut shared = Shared { selectors, redirects, rule_sets, l7 };
        self.changed.insert(id);
        let policy = Arc::make_mut(&mut entry.policy);
        let fits = policy.update(identity, &mut shared, changes);
        if !fits {
            entry.error = Some(policy.overflow_error(shared.rule_sets));
        }
    }

    /// Computes the policy of a subject anew and returns what that changed; `None` on failure, when
    /// the last one stays in force.
    fn recompute(&mut self, id: SubjectId) -> Option<Vec<MapDelta>> {
        let entry = self.subjects.get(&id)?;
        let elements = self.policies.applying(&entry.subject.labels, entry.subject.is_host());
        let subject = entry.subject.clone();
        let context = SubjectContext {
            namespace: subject.namespace(),
            is_host: subject.is_host(),
            enforcement: self.enforcement(&subject),
            own_ports: &subject.ports,
            cluster_ports: &self.cluster_ports,
            allow_localhost: self.options.allow_localhost == AllowLocalhost::Always,
            listeners_exist: self.options.listeners_exist,
            max_entries: self.limits.map_entries,
        };
        let Self { selectors, redirects, rule_sets, secrets, options, .. } = self;
        let l7 = L7Settings { secrets, dialect: options.pattern_dialect };
        let mut shared = Shared { selectors, redirects, rule_sets, l7 };
        match SubjectPolicy::resolve(&elements, &context, &mut shared) {
            Ok(policy) => Some(self.install(id, policy)),
            Err(error) => {
                self.subjects.get_mut(&id)?.error = Some(error);
                None
            }
        }
    }

    fn install(&mut self, id: SubjectId, policy: SubjectPolicy) -> Vec<MapDelta> {
        self.selector_users.extend(policy.selectors().map(|selector| (selector, id)));
        let policy = Arc::new(policy);
        let Some(entry) = self.subjects.get_mut(&id) else { return Vec::new() };
        self.changed.insert(id);
        let deltas = entry.policy.diff(&policy);
        let old = std::mem::replace(&mut entry.policy, Arc::clone(&policy));
        entry.error = None;
        let kept: Set<SelectorId> = policy.selectors().collect();
        for selector in old.selectors().filter(|selector| !kept.contains(selector)) {
            self.selector_users.remove(&(selector, id));
        }
        old.release(&mut self.selectors);
        deltas
    }

    /// Returns how the directions of a subject are enforced (MODE-4).
    fn enforcement(&self, subject: &Subject) -> SubjectEnforcement {
        // QUIRK-2: only the reserved labels count, not pod labels of those names.
        if subject.is_host() && !self.options.host_firewall {
            return SubjectEnforcement::Never;
        }
        match self.options.enforcement {
            Enforcement::Never => SubjectEnforcement::Never,
            Enforcement::Always => SubjectEnforcement::Always,
            Enforcement::Default if subject.labels.has_reserved("init") => {
                SubjectEnforcement::Always
            }
            Enforcement::Default => SubjectEnforcement::Default,
        }
    }

    /// Forgets rule sets that no entry names, once there are many.
    fn sweep(&mut self) {
        const FEW: usize = 1024;
        if self.rule_sets.len() < FEW + 2 * self.rule_sets_after_sweep {
            return;
        }
        let maps = self.subjects.values().flat_map(|entry| entry.policy.rule_sets());
        let in_use: Set<RuleSetId> = maps.collect();
        self.rule_sets.retain(|id| in_use.contains(&id));
        self.rule_sets_after_sweep = self.rule_sets.len();
    }
}
