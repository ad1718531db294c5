//! Normal form of request paths, before policy sees them (HTTP-7).

/// What becomes of a request for a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The path, with its query, is asked about and forwarded in this form.
    Path(String),
    /// The path hides slashes: the client is sent to the form without escapes.
    Redirect(String),
}

/// Returns the normal form of a path with its query; `None` if it is not a path.
///
/// Dot segments are resolved, then runs of slashes merged; backslashes count as slashes. Other
/// escapes, and the query, stay as they are.
pub(crate) fn normal_form(path_and_query: &str) -> Option<Target> {
    let (path, query) = match path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path_and_query, None),
    };
    let (path, hidden) = unescape_slashes(path);
    let mut normal = merge_slashes(&resolve_dots(path.strip_prefix('/')?));
    if let Some(query) = query {
        normal.push('?');
        normal.push_str(query);
    }
    Some(if hidden { Target::Redirect(normal) } else { Target::Path(normal) })
}

/// Returns the path with `%2F`, `%5C` and backslashes as slashes, and whether any was escaped.
fn unescape_slashes(path: &str) -> (String, bool) {
    let mut hidden = false;
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        let (before, escape) = rest.split_at(at);
        plain.push_str(before);
        let slash = is_escape(escape, "%2f") || is_escape(escape, "%5c");
        plain.push(if slash { '/' } else { '%' });
        hidden |= slash;
        rest = escape.get(if slash { 3 } else { 1 }..).unwrap_or_default();
    }
    plain.push_str(rest);
    (plain.replace('\\', "/"), hidden)
}

fn is_escape(text: &str, escape: &str) -> bool {
    text.get(..escape.len()).is_some_and(|start| start.eq_ignore_ascii_case(escape))
}

/// Resolves the dot segments of a path that has lost its first slash; a path cannot leave its root.
fn resolve_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let dots = segment.to_ascii_lowercase().replace("%2e", ".");
        match dots.as_str() {
            "." => {}
            ".." => drop(kept.pop()),
            _ => {
                kept.push(segment);
                continue;
            }
        }
        if segments.peek().is_none() {
            kept.push(""); // What a dot segment at the end leaves is a folder.
        }
    }
    format!("/{}", kept.join("/"))
}

fn merge_slashes(path: &str) -> String {
    let mut merged = String::with_capacity(path.len());
    for c in path.chars() {
        if !(c == '/' && merged.ends_with('/')) {
            merged.push(c);
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_brought_to_normal_form() {
        let cases = [
            ("/", "/"),
            ("/docs", "/docs"),
            ("/docs/", "/docs/"),
            ("/docs?x=/../y//z%2F", "/docs?x=/../y//z%2F"),
            ("/a/../docs", "/docs"),
            ("/docs/..", "/"),
            ("/docs/.", "/docs/"),
            ("/../../docs", "/docs"),
            ("/a/%2e%2E/docs", "/docs"),
            ("/a/.%2e/docs", "/docs"),
            ("//docs///x", "/docs/x"),
            ("/a//../docs", "/a/docs"),
            ("/a\\..\\docs", "/docs"),
            ("/a%20b", "/a%20b"),
            ("/%252F", "/%252F"),
            ("/...", "/..."),
            ("/%", "/%"),
            ("/é%2", "/é%2"),
        ];
        for (path, normal) in cases {
            assert_eq!(normal_form(path), Some(Target::Path(normal.into())), "{path}");
        }
    }

    #[test]
    fn hidden_slashes_are_sent_back_in_the_open() {
        let cases = [
            ("/docs%2Fx", "/docs/x"),
            ("/a/..%2fdocs?q=%2f", "/docs?q=%2f"),
            ("/%5c/evil.example", "/evil.example"),
            ("/%2F%2Fevil.example", "/evil.example"),
        ];
        for (path, normal) in cases {
            assert_eq!(normal_form(path), Some(Target::Redirect(normal.into())), "{path}");
        }
    }

    #[test]
    fn what_does_not_begin_with_a_slash_is_no_path() {
        for path in ["", "*", "docs", "?x", "shop.example:80"] {
            assert_eq!(normal_form(path), None, "{path}");
        }
    }

    #[test]
    fn a_normal_form_stays() {
        for path in
            ["/a/b/../c", "/./.", "//..//", "/a/%2e", "/x//./..//y", "/..%2f..%2f%2e%2e%2fx"]
        {
            let Some(Target::Path(once) | Target::Redirect(once)) = normal_form(path) else {
                panic!("{path} has no normal form");
            };
            assert_eq!(normal_form(&once), Some(Target::Path(once.clone())), "{path}");
        }
    }
}
