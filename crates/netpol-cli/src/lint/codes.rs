//! The stable words for what shows only when all documents are known.

use netpol::Code;
use netpol_policy::doc;

/// More than is read; the word is that of single documents.
pub(crate) const LIMIT: Code = Code("limit");
/// An endpoint that clashes with another one.
pub(crate) const UNUSABLE_ENDPOINT: Code = Code("unusable-endpoint");
/// Rules that contradict each other for some endpoint.
pub(crate) const POLICY_CONFLICT: Code = Code("policy-conflict");
/// A policy that applies to none of the given workloads.
pub(crate) const UNMATCHED_SUBJECT: Code = Code("unmatched-subject");
/// A peer that is none of the given workloads.
pub(crate) const UNMATCHED_PEER: Code = Code("unmatched-peer");

const MEANINGS: [(Code, &str); 4] = [
    (UNUSABLE_ENDPOINT, "A pod or node that cannot be beside another one."),
    (
        POLICY_CONFLICT,
        "Rules that contradict each other, so that the policy of an endpoint cannot be computed.",
    ),
    (UNMATCHED_SUBJECT, "A policy that applies to none of the given workloads."),
    (UNMATCHED_PEER, "A selector of peers that matches none of the given workloads."),
];

/// Returns the meaning of a code, of those in here and of those of single documents.
pub(crate) fn meaning(word: &str) -> Option<&'static str> {
    all().find(|(code, _)| code.0 == word).map(|(_, meaning)| meaning)
}

/// Returns all codes with their meanings.
pub(crate) fn all() -> impl Iterator<Item = (Code, &'static str)> {
    doc::codes().chain(MEANINGS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::all;

    #[test]
    fn the_word_for_limits_is_known() {
        assert!(super::meaning(super::LIMIT.0).is_some());
    }

    #[test]
    fn no_word_is_used_twice() {
        let words: BTreeSet<&str> = all().map(|(code, _)| code.0).collect();
        assert_eq!(words.len(), all().count());
    }
}
