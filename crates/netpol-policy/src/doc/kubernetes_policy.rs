//! The NetworkPolicy of Kubernetes (NPV, NP).
//!
//! Cilium leaves most checks to the API server (NPV-1). Text that has never met one needs them
//! here; [`NetworkPolicyGate`] tells who checks. Null counts as absent, as for the API server.

mod peer;
mod port;

use std::sync::Arc;

use super::cilium::lint;
use super::decode::{Context, Fields, Path};
use super::metadata::Metadata;
use super::node::Node;
use super::pod_keys;
use super::selector::{KeyRule, label_selector};
use super::{NetworkPolicyGate, codes};
use crate::rule::{
    Element, ElementList, LabelSelector, Origin, Peer, Peers, Policy, PolicyKind, PolicyName,
    Ports, Rule, Selector, Subject,
};
use crate::{Code, Options, Span};

/// Returns the policy that a document describes, or `None` after reporting what is wrong with it.
pub(super) fn kubernetes_policy(
    cx: &mut Context<'_>,
    root: &Node,
    meta: &Metadata,
    options: &Options,
    gate: NetworkPolicyGate,
) -> Option<Policy> {
    let path = Path::Root;
    let fields = cx.fields(root, &path, &["apiVersion", "kind", "metadata", "spec", "status"])?;
    let name = Arc::new(PolicyName {
        kind: PolicyKind::Kubernetes,
        namespace: meta.namespace.clone(),
        name: Arc::clone(&meta.name),
    });
    let mut reader = Reader {
        cx,
        options,
        gate,
        namespace: meta.namespace.clone().unwrap_or_else(|| "default".into()),
        policy: Arc::clone(&name),
        span: fields.key("spec").map_or(meta.span, |key| key.span),
    };
    let rule = match fields.present("spec") {
        Some(spec) => reader.rule(spec, &path.field("spec")),
        None => reader.rule_of(Fields(&[]), &path.field("spec")),
    };
    Some(Policy { name, rules: vec![rule?], place: meta.place.clone() })
}

/// Reads the parts of one policy.
struct Reader<'c, 'a> {
    cx: &'c mut Context<'a>,
    options: &'c Options,
    gate: NetworkPolicyGate,
    namespace: Arc<str>,
    policy: Arc<PolicyName>,
    /// Where the spec begins.
    span: Span,
}

/// Which directions `policyTypes` lists.
#[derive(Clone, Copy, Debug, Default)]
struct PolicyTypes {
    ingress: bool,
    egress: bool,
    /// Whether anything is listed.
    written: bool,
}

impl Reader<'_, '_> {
    fn rule(&mut self, node: &Node, path: &Path<'_>) -> Option<Rule> {
        let known = ["podSelector", "policyTypes", "ingress", "egress"];
        let fields = self.cx.fields(node, path, &known)?;
        self.rule_of(fields, path)
    }

    fn rule_of(&mut self, fields: Fields<'_>, path: &Path<'_>) -> Option<Rule> {
        let subject = self.subject(fields, path);
        let types = self.policy_types(fields, path);
        let mut elements = self.elements(ElementList::Ingress, fields, path);
        if elements.is_empty() && (types.ingress || !types.egress) {
            elements.push(self.default_deny(ElementList::Ingress));
        }
        let egress = self.elements(ElementList::Egress, fields, path);
        if egress.is_empty() && types.egress {
            elements.push(self.default_deny(ElementList::Egress));
        }
        elements.extend(egress);
        let elements = elements.into_iter().map(Arc::new).collect();
        Some(Rule { subject: subject?, elements, log: None })
    }

    /// NP-5
    fn subject(&mut self, fields: Fields<'_>, path: &Path<'_>) -> Option<Subject> {
        let path = path.field("podSelector");
        let mut selector = match fields.present("podSelector") {
            Some(node) => self.pod_selector(node, &path)?,
            None => {
                let message =
                    "without `podSelector` the policy is about every pod of the namespace";
                let help = "write `podSelector: {}` if that is meant";
                self.cx.warning(codes::EVERY_POD, self.span, &path, message, help);
                LabelSelector::default()
            }
        };
        selector.set_label(pod_keys::namespace(), Arc::clone(&self.namespace));
        Some(Subject { selector, node: false })
    }

    /// Reads a selector of pods by their own labels.
    fn pod_selector(&mut self, node: &Node, path: &Path<'_>) -> Option<LabelSelector> {
        let selector = label_selector(self.cx, node, path, KeyRule::Kubernetes(""))?;
        lint::labels(self.cx, node, path);
        Some(selector)
    }

    /// NPV-3
    fn policy_types(&mut self, fields: Fields<'_>, path: &Path<'_>) -> PolicyTypes {
        const MAX_TYPES: usize = 2;
        let mut types = PolicyTypes::default();
        let Some(node) = fields.present("policyTypes") else {
            return types;
        };
        let path = path.field("policyTypes");
        let items = self.cx.list(node, &path).unwrap_or_default();
        for (index, item) in items.iter().enumerate() {
            let path = path.index(index);
            match self.cx.string(item, &path) {
                Some("Ingress") => types.ingress = true,
                Some("Egress") => types.egress = true,
                Some(other) => {
                    let message = format!("`{other}` is no policy type");
                    let help = "types: Ingress, Egress";
                    self.refuse(codes::INVALID_VALUE, item.span, &path, message, help);
                }
                None => {}
            }
            if index == MAX_TYPES {
                let message = format!("`{path}` is one type too many");
                let help = "list each direction once";
                self.refuse(codes::TOO_MANY, item.span, &path, message, help);
            }
        }
        types.written = !items.is_empty();
        self.warn_of_unlisted(fields, &path, types);
        types
    }

    /// Reports rules of a direction that is not listed, which Cilium enforces (NP-3, IGN-13).
    fn warn_of_unlisted(&mut self, fields: Fields<'_>, path: &Path<'_>, types: PolicyTypes) {
        for (list, name, is_listed) in
            [("ingress", "Ingress", types.ingress), ("egress", "Egress", types.egress)]
        {
            let rules = fields.present(list);
            let has_rules = rules.is_some_and(|node| !node.is_empty());
            if let (true, false, true, Some(key)) =
                (types.written, is_listed, has_rules, fields.key(list))
            {
                let message = format!("`{path}` does not list {name}, but `{list}` is enforced");
                let help = format!("add {name} to `policyTypes`, or remove `{list}`");
                self.cx.warning(codes::NO_EFFECT, key.span, path, message, help);
            }
        }
    }

    /// Reads the rules of one direction: an element for every peer (NP-1).
    fn elements(&mut self, list: ElementList, fields: Fields<'_>, path: &Path<'_>) -> Vec<Element> {
        let mut elements = Vec::new();
        let path = path.field(list.as_str());
        let rules = fields.present(list.as_str());
        let rules = rules.and_then(|node| self.cx.list(node, &path));
        for (index, rule) in rules.unwrap_or_default().iter().enumerate() {
            let path = path.index(index);
            let origin = Arc::new(Origin {
                policy: Arc::clone(&self.policy),
                spec: None,
                list,
                index: u32::try_from(index).ok(),
                place: self.cx.source.place(rule.span),
            });
            self.elements_of(rule, &path, &origin, &mut elements);
        }
        elements
    }

    fn elements_of(
        &mut self,
        rule: &Node,
        path: &Path<'_>,
        origin: &Arc<Origin>,
        elements: &mut Vec<Element>,
    ) {
        let peers_field = match origin.list {
            ElementList::Ingress | ElementList::IngressDeny => "from",
            ElementList::Egress | ElementList::EgressDeny => "to",
        };
        let Some(fields) = self.cx.fields(rule, path, &[peers_field, "ports"]) else {
            return;
        };
        let peers = self.peers(fields, &path.field(peers_field), peers_field);
        let ports = self.ports(fields, &path.field("ports"));
        elements.extend(peers.into_iter().map(|peers| Element {
            direction: origin.list.direction(),
            deny: false,
            default_deny: true, // NP-4
            peers,
            ports: ports.clone(),
            auth: None,
            origin: Arc::clone(origin),
        }));
    }

    /// Reads the peers of a rule; without peers everybody is meant.
    fn peers(&mut self, fields: Fields<'_>, path: &Path<'_>, field: &str) -> Vec<Peers> {
        let node = fields.present(field);
        let items = match node.map(|node| self.cx.list(node, path)) {
            Some(None) => return Vec::new(),
            Some(Some(items)) => items,
            None => &[],
        };
        if items.is_empty() {
            return vec![Peers::AnyOf(vec![Peer::Selector(Selector::any())])];
        }
        let peers = items.iter().enumerate();
        peers
            .map(|(index, item)| self.peer(item, &path.index(index)))
            .map(|selectors| Peers::AnyOf(selectors.into_iter().map(Peer::Selector).collect()))
            .collect()
    }

    /// Returns the element that stands for the default deny of a direction without rules (NP-3).
    fn default_deny(&mut self, list: ElementList) -> Element {
        Element {
            direction: list.direction(),
            deny: false,
            default_deny: true,
            peers: Peers::Nobody,
            ports: Ports::All,
            auth: None,
            origin: Arc::new(Origin {
                policy: Arc::clone(&self.policy),
                spec: None,
                list,
                index: None,
                place: self.cx.source.place(self.span),
            }),
        }
    }

    /// Reports what the API server refuses: an error, unless only Cilium's agent is asked, which
    /// does not look.
    fn refuse(
        &mut self,
        code: Code,
        span: Span,
        path: &Path<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        match self.gate {
            NetworkPolicyGate::ApiServer => self.cx.error_help(code, span, path, message, help),
            NetworkPolicyGate::Agent => self.cx.warning(code, span, path, message, help),
        }
    }
}
