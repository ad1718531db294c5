//! A set of HTTP rules allows what one of its rules allows by itself, whatever the rules and the
//! request are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netpol_l7::{Header, HttpMatcher, HttpRequest, HttpRule, Scratch};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    let (method, path) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""));
    let (host, header) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""));
    let rules: Vec<HttpRule> =
        lines.take(8).map(rule).filter(|rule| rule.check().is_ok()).collect();

    let headers = [Header::new("x-a", header)];
    let request = HttpRequest::new(method, path).host(host).headers(&headers);
    let mut scratch = Scratch::new();
    let mut allows = |rules: Vec<HttpRule>| {
        HttpMatcher::new((0..).zip(rules))
            .map(|set| set.decide(&request, &mut scratch).is_allowed())
    };
    let Ok(together) = allows(rules.clone()) else { return };
    let one_by_one = rules.into_iter().any(|rule| allows(vec![rule]).unwrap_or(false));
    assert_eq!(together, one_by_one);
});

/// Returns the rule that a line stands for: expressions for path, method and host, and a header, with
/// tabs between; what is empty is absent.
fn rule(line: &str) -> HttpRule {
    let mut fields = line.split('\t').map(|field| (!field.is_empty()).then(|| field.to_owned()));
    let mut next = || fields.next().flatten();
    HttpRule {
        path: next(),
        method: next(),
        host: next(),
        headers: next().into_iter().collect(),
        ..HttpRule::default()
    }
}
