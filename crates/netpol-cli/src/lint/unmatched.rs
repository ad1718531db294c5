//! Selectors that match none of the given workloads.

use std::collections::HashMap;

use netpol::{Code, LabelSource, Place, Problem};
use netpol_core::keys;
use netpol_policy::rule::{
    Element, LabelSelector, Operator, Peer, Peers, Policy, PolicyKind, Requirement, Rule, Selector,
};

use super::codes;
use super::subjects::Subjects;
use crate::inventory::Sources;

/// Returns a warning for every policy that applies to none of the given workloads, and for every
/// selector of peers that matches none.
///
/// A selector that is about a namespace is judged only if workloads of that namespace are given:
/// whoever checks one application need not have the manifests of the whole cluster. Without any
/// workloads nothing is judged.
pub(super) fn unmatched(subjects: &Subjects<'_>, sources: &Sources) -> Vec<Problem> {
    let mut judge = Judge { subjects, sources, known: HashMap::new(), problems: Vec::new() };
    if !subjects.workloads().is_empty() {
        subjects.policies().for_each(|policy| judge.policy(policy));
    }
    judge.problems
}

struct Judge<'s, 'i> {
    subjects: &'s Subjects<'i>,
    sources: &'s Sources,
    // Many rules have the same selectors.
    known: HashMap<&'i LabelSelector, bool>,
    problems: Vec<Problem>,
}

impl<'i> Judge<'_, 'i> {
    fn policy(&mut self, policy: &'i Policy) {
        for rule in &policy.rules {
            if self.applies_to_nothing(rule) {
                self.warn_of_subject(policy, rule);
                continue;
            }
            for element in &rule.elements {
                self.element(element);
            }
        }
    }

    fn applies_to_nothing(&mut self, rule: &'i Rule) -> bool {
        !rule.subject.node && self.matches_nothing(&rule.subject.selector)
    }

    fn warn_of_subject(&mut self, policy: &Policy, rule: &Rule) {
        let field = match policy.name.kind {
            PolicyKind::Kubernetes => "podSelector",
            PolicyKind::Cilium | PolicyKind::Clusterwide => "endpointSelector",
        };
        let origin = rule.elements.first().map(|element| &element.origin);
        let spec = origin.and_then(|origin| origin.spec);
        let path = match spec {
            Some(index) => format!("specs[{index}].{field}"),
            None => format!("spec.{field}"),
        };
        let selector = without_derived(&rule.subject.selector);
        let message =
            format!("`{}` applies to none of the given workloads: `{selector}`", policy.name);
        // Of several rules each is reported where its first element stands.
        let place = origin.filter(|_| spec.is_some()).map_or(&policy.place, |origin| &origin.place);
        self.warn(codes::UNMATCHED_SUBJECT, place, &path, message);
    }

    fn element(&mut self, element: &'i Element) {
        let Peers::AnyOf(peers) = &element.peers else { return };
        for peer in peers {
            let Peer::Selector(Selector::Labels(selector)) = peer else { continue };
            if is_about_pods(selector) && self.matches_nothing(selector) {
                let origin = &element.origin;
                let message =
                    format!("no given workload is the peer `{}`", without_derived(selector));
                let path = match origin.index {
                    Some(index) => format!("{}[{index}]", origin.list.as_str()),
                    None => origin.list.as_str().to_owned(),
                };
                let path = match origin.spec {
                    Some(spec) => format!("specs[{spec}].{path}"),
                    None => format!("spec.{path}"),
                };
                self.warn(codes::UNMATCHED_PEER, &origin.place, &path, message);
            }
        }
    }

    fn matches_nothing(&mut self, selector: &'i LabelSelector) -> bool {
        let workloads = self.subjects.workloads();
        *self.known.entry(selector).or_insert_with(|| {
            let namespaces: Vec<&Requirement> =
                selector.requirements().iter().filter(is_namespace).collect();
            let in_reach =
                |labels: &&&netpol::LabelSet| namespaces.iter().all(|r| r.matches(labels));
            let mut candidates = workloads.iter().filter(in_reach).peekable();
            candidates.peek().is_some() && !candidates.any(|labels| selector.matches(labels))
        })
    }

    fn warn(&mut self, code: Code, place: &Place, path: &str, message: String) {
        let (source, span) = self.sources.locate(place);
        let help = "compare it with the labels of the pods; or add the manifests of whom it means";
        let problem = Problem::warning(code, &source, span, message);
        self.problems.push(problem.with_path(path).with_help(help));
    }
}

/// Tells whether a selector of peers can match pods, and says more than where they are.
fn is_about_pods(selector: &LabelSelector) -> bool {
    let requirements = selector.requirements();
    let about_pods = |requirement: &Requirement| {
        matches!(requirement.key.source(), LabelSource::K8s | LabelSource::Any)
    };
    !selector.is_restricted_to_cidr_groups()
        && !requirements.is_empty()
        && requirements.iter().all(about_pods)
}

fn is_namespace(requirement: &&Requirement) -> bool {
    requirement.key.key() == keys::NAMESPACE && requirement.operator == Operator::In
}

/// Returns the selector as people wrote it: without the conditions on namespace and cluster that
/// were added, unless there is nothing else.
fn without_derived(selector: &LabelSelector) -> String {
    let derived = |requirement: &Requirement| {
        matches!(requirement.key.key(), keys::NAMESPACE | keys::CLUSTER)
    };
    let written = selector.requirements().iter().filter(|requirement| !derived(requirement));
    let written: Vec<String> = written.map(ToString::to_string).collect();
    if written.is_empty() { selector.to_string() } else { written.join(",") }
}
