//! Reading of policies for tests.

use netpol_policy::doc::{self, Object};
use netpol_policy::rule::Policy;
use netpol_policy::{Options, Problem, Report, Source};

/// Reads a text, whose policies and problems are returned.
pub(crate) fn read(text: &str, options: &Options) -> (Vec<Policy>, Report) {
    let read = doc::read(&Source::named("p.yaml", text), options);
    let policies = read.objects.into_iter().filter_map(|object| match object {
        Object::Policy(policy) => Some(policy),
        _ => None,
    });
    (policies.collect(), read.report)
}

/// Returns a CiliumNetworkPolicy `default/p` with this `spec`; the spec begins in line 5.
pub(crate) fn cnp(spec: &str) -> String {
    let head = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p}\nspec:\n";
    format!("{head}{}", indented(spec))
}

/// Returns a CiliumClusterwideNetworkPolicy `p` with this `spec`; the spec begins in line 5.
pub(crate) fn ccnp(spec: &str) -> String {
    cnp(spec).replace("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy")
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// Returns a policy for all endpoints with one list of elements; the elements begin in line 7.
pub(crate) fn elements(list: &str, elements: &str) -> String {
    cnp(&format!("endpointSelector: {{}}\n{list}:\n{elements}"))
}

/// Returns the only policy of a text that must be right.
pub(crate) fn policy(text: &str, options: &Options) -> Policy {
    let (mut policies, report) = read(text, options);
    assert!(!report.has_errors(), "{text}\n{report}");
    assert_eq!(policies.len(), 1, "{text}");
    policies.remove(0)
}

/// Returns a problem as `line:column code message (help)`.
pub(crate) fn line(problem: &Problem) -> String {
    let place = problem.place();
    let help = problem.help().map(|help| format!(" ({help})"));
    let (code, message) = (problem.code(), problem.message());
    let help = help.unwrap_or_default();
    format!("{}:{} {code} {message}{help}", place.line, place.column)
}
