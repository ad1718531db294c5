//! Warnings about one document that the other documents settle.

use netpol::{Direction, Problem};
use netpol_policy::rule::{Element, L7Rules, Policy, Ports, Rule};

use super::subjects::Subjects;

/// Tells whether a warning says that something is missing which another document has.
pub(super) fn is_settled(problem: &Problem, subjects: &Subjects<'_>) -> bool {
    match problem.code().0 {
        "no-dns-rule" => is_helped(problem, subjects, lets_dns_be_seen),
        "deny-only" => {
            let direction = match problem.path().ends_with(".ingressDeny") {
                true => Direction::Ingress,
                false => Direction::Egress,
            };
            is_helped(problem, subjects, |rule| allows(rule, direction))
        }
        _ => false,
    }
}

fn is_helped(problem: &Problem, subjects: &Subjects<'_>, helps: impl Fn(&Rule) -> bool) -> bool {
    let rule = policy_of(problem, subjects).and_then(|policy| rule_of(problem, policy));
    rule.is_some_and(|rule| subjects.are_all_helped(rule, helps))
}

/// Returns the policy that a problem is in: the last one that begins before it.
fn policy_of<'i>(problem: &Problem, subjects: &Subjects<'i>) -> Option<&'i Policy> {
    let place = problem.place();
    let before = |policy: &&Policy| policy.place.file == place.file && policy.place <= place;
    subjects.policies().filter(before).last()
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
