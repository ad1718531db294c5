//! Rules, compiled.

use core::ops::Range;

use super::field::{FieldBuilder, FieldIndex};
use super::header::NameTable;
use super::rule::HttpRule;
use super::translate::{Action, Condition, FIELDS, Field, Translated, Translator};
use crate::Error;

/// Rules in the order in which they are evaluated; a rule's place is its number.
#[derive(Debug)]
pub(crate) struct Program {
    pub(super) rules: Vec<Rule>,
    pub(super) conditions: Vec<Condition>,
    pub(super) actions: Vec<Action>,
    pub(super) names: NameTable,
    /// For each field, what values match which expressions.
    pub(super) fields: [FieldIndex; 3],
    /// For each field and expression, the rules filed under it, ascending.
    pub(super) filed: [Vec<Vec<u32>>; 3],
    /// The rules without any expression, ascending.
    pub(super) unfiled: Vec<u32>,
    unusable: Vec<Error>,
}

/// A rule. The ranges are places in the program's lists.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) tag: u32,
    /// For each field, the expression that has to match.
    pub(super) fields: [Option<u32>; 3],
    pub(super) conditions: Range<usize>,
    pub(super) actions: Range<usize>,
}

/// Rules of one selector.
pub(crate) enum Group<'a> {
    /// Everything is allowed; the tag of who says so.
    Everything(u32),
    /// A list of alternatives.
    Rules(&'a [(u32, HttpRule)]),
}

impl Program {
    /// Compiles groups of rules, all of them alternatives.
    pub(crate) fn new<'a>(groups: impl IntoIterator<Item = Group<'a>>) -> Result<Self, Error> {
        let mut translator = Translator::default();
        let mut translated = Vec::new();
        for group in groups {
            match group {
                Group::Everything(tag) => {
                    translated.append(&mut translator.list(&[(tag, HttpRule::default())])?);
                }
                Group::Rules(rules) => translated.append(&mut translator.list(rules)?),
            }
        }
        Self::assemble(translator, translated)
    }

    /// Returns the tag of the first rule if it allows every request and nothing else is to be done.
    pub(super) fn everything(&self) -> Option<u32> {
        let Rule { tag, fields, conditions, actions: _ } = self.rules.first()?;
        let always = *fields == [None; 3] && conditions.is_empty() && self.actions.is_empty();
        always.then_some(*tag)
    }

    /// Returns why rules were left out that can allow nothing.
    pub(crate) fn unusable(&self) -> &[Error] {
        &self.unusable
    }

    /// Returns the tag of a rule.
    pub(super) fn tag(&self, rule: u32) -> Option<u32> {
        self.rules.get(rule as usize).map(|rule| rule.tag)
    }

    fn assemble(translator: Translator, translated: Vec<Translated>) -> Result<Self, Error> {
        let Translator { fields, names, unusable } = translator;
        let [path, host, method] = &fields;
        let mut program = Self {
            rules: Vec::with_capacity(translated.len()),
            conditions: Vec::new(),
            actions: Vec::new(),
            names,
            fields: [
                build(path, Field::Path)?,
                build(host, Field::Host)?,
                build(method, Field::Method)?,
            ],
            filed: [Vec::new(), Vec::new(), Vec::new()],
            unfiled: Vec::new(),
            unusable,
        };
        for rule in translated {
            program.push(rule);
        }
        program.file();
        Ok(program)
    }

    fn push(&mut self, rule: Translated) {
        let Translated { tag, fields, mut conditions, mut actions, .. } = rule;
        let first = (self.conditions.len(), self.actions.len());
        self.conditions.append(&mut conditions);
        self.actions.append(&mut actions);
        self.rules.push(Rule {
            tag,
            fields,
            conditions: first.0..self.conditions.len(),
            actions: first.1..self.actions.len(),
        });
    }

    /// Files each rule under that expression of its own which the fewest other rules have. A request
    /// looks only at the rules filed under the expressions that it matches.
    fn file(&mut self) {
        let mut users = self.fields.each_ref().map(|field| vec![0_usize; field.len()]);
        for rule in &self.rules {
            for (users, value) in users.iter_mut().zip(rule.fields) {
                value
                    .and_then(|value| users.get_mut(value as usize))
                    .into_iter()
                    .for_each(|n| *n += 1);
            }
        }
        self.filed = self.fields.each_ref().map(|field| vec![Vec::new(); field.len()]);
        for (rule, number) in self.rules.iter().zip(0_u32..) {
            let users_of = |field: Field| {
                let value = rule.fields[field as usize]? as usize;
                Some((*users[field as usize].get(value)?, field, value))
            };
            let fewest = FIELDS.into_iter().filter_map(users_of).min_by_key(|(users, ..)| *users);
            let list =
                fewest.and_then(|(_, field, value)| self.filed[field as usize].get_mut(value));
            list.unwrap_or(&mut self.unfiled).push(number);
        }
    }
}

fn build(builder: &FieldBuilder, field: Field) -> Result<FieldIndex, Error> {
    builder.build().map_err(|error| error.in_field(field.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_filed_under_the_expression_that_the_fewest_share() {
        let rule = |i| HttpRule {
            method: Some("GET".into()),
            path: Some("/.*".into()),
            host: Some(format!("{}.example.com", i / 2)),
            ..HttpRule::default()
        };
        let rules: Vec<_> = (0..100).map(|i| (i, rule(i))).collect();
        let program = Program::new([Group::Rules(&rules)]).unwrap();
        let longest = program.filed.iter().flatten().map(Vec::len).max();
        assert_eq!((longest, program.unfiled.len()), (Some(2), 0));
    }
}
