//! YAML text to a generic value, with the scalar types of the YAML 1.2 core schema.
//!
//! `443` is an integer and `"443"` a string; `yes` and `no` are strings. Anchors, aliases and tags
//! other than `!!str` are refused: no vector needs them. So are duplicate keys.

use std::fmt;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};
use serde_json::{Map, Number, Value};

/// Collections may be nested this deep.
const MAX_DEPTH: usize = 64;

/// Returns the value of a text with one YAML document; null for an empty one.
///
/// ```
/// let value = netpol_testkit::yaml::parse("port: \"443\"\nendPort: 500\nx: yes")?;
/// assert_eq!(value, serde_json::json!({"port": "443", "endPort": 500, "x": "yes"}));
/// # Ok::<(), netpol_testkit::yaml::YamlError>(())
/// ```
///
/// # Errors
///
/// Fails if the text is not well-formed YAML, holds more than one document, nests deeper than 64
/// collections, repeats a key, or uses an anchor, an alias or a tag.
pub fn parse(text: &str) -> Result<Value, YamlError> {
    let mut reader = Reader { parser: Parser::new_from_str(text) };
    reader.stream()
}

/// A text that is not the YAML that was hoped for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlError {
    message: String,
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for YamlError {}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
}

impl<'a> Reader<'a> {
    fn stream(&mut self) -> Result<Value, YamlError> {
        self.next()?;
        if self.next()? == Event::StreamEnd {
            return Ok(Value::Null);
        }
        let event = self.next()?;
        let value = self.node(event, 0)?;
        self.next()?;
        match self.next()? {
            Event::StreamEnd => Ok(value),
            _ => Err(error("more than one document")),
        }
    }

    fn node(&mut self, event: Event<'a>, depth: usize) -> Result<Value, YamlError> {
        if depth > MAX_DEPTH {
            return Err(error("collections are nested too deeply"));
        }
        match event {
            Event::Scalar(text, style, 0, tag) => scalar(&text, style, tag.as_deref()),
            Event::SequenceStart(0, None) => self.sequence(depth),
            Event::MappingStart(0, None) => self.mapping(depth),
            _ => Err(error("anchors, aliases and tags are not supported")),
        }
    }

    fn sequence(&mut self, depth: usize) -> Result<Value, YamlError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(Value::Array(items)),
                event => items.push(self.node(event, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, YamlError> {
        let mut members = Map::new();
        loop {
            let key = match self.next()? {
                Event::MappingEnd => return Ok(Value::Object(members)),
                Event::Scalar(key, _, 0, None) => key.into_owned(),
                _ => return Err(error("a key is not a plain string")),
            };
            let event = self.next()?;
            let value = self.node(event, depth + 1)?;
            if members.insert(key.clone(), value).is_some() {
                return Err(error(format!("the key `{key}` occurs twice")));
            }
        }
    }

    fn next(&mut self) -> Result<Event<'a>, YamlError> {
        match self.parser.next_event() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(problem)) => Err(error(problem.to_string())),
            None => Err(error("the text ends too early")),
        }
    }
}

fn error(message: impl Into<String>) -> YamlError {
    YamlError { message: message.into() }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, YamlError> {
    match tag {
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => Ok(text.into()),
        Some(tag) => Err(error(format!("the tag `{tag}` is not supported"))),
        None if style == ScalarStyle::Plain => plain(text),
        None => Ok(text.into()),
    }
}

/// Resolves a plain scalar as section 10.3.2 of YAML 1.2.2 says.
fn plain(text: &str) -> Result<Value, YamlError> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    if let Some(number) = integer(text) {
        return number.map(Value::from);
    }
    if is_float(text) {
        let number = text.parse().ok().and_then(Number::from_f64);
        return number.map(Value::Number).ok_or_else(|| out_of_range(text));
    }
    Ok(text.into())
}

/// Returns the integer that the text spells, or nothing if it does not look like one.
fn integer(text: &str) -> Option<Result<i64, YamlError>> {
    let (digits, radix) = match text.get(..2) {
        Some("0o") => (&text[2..], 8),
        Some("0x") => (&text[2..], 16),
        _ => (text.strip_prefix(['-', '+']).unwrap_or(text), 10),
    };
    let is_integer = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    let digits = if radix == 10 { text } else { digits };
    is_integer.then(|| i64::from_str_radix(digits, radix).map_err(|_| out_of_range(text)))
}

fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    is_number(whole)
        && is_number(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && is_number(exponent)
        && !exponent.is_empty()
}

fn out_of_range(text: &str) -> YamlError {
    error(format!("the number `{text}` is out of range"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_have_the_types_of_the_core_schema() {
        let rows = [
            ("443", json!(443)),
            ("\"443\"", json!("443")),
            ("'443'", json!("443")),
            ("-7", json!(-7)),
            ("0x10", json!(16)),
            ("0o10", json!(8)),
            ("1.5", json!(1.5)),
            ("1e3", json!(1000.0)),
            ("10.0.0.1", json!("10.0.0.1")),
            ("10.0.0.0/8", json!("10.0.0.0/8")),
            ("yes", json!("yes")),
            ("off", json!("off")),
            ("true", json!(true)),
            ("~", json!(null)),
            ("", json!(null)),
            ("!!str 443", json!("443")),
        ];
        for (text, expected) in rows {
            assert_eq!(parse(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_no_vector_needs_is_refused() {
        let rows = [
            "a: 1\na: 2",
            "a: &x 1",
            "a: *x",
            "a: !thing 1",
            "a: 1\n---\nb: 2",
            "? [a]\n: b",
            "a: [1",
            "99999999999999999999",
        ];
        for text in rows {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
