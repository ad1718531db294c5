//! Tests of reading, recognising and running regular expressions.

use super::*;
use crate::bits::Bits;

fn parse(pattern: &str) -> Regex {
    Regex::parse(pattern).unwrap()
}

fn problem(pattern: &str) -> (usize, String) {
    let error = Regex::parse(pattern).unwrap_err();
    (error.offset, error.to_string())
}

/// The numbers of the expressions that match a value.
fn matching(set: &RegexSet, value: &[u8]) -> Vec<usize> {
    let (mut seen, mut caches) = (Bits::default(), LazyCaches::default());
    let mut found = Vec::new();
    set.for_each_match(value, &mut seen, &mut caches, |number| found.push(number));
    found.sort_unstable();
    found
}

fn set(patterns: &[String]) -> RegexSet {
    let regexes: Vec<_> = patterns.iter().map(|pattern| parse(pattern)).collect();
    RegexSet::new(&regexes.iter().collect::<Vec<_>>()).unwrap()
}

fn is_match(pattern: &str, value: &[u8]) -> bool {
    !matching(&set(&[pattern.to_owned()]), value).is_empty()
}

#[test]
fn mistakes_are_reported_with_their_place() {
    let rows = [
        ("/a(b", 2, "missing `)` after `(b`"),
        ("/a)b", 2, "unexpected `)`"),
        ("G[ET", 1, "missing `]` after `[ET`"),
        ("*", 0, "nothing to repeat before `*`"),
        ("/a|+", 3, "nothing to repeat before `+`"),
        ("(?i)*", 4, "nothing to repeat before `*`"),
        ("a**", 1, "repetition `**` follows a repetition"),
        ("a{2}{3}?", 1, "repetition `{2}{3}?` follows a repetition"),
        ("/(?!x).*", 1, "lookaround `(?!` is not supported"),
        ("(?=x)", 0, "lookaround `(?=` is not supported"),
        ("a(?<=x)", 1, "lookaround `(?<=` is not supported"),
        ("a(?<!x)", 1, "lookaround `(?<!` is not supported"),
        (r"/(a)\1", 4, r"back reference `\1` is not supported"),
        (r"\8", 0, r"unknown escape `\8`"),
        (r"a\K", 1, r"unknown escape `\K`"),
        (r"\C", 0, r"unknown escape `\C`"),
        (r"\Z", 0, r"unknown escape `\Z`"),
        (r"[\b]", 1, r"unknown escape `\b`"),
        (r"\é", 0, r"unknown escape `\é`"),
        (r"\x{110000}", 0, r"unknown escape `\x{110000}`"),
        (r"\xg0", 0, r"unknown escape `\xg0`"),
        ("a\\", 1, "backslash at the end"),
        ("(?x)a", 0, "unsupported group `(?x`"),
        ("(?P=n)", 0, "unsupported group `(?P`"),
        ("(?#c)", 0, "unsupported group `(?#`"),
        ("(?R)", 0, "unsupported group `(?R`"),
        ("(?>a)", 0, "unsupported group `(?>`"),
        ("(?i-)a", 0, "unsupported group `(?i-)`"),
        ("(?P<a b>c)", 0, "invalid group name in `(?P<a b>`"),
        ("(?<>c)", 0, "invalid group name in `(?<>`"),
        ("[z-a]", 1, "invalid range `z-a`"),
        (r"[a-\d]", 3, r"unknown escape `\d`"),
        ("[[:foo:]]", 1, "unknown character class `[:foo:]`"),
        (r"\p{Grek}", 0, r"unknown character class `\p{Grek}`"),
        (r"\p{Alphabetic}", 0, r"unknown character class `\p{Alphabetic}`"),
        (r"\p{sc=Greek}", 0, r"unknown character class `\p{sc=Greek}`"),
        (r"a\pX", 1, r"unknown character class `\pX`"),
        ("a{1001}", 1, "invalid repetition `{1001}`"),
        ("a{2,1}", 1, "invalid repetition `{2,1}`"),
        ("a{1,99999999999}", 1, "invalid repetition `{1,99999999999}`"),
        ("(?:a{10}){101}", 9, "invalid repetition `{101}`"),
    ];
    for (pattern, offset, message) in rows {
        let expected = format!("regular expression: {message} at byte {offset}");
        assert_eq!(problem(pattern), (offset, expected), "{pattern}");
    }
}

#[test]
fn long_fragments_are_shortened() {
    let (_, message) = problem(&format!("({}", "é".repeat(500)));
    assert!(message.chars().count() < 120, "{message}");
}

#[test]
fn what_is_special_elsewhere_is_literal() {
    let rows = [
        ("a{,2}", "a{,2}"),
        ("a{", "a{"),
        ("a{1", "a{1"),
        ("a{01}", "a{01}"),
        ("{", "{"),
        ("[&&]", "&"),
        ("[a&&b]", "b"),
        (r"\<a\>", "<a>"),
        (r"\Qa.*\E", "a.*"),
        (r"a\Q*", "a*"),
        ("a#b", "a#b"),
        ("[[]", "["),
        ("[]]", "]"),
        ("[a-]", "-"),
        ("[a~~b]", "~"),
    ];
    for (pattern, value) in rows {
        assert!(is_match(pattern, value.as_bytes()), "{pattern} {value}");
    }
    // Not a difference of sets but a range, and a backward one.
    assert_eq!(problem("[b--a]").0, 1);
}

#[test]
fn classes_are_ascii_and_folding_is_not() {
    let rows = [
        (r"\d", "٣", false),
        (r"\w", "é", false),
        (r"\s", "\u{a0}", false),
        (r"\s", "\u{b}", false),
        (r"[[:space:]]", "\u{b}", true),
        (r"\W", "é", true),
        (r"é\b.*", "éa", true),
        (r"(?i)k", "\u{212a}", true),
        (r"(?i)\w", "\u{17f}", true),
        (r"\w", "\u{17f}", false),
        (r"(?i)[^k]", "\u{212a}", false),
        (r"\pN", "٣", true),
        (r"\p{Greek}", "α", true),
        (r"\P{^Greek}", "α", true),
        (r"\pC", "\u{378}", false),
        (r"\PC", "\u{378}", true),
        (r"\p{Cs}", "a", false),
        (r"\p{Any}", "\n", true),
        (".", "\n", false),
        ("(?s).", "\n", true),
        ("[^a]", "\n", true),
        ("(?m)a$\n^b", "a\nb", true),
        ("a$\n^b", "a\nb", false),
        ("a$", "a\n", false),
        (r"\x{D800}", "\u{fffd}", false),
        (r"[\x{D7FF}-\x{E000}]", "\u{e000}", true),
    ];
    for (pattern, value, expected) in rows {
        assert_eq!(is_match(pattern, value.as_bytes()), expected, "{pattern} {value:?}");
    }
}

#[test]
fn bytes_that_are_not_text_match_nothing() {
    for pattern in [".*", ".", "[^a]*", r"\W", r"\PL", "(?s).*", r"a\B.*"] {
        for value in [&b"\xff"[..], b"a\xffb", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80"] {
            assert!(!is_match(pattern, value), "{pattern} {value:?}");
        }
    }
}

#[test]
fn literal_forms_are_recognised() {
    use Shape::{Any, Exact, Prefix, Suffix};
    let exact = |text: &str| Exact(text.to_owned());
    let prefix = |text: &str| Prefix(text.to_owned());
    let suffix = |text: &str| Suffix(text.to_owned());
    let rows = [
        ("/public", Some(vec![exact("/public")])),
        (r"^/a\.b$", Some(vec![exact("/a.b")])),
        ("/a|/b", Some(vec![exact("/a"), exact("/b")])),
        ("GET|HEAD", Some(vec![exact("GET"), exact("HEAD")])),
        ("/public/.*", Some(vec![prefix("/public/")])),
        ("/public.*?", Some(vec![prefix("/public")])),
        (r"/p(\?.*)?", Some(vec![prefix("/p?"), exact("/p")])),
        ("/(a|b)/.*", Some(vec![prefix("/a/"), prefix("/b/")])),
        (r".*\.bar\.com", Some(vec![suffix(".bar.com")])),
        (".*", Some(vec![Any])),
        (".*.*", Some(vec![Any])),
        ("(?i)/1.2", None),
        ("(?i)/1-2", Some(vec![exact("/1-2")])),
        ("(?i)/a", None),
        ("(?s).*", None),
        (".*a.*", None),
        ("a.*b", None),
        ("a.*b.*", None),
        (".+", None),
        ("a.", None),
        ("a+", None),
        ("a^b", None),
        ("[a]", None),
        ("\n.*", None),
        ("(a|b|c|d|e)(a|b|c|d|e)(a|b)", None),
    ];
    for (pattern, expected) in rows {
        assert_eq!(parse(pattern).shapes(), expected, "{pattern}");
    }
}

#[test]
fn sizes_are_estimated_and_limited() {
    assert_eq!(parse("abc").size, 3);
    assert_eq!(parse(".*").size, 13);
    assert_eq!(parse("(?:ab){10}").size, 30);
    assert!(Regex::parse("(?:a{1,1000})").is_ok());
    for (pattern, message) in [
        ("a".repeat(MAX_REGEX_LEN + 1), "longer than 16384 bytes"),
        (r"\pL{1000}".to_owned(), "too large: more than 20000 instructions"),
        ("(?:(?:abcdefghij){99}){10}".repeat(3), "too large: more than 20000 instructions"),
    ] {
        let error = Regex::parse(&pattern).unwrap_err();
        assert!(error.to_string().ends_with(message), "{error}");
        assert!(error.help().is_some());
    }
}

#[test]
fn nesting_is_limited_and_costs_no_stack() {
    let nested = |n: usize| format!("{}a{}", "(?:".repeat(n), ")*".repeat(n));
    for pattern in [nested(MAX_REGEX_NESTING + 1), "(".repeat(1000) + "a" + &")".repeat(1000)] {
        let (_, message) = problem(&pattern);
        assert!(message.contains("nested too deeply"), "{message}");
    }
    let alternatives =
        (0..MAX_REGEX_NESTING / 2).fold("a".to_owned(), |p, _| format!("(?:b|x{p})"));
    for pattern in
        [nested(MAX_REGEX_NESTING), "(".repeat(900) + "a" + &")".repeat(900), alternatives]
    {
        let patterns = [pattern];
        assert!(
            std::thread::Builder::new()
                .stack_size(1 << 20)
                .spawn(move || matching(&set(&patterns), b"a") == [0]
                    || matching(&set(&patterns), b"b") == [0])
                .unwrap()
                .join()
                .unwrap()
        );
    }
}

#[test]
fn the_total_size_is_limited() {
    let regex = parse("(?:abcdefghij){90}x{1,1000}y*");
    assert!(regex.size > 1000);
    let many = vec![&regex; MAX_REGEX_TOTAL / regex.size + 1];
    let error = RegexSet::new(&many).unwrap_err();
    assert!(error.contains("more than 2000000"), "{error}");
}

#[test]
fn sets_find_all_expressions_that_match() {
    let patterns = |n: usize| -> Vec<String> {
        let one = |i: usize| match i % 6 {
            0 => format!("/api/v[0-9]+/item-{i}(/.*)?"),
            1 => format!(".*/item-{}/x", i - 1),
            2 => format!("/api/.*/item-{}/[a-z]{{1,{}}}", i - 2, i % 9 + 1),
            3 => format!("/[a-z]+/v{}/.*", i % 7),
            4 => "(?i)/API/.*".to_owned(),
            _ => format!(".*[x-z]{{{}}}", i % 5),
        };
        (0..n).map(one).collect()
    };
    for (n, dense) in [(6, true), (2000, false)] {
        let patterns = patterns(n);
        let all = set(&patterns);
        assert_eq!(all.is_dense(), dense);
        let alone: Vec<_> =
            patterns.iter().map(|pattern| set(core::slice::from_ref(pattern))).collect();
        let values = [
            "/api/v1/item-0/x".to_owned(),
            format!("/api/v3/item-{}/x", n - 6),
            "/api/v1/v3/xyz".to_owned(),
            "/API/zzzz".to_owned(),
            "/item-0/item-0/x".to_owned(),
            String::new(),
            "/api/v1/item-6/x".repeat(20),
        ];
        for value in values.iter().map(String::as_bytes) {
            let expected: Vec<_> =
                (0..n).filter(|&i| !matching(&alone[i], value).is_empty()).collect();
            assert_eq!(matching(&all, value), expected, "{n} {value:?}");
        }
    }
}

#[test]
fn lazy_automata_share_one_scratch() {
    let sets: Vec<_> = (0..20).map(|i| set(&[format!("[ab]*a[ab]{{300}}{i}")])).collect();
    assert!(sets.iter().all(|set| !set.is_dense()));
    let (mut seen, mut caches) = (Bits::default(), LazyCaches::default());
    for _ in 0..2 {
        for (i, set) in sets.iter().enumerate() {
            let value = format!("{}{i}", "ba".repeat(300));
            let mut found = 0;
            set.for_each_match(value.as_bytes(), &mut seen, &mut caches, |_| found += 1);
            assert_eq!(found, 1, "{i}");
        }
    }
}

#[test]
fn catastrophic_expressions_take_linear_time() {
    let value = |n: usize| "ab".repeat(n).into_bytes();
    for pattern in
        ["(a|b|ab)*c", "(a*)*(b*)*c", "(.*)(.*)(.*)(.*)(.*)x", "[ab]*a[ab]{300}c", "(.*a){20}c"]
    {
        let set = set(&[pattern.to_owned()]);
        assert!(matching(&set, &value(200_000)).is_empty(), "{pattern}");
    }
}
