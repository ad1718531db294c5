//! Runs a request through a program.

use super::edits::Edits;
use super::effects::HttpEffects;
use super::header::{HeaderIndex, Headers};
use super::program::{Program, Rule};
use super::request::HttpRequest;
use super::run::Run;
use super::translate::{FIELDS, Field};
use crate::bits::Bits;
use crate::decision::Decision;
use crate::regex::LazyCaches;

/// Memory for the evaluation of HTTP requests. Everything in it is empty between requests, but for the
/// states of lazy automata.
#[derive(Debug, Default)]
pub(crate) struct HttpScratch {
    /// For each field, the expressions that match.
    matched: [Bits; 3],
    seen: Bits,
    caches: LazyCaches,
    headers: HeaderIndex,
    /// Rules that are still to be looked at.
    candidates: Vec<u32>,
    edits: Edits,
}

/// Decides a request.
pub(crate) fn decide(
    program: &Program,
    request: &HttpRequest<'_>,
    scratch: &mut HttpScratch,
) -> Decision {
    search(program, request, scratch, None)
}

/// Decides a request and tells what the header actions do to it.
pub(crate) fn effects(
    program: &Program,
    request: &HttpRequest<'_>,
    scratch: &mut HttpScratch,
) -> HttpEffects {
    let mut effects = HttpEffects::default();
    effects.decision = search(program, request, scratch, Some(&mut effects));
    effects
}

fn search(
    program: &Program,
    request: &HttpRequest<'_>,
    scratch: &mut HttpScratch,
    effects: Option<&mut HttpEffects>,
) -> Decision {
    if let Some(rule) = program.everything() {
        return Decision::Allow { rule };
    }
    scratch.prepare(program);
    for field in FIELDS {
        let value = match field {
            Field::Path => request.path,
            Field::Method => request.method,
            Field::Host => match request.host {
                Some(host) => host,
                None => continue, // HTTP-9
            },
        };
        let HttpScratch { matched, seen, caches, .. } = &mut *scratch;
        program.fields[field as usize].search(value, &mut matched[field as usize], seen, caches);
    }
    let rule = if program.actions.is_empty() {
        first(program, request, scratch)
    } else {
        all(program, request, scratch, effects)
    };
    scratch.matched.iter_mut().for_each(Bits::clear);
    Decision::allow(rule.and_then(|rule| program.tag(rule)))
}

/// Returns the first rule that allows. Evaluation stops there (L7E-4).
fn first(program: &Program, request: &HttpRequest<'_>, scratch: &mut HttpScratch) -> Option<u32> {
    let HttpScratch { matched, headers, .. } = scratch;
    let mut indexed = false;
    let mut holds = |number: u32| {
        let Some(rule) = program.rules.get(number as usize) else {
            return false;
        };
        if !fields_hold(rule, matched) {
            return false;
        }
        if !rule.conditions.is_empty() && !indexed {
            headers.index(&program.names, request);
            indexed = true;
        }
        let headers = Headers { table: &program.names, index: headers, request };
        let conditions = program.conditions.get(rule.conditions.clone()).unwrap_or_default();
        conditions.iter().all(|condition| headers.test(condition.name, &condition.wanted))
    };
    let mut best = program.unfiled.iter().copied().find(|&rule| holds(rule));
    for list in filed(program, matched) {
        let before = list.iter().copied().take_while(|&rule| best.is_none_or(|best| rule < best));
        best = before.into_iter().find(|&rule| holds(rule)).or(best);
    }
    best
}

/// Runs all rules whose conditions hold, in order, with their actions (HM-8). Returns the first that
/// allows.
fn all(
    program: &Program,
    request: &HttpRequest<'_>,
    scratch: &mut HttpScratch,
    effects: Option<&mut HttpEffects>,
) -> Option<u32> {
    let HttpScratch { matched, headers, candidates, edits, .. } = scratch;
    headers.index(&program.names, request);
    candidates.extend_from_slice(&program.unfiled);
    filed(program, matched).for_each(|list| candidates.extend_from_slice(list));
    candidates.sort_unstable();
    let headers = Headers { table: &program.names, index: headers, request };
    let mut run = Run { program, headers, edits, effects };
    let mut best = None;
    for number in candidates.drain(..) {
        let Some(rule) = program.rules.get(number as usize) else {
            continue;
        };
        if fields_hold(rule, matched) && run.allows(rule) {
            best = best.or(Some(number));
        }
    }
    edits.clear();
    best
}

/// Returns the lists of rules filed under the expressions that match.
fn filed<'a>(program: &'a Program, matched: &'a [Bits; 3]) -> impl Iterator<Item = &'a [u32]> {
    program.filed.iter().zip(matched).flat_map(|(lists, matched)| {
        matched.members().iter().filter_map(|&value| lists.get(value as usize).map(Vec::as_slice))
    })
}

fn fields_hold(rule: &Rule, matched: &[Bits; 3]) -> bool {
    rule.fields
        .iter()
        .zip(matched)
        .all(|(value, matched)| value.is_none_or(|value| matched.contains(value)))
}

impl HttpScratch {
    /// Makes room for whatever a request may need, so that only the first one with a program allocates.
    fn prepare(&mut self, program: &Program) {
        for (matched, field) in self.matched.iter_mut().zip(&program.fields) {
            matched.resize(field.len());
        }
        self.headers.prepare(&program.names);
        if !program.actions.is_empty() {
            self.candidates.reserve(program.rules.len());
            self.edits.prepare(program.names.len(), program.actions.len());
        }
    }
}
