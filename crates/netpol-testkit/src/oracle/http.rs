//! HTTP requests against HTTP rules (HTTP, HM).

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use super::error::Unsupported;
use super::json::{self, Object};
use crate::world::{HttpRequest, Secret};

/// One `http` item: a conjunction. Without conditions it allows every request.
#[derive(Debug, Clone, Default)]
pub(super) struct HttpRule {
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone)]
enum Condition {
    /// The whole value matches the expression (HTTP-2).
    Matches(String, Regex),
    /// The header is there, whatever its value.
    Present(String),
    /// The value is exactly this.
    Equals(String, String),
    /// Holds for no request.
    Never,
}

impl HttpRule {
    pub(super) fn read(item: &Object, secrets: &[Secret]) -> Result<Self, Unsupported> {
        json::only_keys(item, &["path", "method", "host", "headers", "headerMatches"])?;
        let mut conditions = Vec::new();
        for (field, header) in [("path", ":path"), ("method", ":method"), ("host", ":authority")] {
            if let Some(pattern) = json::text(item, field)?.filter(|pattern| !pattern.is_empty()) {
                conditions.push(match whole(pattern) {
                    Ok(pattern) => Condition::Matches(header.to_owned(), pattern),
                    Err(_) if field == "host" => Condition::Never, // HTTP-4: refused by the proxy
                    Err(error) => return Err(error),
                });
            }
        }
        conditions.extend(json::texts(item, "headers")?.iter().map(|text| header(text)));
        for entry in json::items(item, "headerMatches")? {
            conditions.extend(header_match(json::as_object(entry)?, secrets)?);
        }
        Ok(Self { conditions })
    }

    pub(super) fn allows(&self, request: &HttpRequest) -> bool {
        self.conditions.iter().all(|condition| condition.holds(request))
    }
}

impl Condition {
    fn holds(&self, request: &HttpRequest) -> bool {
        match self {
            Self::Matches(name, pattern) => {
                header_value(request, name).is_some_and(|value| pattern.is_match(&value))
            }
            Self::Present(name) => header_value(request, name).is_some(),
            Self::Equals(name, wanted) => header_value(request, name).as_ref() == Some(wanted),
            Self::Never => false,
        }
    }
}

/// Returns the value of a header, several occurrences joined (HTTP-11, HTTP-12).
fn header_value(request: &HttpRequest, name: &str) -> Option<String> {
    match name.to_ascii_lowercase().as_str() {
        ":path" => return Some(request.path.clone()),
        ":method" => return Some(request.method.clone()),
        ":authority" => return Some(request.host.clone()).filter(|host| !host.is_empty()),
        "host" => return None,
        _ => {}
    }
    let occurrences: Vec<&str> = request
        .headers
        .iter()
        .filter(|(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
        .collect();
    (!occurrences.is_empty()).then(|| occurrences.join(","))
}

/// HTTP-10: name and value are separated by the first space.
fn header(text: &str) -> Condition {
    match text.split_once(' ') {
        Some((name, value)) => {
            Condition::Equals(name.trim_end_matches(':').to_owned(), value.to_owned())
        }
        None => Condition::Present(text.to_owned()),
    }
}

/// Returns the condition of an entry of `headerMatches`, if it can refuse at all (HM-5).
fn header_match(entry: &Object, secrets: &[Secret]) -> Result<Option<Condition>, Unsupported> {
    json::only_keys(entry, &["name", "value", "secret", "mismatch"])?;
    let name = json::text(entry, "name")?.unwrap_or_default().to_owned();
    let value = json::text(entry, "value")?.filter(|value| !value.is_empty());
    let secret =
        json::object(entry, "secret")?.map(|name| find_secret(name, secrets)).transpose()?;
    let wanted = match (secret, value) {
        (Some(Some(secret)), _) => secret, // HM-1: a readable secret wins
        (Some(None), None) => return Ok(Some(Condition::Never)), // HM-7, L7Q-1
        (_, value) => value.unwrap_or_default(),
    };
    match json::text(entry, "mismatch")? {
        Some("LOG" | "ADD" | "DELETE" | "REPLACE") => Ok(None),
        Some(word) => Err(Unsupported::new(format!("unknown mismatch action `{word}`"))),
        None if wanted.is_empty() => Ok(Some(Condition::Present(name))),
        None => Ok(Some(Condition::Equals(name, wanted.to_owned()))),
    }
}

fn find_secret<'a>(name: &Object, secrets: &'a [Secret]) -> Result<Option<&'a str>, Unsupported> {
    let namespace = json::text(name, "namespace")?.unwrap_or_default();
    let full_name = format!("{namespace}/{}", json::text(name, "name")?.unwrap_or_default());
    Ok(secrets.iter().find(|secret| secret.name == full_name).map(|secret| secret.value.as_str()))
}

/// Compiles an expression for the whole value. Without Unicode mode, the classes are the ASCII ones
/// of RE2 (HTTP-3).
fn whole(pattern: &str) -> Result<Regex, Unsupported> {
    compile(pattern)?;
    compile(&format!(r"\A(?:{pattern})\z"))
}

fn compile(pattern: &str) -> Result<Regex, Unsupported> {
    Regex::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(pattern)
        .map_err(|error| Unsupported::new(format!("the expression `{pattern}`: {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(item: serde_json::Value) -> HttpRule {
        HttpRule::read(item.as_object().unwrap(), &[]).unwrap()
    }

    fn get(path: &str) -> HttpRequest {
        HttpRequest { method: "GET".to_owned(), path: path.to_owned(), ..HttpRequest::default() }
    }

    #[test]
    fn expressions_match_the_whole_value() {
        let rows = [
            ("/public", "/public", true),
            ("/public", "/public/", false),
            ("/public", "/public?x=1", false),
            ("^/public$", "/public", true),
            ("/a|/b", "/ab", false),
            ("/a|/b", "/b", true),
            ("/public/*", "/public//", true),
            ("/public/*", "/public", true),
        ];
        for (path, request, expected) in rows {
            assert_eq!(
                rule(json!({"path": path})).allows(&get(request)),
                expected,
                "{path} {request}"
            );
        }
    }

    #[test]
    fn header_texts_are_split_at_the_first_space() {
        let mut request = get("/");
        request.headers.insert("x-test".to_owned(), "true".to_owned());
        let rows = [
            ("X-Test", true),
            ("X-Test: true", true),
            ("X-Test true", true),
            ("X-Test:  true", false),
            ("X-Test: ", false),
            ("X-Test:true", false),
            ("X-Test:", false),
            ("X-Test: t.*", false),
            (":path /", true),
            ("Host: a", false),
        ];
        for (text, expected) in rows {
            assert_eq!(rule(json!({"headers": [text]})).allows(&request), expected, "{text}");
        }
    }

    #[test]
    fn an_empty_rule_allows_everything_and_a_bad_expression_is_an_error() {
        assert!(rule(json!({})).allows(&get("/x")));
        let bad = json!({"path": "a)(b"});
        assert!(HttpRule::read(bad.as_object().unwrap(), &[]).is_err());
    }
}
