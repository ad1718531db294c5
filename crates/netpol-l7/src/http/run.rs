//! A request on its way through rules whose actions change it (spec `HM`).

use super::edits::Edits;
use super::effects::{HeaderChange, HttpEffects};
use super::header::{Headers, JoinedEq, Name, Wanted};
use super::program::{Program, Rule};
use super::rule::Mismatch;
use super::translate::Action;

/// The text that stands for the value of a secret in logs (HM-6).
const REDACTED: &[u8] = b"[redacted]";

/// A request, the changes to it so far, and where to record them.
pub(super) struct Run<'a, 'e> {
    pub(super) program: &'a Program,
    pub(super) headers: Headers<'a>,
    pub(super) edits: &'e mut Edits,
    pub(super) effects: Option<&'e mut HttpEffects>,
}

impl Run<'_, '_> {
    /// Runs a rule whose expressions match. Returns whether it allows the request.
    pub(super) fn allows(&mut self, rule: &Rule) -> bool {
        let conditions = self.program.conditions.get(rule.conditions.clone()).unwrap_or_default();
        conditions.iter().all(|condition| self.test(condition.name, &condition.wanted))
            && self.act(rule)
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
            Mismatch::Fail | Mismatch::Log => self.log_missing(action),
            Mismatch::Add => {
                self.change(action, |name, value| HeaderChange::Append { name, value });
                self.edit(action, |edits, name| edits.append(name, number));
                self.log_missing(action);
            }
            Mismatch::Delete => self.delete(action),
            Mismatch::Replace => {
                self.log_rejected(action);
                self.change(action, |name, value| HeaderChange::Set { name, value });
                self.edit(action, |edits, name| edits.set(name, number));
                self.log_missing(action);
            }
        }
        action.mismatch != Mismatch::Fail
    }

    /// Removes a header with a wrong value. A present test fails on missing headers only, so it never
    /// removes anything.
    fn delete(&mut self, action: &Action) {
        if self.test(action.name, &Wanted::Present) {
            self.log_rejected(action);
            self.change(action, |name, _| HeaderChange::Remove { name });
            self.edit(action, Edits::remove);
        }
    }

    fn test(&self, name: Name, wanted: &Wanted) -> bool {
        match name {
            Name::Regular(number) if !self.is_original(number) => {
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

    /// Returns whether a header is as it came with the request.
    fn is_original(&self, name: u32) -> bool {
        self.edits.keep_original(name) && self.edits.actions(name).next().is_none()
    }

    /// Calls `f` with each value of a header, changes included.
    fn for_each_value(&self, name: u32, mut f: impl FnMut(&[u8])) {
        if self.edits.keep_original(name) {
            self.headers.values(name).for_each(&mut f);
        }
        for action in self.edits.actions(name).filter_map(|n| self.program.actions.get(n)) {
            f(action.wanted.bytes());
        }
    }

    fn edit(&mut self, action: &Action, edit: impl FnOnce(&mut Edits, u32)) {
        if let Name::Regular(name) = action.name {
            edit(self.edits, name);
        }
    }

    fn change(&mut self, action: &Action, change: impl FnOnce(String, Vec<u8>) -> HeaderChange) {
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
        let value = if action.redact { REDACTED.to_vec() } else { self.joined(action.name) };
        if let Some(effects) = &mut self.effects {
            effects.rejected.push((action.text.to_string(), value));
        }
    }

    /// Returns the value of a header (HTTP-11).
    fn joined(&self, name: Name) -> Vec<u8> {
        let mut value = Vec::new();
        let mut first = true;
        if let Name::Regular(name) = name {
            self.for_each_value(name, |piece| {
                if !core::mem::take(&mut first) {
                    value.push(b',');
                }
                value.extend_from_slice(piece);
            });
        }
        value
    }
}
