//! Rules that need others beside them.

use std::collections::HashSet;

use netpol_core::{Direction, keys};

use super::super::super::codes;
use super::super::super::decode::{Context, Path};
use super::super::fields::{fields_of, is_filled};
use super::super::rule::{Decoded, LISTS};
use super::elements;
use crate::rule::{Element, ElementList, L7Rules, LabelSelector, Ports, Rule};

/// Reports what is odd about the rules of a document.
pub(in super::super) fn rules(cx: &mut Context<'_>, rules: &[Decoded<'_>]) {
    let seen_dns = Helped::by(rules, sees_dns);
    let allowed = [Direction::Ingress, Direction::Egress]
        .map(|direction| Helped::by(rules, |rule| allows(rule, direction)));
    for rule in rules {
        with_path(rule, |path| {
            for list in LISTS {
                let items = rule.fields.items(list.as_str());
                let default_deny = rule.default_deny.of(list.direction());
                let path = path.field(list.as_str());
                elements::elements(cx, items, &path, list, default_deny);
            }
            if !seen_dns.helps(rule) {
                warn_of_unseen_dns(cx, rule, path);
            }
            for (list, allowed) in DENY_LISTS.into_iter().zip(&allowed) {
                if !allowed.helps(rule) {
                    warn_of_deny_only(cx, rule, list, path);
                }
            }
        });
    }
}

/// In the order of the directions.
const DENY_LISTS: [ElementList; 2] = [ElementList::IngressDeny, ElementList::EgressDeny];

/// Calls `f` with the path of the rule.
fn with_path(rule: &Decoded<'_>, f: impl FnOnce(&Path<'_>)) {
    match rule.spec.map(usize::try_from) {
        None => f(&Path::Root.field("spec")),
        Some(index) => f(&Path::Root.field("specs").index(index.unwrap_or_default())),
    }
}

/// Reports names as peers without a DNS rule for the same endpoints: nothing lets the addresses
/// be learnt (FQDN-5).
fn warn_of_unseen_dns(cx: &mut Context<'_>, rule: &Decoded<'_>, path: &Path<'_>) {
    let egress = rule.fields.items("egress").iter().enumerate();
    let mut with_names = egress.filter(|(_, item)| is_filled(fields_of(item), "toFQDNs"));
    let Some((index, key)) = with_names.find_map(|(index, item)| {
        let key = fields_of(item).key("toFQDNs")?;
        Some((index, key))
    }) else {
        return;
    };
    let path = path.field("egress");
    let path = path.index(index);
    let path = path.field("toFQDNs");
    let message = "no address of these names is ever learnt: this document has no `dns` rule for the \
                   same endpoints";
    let help = "allow the DNS server with `rules: {dns: [{matchPattern: \"*\"}]}` beside its port, \
                unless another policy of these endpoints does";
    cx.warning(codes::NO_DNS_RULE, key.span, &path, message, help);
}

/// Reports deny elements that close a direction in which nothing is allowed (DD-6, QUIRK-21).
fn warn_of_deny_only(cx: &mut Context<'_>, rule: &Decoded<'_>, list: ElementList, path: &Path<'_>) {
    let direction = list.direction();
    let Some(key) = rule.fields.key(list.as_str()) else {
        return;
    };
    if !is_filled(rule.fields, list.as_str()) || !rule.default_deny.of(direction) {
        return;
    }
    let name = match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    };
    let path = path.field(list.as_str());
    let message = "this policy only denies, and that switches default deny on: everything else is \
                   denied too, unless another policy allows it";
    let help = format!(
        "to deny just this, add `enableDefaultDeny: {{{name}: false}}`; or list under `{name}` \
         what is allowed"
    );
    cx.warning(codes::DENY_ONLY, key.span, &path, message, help);
}

fn sees_dns(rule: &Rule) -> bool {
    let is_dns = |element: &Element| match &element.ports {
        Ports::All => false,
        Ports::AnyOf(rules) => rules.iter().any(|rule| matches!(rule.l7, L7Rules::Dns(_))),
    };
    rule.elements.iter().any(|element| is_dns(element))
}

fn allows(rule: &Rule, direction: Direction) -> bool {
    let mut elements = rule.elements.iter();
    elements.any(|element| element.direction == direction && !element.deny)
}

/// Whom the rules with a certain property apply to.
struct Helped<'r> {
    /// Whether the rule is about the node, and its subject selector.
    subjects: HashSet<(bool, &'r LabelSelector)>,
    /// Whether one of them applies to all endpoints, or to all of the namespace.
    all: bool,
}

impl<'r> Helped<'r> {
    fn by(rules: &'r [Decoded<'_>], has: impl Fn(&Rule) -> bool) -> Self {
        let rules = rules.iter().filter_map(|decoded| decoded.rule.as_ref());
        let helpers = rules.filter(|rule| has(rule));
        let subjects: HashSet<_> = helpers.map(subject).collect();
        let all = subjects.iter().any(|subject| applies_to_all(*subject));
        Self { subjects, all }
    }

    /// Tells whether a rule has a helper, or is too wrong for that to be said.
    fn helps(&self, rule: &Decoded<'_>) -> bool {
        let helped = |rule: &Rule| {
            let subject = subject(rule);
            self.subjects.contains(&subject) || (self.all && !subject.0)
        };
        rule.rule.as_ref().is_none_or(helped)
    }
}

fn subject(rule: &Rule) -> (bool, &LabelSelector) {
    (rule.subject.node, &rule.subject.selector)
}

fn applies_to_all((node, selector): (bool, &LabelSelector)) -> bool {
    let mut conditions = selector.requirements().iter();
    !node && conditions.all(|condition| condition.key.key() == keys::NAMESPACE)
}
