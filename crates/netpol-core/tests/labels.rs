//! Labels and identities against the vectors of `testdata/goldens/labels.json`.
//!
//! The parts `filters`, `filter_config` and `pods` are about the label filter, which is not here.

use std::collections::BTreeMap;
use std::path::Path;

use netpol_core::{
    ClusterId, FixedIdentities, IdentityConfig, IdentityId, IdentityRange, IdentityScope, IpFamily,
    Label, LabelSet, LabelSource, Prefix, ReservedIdentity, SelectKey, cidr_label, identity_scope,
    lock_prefix, prefix_labels, reserved_identity, slave_key, well_known_identities,
};
use serde_json::Value;

/// Calls `check` with each row of one part of the vectors.
fn for_each_row(part: &str, check: impl FnMut(&Value)) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/goldens/labels.json");
    let text = std::fs::read(path).expect("the vectors are in the repository");
    let vectors: Value = serde_json::from_slice(&text).expect("the vectors are JSON");
    let rows = vectors[part].as_array().expect("a part is a list");
    assert!(!rows.is_empty(), "{part} has rows");
    rows.iter().for_each(check);
}

fn text(value: &Value) -> &str {
    value.as_str().expect("the field is text")
}

fn texts(value: &Value) -> Vec<String> {
    let list = value.as_array().expect("the field is a list");
    list.iter().map(|item| text(item).to_owned()).collect()
}

fn number(value: &Value) -> u32 {
    let number = value.as_u64().expect("the field is a number");
    u32::try_from(number).expect("the number has 32 bits")
}

fn label_set(value: &Value) -> LabelSet {
    texts(value).iter().map(|text| Label::parse(text)).collect()
}

fn strings(labels: &LabelSet) -> Vec<String> {
    labels.iter().map(Label::to_string).collect()
}

fn config() -> IdentityConfig {
    let mut config = IdentityConfig::default();
    assert!(config.fixed.add(IdentityId::new(128), "myid"));
    config
}

#[test]
fn labels_parse() {
    for_each_row("parse", |row| {
        let input = text(&row["in"]);
        let label = Label::parse(input);
        let parsed = &row["parsed"];
        assert_eq!(label.source().as_str(), text(&parsed["source"]), "{input}");
        assert_eq!(label.key(), text(&parsed["key"]), "{input}");
        assert_eq!(label.value(), text(&parsed["value"]), "{input}");
        assert_eq!(label.to_string(), text(&row["string"]), "{input}");
        assert_eq!(label.store_form(), text(&row["kvstore"]), "{input}");
        let in_set = !LabelSet::from_iter([label]).is_empty();
        assert_eq!(Value::from(in_set), row["valid"], "{input}");
    });
}

#[test]
fn selector_keys_parse() {
    for_each_row("parse", |row| {
        let input = text(&row["in"]);
        let key = SelectKey::parse(input);
        let source = text(&row["select_source"]);
        assert_eq!(key.source().as_str(), source, "{input}");
        // The two entrances of the row disagree about a written `unspec`, which is `any` here
        // as in the other one (LAB-2.2).
        let extended = text(&row["extended_key"]).replace("unspec.", "any.");
        assert_eq!(key.extended(), extended, "{input}");
    });
}

#[test]
fn labels_are_made_from_parts() {
    for_each_row("new_label", |row| {
        let source = match text(&row["source"]) {
            "" => None,
            source => Some(LabelSource::parse(source)),
        };
        let label = Label::from_parts(source, text(&row["key"]), text(&row["value"]));
        let out = &row["out"];
        assert_eq!(label.source().as_str(), text(&out["source"]), "{row}");
        assert_eq!(label.key(), text(&out["key"]), "{row}");
        assert_eq!(label.value(), text(&out["value"]), "{row}");
    });
}

#[test]
fn labels_satisfy_selectors() {
    for_each_row("label_has", |row| {
        let label = Label::parse(text(&row["label"]));
        let wanted = text(&row["wanted"]);
        let has_key = label.has_key(&SelectKey::parse(wanted));
        assert_eq!(Value::from(has_key), row["has_key"], "{row}");
        let has = has_key && label.value() == Label::parse(wanted).value();
        assert_eq!(Value::from(has), row["has"], "{row}");
    });
}

#[test]
fn sets_have_canonical_forms() {
    for_each_row("sets", |row| {
        let set = label_set(&row["in"]);
        assert_eq!(set.canonical(), text(&row["sorted_list"]));
        let mut array = texts(&row["array"]);
        array.sort();
        let mut labels = strings(&set);
        labels.sort();
        assert_eq!(labels, array, "{row}");
        let again = LabelSet::from_canonical(text(&row["sorted_list"]));
        assert_eq!(strings(&again), texts(&row["round_trip"]), "{row}");
        assert_eq!(set.to_string(), texts(&row["printable"]).join(","), "{row}");
        let map: BTreeMap<String, String> = set
            .iter()
            .map(|label| {
                let key = format!("{}:{}", label.source(), label.key());
                (key, label.value().to_owned())
            })
            .collect();
        assert_eq!(serde_json::json!(map), row["string_map"], "{row}");
    });
}

#[test]
fn sets_have_numbers_or_scopes() {
    let config = config();
    for_each_row("sets", |row| {
        let set = label_set(&row["in"]);
        let reserved = reserved_identity(&set, &config);
        match row.get("reserved_identity") {
            Some(id) => assert_eq!(reserved, Some(IdentityId::new(number(id))), "{row}"),
            None => {
                assert_eq!(reserved, None, "{row}");
                let scope = match identity_scope(&set) {
                    IdentityScope::Global => "global",
                    IdentityScope::Local => "local",
                    IdentityScope::RemoteNode => "remote-node",
                };
                assert_eq!(scope, text(&row["scope"]), "{row}");
            }
        }
    });
}

#[test]
fn nodes_with_identities_of_their_own_have_no_reserved_number() {
    let mut config = config();
    config.node_identities = true;
    let set = LabelSet::from_canonical("reserved:remote-node=;node:kubernetes.io/hostname=n1;");
    assert_eq!(reserved_identity(&set, &config), None); // RES-4 (5)
    assert_eq!(identity_scope(&set), IdentityScope::RemoteNode);
    let host = LabelSet::from_canonical("reserved:host=;k8s:a=b;");
    assert_eq!(reserved_identity(&host, &config), Some(IdentityId::HOST));
}

#[test]
fn special_keys_need_the_source_reserved() {
    // IDQ-3: Cilium looks at the keys alone here.
    let config = config();
    for key in ["host", "remote-node"] {
        let pod = [Label::k8s(key, "x"), Label::reserved("init")];
        let set = LabelSet::from_iter(pod);
        assert_eq!(reserved_identity(&set, &config), None);
        assert_eq!(identity_scope(&set), IdentityScope::Global);
    }
}

#[test]
fn sets_have_keys_in_the_store() {
    for_each_row("sets", |row| {
        let set = label_set(&row["in"]);
        let key = slave_key(&set, "192.168.33.11");
        assert_eq!(key, text(&row["kvstore_slave_key"]));
        assert_eq!(lock_prefix(&set), text(&row["kvstore_lock_prefix"]));
    });
}

#[test]
fn prefixes_have_labels() {
    for_each_row("cidr_labels", |row| {
        let prefix: Prefix = text(&row["prefix"]).parse().expect("the prefix is valid");
        let dual_stack = row["dual_stack"] == true;
        // A deviation in form only: LAB-11 does not mask, its callers do; a `Prefix` is masked.
        let expected: Vec<String> = texts(&row["labels"])
            .into_iter()
            .map(|label| label.replace("10.1.2.3/8", "10.0.0.0/8"))
            .collect();
        assert_eq!(strings(&prefix_labels(&prefix, dual_stack)), expected, "{row}");
    });
}

#[test]
fn addresses_and_prefixes_have_a_cidr_label() {
    for_each_row("ip_to_label", |row| {
        let input = text(&row["in"]);
        let label = input.parse::<Prefix>().ok().map(|p| cidr_label(&p).to_string());
        // QUIRK-13: Cilium keeps the spelling of a bare address, upper case as well, and so the
        // label selects nothing (LAB-11). Here it is the same as that of the prefix.
        let expected = row.get("label").map(|label| text(label).to_lowercase());
        assert_eq!(label, expected, "{input}");
    });
}

#[test]
fn extended_keys_are_read_back() {
    for_each_row("extended_to_cilium", |row| {
        let key = SelectKey::from_extended(text(&row["in"]));
        assert_eq!(key.to_string(), text(&row["out"]), "{row}");
    });
}

#[test]
fn numbers_have_properties() {
    let fixed = config().fixed;
    for_each_row("numeric", |row| {
        let id = IdentityId::new(number(&row["id"]));
        let scope_bits = id.number() & 0xff00_0000;
        assert_eq!(scope_bits, number(&row["scope"]), "{row}");
        assert_eq!(u32::from(id.cluster().number()), number(&row["cluster_id"]), "{row}");
        let scope = id.scope();
        let properties = [
            ("world", id.is_world()),
            ("cluster", id.is_cluster()),
            ("user_reserved", id.is_user_reserved()),
            ("local", scope == Some(IdentityScope::Local)),
            ("remote_node", scope == Some(IdentityScope::RemoteNode)),
            ("reserved", is_reserved(id, &fixed)),
        ];
        for (name, property) in properties {
            assert_eq!(Value::from(property), row[name], "{name} of {row}");
        }
        let name = fixed.name(id).map_or_else(|| id.to_string(), str::to_owned);
        assert_eq!(name, text(&row["name"]));
    });
}

fn is_reserved(id: IdentityId, fixed: &FixedIdentities) -> bool {
    ReservedIdentity::from_id(id).is_some() || fixed.name(id).is_some()
}

#[test]
fn clusters_have_ranges() {
    for_each_row("ranges", |row| {
        let cluster = u16::try_from(number(&row["cluster_id"])).expect("cluster ids are small");
        let cluster = ClusterId::new(cluster).expect("cluster ids are at most 511");
        let range = match number(&row["max_connected_clusters"]) {
            255 => IdentityRange::of_cluster(cluster),
            _ => IdentityRange::of_cluster_of_511(cluster),
        };
        assert_eq!(range.min(), number(&row["min"]), "{row}");
        assert_eq!(range.max(), number(&row["max"]), "{row}");
    });
}

#[test]
fn fixed_numbers_have_labels() {
    let config = config();
    for_each_row("reserved", |row| {
        let id = IdentityId::new(number(&row["id"]));
        let well_known = row["well_known"] == true;
        let labels = labels_of(id, well_known, &config).expect("the number is known");
        assert_eq!(strings(&labels), texts(&row["labels"]), "{row}");
        // The user's own numbers are asked for by another label (WKN-5).
        let expected = (!id.is_user_reserved()).then_some(id);
        assert_eq!(reserved_identity(&labels, &config), expected, "{row}");
        let name = config.fixed.name(id).map_or_else(|| id.to_string(), str::to_owned);
        assert_eq!(name, text(&row["name"]));
    });
}

fn labels_of(id: IdentityId, well_known: bool, config: &IdentityConfig) -> Option<LabelSet> {
    if well_known {
        let all = well_known_identities(config);
        return all.into_iter().find(|known| known.id == id).map(|known| known.labels);
    }
    let user = || config.fixed.name(id).map(|name| LabelSet::from_iter([Label::reserved(name)]));
    ReservedIdentity::from_id(id).map(ReservedIdentity::labels).or_else(user)
}

#[test]
fn world_labels_follow_family_and_stack() {
    use netpol_core::world_label;
    assert_eq!(world_label(IpFamily::V6, false).to_string(), "reserved:world");
    assert_eq!(world_label(IpFamily::V6, true).to_string(), "reserved:world-ipv6");
}
