//! Answers for people.

use std::fmt::Write;

use netpol::{AuthType, Direction, Engine, Explanation, RuleSet, Side};
use netpol_policy::rule::PolicyName;

use super::{Answer, Judgement, auth};
use crate::output::{Paint, printable};
use crate::request::{Decided, Request};

/// Returns the answers as text. Those that differ in the looks of the peers alone are one.
pub(super) fn render(engine: &Engine, answers: &[Answer<'_>], paint: Paint) -> String {
    let mut text = String::new();
    let Some((first, rest)) = answers.split_first() else { return text };
    if rest.iter().all(|answer| answer.says_the_same(first)) {
        answer(engine, first, [first.from.peer, first.to.peer], paint, &mut text);
    } else {
        for each in answers {
            answer(engine, each, [&each.from.face.name, &each.to.face.name], paint, &mut text);
        }
    }
    text
}

fn answer(engine: &Engine, answer: &Answer<'_>, names: [&str; 2], paint: Paint, text: &mut String) {
    let word = match answer.word() {
        "allow" => paint.good("allowed"),
        "redirect" => paint.good("allowed through a proxy"),
        "auth" => paint.good("allowed after authentication"),
        _ => paint.bad("denied"),
    };
    let [from, to] = names.map(printable);
    let request = answer.request.map(|request| format!(", {request}")).unwrap_or_default();
    line(text, 0, &format!("{word}: {from} -> {to}, {}{request}", answer.question));
    for (direction, side, explanation, judgement) in answer.sides() {
        let whose = match direction {
            Direction::Egress => &from,
            Direction::Ingress => &to,
        };
        let (decision, reasons) = reasons(engine, side, explanation);
        line(text, 1, &format!("{direction} of {whose}: {decision}"));
        for reason in reasons {
            line(text, 2, &printable(&reason));
        }
        if let (Some(request), Some(judgement)) = (answer.request, judgement) {
            line(text, 2, &printable(&judged(request, judgement)));
        }
    }
    let fate = match answer.is_connection_open() {
        false => "cannot be made, as there is no connection",
        true => "no proxy looks at it, so it passes with its connection",
    };
    if let Some(request) = answer.request.filter(|_| answer.is_unseen()) {
        line(text, 1, &format!("{request}: {fate}"));
    }
}

fn line(text: &mut String, depth: usize, content: &str) {
    // Nothing can go wrong when writing to a string.
    let _infallible = writeln!(text, "{:1$}{content}", "", depth * 2);
}

/// Returns what a side says about a request.
fn judged(request: Request<'_>, judgement: &Judgement) -> String {
    let Judgement::Decided(Decided { is_connection, verdict }) = judgement else {
        return format!(
            "{request}: the listener decides by its own rules, which are not known here"
        );
    };
    let what = if *is_connection { " with its connection" } else { "" };
    let asked = match (is_connection, request) {
        (false, Request::Http { .. } | Request::Dns(_)) => "it",
        (true, _) | (false, Request::Sni(_)) => "its server name",
    };
    match (verdict.is_allowed(), verdict.rule()) {
        (true, Some(rule)) => format!("{request}: allowed by {rule}"),
        (true, None) => format!("{request}: allowed"),
        (false, Some(rule)) => format!("{request}: denied{what} by {rule}"),
        (false, None) => format!("{request}: denied{what}, as no L7 rule allows {asked}"),
    }
}

/// Returns what a side decides, and lines that say why.
fn reasons(engine: &Engine, side: &Side, explanation: &Explanation) -> (String, Vec<String>) {
    let rules = side.verdict().and_then(|verdict| engine.rule_set(verdict.rules()));
    let decision = match (explanation.decision(), rules.map(|rules| &**rules)) {
        ("none", _) => "no policy is enforced there",
        ("unenforced", _) => "allowed, as no policy applies",
        ("allow", Some(RuleSet::DefaultAllow)) => "allowed, as no policy switches default deny on",
        ("allow", Some(RuleSet::AllowLocalhost)) => "allowed, as the local node may reach its pods",
        ("allow", _) => "allowed",
        ("redirect", _) => return (redirected(engine, side), rule_lines(explanation)),
        ("deny", Some(RuleSet::Lockdown)) => "denied, as the policy cannot be computed",
        ("deny", _) => "denied",
        _ => return ("denied by default".into(), near_misses(engine, explanation)),
    };
    let decision = match auth(side) {
        None => decision.to_owned(),
        Some(AuthType::AlwaysFail) => "denied, as its authentication never succeeds".into(),
        Some(_) => format!("{decision} once both sides have authenticated each other"),
    };
    (decision, rule_lines(explanation))
}

fn redirected(engine: &Engine, side: &Side) -> String {
    let proxy = side.verdict().and_then(|verdict| engine.redirect(verdict.redirect()));
    let proxy = proxy.map(ToString::to_string).unwrap_or_default();
    match auth(side) {
        None => format!("allowed through the {proxy} proxy, which has the final word"),
        Some(AuthType::AlwaysFail) => "denied, as its authentication never succeeds".into(),
        Some(_) => format!(
            "allowed through the {proxy} proxy once both sides have authenticated each other"
        ),
    }
}

fn rule_lines(explanation: &Explanation) -> Vec<String> {
    explanation.origins().map(|origin| format!("by {origin}")).collect()
}

/// Returns why nothing allowed a flow: the policies that switch default deny on, and the rule that
/// came nearest.
fn near_misses(engine: &Engine, explanation: &Explanation) -> Vec<String> {
    let isolated = explanation.isolated_by().iter();
    let mut lines: Vec<String> = isolated
        .map(|policy| format!("switched on by {policy}{}", place(engine, policy)))
        .collect();
    if let Some(nearest) = explanation.nearest() {
        let differs = if nearest.peer_matches { "ports" } else { "peers" };
        lines.push(format!("nearest rule: {}, which is about other {differs}", nearest.origin));
    }
    lines
}

/// Returns where a policy stands.
fn place(engine: &Engine, name: &PolicyName) -> String {
    let policy = engine.policies().find(|policy| *policy.name == *name);
    policy
        .map(|policy| format!(" ({}:{})", policy.place.file, policy.place.line))
        .unwrap_or_default()
}
