//! What every document begins with: version, kind, name, namespace and labels.

use std::sync::Arc;

use super::decode::{Context, Fields, Path};
use super::kind::Kind;
use super::node::{Node, Value};
use super::{codes, names};
use crate::{Place, Span};

/// What a document says about itself, checked.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub(crate) kind: Kind,
    pub(crate) name: Arc<str>,
    /// The namespace, by default filled in; `None` for objects of the whole cluster.
    pub(crate) namespace: Option<Arc<str>>,
    /// The object's own labels, in the order in which they are written.
    pub(crate) labels: Vec<(Arc<str>, Arc<str>)>,
    /// The whole document.
    pub(crate) span: Span,
    /// Where the document begins.
    pub(crate) place: Place,
}

/// Returns what a document of this kind says about itself, or `None` after reporting what is
/// wrong with it.
pub(crate) fn metadata(
    cx: &mut Context<'_>,
    root: &Node,
    kind: Kind,
    default_namespace: &Arc<str>,
) -> Option<Metadata> {
    let fields = cx.any_fields(root, &Path::Root)?;
    let Some(node) = fields.get("metadata") else {
        let span = fields.key("kind").map_or(root.span, |key| key.span);
        let path = Path::Root.field("metadata");
        let help = "add `metadata: {name: ...}`";
        cx.error_help(codes::MISSING_FIELD, span, &path, "`metadata` is missing", help);
        return None;
    };
    let path = Path::Root.field("metadata");
    let fields = cx.fields(node, &path, &FIELDS)?;
    let name = name(cx, node, fields, &path, kind);
    let namespace = namespace(cx, fields, &path, kind, default_namespace);
    let labels = labels(cx, fields, &path);
    annotations(cx, fields, &path);
    Some(Metadata {
        kind,
        name: name?,
        namespace: namespace?,
        labels: labels?,
        span: root.span,
        place: cx.source.place(root.span),
    })
}

/// The fields that Kubernetes gives every object. Only the first four are looked at.
const FIELDS: [&str; 16] = [
    "name",
    "namespace",
    "labels",
    "annotations",
    "generateName",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "ownerReferences",
    "finalizers",
    "managedFields",
    "selfLink",
    "clusterName",
];

/// OBJ-9, CGV-2
fn name(
    cx: &mut Context<'_>,
    node: &Node,
    fields: Fields<'_>,
    path: &Path<'_>,
    kind: Kind,
) -> Option<Arc<str>> {
    let path = path.field("name");
    let Some(value) = fields.get("name") else {
        let help = "every object needs a name, by which it is replaced and removed";
        cx.error_help(codes::MISSING_FIELD, node.span, &path, "`metadata.name` is missing", help);
        return None;
    };
    let text = cx.string(value, &path)?;
    let check = match kind {
        Kind::Namespace => names::dns_label,
        _ => names::subdomain,
    };
    checked_name(cx, text, value.span, &path, check)
}

fn checked_name(
    cx: &mut Context<'_>,
    text: &str,
    span: Span,
    path: &Path<'_>,
    check: fn(&str) -> Result<(), String>,
) -> Option<Arc<str>> {
    if let Err(wrong) = check(text) {
        let message = format!("`{text}` is no name: it {wrong}");
        cx.error(codes::INVALID_NAME, span, path, message);
        return None;
    }
    Some(text.into())
}

/// Returns the namespace, `Some(None)` for kinds that have none.
#[expect(
    clippy::option_option,
    reason = "the outer one means that something was wrong, as everywhere here"
)]
fn namespace(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    kind: Kind,
    default: &Arc<str>,
) -> Option<Option<Arc<str>>> {
    let path = path.field("namespace");
    let written = match fields.present("namespace") {
        Some(node) => Some((node, cx.string(node, &path)?)),
        None => None,
    };
    // OBJ-9: the API server fills in an empty one.
    let written = written.filter(|(_, text)| !text.is_empty());
    match written {
        Some((node, text)) if kind.is_namespaced() => {
            checked_name(cx, text, node.span, &path, names::dns_label).map(Some)
        }
        Some((node, _)) => {
            let message = format!("`{}` objects are in no namespace", kind.as_str());
            cx.warning(codes::NO_EFFECT, node.span, &path, message, "remove it");
            Some(None)
        }
        None => Some(kind.is_namespaced().then(|| Arc::clone(default))),
    }
}

fn labels(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
) -> Option<Vec<(Arc<str>, Arc<str>)>> {
    match fields.present("labels") {
        Some(node) => label_map(cx, node, &path.field("labels")),
        None => Some(Vec::new()),
    }
}

/// Returns a mapping of labels, or `None` after reporting what is wrong with it.
pub(crate) fn label_map(
    cx: &mut Context<'_>,
    node: &Node,
    path: &Path<'_>,
) -> Option<Vec<(Arc<str>, Arc<str>)>> {
    let fields = cx.any_fields(node, path)?;
    let mut labels = Vec::with_capacity(fields.0.len());
    for (key, value) in fields.0 {
        let path = path.field(&key.text);
        if let Err(wrong) = names::qualified(&key.text) {
            let message = format!("`{}` is no label key: it {wrong}", key.text);
            cx.error(codes::INVALID_LABEL, key.span, &path, message);
            continue;
        }
        let Some(text) = cx.string(value, &path) else {
            continue;
        };
        if let Err(wrong) = names::label_value(text) {
            let message = format!("`{text}` is no label value: it {wrong}");
            cx.error(codes::INVALID_LABEL, value.span, &path, message);
            continue;
        }
        labels.push((key.text.as_str().into(), text.into()));
    }
    (labels.len() == fields.0.len()).then_some(labels)
}

/// Checks that annotations are strings, which is all that is asked of them.
fn annotations(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>) {
    let Some(node) = fields.present("annotations") else {
        return;
    };
    let path = path.field("annotations");
    let annotations = cx.any_fields(node, &path);
    for (key, value) in annotations.map_or(&[][..], |fields| fields.0) {
        if !matches!(value.value, Value::String(_)) {
            cx.string(value, &path.field(&key.text));
        }
    }
}
