//! Label selectors as written, to selectors with extended keys.

use crate::oracle::error::Unsupported;
use crate::oracle::json::{self, Object};
use crate::oracle::selector::{LabelSelector, Operator, Requirement};

/// Reads a label selector; `extend` gives each key its source (SEL-2).
pub(super) fn read(
    selector: &Object,
    extend: impl Fn(&str) -> String,
) -> Result<LabelSelector, Unsupported> {
    json::only_keys(selector, &["matchLabels", "matchExpressions"])?;
    let match_labels = json::string_map(selector, "matchLabels")?;
    let match_labels =
        match_labels.iter().map(|(key, value)| (extend(key), value.clone())).collect();
    let mut match_expressions = Vec::new();
    for item in json::items(selector, "matchExpressions")? {
        match_expressions.push(requirement(json::as_object(item)?, &extend)?);
    }
    Ok(LabelSelector { match_labels, match_expressions })
}

fn requirement(item: &Object, extend: impl Fn(&str) -> String) -> Result<Requirement, Unsupported> {
    json::only_keys(item, &["key", "operator", "values"])?;
    let operator = match json::text(item, "operator")?.unwrap_or_default() {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        word => return Err(Unsupported::new(format!("unknown operator `{word}`"))),
    };
    let key = extend(json::text(item, "key")?.unwrap_or_default());
    Ok(Requirement { key, operator, values: json::texts(item, "values")? })
}
