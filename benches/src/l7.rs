//! Rules about requests and names, beside a loop over regular expressions.

use std::fmt;

use netpol_l7::{
    HttpMatcher, HttpRequest, HttpRule, NameMatcher, NameSelector, NameSet, PatternDialect,
    Scratch, SelectorKind,
};
use regex_automata::meta::Regex;
use serde_json::{Value, json};

use crate::clock::{quantile, timed};

/// Rules of which one has to match what is asked about.
pub trait Rules<R, Q: ?Sized> {
    /// Returns the compiled rules.
    fn compile(rules: &[R]) -> Self;

    /// Returns how many answers there are: for a request 1 if a rule allows it, for a name the number of
    /// selectors that match.
    fn count(&mut self, question: &Q) -> usize;
}

/// The expressions for method and path, as Cilium has them; the path alone if that for the method is empty.
pub type HttpPair = (String, String);

/// netpol's matcher for requests.
pub struct Http {
    matcher: HttpMatcher,
    scratch: Scratch,
}

impl Rules<HttpPair, HttpPair> for Http {
    fn compile(rules: &[HttpPair]) -> Self {
        let field = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let rule = |(method, path): &HttpPair| HttpRule {
            method: field(method),
            path: field(path),
            ..HttpRule::default()
        };
        let matcher = HttpMatcher::new((0..).zip(rules.iter().map(rule)));
        #[expect(clippy::expect_used, reason = "the rules are made by this program")]
        let matcher = matcher.expect("the rules are valid");
        Self { matcher, scratch: Scratch::new() }
    }

    fn count(&mut self, (method, path): &HttpPair) -> usize {
        let request = HttpRequest::new(method, path);
        usize::from(self.matcher.decide(&request, &mut self.scratch).is_allowed())
    }
}

/// Each rule's expressions in turn, until one allows.
pub struct HttpLoop(Vec<[Regex; 2]>);

impl Rules<HttpPair, HttpPair> for HttpLoop {
    fn compile(rules: &[HttpPair]) -> Self {
        let whole = |text: &str| match text {
            "" => regex(""),
            text => regex(&format!("^(?:{text})$")),
        };
        Self(rules.iter().map(|(method, path)| [whole(method), whole(path)]).collect())
    }

    fn count(&mut self, (method, path): &HttpPair) -> usize {
        let allows = |[for_method, for_path]: &[Regex; 2]| {
            for_method.is_match(method) && for_path.is_match(path)
        };
        usize::from(self.0.iter().any(allows))
    }
}

/// netpol's set of name selectors.
pub struct Selectors(NameSet);

impl Rules<NameSelector, str> for Selectors {
    fn compile(selectors: &[NameSelector]) -> Self {
        let mut set = NameSet::new();
        (0..).zip(selectors).for_each(|(tag, selector)| set.insert(tag, &matcher(selector)));
        Self(set)
    }

    fn count(&mut self, name: &str) -> usize {
        let mut count = 0;
        self.0.for_each_match(name, |_| count += 1);
        count
    }
}

/// The expression of each selector in turn, as Cilium has it.
pub struct SelectorLoop(Vec<Regex>);

impl Rules<NameSelector, str> for SelectorLoop {
    fn compile(selectors: &[NameSelector]) -> Self {
        let regex = |selector| regex(matcher(selector).cilium_regex());
        Self(selectors.iter().map(regex).collect())
    }

    fn count(&mut self, name: &str) -> usize {
        let name = netpol_l7::canonical_name(name);
        self.0.iter().filter(|regex| regex.is_match(&name)).count()
    }
}

#[expect(clippy::expect_used, reason = "the selectors are made by this program")]
fn matcher(selector: &NameSelector) -> NameMatcher {
    NameMatcher::new(SelectorKind::ToFqdns, selector, PatternDialect::Release)
        .expect("the selectors are valid")
}

#[expect(clippy::expect_used, reason = "the expressions are made by this program")]
fn regex(text: &str) -> Regex {
    Regex::new(text).expect("the expressions are valid")
}

/// What two kinds of rules take for the same questions, in nanoseconds of CPU time.
#[derive(Clone, Debug)]
pub struct Comparison {
    name: String,
    /// For all rules, netpol's first.
    compile: [Vec<f64>; 2],
    /// For one question.
    decide: [Vec<f64>; 2],
}

impl Comparison {
    /// Measures both kinds in turn. The loop is asked only the first `n_slow` questions.
    ///
    /// # Panics
    ///
    /// Panics if the answers differ, or netpol's are not as many as `expected`.
    #[must_use]
    pub fn measure<R, Q: AsRef<S>, S: ?Sized, N: Rules<R, S>, L: Rules<R, S>>(
        name: String,
        (rules, questions): (&[R], &[Q]),
        n_slow: usize,
        expected: Option<usize>,
        passes: usize,
    ) -> Self {
        let mut comparison = Self { name, compile: Default::default(), decide: Default::default() };
        let few = questions.get(..n_slow).unwrap_or(questions);
        for _ in 0..passes {
            let (mut ours, compile) = timed(|| N::compile(rules));
            let (mut others, slow_compile) = timed(|| L::compile(rules));
            assert_eq!(count(&mut ours, few), count(&mut others, few), "the answers differ");
            // Automata that grow while they run have then seen everything.
            count(&mut ours, questions);
            let (found, decide) = timed(|| count(&mut ours, questions));
            assert_eq!(found, expected.unwrap_or(found), "not the answers that are known");
            let (_, slow_decide) = timed(|| count(&mut others, few));
            let per = |time: f64, questions: &[Q]| time / questions.len() as f64;
            let [one, other] = &mut comparison.compile;
            one.push(compile);
            other.push(slow_compile);
            let [one, other] = &mut comparison.decide;
            one.push(per(decide, questions));
            other.push(per(slow_decide, few));
        }
        comparison
    }

    /// Returns the figures for programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Self { name, compile, decide } = self;
        let [[compile, compile_loop], [decide, decide_loop]] = [compile, decide].map(medians);
        json!({
            "name": name,
            "compile_ns": compile,
            "compile_ns_loop": compile_loop,
            "decide_ns": decide,
            "decide_ns_loop": decide_loop,
        })
    }
}

fn count<R, Q: AsRef<S>, S: ?Sized>(rules: &mut impl Rules<R, S>, questions: &[Q]) -> usize {
    questions.iter().map(|question| rules.count(question.as_ref())).sum()
}

fn medians(samples: &[Vec<f64>; 2]) -> [f64; 2] {
    [quantile(&samples[0], 0.5), quantile(&samples[1], 0.5)]
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [decide, slow] = medians(&self.decide);
        let [compile, slow_compile] = medians(&self.compile);
        let Self { name, .. } = self;
        let faster = slow / decide;
        let [compile, slow_compile] = [compile, slow_compile].map(|nanos| nanos / 1e6);
        write!(
            f,
            "{name:18} {decide:9.0} ns, loop {slow:11.0} ns, {faster:9.1}x   compile {compile:9.2} ms, \
             loop {slow_compile:9.2} ms"
        )
    }
}
