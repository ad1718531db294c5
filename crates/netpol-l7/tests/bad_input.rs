//! Input made to break things: it ends in an error with a place, or in a denial.

#![expect(clippy::unwrap_used, reason = "a failed test says where it failed")]

use netpol_l7::{
    Decision, Header, HttpMatcher, HttpRequest, HttpRule, L7Policy, L7Rules, MAX_NAME_LEN,
    MAX_REGEX_LEN, MAX_SERVER_NAME_LEN, NameMatcher, NameSelector, NameSet, PatternDialect,
    Scratch, SelectorKind, SelectorPolicy, ServerName,
};

fn path(pattern: impl Into<String>) -> HttpRule {
    HttpRule { path: Some(pattern.into()), ..HttpRule::default() }
}

fn is_allowed(matcher: &HttpMatcher, request: &HttpRequest<'_>) -> bool {
    matcher.decide(request, &mut Scratch::new()).is_allowed()
}

fn name_matcher(kind: SelectorKind, selector: &NameSelector) -> NameMatcher {
    NameMatcher::new(kind, selector, PatternDialect::Release).unwrap()
}

#[test]
fn a_bad_expression_is_an_error_with_rule_field_and_byte() {
    let method = HttpRule { method: Some("GE[T".into()), ..HttpRule::default() };
    for (rule, field, offset) in [(path("/a(?=b)"), "path", 2), (method, "method", 2)] {
        let rules = vec![(8, path("/ok")), (9, rule)];
        let policy = SelectorPolicy { rules: L7Rules::Http(rules), ..SelectorPolicy::new(0) };
        let error = L7Policy::new([&policy]).unwrap_err();
        assert_eq!(
            (error.rule(), error.field(), error.offset()),
            (Some(9), Some(field), Some(offset))
        );
    }
}

#[test]
fn enormous_expressions_are_errors() {
    let rows = [
        ("a".repeat(MAX_REGEX_LEN + 1), "longer than"),
        (r"(?:\pL{100}){10}".to_owned(), "too large"),
        ("(?:".repeat(2000) + "a" + &")*".repeat(2000), "nested too deeply"),
        ("[".repeat(MAX_REGEX_LEN), "missing `]`"),
        ("(".repeat(MAX_REGEX_LEN), "nested too deeply"),
        ("(a{1000}){1000}".to_owned(), "invalid repetition"),
    ];
    for (pattern, message) in rows {
        let error = HttpMatcher::new([(1, path(pattern))]).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.to_string().len() < 300, "{error}");
        assert_eq!(error.rule(), Some(1));
    }
}

#[test]
fn too_many_large_expressions_are_an_error() {
    let rule = |i| path(format!("[a-z]{{900}}[0-9]{{{}}}", i % 90 + 1));
    let rules = (0..90).map(|i| (i, rule(i)));
    assert!(HttpMatcher::new(rules).is_ok());
    let distinct = |i: u32| path(format!("(?:abcdefghijklmn){{900}}{i}"));
    let error = HttpMatcher::new((0..200).map(|i| (i, distinct(i)))).unwrap_err();
    assert_eq!(error.field(), Some("path"));
    assert!(error.to_string().contains("instructions together"), "{error}");
}

#[test]
fn catastrophic_expressions_and_long_paths_are_harmless() {
    let long = format!("/{}", "ab".repeat(500_000));
    for pattern in ["/(a|b|ab)*c", "/(.*)*(.*)*x", "(?:/?(?:a*b*)*)*c", "/[ab]*a[ab]{500}c"] {
        let matcher = HttpMatcher::new([(0, path(pattern))]).unwrap();
        assert!(!is_allowed(&matcher, &HttpRequest::new("GET", &long)), "{pattern}");
    }
    let matcher = HttpMatcher::new([(0, path("/(?:ab)*"))]).unwrap();
    assert!(is_allowed(&matcher, &HttpRequest::new("GET", &long)));
}

#[test]
fn header_bombs_are_harmless() {
    let rules = (0..1000).map(|i| {
        (
            i,
            HttpRule {
                headers: vec![format!("X-A: {}", "a,".repeat(i as usize))],
                ..HttpRule::default()
            },
        )
    });
    let matcher = HttpMatcher::new(rules).unwrap();
    let value = "a".repeat(1 << 20);
    let large = [Header::new("X-A", &value)];
    assert!(!is_allowed(&matcher, &HttpRequest::new("GET", "/").headers(&large)));
    let many = vec![Header::new("x-a", "a"); 100_000];
    assert!(!is_allowed(&matcher, &HttpRequest::new("GET", "/").headers(&many)));
    let others: Vec<_> = (0..100_000).map(|i| format!("x-{i}")).collect();
    let others: Vec<_> = others.iter().map(|name| Header::new(name, "a")).collect();
    assert!(!is_allowed(&matcher, &HttpRequest::new("GET", "/").headers(&others)));
    // The value of many headers is still their join: `a,a,a,` is three and an empty one.
    let mut joined = vec![Header::new("x-a", "a"); 3];
    joined.push(Header::new("x-a", ""));
    let request = HttpRequest::new("GET", "/").headers(&joined);
    assert_eq!(matcher.decide(&request, &mut Scratch::new()), Decision::Allow { rule: 3 });
}

#[test]
fn bytes_that_are_not_text_are_denied() {
    let matcher = HttpMatcher::new([
        (0, path("/.*")),
        (1, path(r"/[^b\n]")),
        (2, path(r".*/x")),
        (3, HttpRule { method: Some(".*".into()), host: Some(".+".into()), ..HttpRule::default() }),
    ])
    .unwrap();
    for bytes in [&b"/\xff"[..], b"/\xff/x", b"/\xe9", b"/\n", b"/a\nb/x", b"/\0\x80"] {
        assert!(!is_allowed(&matcher, &HttpRequest::new("GET", bytes)), "{bytes:?}");
    }
    let request = HttpRequest::new(b"G\xff", "x").host(b"\xff\xfe");
    assert!(!is_allowed(&matcher, &request));
    let headers = [Header::new(b"\xff", b"\xff"), Header::new("", "")];
    let matcher =
        HttpMatcher::new([(0, HttpRule { headers: vec![String::new()], ..HttpRule::default() })]);
    let request = HttpRequest::new("GET", "/").headers(&headers);
    assert!(!is_allowed(&matcher.unwrap(), &request));
}

#[test]
fn names_with_odd_bytes_match_only_what_matches_everything() {
    let odd = [
        &b"a b.io"[..],
        b"a\\.b.io",
        b"a\\032b.io",
        b"\xff.io",
        "\u{e9}.io".as_bytes(),
        b"a\0.io",
        b"*.io",
        b"a/b.io",
        b"a..io",
    ];
    let any = name_matcher(SelectorKind::ToFqdns, &NameSelector::pattern("*"));
    let star = name_matcher(SelectorKind::DnsRule, &NameSelector::pattern("*.io"));
    let all = name_matcher(SelectorKind::DnsRule, &NameSelector::pattern("*"));
    let mut set = NameSet::new();
    [&any, &star].into_iter().for_each(|matcher| set.insert(0, matcher));
    for name in odd {
        assert!(!any.is_match(name) && !star.is_match(name), "{name:?}");
        assert_eq!(set.first_match(name), None, "{name:?}");
        assert!(all.is_match(name), "{name:?}");
    }
}

#[test]
fn names_longer_than_any_message_holds_match_only_what_matches_everything() {
    let name = |len: usize| format!("{}.io", "a".repeat(len - 3));
    let deep = name_matcher(SelectorKind::DnsRule, &NameSelector::pattern("**.io"));
    let all = name_matcher(SelectorKind::DnsRule, &NameSelector::pattern("*"));
    assert!(deep.is_match(&name(MAX_NAME_LEN)));
    assert!(!deep.is_match(&name(MAX_NAME_LEN + 1)));
    assert!(all.is_match(&name(1 << 20)));
    let mut set = NameSet::new();
    set.insert(1, &deep);
    assert_eq!(set.first_match(&name(MAX_NAME_LEN)), Some(1));
    assert_eq!(set.first_match(&name(1 << 20)), None);
    set.insert(2, &all);
    assert_eq!(set.first_match(&name(1 << 20)), Some(2));
}

#[test]
fn patterns_of_many_stars_and_dots_are_harmless() {
    let patterns =
        ["*a".repeat(127), "*.".repeat(127), ".".repeat(255), format!("**.{}", "*a*.".repeat(60))];
    let mut set = NameSet::new();
    for (tag, pattern) in (0..).zip(&patterns) {
        set.insert(tag, &name_matcher(SelectorKind::DnsRule, &NameSelector::pattern(pattern)));
    }
    assert_eq!(set.first_match(&"a".repeat(126)), None);
    assert_eq!(set.first_match(&"a".repeat(127)), Some(0));
    assert_eq!(set.first_match(&"a.".repeat(127)), Some(1));
    assert_eq!(set.first_match(&".".repeat(255)), Some(2));
    assert_eq!(set.first_match(&"xay.".repeat(61)), Some(3));
    assert_eq!(set.first_match(&"ab".repeat(500)), None);
}

#[test]
fn bad_names_are_errors_with_their_field() {
    let rows = [
        (NameSelector::name("a b"), "matchName", "character ` ` is not allowed"),
        (NameSelector::name("a\u{1b}b"), "matchName", r"character `\u{1b}` is not allowed"),
        (NameSelector::name("*.io"), "matchName", "a name must not contain `*`"),
        (
            NameSelector::pattern("b\u{fc}cher.io"),
            "matchPattern",
            "character `\u{fc}` is not allowed",
        ),
        (NameSelector::pattern("a".repeat(256)), "matchPattern", "longer than 255 characters"),
    ];
    for (selector, field, message) in rows {
        let policy = SelectorPolicy {
            rules: L7Rules::Dns(vec![(4, selector.clone())]),
            ..SelectorPolicy::new(0)
        };
        let error = L7Policy::new([&policy]).unwrap_err();
        assert_eq!(error.to_string(), format!("{field}: {message}"));
        assert_eq!((error.rule(), error.field()), (Some(4), Some(field)));
        assert!(selector.check_schema().is_err());
    }
}

#[test]
fn odd_server_names_are_refused() {
    let entry = ServerName::new("**.io").unwrap();
    let long = |len: usize| format!("{}.io", "a".repeat(len - 3));
    assert!(entry.is_match(&long(MAX_SERVER_NAME_LEN)));
    assert!(!entry.is_match(&long(MAX_SERVER_NAME_LEN + 1)));
    let policy =
        SelectorPolicy { server_names: vec![(1, "**.io".into())], ..SelectorPolicy::new(0) };
    let policy = L7Policy::new([&policy]).unwrap();
    assert!(policy.sni(&long(MAX_SERVER_NAME_LEN)).is_allowed());
    for name in [&b""[..], b"io", b"\xff", b".", b"io.", long(1 << 16).as_bytes()] {
        assert!(!policy.sni(name).is_allowed(), "{name:?}");
    }
    let empty = SelectorPolicy { server_names: vec![(6, String::new())], ..SelectorPolicy::new(0) };
    assert_eq!(L7Policy::new([&empty]).unwrap_err().rule(), Some(6));
    for entry in
        ["*", "**", "*a.io", "a.*.io", "", ".io", "a..io", "a b.io", "\u{e9}.io", &"a".repeat(256)]
    {
        assert!(ServerName::check_schema(entry).is_err(), "{entry}");
    }
}
