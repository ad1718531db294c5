//! What a log must not show (L7F-16).

use super::Http;

/// What takes the place of what is not shown.
pub(super) const REDACTED: &str = "HUBBLE_REDACTED";

/// Which headers lose their values. Names are compared in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderRedaction {
    /// All.
    All,
    /// All but these.
    AllBut(Vec<String>),
    /// These.
    Only(Vec<String>),
}

impl HeaderRedaction {
    fn hides(&self, name: &str) -> bool {
        let has = |list: &[String]| list.iter().any(|listed| listed.eq_ignore_ascii_case(name));
        match self {
            Self::All => true,
            Self::AllBut(list) => !has(list),
            Self::Only(list) => has(list),
        }
    }
}

impl Http {
    /// Returns the request or response with `HUBBLE_REDACTED` for the values of some headers.
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_flowlog::{HeaderRedaction, Http, HttpVersion};
    ///
    /// let request = Http::request(HttpVersion::Http11, "GET", "http", "a.example", "/")
    ///     .headers([("Authorization", "secret")])
    ///     .redacted(&HeaderRedaction::Only(vec!["authorization".into()]));
    /// assert_eq!(request.headers[0].value, "HUBBLE_REDACTED");
    /// ```
    #[must_use]
    pub fn redacted(mut self, redaction: &HeaderRedaction) -> Self {
        for header in self.headers.iter_mut().filter(|header| redaction.hides(&header.key)) {
            header.value = REDACTED.into();
        }
        self
    }

    /// Returns the request or response without the query and fragment of its URL.
    #[must_use]
    pub fn without_query(mut self) -> Self {
        let len = self.url.find(['?', '#']).unwrap_or(self.url.len());
        self.url.truncate(len);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HttpVersion;

    #[test]
    fn headers_are_hidden_by_the_list_that_is_given() {
        let request = Http::request(HttpVersion::Http11, "GET", "http", "a", "/");
        let request = request.headers([("Accept", "x"), ("Cookie", "y")]);
        let values = |redaction| {
            let headers = request.clone().redacted(&redaction).headers;
            headers.into_iter().map(|header| header.value).collect::<Vec<_>>()
        };
        let list = || vec!["COOKIE".to_owned()];
        assert_eq!(values(HeaderRedaction::All), [REDACTED, REDACTED]);
        assert_eq!(values(HeaderRedaction::AllBut(list())), [REDACTED, "y"]);
        assert_eq!(values(HeaderRedaction::Only(list())), ["x", REDACTED]);
        assert_eq!(values(HeaderRedaction::Only(Vec::new())), ["x", "y"]);
    }

    #[test]
    fn the_query_goes_with_the_fragment() {
        let url = |path| {
            let request = Http::request(HttpVersion::Http11, "GET", "http", "a", path);
            request.without_query().url
        };
        assert_eq!(url("/x?secret=1#y"), "http://a/x");
        assert_eq!(url("/x#secret"), "http://a/x");
        assert_eq!(url("/x"), "http://a/x");
    }
}
