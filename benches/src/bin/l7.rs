//! Prints what it costs to decide a request by many rules (W7), and to find the selectors of a name,
//! beside a loop over the rules' regular expressions.

use std::process::ExitCode;

use netpol_bench::figures::Wanted;
use netpol_bench::l7::{Comparison, Http, HttpLoop, HttpPair, SelectorLoop, Selectors};
use netpol_testkit::workload::{Names, Requests};
use serde_json::Value;

/// How many pairs of rule and question a loop is to look at.
const PATIENCE: usize = 2_000_000;

fn main() -> ExitCode {
    let Some(wanted) = Wanted::from_arguments() else {
        eprintln!("usage: l7 [--only w7|paths|names] [--passes N] [-o json]");
        return ExitCode::from(2);
    };
    let mut comparisons = Vec::new();
    for n_rules in [10, 100, 1_000] {
        comparisons.extend(requests(&format!("w7 {n_rules}"), n_rules, &wanted));
    }
    for n_rules in [1, 100, 10_000] {
        comparisons.extend(requests(&format!("paths {n_rules}"), n_rules, &wanted));
    }
    for n_selectors in [1, 100, 10_000] {
        comparisons.extend(names(&format!("names {n_selectors}"), n_selectors, &wanted));
    }
    if wanted.json {
        println!("{:#}", comparisons.iter().map(Comparison::to_json).collect::<Value>());
    } else {
        comparisons.iter().for_each(|comparison| println!("{comparison}"));
    }
    ExitCode::SUCCESS
}

/// Decides W7's requests, for `paths` without a look at the method.
fn requests(name: &str, n_rules: u32, wanted: &Wanted) -> Option<Comparison> {
    if !wanted.wants(name) {
        return None;
    }
    let Requests { mut rules, requests } = Requests::new(n_rules);
    let with_methods = name.starts_with("w7");
    if !with_methods {
        rules.iter_mut().for_each(|(method, _)| method.clear());
    }
    let expected = Requests::allowed(n_rules).filter(|_| with_methods);
    let requests: Vec<Request> = requests.into_iter().map(Request).collect();
    let n_slow = (PATIENCE / rules.len()).min(requests.len());
    Some(Comparison::measure::<_, _, HttpPair, Http, HttpLoop>(
        name.into(),
        (&rules, &requests),
        n_slow,
        expected,
        wanted.passes,
    ))
}

/// A request: method and path.
struct Request(HttpPair);

impl AsRef<HttpPair> for Request {
    fn as_ref(&self) -> &HttpPair {
        &self.0
    }
}

/// Finds the selectors of W5 that match each name.
fn names(name: &str, n_selectors: usize, wanted: &Wanted) -> Option<Comparison> {
    if !wanted.wants(name) {
        return None;
    }
    let Names { selectors, names, .. } = Names::new(n_selectors, 10_000, 10_000);
    Some(Comparison::measure::<_, _, str, Selectors, SelectorLoop>(
        name.into(),
        (&selectors, &names),
        (PATIENCE / n_selectors).min(names.len()),
        None,
        wanted.passes,
    ))
}
