//! What Kubernetes accepts as names, keys and values.
//!
//! Every check returns what is wrong as a sentence without subject, such as "has no name".

/// The most characters of a name and of a label's value (LIM-6, LIM-7).
const MAX_NAME: usize = 63;
/// The most characters of a DNS name and of a key's prefix (LIM-7).
const MAX_SUBDOMAIN: usize = 253;

/// Checks a label's key: `[prefix/]name` (SELV-2).
pub(crate) fn qualified(key: &str) -> Result<(), String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if let Some(prefix) = prefix {
        subdomain(prefix).map_err(|wrong| format!("begins with a prefix that {wrong}"))?;
    }
    if name.is_empty() {
        return Err("has no name".to_owned());
    }
    word(name)
}

/// Checks a label's value, which may be empty (SELV-4).
pub(crate) fn label_value(value: &str) -> Result<(), String> {
    if value.is_empty() { Ok(()) } else { word(value) }
}

/// Checks a DNS-1123 subdomain, the form of most objects' names.
pub(crate) fn subdomain(name: &str) -> Result<(), String> {
    if name.len() > MAX_SUBDOMAIN {
        return Err(format!("has {} characters, of which {MAX_SUBDOMAIN} are allowed", name.len()));
    }
    if !name.split('.').all(is_dns_word) {
        return Err(
            "is not made of lower case letters, digits and `-`, with `.` between and letters or \
             digits at both ends of each part"
                .to_owned(),
        );
    }
    Ok(())
}

/// Checks a DNS-1123 label, the form of namespaces' names.
pub(crate) fn dns_label(name: &str) -> Result<(), String> {
    if name.len() > MAX_NAME {
        return Err(format!("has {} characters, of which {MAX_NAME} are allowed", name.len()));
    }
    if !is_dns_word(name) {
        return Err(
            "is not made of lower case letters, digits and `-`, with letters or digits at both ends"
                .to_owned(),
        );
    }
    Ok(())
}

fn is_dns_word(word: &str) -> bool {
    is_framed(word, |c| c.is_ascii_lowercase() || c.is_ascii_digit())
        && word.bytes().all(|c| c != b'_' && c != b'.')
}

/// Checks what values and the names of keys are made of; the text is not empty.
fn word(text: &str) -> Result<(), String> {
    if text.len() > MAX_NAME {
        return Err(format!("has {} characters, of which {MAX_NAME} are allowed", text.len()));
    }
    if !is_framed(text, u8::is_ascii_alphanumeric) {
        return Err(
            "is not made of letters, digits, `-`, `_` and `.`, with letters or digits at both ends"
                .to_owned(),
        );
    }
    Ok(())
}

/// Tells whether a text begins and ends with one of `outer`, and has these, `-`, `_` and `.`
/// between.
fn is_framed(text: &str, outer: impl Fn(&u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(&outer)
        && bytes.last().is_some_and(&outer)
        && bytes.iter().all(|c| outer(c) || b"-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_names_with_an_optional_prefix() {
        let longest = "x".repeat(63);
        for good in ["a", "app.kubernetes.io/name", "A_b.c", "k8s.a", &longest] {
            assert_eq!(qualified(good), Ok(()), "{good}");
        }
        let too_long = "x".repeat(64);
        let bad = ["", "a b", "a/b/c", "App.io/name", "/a", "a/", "-a", "a.", "ä", &too_long];
        for bad in bad {
            assert!(qualified(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_may_be_empty() {
        assert_eq!(label_value(""), Ok(()));
        assert_eq!(label_value("v1.2_b"), Ok(()));
        assert!(label_value("b c").is_err());
        assert!(label_value(&"x".repeat(64)).is_err());
    }

    #[test]
    fn objects_have_dns_names() {
        assert_eq!(subdomain("a.b-c.1"), Ok(()));
        for bad in ["", "A", "a..b", "a_b", "-a", "a.-b", &"x".repeat(254)] {
            assert!(subdomain(bad).is_err(), "{bad}");
        }
        assert_eq!(dns_label("kube-system"), Ok(()));
        assert!(dns_label("a.b").is_err());
        assert!(dns_label(&"x".repeat(64)).is_err());
    }
}
