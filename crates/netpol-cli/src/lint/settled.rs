//! Warnings about one document that the other documents settle.

use std::collections::HashMap;

use netpol::{Direction, Problem};
use netpol_policy::rule::{Element, L7Rules, LabelSelector, Policy, Ports, Requirement, Rule};

use super::subjects::Subjects;

/// What rules do for the endpoints that they apply to, so that a warning about another rule of
/// the same endpoints is settled.
pub(super) struct Settled<'s, 'i> {
    subjects: &'s Subjects<'i>,
    dns: Helpers<'i>,
    allow: [Helpers<'i>; 2],
}

impl<'s, 'i> Settled<'s, 'i> {
    /// Returns what the rules of all documents do.
    pub(super) fn new(subjects: &'s Subjects<'i>) -> Self {
        Self {
            subjects,
            dns: Helpers::new(subjects, lets_dns_be_seen),
            allow: [Direction::Ingress, Direction::Egress]
                .map(|direction| Helpers::new(subjects, |rule| allows(rule, direction))),
        }
    }

    /// Tells whether a warning says that something is missing which another document has.
    pub(super) fn contains(&self, problem: &Problem) -> bool {
        let [ingress, egress] = &self.allow;
        let helpers = match problem.code().0 {
            "no-dns-rule" => &self.dns,
            "deny-only" if problem.path().ends_with(".ingressDeny") => ingress,
            "deny-only" => egress,
            _ => return false,
        };
        let policy = self.subjects.policy_at(&problem.place());
        let rule = policy.and_then(|policy| rule_of(problem, policy));
        rule.is_some_and(|rule| helpers.help(rule, self.subjects))
    }
}

/// Returns the rule that a problem is in: `spec` comes first, then `specs` in order.
fn rule_of<'i>(problem: &Problem, policy: &'i Policy) -> Option<&'i Rule> {
    let item = problem.path().strip_prefix("specs[").and_then(|rest| rest.split_once(']'));
    let Some((index, _)) = item else { return policy.rules.first() };
    let index: u32 = index.parse().ok()?;
    let of_item = |rule: &&Rule| rule.elements.iter().any(|e| e.origin.spec == Some(index));
    policy.rules.iter().find(of_item)
}

/// Tells whether a rule sends DNS queries through the proxy (FQDN-5).
fn lets_dns_be_seen(rule: &Rule) -> bool {
    let is_dns = |element: &Element| match &element.ports {
        Ports::All => false,
        Ports::AnyOf(rules) => rules.iter().any(|rule| matches!(rule.l7, L7Rules::Dns(_))),
    };
    rule.elements.iter().any(|element| !element.deny && is_dns(element))
}

fn allows(rule: &Rule, direction: Direction) -> bool {
    let mut elements = rule.elements.iter();
    elements.any(|element| element.direction == direction && !element.deny)
}

/// Whom rules of one kind apply to.
struct Helpers<'i> {
    /// For each of the given workloads whether such a rule applies to it.
    workloads: Vec<bool>,
    /// The subjects of such rules, by whether they are about nodes and by their last condition.
    subjects: HashMap<(bool, Option<&'i Requirement>), Vec<&'i LabelSelector>>,
}

impl<'i> Helpers<'i> {
    fn new(subjects: &Subjects<'i>, helps: impl Fn(&Rule) -> bool) -> Self {
        let mut helpers =
            Self { workloads: vec![false; subjects.workloads().len()], subjects: HashMap::new() };
        let rules = subjects.policies().iter().flat_map(|policy| &policy.rules);
        for subject in rules.filter(|rule| helps(rule)).map(|rule| &rule.subject) {
            let key = (subject.node, subject.selector.requirements().last());
            helpers.subjects.entry(key).or_default().push(&subject.selector);
            for workload in subjects.matched(&subject.selector).iter().filter(|_| !subject.node) {
                helpers.workloads.splice(workload..=workload, [true]);
            }
        }
        helpers
    }

    /// Tells whether every endpoint that a rule applies to has such a rule. With given workloads
    /// it is about these; else about whoever there may be.
    fn help(&self, rule: &Rule, subjects: &Subjects<'_>) -> bool {
        let selector = &rule.subject.selector;
        match subjects.matched(selector) {
            [_, ..] if !rule.subject.node => {
                let mut workloads = subjects.matched(selector).iter();
                workloads.all(|workload| self.workloads.get(*workload) == Some(&true))
            }
            _ => {
                let mut conditions =
                    [None].into_iter().chain(selector.requirements().iter().map(Some));
                conditions.any(|condition| {
                    let helpers = self.subjects.get(&(rule.subject.node, condition));
                    helpers.into_iter().flatten().any(|helper| includes(helper, selector))
                })
            }
        }
    }
}

/// Tells whether a selector surely matches whatever another one matches: it has no condition
/// that the other has not.
fn includes(wide: &LabelSelector, narrow: &LabelSelector) -> bool {
    let mut conditions = wide.requirements().iter();
    conditions.all(|condition| narrow.requirements().contains(condition))
}
