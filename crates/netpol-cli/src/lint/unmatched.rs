//! Selectors that match none of the given workloads.

use std::collections::BTreeSet;

use netpol::{Code, LabelSource, Place, Problem};
use netpol_core::keys;
use netpol_policy::rule::{
    Element, LabelSelector, Operator, Origin, Policy, PolicyKind, Requirement, Rule,
};

use super::codes;
use super::subjects::{Subjects, peer_selectors};
use crate::inventory::Sources;

/// Returns a warning for every policy that applies to none of the given workloads, and for every
/// selector of peers that matches none.
///
/// A selector that is about a namespace is judged only if workloads of that namespace are given:
/// whoever checks one application need not have the manifests of the whole cluster. Without any
/// workloads nothing is judged.
pub(super) fn unmatched(subjects: &Subjects<'_>, sources: &Sources) -> Vec<Problem> {
    let namespaces = subjects.workloads().iter().filter_map(|labels| labels.get(keys::NAMESPACE));
    let namespaces = namespaces.map(netpol::Label::value).collect();
    let mut judge = Judge { subjects, sources, namespaces, problems: Vec::new() };
    if !subjects.workloads().is_empty() {
        subjects.policies().iter().for_each(|policy| judge.policy(policy));
    }
    judge.problems
}

struct Judge<'s, 'i> {
    subjects: &'s Subjects<'i>,
    sources: &'s Sources,
    /// The namespaces of the given workloads.
    namespaces: BTreeSet<&'i str>,
    problems: Vec<Problem>,
}

impl Judge<'_, '_> {
    fn policy(&mut self, policy: &Policy) {
        for rule in &policy.rules {
            if !rule.subject.node && self.matches_nothing(&rule.subject.selector) {
                self.warn_of_subject(policy, rule);
            } else {
                rule.elements.iter().for_each(|element| self.element(element));
            }
        }
    }

    fn warn_of_subject(&mut self, policy: &Policy, rule: &Rule) {
        let field = match policy.name.kind {
            PolicyKind::Kubernetes => "podSelector",
            PolicyKind::Cilium | PolicyKind::Clusterwide => "endpointSelector",
        };
        let origin = rule.elements.first().map(|element| &*element.origin);
        let path = in_spec(origin.and_then(|origin| origin.spec), field);
        let selector = without_derived(&rule.subject.selector);
        let name = &policy.name;
        let message = format!("`{name}` applies to none of the given workloads: `{selector}`");
        // Of several rules each is reported where its first element stands.
        let of_several = origin.filter(|origin| origin.spec.is_some());
        let place = of_several.map_or(&policy.place, |origin| &origin.place);
        self.warn(codes::UNMATCHED_SUBJECT, place, &path, message);
    }

    fn element(&mut self, element: &Element) {
        for selector in peer_selectors(element) {
            if is_about_pods(selector) && self.matches_nothing(selector) {
                let Origin { spec, list, index, place, .. } = &*element.origin;
                let path = match index {
                    Some(index) => in_spec(*spec, &format!("{}[{index}]", list.as_str())),
                    None => in_spec(*spec, list.as_str()),
                };
                let selector = without_derived(selector);
                let message = format!("no given workload is the peer `{selector}`");
                self.warn(codes::UNMATCHED_PEER, place, &path, message);
            }
        }
    }

    fn matches_nothing(&self, selector: &LabelSelector) -> bool {
        let mut of_namespace = selector.requirements().iter().filter(|r| is_namespace(r));
        let is_given =
            |r: &Requirement| r.values.iter().any(|name| self.namespaces.contains(&**name));
        self.subjects.matched(selector).is_empty() && of_namespace.all(is_given)
    }

    fn warn(&mut self, code: Code, place: &Place, path: &str, message: String) {
        let (source, span) = self.sources.locate(place);
        let help = "compare it with the labels of the pods; or add the manifests of whom it means";
        let problem = Problem::warning(code, &source, span, message);
        self.problems.push(problem.with_path(path).with_help(help));
    }
}

/// Returns the path of a field of a rule.
fn in_spec(spec: Option<u32>, field: &str) -> String {
    match spec {
        Some(index) => format!("specs[{index}].{field}"),
        None => format!("spec.{field}"),
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

fn is_namespace(requirement: &Requirement) -> bool {
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
