//! Selectors that ask for labels which no identity has.

use std::sync::LazyLock;

use netpol_core::{Label, LabelSource, SelectKey};

use super::super::super::codes;
use super::super::super::decode::{Context, Path};
use super::super::super::node::Node;
use super::super::fields::fields_of;
use crate::rule::Operator;
use crate::{LabelFilter, Span};

/// Reports keys of a selector whose labels are kept out of identities (LBL-9).
pub(in crate::doc) fn labels(cx: &mut Context<'_>, selector: &Node, path: &Path<'_>) {
    let field = path.field("matchLabels");
    let labels = selector.get("matchLabels").map(fields_of);
    for (key, _) in labels.iter().flat_map(|labels| labels.0) {
        check(cx, &key.text, key.span, &field.field(&key.text), true);
    }
    let field = path.field("matchExpressions");
    for (index, item) in fields_of(selector).items("matchExpressions").iter().enumerate() {
        let Some(key) = item.get("key") else {
            continue;
        };
        let operator = item.get("operator").and_then(Node::as_str);
        let positive =
            matches!(operator.and_then(Operator::parse), Some(Operator::In | Operator::Exists));
        let path = field.index(index);
        let text = key.as_str().unwrap_or_default();
        check(cx, text, key.span, &path.field("key"), positive);
    }
}

fn check(cx: &mut Context<'_>, text: &str, span: Span, path: &Path<'_>, positive: bool) {
    let key = SelectKey::parse(text);
    let from_pods = matches!(key.source(), LabelSource::K8s | LabelSource::Any);
    if !from_pods || !is_filtered(key.key()) {
        return;
    }
    let effect =
        if positive { "nothing is selected by it" } else { "it counts as absent everywhere" };
    let message = format!("`{}` is never part of an identity: {effect}", key.key());
    let help = "select by a label that the pods of one workload share";
    cx.warning(codes::FILTERED_LABEL, span, path, message, help);
}

/// Tells whether Cilium's default filter keeps a label of Kubernetes out of identities (LBL-8).
fn is_filtered(key: &str) -> bool {
    static DEFAULT: LazyLock<LabelFilter> = LazyLock::new(LabelFilter::default);
    !DEFAULT.is_identity_label(&Label::k8s(key, ""))
}

#[cfg(test)]
mod tests {
    use super::is_filtered;

    #[test]
    fn the_default_filter_is_known() {
        let kept = [
            "app",
            "k8s-app",
            "app.kubernetes.io/name",
            "io.kubernetes.pod.namespace",
            "io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name",
            "io.cilium.k8s.policy.serviceaccount",
            "node-role.kubernetes.io/control-plane",
        ];
        for key in kept {
            assert!(!is_filtered(key), "{key}");
        }
        let filtered = [
            "pod-template-hash",
            "controller-uid",
            "batch.kubernetes.io/controller-uid",
            "statefulset.kubernetes.io/pod-name",
            "kubernetes.io/hostname",
            "beta.kubernetes.io/arch",
            "failure-domain.beta.kubernetes.io/zone",
            "k8s.io/x",
            "io.kubernetes.container",
            "annotation.x",
        ];
        for key in filtered {
            assert!(is_filtered(key), "{key}");
        }
    }
}
