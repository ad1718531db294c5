//! Labels of pods and the filter of identity labels, as Cilium makes them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use netpol_core::Label;
use netpol_policy::{LabelFilter, LabelPrefix, PodLabels};
use serde_json::Value;

fn goldens() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/goldens/labels.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn rows<'v>(goldens: &'v Value, name: &str, n_rows: usize) -> &'v [Value] {
    let rows = goldens[name].as_array().unwrap();
    assert!(rows.len() >= n_rows, "{} {name}", rows.len());
    rows
}

fn texts(value: &Value) -> Vec<&str> {
    let items = value.as_array().map_or(&[][..], Vec::as_slice);
    items.iter().map(|item| item.as_str().unwrap()).collect()
}

fn map(value: &Value) -> BTreeMap<Arc<str>, Arc<str>> {
    let fields = value.as_object().into_iter().flatten();
    fields.map(|(key, value)| (key.as_str().into(), value.as_str().unwrap().into())).collect()
}

fn prefix(entry: &Value) -> LabelPrefix<'_> {
    LabelPrefix {
        source: entry["source"].as_str().unwrap(),
        prefix: entry["prefix"].as_str().unwrap(),
        invert: entry["invert"].as_bool().unwrap_or(false),
    }
}

#[test]
fn filters_part_labels_as_cilium_does() {
    for row in rows(&goldens(), "filters", 11) {
        let base = match row["file"]["valid-prefixes"].as_array() {
            Some(entries) => LabelFilter::from_prefixes(entries.iter().map(prefix)).unwrap(),
            None => LabelFilter::default(),
        };
        let filter = base.with_expressions(texts(&row["labels"])).unwrap();
        for (part, wanted) in [("identity", true), ("information", false)] {
            for text in texts(&row[part]) {
                let label = Label::parse(text);
                let config = &row["config"];
                assert_eq!(filter.is_identity_label(&label), wanted, "{config} {text}");
            }
        }
    }
}

#[test]
fn expressions_are_refused_as_cilium_does() {
    for row in rows(&goldens(), "filter_config", 4) {
        let filter = LabelFilter::default().with_expressions(texts(&row["labels"]));
        let accepted = row["accepted"] == true;
        assert_eq!(filter.is_ok(), accepted, "{row}");
    }
}

#[test]
fn pods_have_the_labels_that_cilium_gives_them() {
    for row in rows(&goldens(), "pods", 5) {
        let pod = PodLabels {
            labels: &map(&row["pod_labels"]),
            namespace: row["namespace"].as_str().unwrap(),
            namespace_labels: &map(&row["namespace_labels"]),
            service_account: row["service_account"].as_str(),
            cluster: row["cluster"].as_str().unwrap(),
        };
        let identity = pod.identity_labels(&LabelFilter::default());
        assert_eq!(identity.canonical(), row["sorted_list"].as_str().unwrap(), "{row}");
        let n_labels =
            texts(&row["identity_labels"]).len() + texts(&row["information_labels"]).len();
        assert_eq!(pod.labels().len(), n_labels, "{row}");
    }
}

#[test]
fn a_pod_without_identity_labels_is_init() {
    let none = BTreeMap::new();
    let pod = PodLabels {
        labels: &none,
        namespace: "default",
        namespace_labels: &none,
        service_account: None,
        cluster: "default",
    };
    let other = LabelPrefix { source: "k8s", prefix: "other", invert: false };
    let filter = LabelFilter::from_prefixes([other]).unwrap();
    assert_eq!(pod.identity_labels(&filter).canonical(), "reserved:init=;"); // LBL-10
}

#[test]
fn errors_name_the_expression() {
    let error = |text| LabelFilter::default().with_expressions([text]).unwrap_err().to_string();
    assert_eq!(error("k8s:"), "label expression `k8s:`: there is no expression behind the source");
    assert!(error("k8s:a(").starts_with("label expression `k8s:a(`: "));
    // What one expression may cost is limited.
    assert!(error("(a{1000}){1000}").contains("it takes more than 1048576 bytes"));
    let incomplete = LabelPrefix { source: "", prefix: "app", invert: false };
    let error = LabelFilter::from_prefixes([incomplete]).unwrap_err().to_string();
    assert_eq!(error, "label expression `:app`: it lacks source or prefix");
}
