//! Kafka rules, which are checked for those who evaluate them (KFK).

use super::super::codes;
use super::super::decode::{Context, Fields, Path};
use super::super::node::Node;
use super::fields::{known_fields, text_field, word_field};

/// Checks an item of `rules.kafka`.
pub(super) fn rule(cx: &mut Context<'_>, node: &Node, path: &Path<'_>) -> Option<()> {
    let known = ["role", "apiKey", "apiVersion", "clientID", "topic"];
    let fields = known_fields(cx, node, path, &known, &[])?;
    word_field(cx, fields, path, "role", &[("produce", ()), ("consume", ())]);
    word_field(cx, fields, path, "apiKey", &API_KEYS.map(|key| (key, ())));
    text_field(cx, fields, path, "clientID");
    check(cx, fields, path, "apiVersion", is_version);
    check(cx, fields, path, "topic", is_topic);
    if let (Some(_), Some(key)) = (fields.key("role"), fields.key("apiKey")) {
        let message = "`apiKey` cannot stand beside `role`";
        let help = "write one of them";
        cx.error_help(codes::INVALID_VALUE, key.span, path, message, help);
    }
    Some(())
}

fn check(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    name: &str,
    is_right: impl Fn(&str) -> bool,
) {
    let text = text_field(cx, fields, path, name);
    if let (Some(text), Some(node)) = (text, fields.get(name))
        && !is_right(text)
    {
        let path = path.field(name);
        let message = format!("`{text}` is not allowed here");
        cx.error(codes::INVALID_VALUE, node.span, &path, message);
    }
}

/// Tells whether a text is a number from 0 to 32767, or empty.
fn is_version(text: &str) -> bool {
    let is_decimal = text.bytes().all(|c| c.is_ascii_digit());
    text.is_empty() || (is_decimal && text.parse::<i16>().is_ok())
}

/// LIM-10
fn is_topic(text: &str) -> bool {
    const MAX_BYTES: usize = 255;
    let is_allowed = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
    text.len() <= MAX_BYTES && text.bytes().all(is_allowed)
}

/// The names of Kafka's requests by number, from 0.
const API_KEYS: [&str; 34] = [
    "produce",
    "fetch",
    "offsets",
    "metadata",
    "leaderandisr",
    "stopreplica",
    "updatemetadata",
    "controlledshutdown",
    "offsetcommit",
    "offsetfetch",
    "findcoordinator",
    "joingroup",
    "heartbeat",
    "leavegroup",
    "syncgroup",
    "describegroups",
    "listgroups",
    "saslhandshake",
    "apiversions",
    "createtopics",
    "deletetopics",
    "deleterecords",
    "initproducerid",
    "offsetforleaderepoch",
    "addpartitionstotxn",
    "addoffsetstotxn",
    "endtxn",
    "writetxnmarkers",
    "txnoffsetcommit",
    "describeacls",
    "createacls",
    "deleteacls",
    "describeconfigs",
    "alterconfigs",
];
