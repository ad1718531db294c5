//! URLs of HTTP requests (L7F-3).

use super::redact::REDACTED;

/// Returns the URL of a request.
pub(super) fn url(scheme: &str, host: &str, path: &str) -> String {
    let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    let host = redacted(host);
    let query_start = path.find('?').unwrap_or(path.len());
    let (path, query) = path.split_at(query_start);
    let mut url = encoded(&format!("{scheme}://{host}{slash}{path}"), b"\"<>\\^`{|}");
    url.push_str(&encoded(query, b""));
    url
}

/// Returns `user:password@host` with the password replaced (L7F-16).
fn redacted(host: &str) -> String {
    match host.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?, host))) {
        Some(((user, _), host)) => format!("{user}:{REDACTED}@{host}"),
        None => host.to_owned(),
    }
}

/// Writes blanks, what is not printable ASCII, and the `special` bytes as `%` and two hexadecimal digits.
fn encoded(text: &str, special: &[u8]) -> String {
    let mut url = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !special.contains(&byte) {
            url.push(byte.into());
        } else {
            url.push_str(&format!("%{byte:02X}"));
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
        assert_eq!(url("http", "a", "/?q={x}\n"), "http://a/?q={x}%0A");
    }
}
