//! Rules of the specification that the golden vectors do not show.

#![expect(clippy::unwrap_used, reason = "a failed test says where it failed")]

use netpol_l7::{
    Decision, Header, HeaderChange, HeaderMatch, HttpMatcher, HttpRequest, HttpRule, L7Policy,
    L7Rules, Mismatch, NameSelector, PatternDialect, Scratch, Secret, SelectorPolicy,
};

fn path(pattern: &str) -> HttpRule {
    HttpRule { path: Some(pattern.into()), ..HttpRule::default() }
}

fn headers(texts: &[&str]) -> HttpRule {
    HttpRule { headers: texts.iter().map(|&text| text.into()).collect(), ..HttpRule::default() }
}

fn header_match(
    name: &str,
    value: Option<&str>,
    secret: Secret,
    mismatch: Mismatch,
) -> HeaderMatch {
    HeaderMatch { name: name.into(), value: value.map(Into::into), secret, mismatch }
}

fn action(name: &str, value: &str, mismatch: Mismatch) -> HttpRule {
    let header_matches = vec![header_match(name, Some(value), Secret::None, mismatch)];
    HttpRule { header_matches, ..HttpRule::default() }
}

fn http(tag: u32, rules: Vec<(u32, HttpRule)>) -> SelectorPolicy {
    SelectorPolicy { rules: L7Rules::Http(rules), ..SelectorPolicy::new(tag) }
}

fn decide(policies: &[SelectorPolicy], request: &HttpRequest<'_>) -> Decision {
    let policy = L7Policy::new(policies).unwrap();
    let decision = policy.http(request, &mut Scratch::new());
    assert_eq!(policy.http_effects(request, &mut Scratch::new()).decision, decision);
    decision
}

const ALLOW: fn(u32) -> Decision = |rule| Decision::Allow { rule };
const DENY: Decision = Decision::Deny { rule: None };
const MISMATCHES: [Mismatch; 5] =
    [Mismatch::Fail, Mismatch::Log, Mismatch::Add, Mismatch::Delete, Mismatch::Replace];

#[test]
fn compiled_policies_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<L7Policy>();
    shared::<HttpMatcher>();
    shared::<netpol_l7::NameSet>();
    shared::<netpol_l7::ServerName>();
    shared::<netpol_l7::Error>();
    shared::<Scratch>();
}

#[test]
fn no_policy_at_all_denies() {
    let policy = L7Policy::new([]).unwrap();
    assert_eq!(policy.http(&HttpRequest::new("GET", "/"), &mut Scratch::new()), DENY);
    assert_eq!(policy.dns("a.io"), DENY);
    assert_eq!(policy.sni("a.io"), DENY);
}

#[test]
fn a_policy_without_rules_allows_everything() {
    let policy = L7Policy::new([&SelectorPolicy::new(7)]).unwrap();
    assert_eq!(policy.http(&HttpRequest::new("", b"\xff"), &mut Scratch::new()), ALLOW(7));
    assert_eq!(policy.dns(b"\xff"), ALLOW(7));
    assert_eq!(policy.sni(""), ALLOW(7));
}

#[test]
fn a_denial_goes_first_and_is_named() {
    let policies = [SelectorPolicy::new(1), SelectorPolicy::deny(2), SelectorPolicy::deny(3)];
    let denied = Decision::Deny { rule: Some(2) };
    let policy = L7Policy::new(&policies).unwrap();
    assert_eq!(policy.http(&HttpRequest::new("GET", "/"), &mut Scratch::new()), denied);
    assert_eq!(policy.dns("a.io"), denied);
    assert_eq!(policy.sni("a.io"), denied);
    // No header action runs.
    let policies = [http(1, vec![(4, action("X-A", "1", Mismatch::Add))]), SelectorPolicy::deny(2)];
    let policy = L7Policy::new(&policies).unwrap();
    let effects = policy.http_effects(&HttpRequest::new("GET", "/"), &mut Scratch::new());
    assert_eq!((effects.decision, effects.changes.len()), (denied, 0));
}

#[test]
fn the_first_selector_policy_that_allows_is_named() {
    let request = HttpRequest::new("GET", "/a");
    let a = http(10, vec![(11, path("/x")), (12, path("/a"))]);
    let b = http(20, vec![(21, path("/.*"))]);
    let plain = SelectorPolicy::new(30);
    assert_eq!(decide(&[a.clone(), b.clone(), plain.clone()], &request), ALLOW(12));
    assert_eq!(decide(&[b.clone(), a.clone()], &request), ALLOW(21));
    assert_eq!(decide(&[plain.clone(), a.clone()], &request), ALLOW(30));
    assert_eq!(decide(&[a, plain], &HttpRequest::new("GET", "/b")), ALLOW(30));
}

#[test]
fn in_a_list_the_rule_with_the_fewest_matchers_is_evaluated_first() {
    // HTTP-14: then by the names of the matchers.
    let get = Some("GET".to_owned());
    let rules = vec![
        (1, HttpRule { method: get.clone(), ..path("/a") }),
        (2, path("/a")),
        (3, HttpRule { method: get, ..HttpRule::default() }),
        (4, HttpRule { host: Some("h".into()), ..HttpRule::default() }),
        (5, path("/.")),
    ];
    let policies = [http(0, rules)];
    assert_eq!(decide(&policies, &HttpRequest::new("GET", "/a").host("h")), ALLOW(4));
    assert_eq!(decide(&policies, &HttpRequest::new("GET", "/a")), ALLOW(3));
    assert_eq!(decide(&policies, &HttpRequest::new("PUT", "/a")), ALLOW(2));
    assert_eq!(decide(&policies, &HttpRequest::new("PUT", "/b")), ALLOW(5));
}

#[test]
fn rules_of_another_kind_allow_nothing() {
    let request = HttpRequest::new("GET", "/");
    let unsupported = SelectorPolicy { rules: L7Rules::Unsupported, ..SelectorPolicy::new(1) };
    let dns = SelectorPolicy {
        rules: L7Rules::Dns(vec![(2, NameSelector::pattern("*"))]),
        ..SelectorPolicy::new(1)
    };
    assert_eq!(decide(&[unsupported.clone(), dns.clone()], &request), DENY);
    assert_eq!(decide(&[http(1, vec![])], &request), DENY);
    for policy in [unsupported, http(1, vec![(2, HttpRule::default())])] {
        assert_eq!(L7Policy::new([&policy]).unwrap().dns("a.io"), DENY);
    }
    let names = SelectorPolicy { server_names: vec![(2, "a.io".into())], ..SelectorPolicy::new(1) };
    assert_eq!(L7Policy::new([&names]).unwrap().dns("a.io"), DENY);
}

#[test]
fn server_names_do_not_restrict_requests_and_requests_do_not_restrict_connections() {
    // L7E-7
    let both = SelectorPolicy {
        server_names: vec![(2, "x.com".into()), (3, "*.y.com".into())],
        ..http(1, vec![(4, path("/a"))])
    };
    let policy = L7Policy::new([&both]).unwrap();
    assert_eq!(policy.sni("X.com"), ALLOW(2));
    assert_eq!(policy.sni("a.y.com"), ALLOW(3));
    assert_eq!(policy.sni("z.com"), DENY);
    assert_eq!(policy.sni(""), DENY);
    assert_eq!(policy.http(&HttpRequest::new("GET", "/a"), &mut Scratch::new()), ALLOW(4));
    // SNI-7: a plain allow of another selector lets any name pass.
    let policy = L7Policy::new([&both, &SelectorPolicy::new(9)]).unwrap();
    assert_eq!(policy.sni("x.com"), ALLOW(2));
    assert_eq!(policy.sni(""), ALLOW(9));
}

#[test]
fn dns_rules_of_several_selectors_are_united() {
    let dns = |tag, pattern: &str| SelectorPolicy {
        rules: L7Rules::Dns(vec![(tag + 1, NameSelector::pattern(pattern))]),
        ..SelectorPolicy::new(tag)
    };
    let policies = [dns(10, "**.a.io"), dns(20, "*.io")];
    let policy = L7Policy::new(&policies).unwrap();
    assert_eq!(policy.dns("x.y.a.io"), ALLOW(11));
    assert_eq!(policy.dns("A.IO."), ALLOW(21));
    assert_eq!(policy.dns("io"), DENY);
    let snapshot = L7Policy::with_dialect(&policies, PatternDialect::Snapshot).unwrap();
    assert_eq!(snapshot.dns("x.y.a.io"), DENY);
    // DNSP-3: a selector without DNS rules allows every name.
    let policy = L7Policy::new([&policies[1], &SelectorPolicy::new(5)]).unwrap();
    assert_eq!(policy.dns("a.io"), ALLOW(21));
    assert_eq!(policy.dns("we!rd"), ALLOW(5));
}

#[test]
fn fields_of_the_request_are_not_taken_from_its_headers() {
    // HTTP-9, HTTP-12
    let spoofed =
        [Header::new("Host", "h"), Header::new(":authority", "h"), Header::new(":path", "/x")];
    let request = HttpRequest::new("GET", "/a").headers(&spoofed);
    for rule in [
        HttpRule { host: Some(".*".into()), ..HttpRule::default() },
        headers(&["Host"]),
        headers(&["host: h"]),
        headers(&[":authority"]),
        headers(&[":path /x"]),
    ] {
        assert_eq!(decide(&[http(0, vec![(1, rule)])], &request), DENY);
    }
    assert_eq!(
        decide(&[http(0, vec![(1, headers(&[":path /a", ":method: GET"]))])], &request),
        ALLOW(1)
    );
    let request = request.host("");
    assert_eq!(decide(&[http(0, vec![(1, headers(&[":authority"]))])], &request), ALLOW(1));
}

#[test]
fn an_unreadable_secret_never_matches() {
    // L7Q-1
    for mismatch in MISMATCHES {
        let entry = header_match("X-A", None, Secret::Unreadable, mismatch);
        let rule = HttpRule { header_matches: vec![entry], ..HttpRule::default() };
        let matcher = HttpMatcher::new([(3, rule)]).unwrap();
        for value in ["", "1"] {
            let headers = [Header::new("X-A", value)];
            let request = HttpRequest::new("GET", "/").headers(&headers);
            let effects = matcher.effects(&request, &mut Scratch::new());
            assert_eq!((effects.decision, effects.changes.len()), (DENY, 0));
        }
        let [error] = matcher.unusable() else { panic!("{mismatch:?}") };
        assert_eq!((error.rule(), error.field()), (Some(3), Some("headerMatches")));
    }
}

#[test]
fn values_of_secrets_are_not_logged_and_not_shown() {
    // HM-1, HM-6, HM-7
    let rows = [
        (Secret::Read("s3cret".into()), Some("plain"), "s3cret", "[redacted]"),
        (Secret::Delivered("s3cret".into()), Some("plain"), "s3cret", "[redacted]"),
        (Secret::Undelivered, Some("plain"), "plain", "[redacted]"),
        (Secret::Unreadable, Some("plain"), "plain", "plain"),
        (Secret::None, Some("plain"), "plain", "plain"),
    ];
    for (secret, value, wanted, logged) in rows {
        assert!(!format!("{secret:?}").contains("s3cret"));
        let entry = header_match("X-A", value, secret.clone(), Mismatch::Replace);
        let rule = HttpRule { header_matches: vec![entry], ..HttpRule::default() };
        let matcher = HttpMatcher::new([(0, rule)]).unwrap();
        let headers = [Header::new("x-a", "old")];
        let request = HttpRequest::new("GET", "/").headers(&headers);
        let effects = matcher.effects(&request, &mut Scratch::new());
        let change = HeaderChange::Set { name: "x-a".into(), value: wanted.into() };
        assert_eq!(effects.changes, [change], "{secret:?}");
        assert_eq!(effects.missing, [("x-a".into(), logged.into())], "{secret:?}");
        let old = if logged == "plain" { "old" } else { logged };
        assert_eq!(effects.rejected, [("x-a".into(), old.into())], "{secret:?}");
        let headers = [Header::new("x-a", wanted)];
        let request = HttpRequest::new("GET", "/").headers(&headers);
        let effects = matcher.effects(&request, &mut Scratch::new());
        assert!(effects.decision.is_allowed() && effects.missing.is_empty(), "{secret:?}");
    }
}

#[test]
fn actions_of_all_selectors_run_and_later_rules_see_the_changes() {
    // HM-8, L7E-4: the first policy allows everything, and still the second one's actions run.
    let policies = [
        SelectorPolicy::new(1),
        http(2, vec![(3, action("X-A", "1", Mismatch::Add))]),
        http(
            4,
            vec![(
                5,
                HttpRule {
                    header_matches: action("X-A", "2", Mismatch::Replace).header_matches,
                    ..headers(&["X-A: 1"])
                },
            )],
        ),
        http(
            6,
            vec![(
                7,
                HttpRule {
                    header_matches: action("X-B", "1", Mismatch::Add).header_matches,
                    ..headers(&["X-A: 1"])
                },
            )],
        ),
    ];
    let policy = L7Policy::new(&policies).unwrap();
    let effects = policy.http_effects(&HttpRequest::new("GET", "/"), &mut Scratch::new());
    assert_eq!(effects.decision, ALLOW(1));
    let name = || "x-a".to_owned();
    assert_eq!(
        effects.changes,
        [
            HeaderChange::Append { name: name(), value: "1".into() },
            HeaderChange::Set { name: name(), value: "2".into() },
        ]
    );
    assert_eq!(effects.rejected, [("x-a".into(), "1".into())]);
}

#[test]
fn a_rule_may_allow_because_of_a_header_that_a_failing_rule_added() {
    // HM-9 and HM-3: the first rule fails, but its action has run.
    let failing = HttpRule {
        header_matches: vec![
            header_match("X-Key", None, Secret::Delivered("k".into()), Mismatch::Fail),
            header_match("X-A", Some("1"), Secret::None, Mismatch::Add),
        ],
        ..HttpRule::default()
    };
    let policies = [http(0, vec![(1, headers(&["X-A: 1"])), (2, failing)])];
    assert_eq!(decide(&policies, &HttpRequest::new("GET", "/")), ALLOW(1));
}

#[test]
fn actions_on_fields_of_the_request_are_refused() {
    for name in [":path", ":method", ":authority", "Host"] {
        for mismatch in MISMATCHES {
            let changes = matches!(mismatch, Mismatch::Add | Mismatch::Delete | Mismatch::Replace);
            let matcher = HttpMatcher::new([(0, action(name, "x", mismatch))]).unwrap();
            assert_eq!(matcher.unusable().len(), usize::from(changes), "{name} {mismatch:?}");
            let decision =
                matcher.decide(&HttpRequest::new("GET", "/").host("h"), &mut Scratch::new());
            assert_eq!(decision.is_allowed(), mismatch == Mismatch::Log, "{name} {mismatch:?}");
        }
    }
}

#[test]
fn mismatch_actions_are_written_in_capitals() {
    for (text, expected) in ["", "LOG", "ADD", "DELETE", "REPLACE"].into_iter().zip(MISMATCHES) {
        assert_eq!(text.parse::<Mismatch>().unwrap(), expected);
    }
    for text in ["log", "FAIL", "ADD ", "\u{1b}[31m"] {
        let error = text.parse::<Mismatch>().unwrap_err();
        assert!(error.help().is_some());
        assert!(!error.to_string().contains('\u{1b}'));
    }
}

#[test]
fn empty_fields_are_no_conditions() {
    // HTTP-1
    let empty = Some(String::new());
    let rule =
        HttpRule { method: empty.clone(), path: empty.clone(), host: empty, ..HttpRule::default() };
    assert_eq!(decide(&[http(0, vec![(1, rule)])], &HttpRequest::new("X", "y")), ALLOW(1));
}

#[test]
fn one_scratch_serves_policies_of_all_sizes() {
    let small = HttpMatcher::new([(0, headers(&["X-A: 1"]))]).unwrap();
    let rules = (0..300)
        .map(|i| (i, HttpRule { path: Some(format!("/{i}")), ..headers(&["X-Long-Name: 1"]) }));
    let large = HttpMatcher::new(rules).unwrap();
    let pairs = [Header::new("x-a", "1"), Header::new("x-long-name", "1")];
    let mut scratch = Scratch::new();
    for _ in 0..2 {
        let request = HttpRequest::new("GET", "/299").headers(&pairs);
        assert_eq!(small.decide(&request, &mut scratch), ALLOW(0));
        assert_eq!(large.decide(&request, &mut scratch), ALLOW(299));
        assert_eq!(large.decide(&HttpRequest::new("GET", "/299"), &mut scratch), DENY);
        assert_eq!(small.decide(&HttpRequest::new("GET", "/299"), &mut scratch), DENY);
    }
}
