//! HTTP rules, header actions, server names and whole port policies against the golden vectors.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed test says where it failed")]

mod goldens;

use std::collections::BTreeMap;

use netpol_l7::{
    Decision, Error, Header, HeaderMatch, HttpMatcher, HttpRequest, HttpRule, L7Policy, L7Rules,
    Mismatch, Scratch, Secret, SelectorPolicy, ServerName,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Goldens {
    #[serde(rename = "description")]
    _description: String,
    #[serde(rename = "identities")]
    _identities: BTreeMap<String, Vec<String>>,
    rule_sets: Vec<RuleSet>,
    requests: Vec<RequestRow>,
    policies: Vec<Policy>,
    sni: Vec<SniRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleSet {
    id: String,
    #[serde(rename = "note")]
    _note: Option<String>,
    rules: Vec<Rule>,
    valid: bool,
    #[serde(rename = "error")]
    _error: Option<String>,
    http_redirect: bool,
    #[serde(rename = "can_short_circuit")]
    _can_short_circuit: Option<bool>,
    #[serde(rename = "matchers")]
    _matchers: Option<serde_json::Value>,
}

/// A rule as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Rule {
    method: Option<String>,
    path: Option<String>,
    host: Option<String>,
    #[serde(default)]
    headers: Vec<String>,
    #[serde(default)]
    header_matches: Vec<RuleHeaderMatch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleHeaderMatch {
    #[serde(default)]
    name: String,
    value: Option<String>,
    secret: Option<SecretRef>,
    #[serde(default)]
    mismatch: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretRef {
    name: String,
    #[serde(rename = "namespace")]
    _namespace: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestRow {
    set: String,
    request: Request,
    allowed: bool,
    headers_after: Option<Pairs>,
    #[serde(default)]
    log_missing: Pairs,
    #[serde(default)]
    log_rejected: Pairs,
}

type Pairs = Vec<(String, String)>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: String,
    path: String,
    host: String,
    #[serde(default)]
    headers: Pairs,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    id: String,
    #[serde(rename = "note")]
    _note: Option<String>,
    #[serde(rename = "rules")]
    _rules: serde_json::Value,
    #[serde(rename = "allow_localhost_always")]
    _allow_localhost_always: Option<bool>,
    depends_on_processing_order: Option<Vec<String>>,
    error: Option<String>,
    #[serde(default)]
    port_policies: Vec<PortPolicy>,
    #[serde(default)]
    rows: Vec<PolicyRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PortPolicy {
    port: u16,
    end_port: Option<u16>,
    rules: Vec<PortRule>,
}

/// What the proxy is told about one selector.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PortRule {
    #[serde(default)]
    deny: bool,
    #[serde(default)]
    remotes: Vec<u32>,
    #[serde(default)]
    server_names: Vec<String>,
    http: Option<Vec<ProxyRule>>,
    l7_proto: Option<String>,
    #[serde(default, rename = "terminates_tls")]
    _terminates_tls: bool,
    #[serde(default, rename = "originates_tls")]
    _originates_tls: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProxyRule {
    headers: Vec<ProxyHeader>,
    #[serde(default)]
    header_matches: Vec<ProxyHeaderMatch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProxyHeader {
    name: String,
    kind: String,
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProxyHeaderMatch {
    name: String,
    value: Option<String>,
    on_mismatch: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyRow {
    port: u16,
    remote: u32,
    l4_allowed: bool,
    redirected: bool,
    connection_allowed: Option<bool>,
    sni: Option<String>,
    request: Option<Request>,
    allowed: Option<bool>,
    headers_after: Option<Pairs>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SniRow {
    pattern: String,
    sni: String,
    matches: bool,
    crd_valid: bool,
}

fn goldens() -> Goldens {
    goldens::read("http-rules.json.gz")
}

impl Rule {
    fn compile(&self) -> Result<HttpRule, Error> {
        Ok(HttpRule {
            method: self.method.clone(),
            path: self.path.clone(),
            host: self.host.clone(),
            headers: self.headers.clone(),
            header_matches: self
                .header_matches
                .iter()
                .map(RuleHeaderMatch::compile)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl RuleHeaderMatch {
    fn compile(&self) -> Result<HeaderMatch, Error> {
        let secret = match self.secret.as_ref().map(|secret| secret.name.as_str()) {
            None => Secret::None,
            Some("inline") => Secret::Read("s3cret".into()),
            Some("gone") => Secret::Unreadable,
            Some("sds-ok") => Secret::Delivered("s3cret".into()),
            Some("sds-empty") => Secret::Delivered(String::new()),
            Some("sds-missing") => Secret::Undelivered,
            Some(other) => panic!("unknown secret {other}"),
        };
        Ok(HeaderMatch {
            name: self.name.clone(),
            value: self.value.clone(),
            secret,
            mismatch: self.mismatch.parse()?,
        })
    }
}

impl Request {
    /// Calls `ask` with the request. An empty host stands for none.
    fn with<T>(&self, ask: impl FnOnce(&HttpRequest<'_>) -> T) -> T {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| Header::new(name, value)).collect();
        let request = HttpRequest::new(&self.method, &self.path).headers(&headers);
        ask(&if self.host.is_empty() { request } else { request.host(&self.host) })
    }

    fn headers_after(&self, effects: &netpol_l7::HttpEffects) -> Option<Pairs> {
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone().into_bytes()))
            .collect();
        effects.apply(&mut headers);
        (!effects.changes.is_empty()).then(|| pairs(&headers))
    }
}

fn pairs(list: &[(String, Vec<u8>)]) -> Pairs {
    list.iter()
        .map(|(name, value)| (name.clone(), String::from_utf8(value.clone()).unwrap()))
        .collect()
}

/// Rule sets in which netpol departs from the vectors: a secret that cannot be read (`L7Q-1`).
fn is_unreadable_secret(set: &RuleSet) -> bool {
    set.rules.iter().flat_map(|rule| &rule.header_matches).any(|entry| {
        entry.value.is_none() && entry.secret.as_ref().is_some_and(|secret| secret.name == "gone")
    })
}

#[test]
fn rule_sets_are_valid_or_not() {
    let sets = goldens().rule_sets;
    assert_eq!(sets.len(), 76);
    for set in sets {
        if set.id == "hm-secret-no-name" {
            // Secrets are looked up by the caller, who checks their names.
            assert!(!set.valid);
            continue;
        }
        let compiled: Result<Vec<_>, _> = set.rules.iter().map(Rule::compile).collect();
        let checked = compiled.and_then(|rules| {
            rules.iter().try_for_each(HttpRule::check)?;
            HttpMatcher::new((0..).zip(rules))
        });
        assert_eq!(checked.is_ok(), set.valid, "{}: {:?}", set.id, checked.err());
        assert_eq!(set.http_redirect, set.valid && !set.rules.is_empty(), "{}", set.id);
    }
}

#[test]
fn a_bad_host_makes_its_rule_unusable() {
    let sets = goldens().rule_sets;
    let set = sets.iter().find(|set| set.id == "host-invalid").unwrap();
    let rules = set.rules.iter().map(|rule| rule.compile().unwrap());
    let matcher = HttpMatcher::new((5..).zip(rules)).unwrap();
    let [error] = matcher.unusable() else { panic!("{:?}", matcher.unusable()) };
    assert_eq!((error.rule(), error.field(), error.offset()), (Some(5), Some("host"), Some(3)));
    let request = HttpRequest::new("GET", "/").host("foo(bar");
    assert_eq!(matcher.decide(&request, &mut Scratch::new()), Decision::Deny { rule: None });
}

#[test]
fn requests_are_allowed_or_not_with_their_effects() {
    let Goldens { rule_sets, requests, .. } = goldens();
    assert_eq!(requests.len(), 806);
    let mut scratch = Scratch::new();
    for row in requests {
        let set = rule_sets.iter().find(|set| set.id == row.set).unwrap();
        let rules = set.rules.iter().map(|rule| rule.compile().unwrap());
        let matcher = HttpMatcher::new((0..).zip(rules)).unwrap();
        let context = format!("{} {:?}", row.set, row.request);
        let (decision, effects) = row.request.with(|request| {
            (matcher.decide(request, &mut scratch), matcher.effects(request, &mut scratch))
        });
        assert_eq!(decision, effects.decision, "{context}");
        if is_unreadable_secret(set) {
            assert!(!decision.is_allowed(), "{context}");
            assert!(!row.allowed || row.request.headers.iter().any(|(_, value)| !value.is_empty()));
            assert_eq!(matcher.unusable().len(), 1);
            continue;
        }
        assert_eq!(decision.is_allowed(), row.allowed, "{context}");
        assert_eq!(pairs(&effects.missing), row.log_missing, "{context}");
        assert_eq!(pairs(&effects.rejected), row.log_rejected, "{context}");
        assert_eq!(row.request.headers_after(&effects), row.headers_after, "{context}");
    }
}

#[test]
fn server_names_match_or_not() {
    let rows = goldens().sni;
    assert_eq!(rows.len(), 210);
    for row in rows {
        let SniRow { pattern, sni, matches, crd_valid } = row;
        assert_eq!(ServerName::check_schema(&pattern).is_ok(), crd_valid, "{pattern}");
        let Ok(entry) = ServerName::new(&pattern) else {
            assert!(pattern.is_empty() && !matches);
            continue;
        };
        assert_eq!(entry.is_match(&sni), matches, "{pattern} {sni}");
        let policy =
            SelectorPolicy { server_names: vec![(1, pattern.clone())], ..SelectorPolicy::new(0) };
        let policy = L7Policy::new([&policy]).unwrap();
        assert_eq!(policy.sni(&sni).is_allowed(), matches, "{pattern} {sni}");
    }
}

/// Collects what applies to a peer on a port (`L7E-2`, `L7E-3`): exact ports, ranges, all ports.
fn applying(policy: &Policy, port: u16, remote: u32) -> Vec<SelectorPolicy> {
    let rank = |entry: &PortPolicy| match (entry.port, entry.end_port) {
        (0, _) => Some(2),
        (first, Some(last)) => (first <= port && port <= last).then_some(1),
        (only, None) => (only == port).then_some(0),
    };
    let mut entries: Vec<_> =
        policy.port_policies.iter().filter(|entry| rank(entry).is_some()).collect();
    entries.sort_by_key(|entry| rank(entry));
    let mut tag = 0;
    let mut collected = Vec::new();
    for entry in entries {
        if entry.rules.is_empty() {
            collected.push(SelectorPolicy::new(tag)); // L7E-8: no restriction
        }
        for rule in &entry.rules {
            tag += 100;
            if rule.remotes.is_empty() || rule.remotes.contains(&remote) {
                collected.push(rule.compile(tag));
            }
        }
    }
    collected
}

impl PortRule {
    fn compile(&self, tag: u32) -> SelectorPolicy {
        let rules = match (&self.http, &self.l7_proto) {
            (Some(rules), None) => {
                L7Rules::Http((tag + 1..).zip(rules.iter().map(ProxyRule::compile)).collect())
            }
            (None, Some(_)) => L7Rules::Unsupported,
            _ => L7Rules::None,
        };
        let server_names = (tag + 50..).zip(self.server_names.iter().cloned()).collect();
        SelectorPolicy { tag, deny: self.deny, server_names, rules }
    }
}

impl ProxyRule {
    /// Returns the rule that was translated into this.
    fn compile(&self) -> HttpRule {
        let mut rule = HttpRule::default();
        for ProxyHeader { name, kind, value } in &self.headers {
            let value = value.clone();
            match (name.as_str(), kind.as_str()) {
                (":path", "full_regex") => rule.path = value,
                (":method", "full_regex") => rule.method = value,
                (":authority", "full_regex") => rule.host = value,
                other => panic!("{other:?}"),
            }
        }
        for ProxyHeaderMatch { name, value, on_mismatch } in &self.header_matches {
            assert_eq!(on_mismatch, "ADD_ON_MISMATCH");
            rule.header_matches.push(HeaderMatch {
                name: name.clone(),
                value: value.clone(),
                mismatch: Mismatch::Add,
                ..HeaderMatch::default()
            });
        }
        rule
    }
}

#[test]
fn port_policies_decide_connections_and_requests() {
    let policies = goldens().policies;
    assert_eq!(policies.len(), 56);
    let mut scratch = Scratch::new();
    let (mut connections, mut requests) = (0, 0);
    for policy in &policies {
        if policy.error.is_some() || policy.depends_on_processing_order.is_some() {
            assert!(policy.rows.is_empty(), "{}", policy.id); // refused before it gets here
            continue;
        }
        for row in &policy.rows {
            let context = format!("{} {row:?}", policy.id);
            if !row.redirected {
                continue; // the proxy is not asked
            }
            assert!(row.l4_allowed, "{context}");
            let applying = applying(policy, row.port, row.remote);
            let compiled = L7Policy::new(&applying).unwrap();
            assert!(compiled.unusable().is_empty(), "{context}");
            let connection = compiled.sni(row.sni.as_deref().unwrap_or_default());
            assert_eq!(Some(connection.is_allowed()), row.connection_allowed, "{context}");
            connections += 1;
            let Some(request) = &row.request else {
                continue;
            };
            let (decision, effects) = request.with(|request| {
                (compiled.http(request, &mut scratch), compiled.http_effects(request, &mut scratch))
            });
            assert_eq!(decision, effects.decision, "{context}");
            assert_eq!(Some(decision.is_allowed()), row.allowed, "{context}");
            assert_eq!(request.headers_after(&effects), row.headers_after, "{context}");
            requests += 1;
        }
    }
    assert_eq!((connections, requests), (190, 102));
}
