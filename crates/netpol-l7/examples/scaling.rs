//! Measures what one decision costs, for few and for many rules.
//!
//! Run with `cargo run --release --example scaling -p netpol-l7`. Each figure is the median over rounds
//! of the nanoseconds for one decision, on one thread, after warm-up.

use std::hint::black_box;
use std::time::Instant;

use netpol_l7::{
    Error, HttpMatcher, HttpRequest, HttpRule, L7Policy, NameMatcher, NameSelector, NameSet,
    PatternDialect, Scratch, SelectorKind, SelectorPolicy,
};

/// How many rules there are.
const SIZES: [u32; 3] = [1, 100, 10_000];

/// Decisions in one round.
const ROUND: u32 = 2_000;

/// Rounds of one figure.
const ROUNDS: usize = 41;

fn main() -> Result<(), Error> {
    http_rows()?;
    name_rows()
}

fn http_rows() -> Result<(), Error> {
    head("ns per HTTP decision, by the number of rules");
    let path = |path| HttpRule { path: Some(path), ..HttpRule::default() };
    let literal = |i| path(format!("/api/v1/item-{i}"));
    row("literal path, first rule allows", |n| http(n, literal, "/api/v1/item-0", true))?;
    row("literal path, last rule allows", |n| {
        http(n, literal, &last("/api/v1/item-", n, ""), true)
    })?;
    row("literal path, no rule allows", |n| http(n, literal, "/api/v2/item-0", false))?;
    let prefix = |i| path(format!("/api/v1/item-{i}/.*"));
    row("`literal.*`, last rule allows", |n| {
        http(n, prefix, &last("/api/v1/item-", n, "/a/b"), true)
    })?;
    row("`literal.*`, no rule allows", |n| http(n, prefix, "/api/v1/item-x/a/b", false))?;
    let classes = |i| path(format!("/api/v[0-9]+/item-{i}/[a-z]+"));
    row("two classes, last rule allows", |n| {
        http(n, classes, &last("/api/v1/item-", n, "/abc"), true)
    })?;
    row("two classes, no rule allows", |n| http(n, classes, "/api/v1/item-x/abc", false))?;
    let method = |i| HttpRule { method: Some("GET".into()), ..literal(i) };
    row("method and literal path", |n| http(n, method, &last("/api/v1/item-", n, ""), true))?;
    let header = |i| HttpRule { headers: vec![format!("X-Key: {i}")], ..literal(i) };
    row("literal path, header missing", |n| http(n, header, "/api/v1/item-0", false))
}

fn name_rows() -> Result<(), Error> {
    head("ns for all selectors that match a name, by their number");
    let exact = |i| NameSelector::name(format!("host-{i}.example.com"));
    row("exact names", |n| dns(n, exact, &last("host-", n, ".example.com.")))?;
    let wild = |i| NameSelector::pattern(format!("*.domain-{i}.example.com"));
    row("`*.domain-N.example.com`", |n| dns(n, wild, &last("www.domain-", n, ".example.com.")))?;
    let glob = |i| NameSelector::pattern(format!("host-{i}-*.example.com"));
    row("`host-N-*.example.com`", |n| dns(n, glob, &last("host-", n, "-a.example.com.")))?;
    let deep = |i| NameSelector::pattern(format!("**.domain-{i}.example.com"));
    row("`**.domain-N.example.com`", |n| dns(n, deep, &last("a.b.domain-", n, ".example.com.")))?;
    row("all four mixed", |n| dns(n, |i| [exact, wild, glob, deep][i as usize % 4](i), &mixed(n)))?;
    head("ns per SNI decision, by the number of server names");
    row("`*.domain-N.example.com`", |n| sni(n, &last("www.domain-", n, ".example.com")))
}

/// The text that the last of `n` rules matches.
fn last(before: &str, n: u32, after: &str) -> String {
    format!("{before}{}{after}", n - 1)
}

/// The same for the mixed selectors.
fn mixed(n: u32) -> String {
    match n {
        1 => "host-0.example.com.".to_owned(),
        n => last("a.b.domain-", n, ".example.com."),
    }
}

fn http(n: u32, rule: impl Fn(u32) -> HttpRule, path: &str, allowed: bool) -> Result<f64, Error> {
    let matcher = HttpMatcher::new((0..n).map(|i| (i, rule(i))))?;
    let mut scratch = Scratch::new();
    let request = HttpRequest::new("GET", path).host("example.com");
    Ok(median(|| {
        let decision = matcher.decide(black_box(&request), &mut scratch);
        assert_eq!(decision.is_allowed(), allowed);
    }))
}

fn dns(n: u32, selector: impl Fn(u32) -> NameSelector, name: &str) -> Result<f64, Error> {
    let mut set = NameSet::new();
    for i in 0..n {
        let kind = SelectorKind::ToFqdns;
        set.insert(i, &NameMatcher::new(kind, &selector(i), PatternDialect::Release)?);
    }
    Ok(median(|| {
        let mut found = None;
        set.for_each_match(black_box(name), |tag| found = Some(tag));
        assert_eq!(found, Some(n - 1));
    }))
}

fn sni(n: u32, name: &str) -> Result<f64, Error> {
    let server_names = (0..n).map(|i| (i, format!("*.domain-{i}.example.com"))).collect();
    let policy = SelectorPolicy { server_names, ..SelectorPolicy::new(n) };
    let policy = L7Policy::new([&policy])?;
    Ok(median(|| assert_eq!(policy.sni(black_box(name)).rule(), Some(n - 1))))
}

/// Returns the median time of one call, in nanoseconds.
fn median(mut call: impl FnMut()) -> f64 {
    let mut rounds: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..ROUND).for_each(|_| call());
            start.elapsed().as_nanos() as f64 / f64::from(ROUND)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

fn head(title: &str) {
    println!("\n{title:<60}{:>9}{:>9}{:>9}", SIZES[0], SIZES[1], SIZES[2]);
}

fn row(label: &str, figure: impl Fn(u32) -> Result<f64, Error>) -> Result<(), Error> {
    print!("  {label:<58}");
    for size in SIZES {
        print!("{:>9.0}", figure(size)?);
    }
    println!();
    Ok(())
}
