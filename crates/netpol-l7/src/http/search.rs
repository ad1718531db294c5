//! Runs a request through a program.

use super::effects::{HeaderChange, HttpEffects};
use super::header::{HeaderIndex, Headers, JoinedEq, Name, Wanted};
use super::program::{Program, Rule};
use super::request::HttpRequest;
use super::rule::Mismatch;
use super::translate::{Action, FIELDS, Field};
use crate::bits::Bits;
use crate::decision::Decision;
use crate::regex::LazyCaches;

/// The text that stands for the value of a secret in logs (HM-6).
const REDACTED: &[u8] = b"[redacted]";

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
    edits: Vec<Edit>,
}

/// A change to the headers by an action, so that later rules see it (HM-8).
#[derive(Clone, Copy, Debug)]
enum Edit {
    Remove { name: u32 },
    Append { name: u32, action: usize },
    Set { name: u32, action: usize },
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
            self.edits.reserve(program.actions.len());
        }
    }
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
        if fields_hold(rule, matched) && run.conditions_hold(rule) && run.act(rule) {
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

/// A request on its way through rules that change it.
struct Run<'a, 'e> {
    program: &'a Program,
    headers: Headers<'a>,
    edits: &'e mut Vec<Edit>,
    /// Where to record what happens.
    effects: Option<&'e mut HttpEffects>,
}

impl Run<'_, '_> {
    fn conditions_hold(&self, rule: &Rule) -> bool {
        let conditions = self.program.conditions.get(rule.conditions.clone()).unwrap_or_default();
        conditions.iter().all(|condition| self.test(condition.name, &condition.wanted))
    }

    /// Runs all actions of a rule, also after one has failed (HM-3). Returns whether none did.
    fn act(&mut self, rule: &Rule) -> bool {
        let program = self.program;
        let mut allowed = true;
        for number in rule.actions.clone() {
            let Some(action) = program.actions.get(number) else {
                return false;
            };
            allowed &= self.run(number, action);
        }
        allowed
    }

    /// Runs an action; returns whether the rule may allow the request (HM-5).
    fn run(&mut self, number: usize, action: &Action) -> bool {
        if action.undelivered {
            return false; // HM-7
        }
        if self.test(action.name, &action.wanted) {
            return true;
        }
        match action.mismatch {
            Mismatch::Fail => {
                self.log_missing(action);
                return false;
            }
            Mismatch::Log => self.log_missing(action),
            Mismatch::Add => {
                self.edit(
                    action,
                    |name| Edit::Append { name, action: number },
                    |name, value| HeaderChange::Append { name, value },
                );
                self.log_missing(action);
            }
            Mismatch::Delete => {
                if action.wanted != Wanted::Present && self.test(action.name, &Wanted::Present) {
                    self.log_rejected(action);
                    self.edit(
                        action,
                        |name| Edit::Remove { name },
                        |name, _| HeaderChange::Remove { name },
                    );
                }
            }
            Mismatch::Replace => {
                self.log_rejected(action);
                self.edit(
                    action,
                    |name| Edit::Set { name, action: number },
                    |name, value| HeaderChange::Set { name, value },
                );
                self.log_missing(action);
            }
        }
        true
    }

    fn test(&self, name: Name, wanted: &Wanted) -> bool {
        match name {
            Name::Regular(number) if self.edits.iter().any(|edit| edit.name() == number) => {
                let mut found = false;
                let mut joined = JoinedEq::new(wanted.bytes());
                self.for_each_value(number, |value| {
                    found = true;
                    joined.push(value);
                });
                if *wanted == Wanted::Present { found } else { joined.is_equal() }
            }
            name => self.headers.test(name, wanted),
        }
    }

    /// Calls `f` with each value of a header, changes included.
    fn for_each_value(&self, name: u32, mut f: impl FnMut(&[u8])) {
        let value = |action: usize| self.program.actions.get(action).map(|a| a.wanted.bytes());
        let start = self.edits.iter().rposition(|edit| edit.name() == name && edit.replaces());
        if start.is_none() {
            self.headers.values(name).for_each(&mut f);
        }
        let edits = self.edits.get(start.unwrap_or(0)..).unwrap_or_default();
        for edit in edits.iter().filter(|edit| edit.name() == name) {
            match *edit {
                Edit::Remove { .. } => {}
                Edit::Append { action, .. } | Edit::Set { action, .. } => {
                    value(action).into_iter().for_each(&mut f);
                }
            }
        }
    }

    fn edit(
        &mut self,
        action: &Action,
        edit: impl FnOnce(u32) -> Edit,
        change: impl FnOnce(String, Vec<u8>) -> HeaderChange,
    ) {
        if let Name::Regular(name) = action.name {
            self.edits.push(edit(name));
        }
        if let Some(effects) = &mut self.effects {
            effects.changes.push(change(action.text.to_string(), action.wanted.bytes().to_vec()));
        }
    }

    fn log_missing(&mut self, action: &Action) {
        if let Some(effects) = &mut self.effects {
            let value = if action.redact { REDACTED } else { action.wanted.bytes() };
            effects.missing.push((action.text.to_string(), value.to_vec()));
        }
    }

    /// Logs the value that the header has, if it has one.
    fn log_rejected(&mut self, action: &Action) {
        if self.effects.is_none() || !self.test(action.name, &Wanted::Present) {
            return;
        }
        let mut value = Vec::new();
        if action.redact {
            value.extend_from_slice(REDACTED);
        } else if let Name::Regular(name) = action.name {
            let mut first = true;
            self.for_each_value(name, |piece| {
                if !core::mem::take(&mut first) {
                    value.push(b',');
                }
                value.extend_from_slice(piece);
            });
        }
        if let Some(effects) = &mut self.effects {
            effects.rejected.push((action.text.to_string(), value));
        }
    }
}

impl Wanted {
    /// Returns the value of the header that an action sets; of a present test the empty one.
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Present => b"",
            Self::Exact(value) => value,
        }
    }
}

impl Edit {
    fn name(&self) -> u32 {
        match *self {
            Self::Remove { name } | Self::Append { name, .. } | Self::Set { name, .. } => name,
        }
    }

    /// Returns whether earlier values are gone.
    fn replaces(&self) -> bool {
        !matches!(self, Self::Append { .. })
    }
}
