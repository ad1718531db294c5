//! What plain scalars mean: the core schema of YAML 1.2.

use crate::doc::node::Value;

/// The types that a plain scalar can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Integer(i64),
    Float,
    String,
}

/// Returns the value of a plain scalar.
pub(super) fn resolve(text: &str) -> Value {
    match kind(text) {
        Kind::Null => Value::Null,
        Kind::Bool(flag) => Value::Bool(flag),
        Kind::Integer(number) => Value::Integer(number),
        Kind::Float => Value::Float(text.to_owned()),
        Kind::String => Value::String(text.to_owned()),
    }
}

/// Returns the type of a plain scalar.
///
/// A whole number with needless zeros in front is left as it is written: YAML 1.1, which other
/// readers of the same file may follow, takes it for octal. The same goes for numbers that do not
/// fit.
pub(super) fn kind(text: &str) -> Kind {
    match text.as_bytes() {
        [] => Kind::Null,
        [b'0'..=b'9' | b'+' | b'-' | b'.', ..] => number(text),
        [b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F', ..] => word(text),
        _ => Kind::String,
    }
}

fn word(text: &str) -> Kind {
    match text {
        "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        _ => Kind::String,
    }
}

fn number(text: &str) -> Kind {
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if is_digits(unsigned) {
        let ambiguous = unsigned.len() > 1 && unsigned.starts_with('0');
        return match text.parse() {
            Ok(number) if !ambiguous => Kind::Integer(number),
            _ => Kind::Float,
        };
    }
    if is_float(unsigned) || is_special(text, unsigned) {
        return Kind::Float;
    }
    Kind::String
}

/// Returns what digits of a number with a prefix stand for.
fn radix(digits: &str, radix: u32) -> Kind {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Kind::String;
    }
    i64::from_str_radix(digits, radix).map_or(Kind::Float, Kind::Integer)
}

/// Tells whether a text without sign is `.5`, `1.`, `1.5`, `1e3` and the like.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    let is_mantissa = match (whole, fraction) {
        ("", fraction) => is_digits(fraction),
        (whole, "") => is_digits(whole),
        (whole, fraction) => is_digits(whole) && is_digits(fraction),
    };
    is_mantissa && exponent.is_none_or(is_digits)
}

/// Tells whether a text is infinite or not a number.
fn is_special(text: &str, unsigned: &str) -> bool {
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_have_the_types_of_the_core_schema() {
        let string = |text: &str| Value::String(text.to_owned());
        let float = |text: &str| Value::Float(text.to_owned());
        let cases = [
            ("", Value::Null),
            ("~", Value::Null),
            ("Null", Value::Null),
            ("nil", string("nil")),
            ("TRUE", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("tRue", string("tRue")),
            ("yes", string("yes")),
            ("on", string("on")),
            ("0", Value::Integer(0)),
            ("443", Value::Integer(443)),
            ("-1", Value::Integer(-1)),
            ("+5", Value::Integer(5)),
            ("0x1F", Value::Integer(31)),
            ("0o17", Value::Integer(15)),
            ("0x", string("0x")),
            ("0o8", string("0o8")),
            ("010", float("010")),
            ("99999999999999999999", float("99999999999999999999")),
            ("0xffffffffffffffffff", float("0xffffffffffffffffff")),
            ("1.5", float("1.5")),
            ("1.", float("1.")),
            (".5", float(".5")),
            ("1e3", float("1e3")),
            ("-.inf", float("-.inf")),
            (".nan", float(".nan")),
            ("-.nan", string("-.nan")),
            (".", string(".")),
            ("-", string("-")),
            ("1.2.3", string("1.2.3")),
            ("10.0.0.0/8", string("10.0.0.0/8")),
            ("1e", string("1e")),
            ("1_000", string("1_000")),
            ("cilium.io/v2", string("cilium.io/v2")),
        ];
        for (text, value) in cases {
            assert_eq!(resolve(text), value, "{text}");
        }
    }
}
