//! Label selectors as documents write them.

use std::collections::HashSet;
use std::sync::Arc;

use netpol_core::{LabelSource, SelectKey};

use super::decode::{Context, Fields, Path};
use super::node::{Key, Node};
use super::{codes, names};
use crate::rule::{LabelSelector, Operator, Requirement};
use crate::{Code, Span};

/// How the keys of a selector are extended and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyRule {
    /// `[SOURCE:]NAME`, as in Cilium's own selectors; the extended key is checked (SELV-1 to 5).
    Cilium,
    /// A key that gets this source; the extended key is checked (CG-3).
    Prefixed(LabelSource),
    /// A key that gets the source `k8s` and this text in front; the key as written is checked
    /// (SELV-9, QUIRK-11).
    Kubernetes(&'static str),
    /// A key without source, as in labels of services. A selector that Kubernetes would not
    /// accept matches nothing, and that is a warning only (SELV-8).
    Plain,
}

impl KeyRule {
    /// Returns the key that is looked for, or what is wrong with it.
    fn extend(&self, text: &str) -> Result<SelectKey, String> {
        match self {
            Self::Cilium => checked(SelectKey::parse(text)),
            Self::Prefixed(source) => checked(SelectKey::new(source.clone(), text)),
            Self::Kubernetes(prefix) => names::qualified(text)
                .map(|()| SelectKey::new(LabelSource::K8s, &format!("{prefix}{text}"))),
            Self::Plain => names::qualified(text).map(|()| SelectKey::new(LabelSource::Any, text)),
        }
    }
}

/// Returns the key if its extended form is a Kubernetes name (SELV-2, SELV-3).
fn checked(key: SelectKey) -> Result<SelectKey, String> {
    let extended = key.extended();
    match names::qualified(&extended) {
        Ok(()) => Ok(key),
        Err(wrong) => Err(format!("stands for `{extended}`, which {wrong}")),
    }
}

/// Returns the selector that a document writes, or `None` after reporting what is wrong with it.
///
/// Nothing is scoped here: namespaces and clusters are the business of those who know what the
/// selector is for.
pub(crate) fn label_selector(
    cx: &mut Context<'_>,
    node: &Node,
    path: &Path<'_>,
    keys: KeyRule,
) -> Option<LabelSelector> {
    let fields = cx.fields(node, path, &["matchLabels", "matchExpressions"])?;
    let mut reader = Reader { cx, keys, refused: false, impossible: false };
    let labels = reader.labels(fields, path);
    let expressions = reader.expressions(fields, path);
    let Reader { refused, impossible, .. } = reader;
    let selector = LabelSelector::new(labels?, expressions?);
    match (refused, impossible) {
        (true, _) => None,
        (false, true) => Some(nothing()),
        (false, false) => Some(selector),
    }
}

/// Returns a selector that matches nothing: no value is good enough for it.
fn nothing() -> LabelSelector {
    let requirement = Requirement {
        key: SelectKey::new(LabelSource::Any, ""),
        operator: Operator::In,
        values: Vec::new(),
    };
    LabelSelector::new([], [requirement])
}

/// Reads the parts of one selector. `None` means that a part could not be read, which has been
/// reported.
struct Reader<'c, 'a> {
    cx: &'c mut Context<'a>,
    keys: KeyRule,
    /// Whether some key, operator or value is not allowed.
    refused: bool,
    /// Whether some key, operator or value makes the selector match nothing (SELV-8).
    impossible: bool,
}

impl Reader<'_, '_> {
    /// Returns a field; null counts as absent in Kubernetes' own kinds (TYP-6).
    fn field<'n>(&self, fields: Fields<'n>, name: &str) -> Option<&'n Node> {
        match self.keys {
            KeyRule::Kubernetes(_) => fields.present(name),
            _ => fields.get(name),
        }
    }

    fn labels(
        &mut self,
        fields: Fields<'_>,
        path: &Path<'_>,
    ) -> Option<Vec<(SelectKey, Arc<str>)>> {
        let Some(node) = self.field(fields, "matchLabels") else {
            return Some(Vec::new());
        };
        let path = path.field("matchLabels");
        let fields = self.cx.any_fields(node, &path)?;
        let mut labels = Vec::with_capacity(fields.0.len());
        let mut seen = HashSet::with_capacity(fields.0.len());
        for (key, value) in fields.0 {
            let path = path.field(&key.text);
            let extended = self.key(&key.text, key.span, &path);
            let value = self.label_value(value, &path);
            if let (Some(extended), Some(value)) = (extended, value) {
                if !seen.insert(extended.clone()) {
                    self.warn_of_shadowing(key, &path);
                }
                labels.push((extended, value));
            }
        }
        Some(labels)
    }

    fn warn_of_shadowing(&mut self, key: &Key, path: &Path<'_>) {
        let message = format!("`{}` means the same key as a label before it", key.text);
        let help = "only the last of them counts: write the key once";
        self.cx.warning(codes::SHADOWED_LABEL, key.span, path, message, help);
    }

    fn expressions(&mut self, fields: Fields<'_>, path: &Path<'_>) -> Option<Vec<Requirement>> {
        let Some(node) = self.field(fields, "matchExpressions") else {
            return Some(Vec::new());
        };
        let path = path.field("matchExpressions");
        let items = self.cx.list(node, &path)?;
        let mut requirements = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match self.expression(item, &path.index(index)) {
                Some(requirement) => requirements.push(requirement),
                None => self.refused |= !self.impossible,
            }
        }
        Some(requirements)
    }

    fn expression(&mut self, node: &Node, path: &Path<'_>) -> Option<Requirement> {
        let fields = self.cx.fields(node, path, &["key", "operator", "values"])?;
        let key = self.expression_key(fields, node, path);
        let operator = self.operator(fields, node, path);
        let values = self.values(fields, path);
        let (operator, values) = (operator?, values?);
        self.check_number(fields, node, path, operator, values.len());
        Some(Requirement { key: key?, operator, values })
    }

    fn expression_key(
        &mut self,
        fields: Fields<'_>,
        node: &Node,
        path: &Path<'_>,
    ) -> Option<SelectKey> {
        let key = self.cx.required(fields, node, path, "key")?;
        let path = path.field("key");
        let text = self.cx.string(key, &path)?;
        self.key(text, key.span, &path)
    }

    fn operator(&mut self, fields: Fields<'_>, node: &Node, path: &Path<'_>) -> Option<Operator> {
        let node = self.cx.required(fields, node, path, "operator")?;
        let path = path.field("operator");
        let text = self.cx.string(node, &path)?;
        let operator = Operator::parse(text);
        if operator.is_none() {
            let message = format!("`{text}` is no operator");
            let help = "operators: In, NotIn, Exists, DoesNotExist";
            self.cx.error_help(codes::INVALID_SELECTOR, node.span, &path, message, help);
        }
        operator
    }

    fn values(&mut self, fields: Fields<'_>, path: &Path<'_>) -> Option<Vec<Arc<str>>> {
        let Some(node) = self.field(fields, "values") else {
            return Some(Vec::new());
        };
        let path = path.field("values");
        let items = self.cx.list(node, &path)?;
        let mut values = Vec::with_capacity(items.len());
        let mut complete = true;
        for (index, item) in items.iter().enumerate() {
            let path = path.index(index);
            match self.cx.string(item, &path) {
                Some(text) => {
                    if let Err(wrong) = names::label_value(text) {
                        self.refuse_value(text, item.span, &path, &wrong);
                    }
                    values.push(text.into());
                }
                None => complete = false,
            }
        }
        complete.then_some(values)
    }

    /// Reports operators with too many or too few values (SELV-4).
    fn check_number(
        &mut self,
        fields: Fields<'_>,
        node: &Node,
        path: &Path<'_>,
        operator: Operator,
        n_values: usize,
    ) {
        let wants_values = matches!(operator, Operator::In | Operator::NotIn);
        if wants_values != (n_values == 0) {
            return;
        }
        let operator = operator.as_str();
        let (message, help) = if wants_values {
            let message = format!("`{operator}` needs at least one value");
            (message, "add `values: [...]`, or use `Exists`")
        } else {
            let message = format!("`{operator}` takes no values");
            (message, "remove `values`, or use `In` or `NotIn`")
        };
        let span = fields.key("values").map_or(node.span, |key| key.span);
        self.refuse(codes::INVALID_SELECTOR, span, path, message, help);
    }

    fn key(&mut self, text: &str, span: Span, path: &Path<'_>) -> Option<SelectKey> {
        match self.keys.extend(text) {
            Ok(key) => Some(key),
            Err(wrong) => {
                let message = format!("`{text}` is no label key: it {wrong}");
                let help = match self.keys {
                    KeyRule::Cilium => "write `[source:][prefix/]name`, such as `k8s:app`",
                    _ => "write `[prefix/]name`, such as `app.kubernetes.io/name`",
                };
                self.refuse(codes::INVALID_LABEL, span, path, message, help);
                None
            }
        }
    }

    /// Returns the value of a label. That of a service's is checked by the schema (SELV-8).
    fn label_value(&mut self, node: &Node, path: &Path<'_>) -> Option<Arc<str>> {
        let Some(text) = self.cx.string(node, path) else {
            self.refused = true;
            return None;
        };
        if let Err(wrong) = names::label_value(text) {
            self.refused = true;
            let message = format!("`{text}` is no label value: it {wrong}");
            self.cx.error(codes::INVALID_LABEL, node.span, path, message);
        }
        Some(text.into())
    }

    fn refuse_value(&mut self, text: &str, span: Span, path: &Path<'_>, wrong: &str) {
        let message = format!("`{text}` is no label value: it {wrong}");
        let help = "no label has such a value";
        self.refuse(codes::INVALID_LABEL, span, path, message, help);
    }

    /// Reports what Kubernetes would refuse: an error, but a warning where nobody checks.
    fn refuse(&mut self, code: Code, span: Span, path: &Path<'_>, message: String, help: &str) {
        if self.keys == KeyRule::Plain {
            self.impossible = true;
            let help = format!("nothing is selected; {help}");
            self.cx.warning(code, span, path, message, help);
        } else {
            self.refused = true;
            self.cx.error_help(code, span, path, message, help);
        }
    }
}
