//! The subject: which endpoints a rule applies to.

use std::sync::Arc;

use netpol_core::{LabelSource, SelectKey, keys};

use super::super::codes;
use super::super::decode::{Context, Fields, Path};
use super::super::node::Node;
use super::super::pod_keys;
use super::super::selector::{KeyRule, label_selector};
use super::fields::{fields_of, key_span};
use super::lint;
use super::scope::Document;
use crate::rule::{LabelSelector, Operator, PolicyKind, Requirement, Subject};

const ENDPOINTS: &str = "endpointSelector";
const NODES: &str = "nodeSelector";

/// Decodes the rule's only subject selector (RULE-2).
pub(super) fn subject(
    cx: &mut Context<'_>,
    node: &Node,
    fields: Fields<'_>,
    path: &Path<'_>,
    document: &Document<'_>,
) -> Option<Subject> {
    match (fields.get(ENDPOINTS), fields.get(NODES)) {
        (Some(selector), None) => endpoints(cx, selector, &path.field(ENDPOINTS), document),
        (None, Some(selector)) => nodes(cx, selector, fields, &path.field(NODES), document),
        (None, None) => {
            let message = "the rule has no subject";
            let help = "add `endpointSelector`; `endpointSelector: {}` means all endpoints";
            cx.error_help(codes::SUBJECT, node.span, path, message, help);
            None
        }
        (Some(_), Some(_)) => {
            let span = key_span(fields, NODES, node);
            let message = "the rule has both `endpointSelector` and `nodeSelector`";
            let help = "write two rules under `specs`";
            cx.error_help(codes::SUBJECT, span, path, message, help);
            None
        }
    }
}

/// Tells whether a key asks for the reserved label `init`.
pub(super) fn is_init(key: &SelectKey) -> bool {
    *key.source() == LabelSource::Reserved && key.key() == "init"
}

fn endpoints(
    cx: &mut Context<'_>,
    node: &Node,
    path: &Path<'_>,
    document: &Document<'_>,
) -> Option<Subject> {
    let mut selector = label_selector(cx, node, path, KeyRule::Cilium)?;
    lint::labels(cx, node, path);
    if let Some(namespace) = &document.policy.namespace {
        warn_of_init(cx, node, path, &selector);
        warn_of_namespace(cx, node, path, namespace);
        // SUBJ-2
        let key = pod_keys::namespace();
        selector.set_label(key, Arc::clone(namespace));
    }
    Some(Subject { selector, node: false })
}

fn nodes(
    cx: &mut Context<'_>,
    node: &Node,
    fields: Fields<'_>,
    path: &Path<'_>,
    document: &Document<'_>,
) -> Option<Subject> {
    let span = key_span(fields, NODES, node);
    if document.policy.kind != PolicyKind::Clusterwide {
        // OBJ-10
        let message = "a CiliumNetworkPolicy cannot select nodes";
        let help = "use `endpointSelector`, or the kind CiliumClusterwideNetworkPolicy";
        cx.error_help(codes::SUBJECT, span, path, message, help);
    } else if !document.options.host_firewall {
        // HOSTV-3, IGN-11
        let message = "rules for nodes are not enforced: the host firewall is off";
        let help = "switch the host firewall on, or select endpoints";
        cx.warning(codes::NOT_ENFORCED, span, path, message, help);
    }
    let selector = label_selector(cx, node, path, KeyRule::Cilium)?;
    Some(Subject { selector, node: true })
}

/// OBJ-15
fn warn_of_init(cx: &mut Context<'_>, node: &Node, path: &Path<'_>, selector: &LabelSelector) {
    if selector.mentions(is_init) {
        let message = "the subject names `reserved:init`, which no endpoint in a namespace has";
        let help = "use the kind CiliumClusterwideNetworkPolicy";
        cx.warning(codes::INIT_SUBJECT, node.span, path, message, help);
    }
}

/// Reports what the subject says about its namespace, which is always the policy's (SUBJ-2).
fn warn_of_namespace(cx: &mut Context<'_>, node: &Node, path: &Path<'_>, namespace: &str) {
    let labels = node.get("matchLabels").map(fields_of);
    for (key, value) in labels.iter().flat_map(|labels| labels.0) {
        let wanted = SelectKey::parse(&key.text);
        if !is_namespace(&wanted) || value.as_str() == Some(namespace) {
            continue;
        }
        let path = path.field("matchLabels");
        let path = path.field(&key.text);
        if *wanted.source() == LabelSource::K8s {
            // IGN-9
            let message = format!("this namespace is ignored: the policy is about `{namespace}`");
            let help = "put the policy into the other namespace";
            cx.warning(codes::NO_EFFECT, key.span, &path, message, help);
        } else {
            contradiction(cx, key.span, &path, namespace);
        }
    }
    let path = path.field("matchExpressions");
    for (index, item) in fields_of(node).items("matchExpressions").iter().enumerate() {
        if contradicts(item, namespace) {
            contradiction(cx, item.span, &path.index(index), namespace);
        }
    }
}

fn contradiction(cx: &mut Context<'_>, span: crate::Span, path: &Path<'_>, namespace: &str) {
    let message = format!("the subject must be in `{namespace}` and yet not: it selects nothing");
    let help = "remove the condition, or put the policy into the other namespace";
    cx.warning(codes::MATCHES_NOTHING, span, path, message, help);
}

/// Tells whether no endpoint of the namespace meets an item of `matchExpressions`.
fn contradicts(item: &Node, namespace: &str) -> bool {
    let text = |name: &str| item.get(name).and_then(Node::as_str);
    let (Some(key), Some(operator)) = (text("key"), text("operator").and_then(Operator::parse))
    else {
        return false;
    };
    let key = SelectKey::parse(key);
    let values = fields_of(item).items("values").iter();
    let requirement = Requirement {
        operator,
        values: values.filter_map(Node::as_str).map(Arc::from).collect(),
        key: key.clone(),
    };
    let here = netpol_core::Label::k8s(keys::NAMESPACE, namespace);
    is_namespace(&key) && !requirement.matches(&[here].into_iter().collect())
}

fn is_namespace(key: &SelectKey) -> bool {
    key.key() == keys::NAMESPACE && matches!(key.source(), LabelSource::K8s | LabelSource::Any)
}
