//! What header actions do to a request.

use crate::decision::Decision;

/// The decision about a request, and what its rules' header actions do (spec `HM-5`).
///
/// Actions run, and are logged, even if the request is denied in the end (spec `HM-9`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpEffects {
    /// The decision.
    pub decision: Decision,
    /// The changes to the headers of the request that goes on, in order.
    pub changes: Vec<HeaderChange>,
    /// For the access log: headers that were missing, name in lower case and wanted value.
    pub missing: Vec<(String, Vec<u8>)>,
    /// For the access log: headers with a wrong value, name in lower case and that value.
    pub rejected: Vec<(String, Vec<u8>)>,
}

/// A change to the headers of a request. Names are in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderChange {
    /// Add a header; existing ones of that name stay.
    Append {
        /// The header's name.
        name: String,
        /// The new header's value.
        value: Vec<u8>,
    },
    /// Remove all headers of that name and add one.
    Set {
        /// The header's name.
        name: String,
        /// The new header's value.
        value: Vec<u8>,
    },
    /// Remove all headers of that name.
    Remove {
        /// The header's name.
        name: String,
    },
}

impl HttpEffects {
    /// A denial before any rule was looked at.
    pub(crate) fn denied(rule: Option<u32>) -> Self {
        Self { decision: Decision::Deny { rule }, ..Self::default() }
    }

    /// Applies the changes to a list of headers.
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_l7::{HeaderMatch, Header, HttpMatcher, HttpRequest, HttpRule, Mismatch, Scratch};
    ///
    /// let rule = HttpRule {
    ///     header_matches: vec![HeaderMatch {
    ///         name: "X-Team".into(),
    ///         value: Some("blue".into()),
    ///         mismatch: Mismatch::Replace,
    ///         ..HeaderMatch::default()
    ///     }],
    ///     ..HttpRule::default()
    /// };
    /// let matcher = HttpMatcher::new([(0, rule)])?;
    /// let headers = [Header::new("x-team", "red")];
    /// let request = HttpRequest::new("GET", "/").headers(&headers);
    /// let effects = matcher.effects(&request, &mut Scratch::new());
    /// assert!(effects.decision.is_allowed());
    ///
    /// let mut headers = vec![("x-team".to_owned(), b"red".to_vec())];
    /// effects.apply(&mut headers);
    /// assert_eq!(headers, [("x-team".to_owned(), b"blue".to_vec())]);
    /// # Ok::<(), netpol_l7::Error>(())
    /// ```
    pub fn apply(&self, headers: &mut Vec<(String, Vec<u8>)>) {
        for change in &self.changes {
            if let HeaderChange::Set { name, .. } | HeaderChange::Remove { name } = change {
                headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
            }
            if let HeaderChange::Set { name, value } | HeaderChange::Append { name, value } = change
            {
                headers.push((name.clone(), value.clone()));
            }
        }
    }
}
