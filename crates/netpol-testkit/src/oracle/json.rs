//! Reading generic values: null counts as absent, a wrong type is an error (TYP).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::Unsupported;

pub(super) type Object = Map<String, Value>;

/// Returns the value as an object.
pub(super) fn as_object(value: &Value) -> Result<&Object, Unsupported> {
    value.as_object().ok_or_else(|| wrong(value, "an object"))
}

/// Returns the value as a string.
pub(super) fn as_text(value: &Value) -> Result<&str, Unsupported> {
    value.as_str().ok_or_else(|| wrong(value, "a string"))
}

/// Returns the member as an object.
pub(super) fn object<'a>(of: &'a Object, key: &str) -> Result<Option<&'a Object>, Unsupported> {
    member(of, key).map(as_object).transpose()
}

/// Returns the member as a list.
pub(super) fn list<'a>(of: &'a Object, key: &str) -> Result<Option<&'a [Value]>, Unsupported> {
    let as_list = |value: &'a Value| value.as_array().ok_or_else(|| wrong(value, "a list"));
    Ok(member(of, key).map(as_list).transpose()?.map(Vec::as_slice))
}

/// Returns the items of the member, none if it is absent.
pub(super) fn items<'a>(of: &'a Object, key: &str) -> Result<&'a [Value], Unsupported> {
    Ok(list(of, key)?.unwrap_or_default())
}

/// Returns the items of the member as strings, none if it is absent.
pub(super) fn texts(of: &Object, key: &str) -> Result<Vec<String>, Unsupported> {
    items(of, key)?.iter().map(|item| as_text(item).map(str::to_owned)).collect()
}

/// Returns the member as a string.
pub(super) fn text<'a>(of: &'a Object, key: &str) -> Result<Option<&'a str>, Unsupported> {
    member(of, key).map(as_text).transpose()
}

/// Returns the member as a boolean.
pub(super) fn boolean(of: &Object, key: &str) -> Result<Option<bool>, Unsupported> {
    let as_bool = |value: &Value| value.as_bool().ok_or_else(|| wrong(value, "a boolean"));
    member(of, key).map(as_bool).transpose()
}

/// Returns the member as a number from 0 to 65535.
pub(super) fn number(of: &Object, key: &str) -> Result<Option<u16>, Unsupported> {
    let as_number = |value: &Value| {
        let number = value.as_u64().and_then(|number| u16::try_from(number).ok());
        number.ok_or_else(|| wrong(value, "a number from 0 to 65535"))
    };
    member(of, key).map(as_number).transpose()
}

/// Returns the member as a map of strings, empty if it is absent.
pub(super) fn string_map(of: &Object, key: &str) -> Result<BTreeMap<String, String>, Unsupported> {
    let Some(members) = object(of, key)? else {
        return Ok(BTreeMap::new());
    };
    members.iter().map(|(key, value)| Ok((key.clone(), as_text(value)?.to_owned()))).collect()
}

/// Fails if the object has a member that is not listed (QUIRK-8: an unknown field is an error).
pub(super) fn only_keys(object: &Object, known: &[&str]) -> Result<(), Unsupported> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(Unsupported::new(format!("unknown field `{key}`"))),
        None => Ok(()),
    }
}

/// Returns the member unless it is null.
pub(super) fn member<'a>(of: &'a Object, key: &str) -> Option<&'a Value> {
    of.get(key).filter(|value| !value.is_null())
}

fn wrong(value: &Value, wanted: &str) -> Unsupported {
    Unsupported::new(format!("`{value}` is not {wanted}"))
}
