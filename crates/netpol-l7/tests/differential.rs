//! Compiled sets of rules against one rule after the other, evaluated the obvious way.

#![expect(clippy::unwrap_used, reason = "a failed test says where it failed")]

use netpol_l7::{
    Decision, Header, HeaderMatch, HttpMatcher, HttpRequest, HttpRule, L7Policy, L7Rules, Mismatch,
    NameMatcher, NameSelector, NameSet, PatternDialect, Scratch, SelectorKind, SelectorPolicy,
    ServerName,
};
use proptest::prelude::*;
use proptest::sample::select;
use regex_automata::meta::Regex;

/// Expressions that mean the same in RE2 and in the library that the oracle uses.
fn expression() -> impl Strategy<Value = String> {
    let part = select(vec![
        "/",
        "a",
        "b",
        "ab",
        "/a",
        "/b/",
        "x1",
        ".*",
        ".",
        "[ab]",
        "[^/]+",
        "(a|b)",
        "(/a)?",
        "(a|b/)*",
        "[0-9]{1,2}",
        ".*a",
        "(?:/.*)?",
        "a{2,}",
        "b+?",
    ]);
    prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
}

fn value() -> impl Strategy<Value = String> {
    let part = select(vec!["/", "a", "b", "ab", "/a", "/b/", "x1", "1", "é", "\n"]);
    prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

fn header_name() -> impl Strategy<Value = &'static str> {
    select(vec!["X-A", "x-a", "X-B", "x-cc", "Host", ":path", ":method", ":authority"])
}

fn header_text() -> impl Strategy<Value = String> {
    let name = header_name();
    (name, select(vec!["", ": ", ": a", ": b", " a", ": a,b", ":a", ": /a", ": GET"]))
        .prop_map(|(name, value)| format!("{name}{value}"))
}

const MISMATCHES: [Mismatch; 5] =
    [Mismatch::Fail, Mismatch::Log, Mismatch::Add, Mismatch::Delete, Mismatch::Replace];

fn header_match() -> impl Strategy<Value = HeaderMatch> {
    let mismatch = select(MISMATCHES.to_vec());
    let name = select(vec!["X-A", "X-B", "X-Cc"]);
    (name, prop::option::of(select(vec!["", "a", "b", "a,b"])), mismatch).prop_map(
        |(name, value, mismatch)| HeaderMatch {
            name: name.into(),
            value: value.map(Into::into),
            mismatch,
            ..HeaderMatch::default()
        },
    )
}

fn rule(actions: bool) -> impl Strategy<Value = HttpRule> {
    (
        prop::option::of(select(vec!["GET", "GET|PUT", "(?i)get", "P.*", ".*"])),
        prop::option::of(expression()),
        prop::option::of(expression()),
        prop::collection::vec(header_text(), 0..3),
        prop::collection::vec(header_match(), 0..if actions { 3 } else { 1 }),
    )
        .prop_map(|(method, path, host, headers, header_matches)| HttpRule {
            method: method.map(Into::into),
            path,
            host,
            headers,
            header_matches,
        })
}

/// Rules about few headers, without expressions: most of them run, and see what others did.
fn header_rule() -> impl Strategy<Value = HttpRule> {
    let name = || select(vec!["X-A", "X-A", "X-B"]);
    let value = || select(vec!["", "a", "b", "a,b", "b,a"]);
    let header = (name(), value()).prop_map(|(name, value)| format!("{name}: {value}"));
    let entry =
        (name(), value(), select(MISMATCHES.to_vec())).prop_map(|(name, value, mismatch)| {
            let (name, value) = (name.into(), Some(value.into()));
            HeaderMatch { name, value, mismatch, ..HeaderMatch::default() }
        });
    (prop::option::weighted(0.3, header), prop::collection::vec(entry, 0..3)).prop_map(
        |(header, header_matches)| HttpRule {
            headers: header.into_iter().collect(),
            header_matches,
            ..HttpRule::default()
        },
    )
}

#[derive(Clone, Debug)]
struct Request {
    method: String,
    path: String,
    host: Option<String>,
    headers: Vec<(String, String)>,
}

fn request() -> impl Strategy<Value = Request> {
    let header = (
        header_name().prop_map(Into::into),
        select(vec!["", "a", "b", "a,b"]).prop_map(Into::into),
    );
    (
        select(vec!["GET", "PUT", "get", "POST", ""]).prop_map(Into::into),
        value(),
        prop::option::of(value()),
        prop::collection::vec(header, 0..5),
    )
        .prop_map(|(method, path, host, headers)| Request { method, path, host, headers })
}

impl Request {
    fn with<T>(&self, ask: impl FnOnce(&HttpRequest<'_>) -> T) -> T {
        let headers: Vec<_> = self.headers.iter().map(|(n, v)| Header::new(n, v)).collect();
        let request = HttpRequest::new(&self.method, &self.path).headers(&headers);
        ask(&match &self.host {
            Some(host) => request.host(host),
            None => request,
        })
    }
}

/// The obvious evaluation of requests.
struct Oracle {
    request: Request,
    /// With the changes so far.
    headers: Vec<(String, String)>,
    missing: Vec<(String, String)>,
    rejected: Vec<(String, String)>,
}

impl Oracle {
    fn new(request: &Request) -> Self {
        let headers = request
            .headers
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("host") && !name.starts_with(':'))
            .map(|(name, value)| (name.to_lowercase(), value.clone()))
            .collect();
        Self { request: request.clone(), headers, missing: Vec::new(), rejected: Vec::new() }
    }

    fn full_match(pattern: &Option<String>, value: Option<&str>) -> bool {
        match (pattern.as_deref(), value) {
            (None | Some(""), _) => true,
            (Some(_), None) => false,
            (Some(pattern), Some(value)) => {
                Regex::new(&format!("^(?:{pattern})$")).unwrap().is_match(value)
            }
        }
    }

    fn header(&self, name: &str) -> Option<String> {
        match name.to_lowercase().as_str() {
            ":path" => return Some(self.request.path.clone()),
            ":method" => return Some(self.request.method.clone()),
            ":authority" => return self.request.host.clone(),
            _ => {}
        }
        let own = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let values: Vec<_> = own.map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(","))
    }

    /// Evaluates a rule; its actions change the headers.
    fn allows(&mut self, rule: &HttpRule) -> bool {
        let Request { method, path, host, .. } = &self.request;
        let fields = Self::full_match(&rule.method, Some(method))
            && Self::full_match(&rule.path, Some(path))
            && Self::full_match(&rule.host, host.as_deref());
        let headers = rule.headers.iter().all(|text| match text.split_once(' ') {
            Some((name, value)) => {
                self.header(name.trim_end_matches(':')).as_deref() == Some(value)
            }
            None => self.header(text).is_some(),
        });
        let matches = |oracle: &Self, entry: &HeaderMatch| {
            let found = oracle.header(&entry.name);
            match entry.value.as_deref() {
                None | Some("") => found.is_some(),
                Some(value) => found.as_deref() == Some(value),
            }
        };
        let plain = rule.header_matches.iter().filter(|entry| entry.mismatch == Mismatch::Fail);
        if !fields || !headers || !plain.into_iter().all(|entry| matches(self, entry)) {
            return false;
        }
        for entry in rule.header_matches.iter().filter(|entry| entry.mismatch != Mismatch::Fail) {
            if matches(self, entry) {
                continue;
            }
            let name = entry.name.to_lowercase();
            let value = entry.value.clone().unwrap_or_default();
            let old = self.header(&name);
            if entry.mismatch != Mismatch::Delete {
                self.missing.push((name.clone(), value.clone()));
            }
            match entry.mismatch {
                Mismatch::Fail | Mismatch::Log => {}
                Mismatch::Add => self.headers.push((name, value)),
                Mismatch::Delete if value.is_empty() => {}
                Mismatch::Delete | Mismatch::Replace => {
                    self.headers.retain(|(other, _)| *other != name);
                    self.rejected.extend(old.map(|old| (name.clone(), old)));
                    if entry.mismatch == Mismatch::Replace {
                        self.headers.push((name, value));
                    }
                }
            }
        }
        true
    }

    /// The order of evaluation (HTTP-14).
    fn sorted(rules: &[(u32, HttpRule)]) -> Vec<(u32, HttpRule)> {
        let key = |rule: &HttpRule| {
            let fields =
                [(":authority", &rule.host), (":method", &rule.method), (":path", &rule.path)];
            let fields = fields.iter().filter(|(_, p)| p.as_ref().is_some_and(|p| !p.is_empty()));
            let headers = rule.headers.iter().map(|text| match text.split_once(' ') {
                Some((name, _)) => name.trim_end_matches(':').to_owned(),
                None => text.clone(),
            });
            let plain = rule.header_matches.iter().filter(|entry| entry.mismatch == Mismatch::Fail);
            let mut names: Vec<String> = fields
                .map(|(name, _)| (*name).to_owned())
                .chain(headers)
                .chain(plain.map(|entry| entry.name.clone()))
                .collect();
            names.sort();
            (names.len(), names)
        };
        let mut sorted = rules.to_vec();
        sorted.sort_by_key(|(_, rule)| key(rule));
        sorted
    }

    /// All rules run, as if there were an action; without one the first that allows is the same.
    fn decide(&mut self, rules: &[(u32, HttpRule)]) -> Decision {
        let mut first = None;
        for (tag, rule) in rules {
            if self.allows(rule) {
                first = first.or(Some(*tag));
            }
        }
        first.map_or(Decision::Deny { rule: None }, |rule| Decision::Allow { rule })
    }
}

fn bytes(list: Vec<(String, String)>) -> Vec<(String, Vec<u8>)> {
    list.into_iter().map(|(name, value)| (name, value.into_bytes())).collect()
}

fn tagged<T>(items: Vec<T>) -> Vec<(u32, T)> {
    (0..).zip(items).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn http_rules_without_actions(
        rules in prop::collection::vec(rule(false), 0..40).prop_map(tagged),
        requests in prop::collection::vec(request(), 1..8),
    ) {
        let matcher = HttpMatcher::new(rules.clone()).unwrap();
        prop_assert!(matcher.unusable().is_empty());
        let mut scratch = Scratch::new();
        for request in &requests {
            let expected = Oracle::new(request).decide(&Oracle::sorted(&rules));
            let decision = request.with(|request| matcher.decide(request, &mut scratch));
            prop_assert_eq!(decision, expected, "{:?}", request);
        }
    }

    #[test]
    fn http_rules_with_actions(
        rules in prop::collection::vec(prop_oneof![rule(true), header_rule()], 0..12)
            .prop_map(tagged),
        requests in prop::collection::vec(request(), 1..8),
    ) {
        let matcher = HttpMatcher::new(rules.clone()).unwrap();
        let mut scratch = Scratch::new();
        for request in &requests {
            let mut oracle = Oracle::new(request);
            let expected = oracle.decide(&Oracle::sorted(&rules));
            let decision = request.with(|request| matcher.decide(request, &mut scratch));
            prop_assert_eq!(decision, expected, "{:?}", request);
            let effects = request.with(|request| matcher.effects(request, &mut scratch));
            prop_assert_eq!(effects.decision, expected);
            let mut headers = bytes(Oracle::new(request).headers);
            effects.apply(&mut headers);
            prop_assert_eq!(headers, bytes(oracle.headers), "{:?}", request);
            prop_assert_eq!(effects.missing, bytes(oracle.missing), "{:?}", request);
            prop_assert_eq!(effects.rejected, bytes(oracle.rejected), "{:?}", request);
        }
    }

    #[test]
    fn unions_of_selector_policies(
        policies in prop::collection::vec(
            (prop::option::of(prop::collection::vec(rule(true), 1..5)), prop::bool::weighted(0.05)),
            0..5,
        ),
        requests in prop::collection::vec(request(), 1..6),
    ) {
        let mut tag = 0;
        let mut next = || { tag += 1; tag };
        let policies: Vec<_> = policies.into_iter().map(|(rules, deny)| {
            let own = next();
            let rules = rules.map_or(L7Rules::None, |rules| {
                L7Rules::Http(rules.into_iter().map(|rule| (next(), rule)).collect())
            });
            SelectorPolicy { deny, rules, ..SelectorPolicy::new(own) }
        }).collect();
        let compiled = L7Policy::new(&policies).unwrap();
        let mut scratch = Scratch::new();
        for request in &requests {
            let denied = policies.iter().find(|policy| policy.deny).map(|policy| policy.tag);
            let mut all = Vec::new();
            for policy in &policies {
                match &policy.rules {
                    L7Rules::Http(rules) => all.extend(Oracle::sorted(rules)),
                    _ => all.push((policy.tag, HttpRule::default())),
                }
            }
            let expected = match denied {
                Some(_) => Decision::Deny { rule: denied },
                None => Oracle::new(request).decide(&all),
            };
            let decision = request.with(|request| compiled.http(request, &mut scratch));
            prop_assert_eq!(decision, expected, "{:?}", request);
        }
    }
}

fn dns_pattern() -> impl Strategy<Value = NameSelector> {
    let part = select(vec![
        "*", "**", "a", "b", "ab", "xyz", "-", ".", ".", ".", ".io", "*.", "**.", "io",
    ]);
    let text = prop::collection::vec(part, 0..7).prop_map(|parts| parts.concat());
    (text, any::<bool>()).prop_map(|(text, name)| {
        if name { NameSelector::name(text.replace('*', "a")) } else { NameSelector::pattern(text) }
    })
}

fn dns_name() -> impl Strategy<Value = String> {
    let part = select(vec![
        "a", "b", "ab", "xyz", "-", ".", ".", ".", ".io", "io", "A", "IO", "!", "\\", "é",
    ]);
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

fn dialect() -> impl Strategy<Value = PatternDialect> {
    select(vec![PatternDialect::Release, PatternDialect::Snapshot])
}

/// What the persisted expression says about a canonical name.
fn by_regex(matcher: &NameMatcher, name: &str) -> bool {
    let regex = Regex::new(matcher.cilium_regex()).unwrap();
    regex.is_match(netpol_l7::canonical_name(name).as_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn names_match_as_the_persisted_expression_says(
        selector in dns_pattern(),
        dialect in dialect(),
        names in prop::collection::vec(dns_name(), 1..20),
    ) {
        for kind in [SelectorKind::ToFqdns, SelectorKind::DnsRule] {
            let matcher = NameMatcher::new(kind, &selector, dialect).unwrap();
            for name in &names {
                let context = format!("{selector:?} {name:?} {}", matcher.cilium_regex());
                // An empty selector in a DNS rule: the expression is of the empty text only.
                prop_assert_eq!(matcher.is_match(name), by_regex(&matcher, name), "{}", context);
            }
        }
    }

    #[test]
    fn sets_of_names(
        selectors in prop::collection::vec((dns_pattern(), any::<bool>(), 0_u32..30), 0..60),
        removed in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
        dialect in dialect(),
        names in prop::collection::vec(dns_name(), 1..20),
    ) {
        let mut all: Vec<_> = selectors.into_iter().map(|(selector, fqdn, tag)| {
            let kind = if fqdn { SelectorKind::ToFqdns } else { SelectorKind::DnsRule };
            (tag, NameMatcher::new(kind, &selector, dialect).unwrap())
        }).collect();
        let mut set = NameSet::new();
        for (tag, matcher) in &all {
            set.insert(*tag, matcher);
        }
        for index in removed {
            if !all.is_empty() {
                let (tag, matcher) = all.swap_remove(index.index(all.len()));
                let something = matcher.matches_everything() || matcher.cilium_regex() != "^(?:)$";
                prop_assert_eq!(set.remove(tag, &matcher), something);
            }
        }
        for name in &names {
            let mut found = Vec::new();
            set.for_each_match(name, |tag| found.push(tag));
            found.sort_unstable();
            let mut expected: Vec<_> =
                all.iter().filter(|(_, m)| m.is_match(name)).map(|(tag, _)| *tag).collect();
            expected.sort_unstable();
            prop_assert_eq!(&found, &expected, "{:?}", name);
            prop_assert_eq!(set.first_match(name), expected.first().copied());
        }
        for (tag, matcher) in &all {
            set.remove(*tag, matcher);
        }
        prop_assert!(set.is_empty());
    }

    #[test]
    fn sets_of_server_names(
        entries in prop::collection::vec(
            (select(vec!["", "*.", "**.", "*", "**"]), select(vec!["a.io", "io", "b.a.io", "A.io.", "*.io"])),
            1..20,
        ),
        names in prop::collection::vec(dns_name(), 1..20),
    ) {
        let entries: Vec<_> = entries.into_iter().map(|(star, name)| format!("{star}{name}")).collect();
        let policy = SelectorPolicy {
            server_names: (0..).zip(entries.iter().cloned()).collect(),
            ..SelectorPolicy::new(1000)
        };
        let compiled = L7Policy::new([&policy]).unwrap();
        for name in &names {
            let first = entries.iter().position(|entry| {
                !name.is_empty() && ServerName::new(entry).unwrap().is_match(name)
            });
            prop_assert_eq!(compiled.sni(name).rule(), first.map(|i| i as u32), "{:?} {:?}", &entries, name);
        }
    }
}
