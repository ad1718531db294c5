//! Decisions do not allocate after warm-up.

use netpol_l7::{
    Header, HeaderMatch, HttpMatcher, HttpRequest, HttpRule, L7Policy, L7Rules, Mismatch,
    NameMatcher, NameSelector, NameSet, PatternDialect, Scratch, SelectorKind, SelectorPolicy,
    ServerName,
};

/// Returns how often something allocates.
fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

#[test]
fn the_allocator_counts() {
    assert!(allocations(|| drop(std::hint::black_box(vec![1_u8]))) >= 1);
}

fn rules() -> Vec<(u32, HttpRule)> {
    let path = |path: String| HttpRule { path: Some(path), ..HttpRule::default() };
    let mut rules: Vec<_> = (0..200).map(|i| path(format!("/literal/{i}"))).collect();
    rules.extend((0..200).map(|i| path(format!("/prefix/{i}/.*"))));
    rules.extend((0..20).map(|i| path(format!("/v[0-9]+/{i}/[a-z]+"))));
    rules.push(HttpRule {
        method: Some("(?i)get|head".into()),
        host: Some(r".*\.example\.com(:[0-9]+)?".into()),
        headers: vec!["X-Key: a,b".into(), "X-Other".into()],
        ..HttpRule::default()
    });
    (0..).zip(rules).collect()
}

/// Requests of all kinds: those that were not among the first ones must not allocate either.
fn requests<'a>(headers: &'a [Header<'a>]) -> Vec<HttpRequest<'a>> {
    let paths =
        ["/literal/7", "/prefix/150/a/b", "/v1/3/abc", "/v22/19/x", "/nothing", "", "/\u{e9}"];
    let mut requests: Vec<_> = paths.iter().map(|path| HttpRequest::new("GET", *path)).collect();
    requests.push(HttpRequest::new("head", "/x").host("a.example.com:8080").headers(headers));
    requests.push(HttpRequest::new("POST", b"/\xff\xfe").host("a.example.com").headers(headers));
    requests
}

#[test]
fn http_decisions_do_not_allocate() {
    let matcher = HttpMatcher::new(rules()).unwrap();
    let headers =
        [Header::new("X-Key", "a"), Header::new("x-other", ""), Header::new("x-KEY", "b")];
    let requests = requests(&headers);
    let mut scratch = Scratch::new();
    let mut allowed = 0;
    // One request warms up for all, whatever they are.
    matcher.decide(&requests[0], &mut scratch);
    let count = allocations(|| {
        for request in &requests {
            allowed += usize::from(matcher.decide(request, &mut scratch).is_allowed());
        }
    });
    assert_eq!((count, allowed), (0, 5));
}

#[test]
fn decisions_with_header_actions_do_not_allocate() {
    let action = |name: &str, mismatch| HeaderMatch {
        name: name.into(),
        value: Some("1".into()),
        mismatch,
        ..HeaderMatch::default()
    };
    let mut rules = rules();
    for (tag, mismatch) in (1000..).zip([Mismatch::Add, Mismatch::Delete, Mismatch::Replace]) {
        let header_matches = vec![action("X-Key", mismatch), action("X-New", Mismatch::Log)];
        rules.push((tag, HttpRule { header_matches, ..HttpRule::default() }));
    }
    let policy = SelectorPolicy { rules: L7Rules::Http(rules), ..SelectorPolicy::new(0) };
    let policy = L7Policy::new([&policy]).unwrap();
    let headers =
        [Header::new("X-Key", "a"), Header::new("x-other", ""), Header::new("x-KEY", "b")];
    let requests = requests(&headers);
    let mut scratch = Scratch::new();
    policy.http(&requests[0], &mut scratch);
    let count = allocations(|| {
        for request in &requests {
            assert!(policy.http(request, &mut scratch).is_allowed());
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn decisions_of_a_lazy_automaton_do_not_allocate_once_its_states_are_built() {
    let rule =
        |i| HttpRule { path: Some(format!("/[ab]*a[ab]{{{i}}}/.*x")), ..HttpRule::default() };
    let matcher = HttpMatcher::new((200..230).map(|i| (i, rule(i)))).unwrap();
    let paths: Vec<_> = (200..230).map(|i| format!("/{}/yx", "ab".repeat(i))).collect();
    let mut scratch = Scratch::new();
    let mut run = || {
        for path in &paths {
            matcher.decide(&HttpRequest::new("GET", path), &mut scratch);
        }
    };
    assert!(allocations(&mut run) > 0);
    run();
    assert_eq!(allocations(run), 0);
}

#[test]
fn dns_decisions_do_not_allocate() {
    let selectors = (0..1000).flat_map(|i| {
        [
            NameSelector::name(format!("host-{i}.example.com")),
            NameSelector::pattern(format!("*.domain-{i}.example.com")),
            NameSelector::pattern(format!("host-{i}-*.example.com")),
            NameSelector::pattern(format!("**.deep-{i}.example.com")),
        ]
    });
    let mut set = NameSet::new();
    let mut matchers = Vec::new();
    for (tag, selector) in (0..).zip(selectors) {
        let matcher =
            NameMatcher::new(SelectorKind::ToFqdns, &selector, PatternDialect::Release).unwrap();
        set.insert(tag, &matcher);
        matchers.push(matcher);
    }
    let names = [
        "HOST-7.example.com",
        "www.domain-9.example.com.",
        "host-3-x.example.com",
        "a.b.deep-5.example.com",
    ];
    let mut found = 0;
    let count = allocations(|| {
        for name in names {
            set.for_each_match(name, |_| found += 1);
            assert!(set.first_match(name).is_some());
            assert_eq!(matchers.iter().filter(|matcher| matcher.is_match(name)).count(), 1);
        }
        assert_eq!(set.first_match("nothing.example.org"), None);
    });
    assert_eq!((count, found), (0, 4));
}

#[test]
fn decisions_about_names_in_a_policy_do_not_allocate() {
    let dns = SelectorPolicy {
        rules: L7Rules::Dns(vec![(1, NameSelector::pattern("*.example.com"))]),
        ..SelectorPolicy::new(0)
    };
    let tls = SelectorPolicy {
        server_names: vec![(3, "*.example.com".into()), (4, "example.org".into())],
        ..SelectorPolicy::new(2)
    };
    let (dns, tls) = (L7Policy::new([&dns]).unwrap(), L7Policy::new([&tls]).unwrap());
    let entry = ServerName::new("**.example.com").unwrap();
    let count = allocations(|| {
        assert!(dns.dns("www.example.com").is_allowed());
        assert!(!dns.dns("example.com").is_allowed());
        assert!(tls.sni("WWW.example.com").is_allowed());
        assert!(!tls.sni("").is_allowed());
        assert!(entry.is_match("a.b.example.com"));
    });
    assert_eq!(count, 0);
}
