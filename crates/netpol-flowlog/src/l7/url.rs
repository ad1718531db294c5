//! URLs of HTTP requests (L7F-3).

use super::redact::REDACTED;

/// Returns the URL of a request.
pub(super) fn url(scheme: &str, host: &str, path: &str) -> String {
    let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    let host = redacted(host);
    encoded(&format!("{scheme}://{host}{slash}{path}"))
}

/// Returns `user:password@host` with the password replaced (L7F-16).
fn redacted(host: &str) -> String {
    match host.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?, host))) {
        Some(((user, _), host)) => format!("{user}:{REDACTED}@{host}"),
        None => host.to_owned(),
    }
}

/// Writes bytes that no URL holds as `%` and two hexadecimal digits.
fn encoded(text: &str) -> String {
    let mut url = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => {
                url.push_str(&format!("%{byte:02X}"));
            }
            b'!'..=b'~' => url.push(byte.into()),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_scheme_host_path_and_query() {
        assert_eq!(url("http", "database", "/public?a=b"), "http://database/public?a=b");
        assert_eq!(url("https", "[::1]:8443", "x%20y"), "https://[::1]:8443/x%20y");
        assert_eq!(url("http", "a", ""), "http://a");
    }

    #[test]
    fn passwords_are_not_logged() {
        assert_eq!(url("http", "me:pa:ss@a", "/"), "http://me:HUBBLE_REDACTED@a/");
        assert_eq!(url("http", "me@a", "/"), "http://me@a/");
    }

    #[test]
    fn a_url_cannot_break_a_line() {
        assert_eq!(url("http", "a", "/x\r\n\u{1b}\u{e9} <"), "http://a/x%0D%0A%1B%C3%A9%20%3C");
    }
}
