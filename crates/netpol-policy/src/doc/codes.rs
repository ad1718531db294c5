//! The stable words for what can be wrong with documents, and what they mean.

use crate::Code;

/// Defines each code with its meaning, and the list of all.
macro_rules! codes {
    ($(#[doc = $meaning:literal] $name:ident = $word:literal,)*) => {
        $(#[doc = $meaning] pub(crate) const $name: Code = Code($word);)*

        /// Every code with its meaning, in the order of this file.
        const CODES: &[(Code, &str)] = &[$((Code($word), $meaning),)*];
    };
}

codes! {
    // Text.
    /// The text is no YAML.
    SYNTAX = "syntax",
    /// The bytes are no UTF-8 text.
    NOT_TEXT = "not-text",
    /// The source holds no document.
    NO_DOCUMENT = "no-document",
    /// The source is larger, deeper or more numerous than the limits say.
    LIMIT = "limit",
    /// A key stands twice in one mapping.
    DUPLICATE_KEY = "duplicate-key",
    /// A key of a mapping is no string.
    KEY_TYPE = "key-type",
    /// A YAML feature that Kubernetes documents do not use: tags, merge keys.
    UNSUPPORTED_YAML = "unsupported-yaml",

    /// A plain scalar that other readers of YAML take for something else than a string.
    AMBIGUOUS_SCALAR = "ambiguous-scalar",

    // Every field.
    /// A type other than the one that the field has.
    WRONG_TYPE = "wrong-type",
    /// A field that does not exist.
    UNKNOWN_FIELD = "unknown-field",
    /// A field that must be there.
    MISSING_FIELD = "missing-field",
    /// A value of the right type that is not allowed.
    INVALID_VALUE = "invalid-value",

    // Objects and selectors.
    /// A kind that does not exist, but looks like that of a policy.
    UNKNOWN_KIND = "unknown-kind",
    /// An object that has been read before, in this source or another.
    DUPLICATE_OBJECT = "duplicate-object",
    /// A kind that is known, with an apiVersion that is not.
    API_VERSION = "api-version",
    /// A name that Kubernetes does not allow.
    INVALID_NAME = "invalid-name",
    /// A label, its key or its value, that Kubernetes or Cilium does not allow.
    INVALID_LABEL = "invalid-label",
    /// A label selector with an operator or with values that do not fit each other.
    INVALID_SELECTOR = "invalid-selector",
    /// Two labels of a selector that mean the same key; only one of them counts.
    SHADOWED_LABEL = "shadowed-label",
    /// An address or prefix that does not exist.
    INVALID_CIDR = "invalid-cidr",
    /// A port, or a range of ports, that does not exist.
    INVALID_PORT = "invalid-port",
    /// A policy about every pod of a namespace, because it does not say which.
    EVERY_POD = "every-pod",
    /// A label of pods that Cilium takes for one of its own.
    RESERVED_LABEL = "reserved-label",
    /// Something that is accepted and has no effect.
    NO_EFFECT = "no-effect",

    // Cilium policies: errors.
    /// A policy without rules, or a rule without elements.
    EMPTY_POLICY = "empty-policy",
    /// A rule without subject, with two, or with one that its kind cannot have.
    SUBJECT = "subject",
    /// Peers of several kinds in one element.
    MIXED_PEERS = "mixed-peers",
    /// Ports and ICMP types in one element.
    MIXED_PORTS = "mixed-ports",
    /// A list with more items than are allowed.
    TOO_MANY = "too-many",
    /// A name or pattern that no DNS name can be.
    INVALID_DNS_NAME = "invalid-dns-name",
    /// A regular expression that RE2 does not accept.
    INVALID_REGEX = "invalid-regex",
    /// L7 rules, or what belongs to them, where they cannot stand.
    INVALID_L7 = "invalid-l7",
    /// A feature that is not supported, neither here nor by Cilium 1.19 maybe.
    UNSUPPORTED = "unsupported",
    /// A feature that is switched off.
    DISABLED = "disabled",

    // Cilium policies: legal, but surely not meant, or without effect.
    /// A dash makes an element for every peer of ports that were meant for the peers before it.
    DASH_TRAP = "dash-trap",
    /// Names as peers whose addresses are never learnt, as no rule lets DNS be seen.
    NO_DNS_RULE = "no-dns-rule",
    /// An element without any field, which matches nothing and switches default deny on.
    EMPTY_ELEMENT = "empty-element",
    /// A list of peers without items.
    EMPTY_LIST = "empty-list",
    /// Something that nothing ever matches.
    MATCHES_NOTHING = "matches-nothing",
    /// Deny elements that switch default deny on beside no allow elements.
    DENY_ONLY = "deny-only",
    /// A selector that means every CIDR group.
    ALL_CIDR_GROUPS = "all-cidr-groups",
    /// A selector that asks for a label which no identity has.
    FILTERED_LABEL = "filtered-label",
    /// A policy of a namespace about endpoints that are in none.
    INIT_SUBJECT = "init-subject",
    /// A policy or rule that is not enforced.
    NOT_ENFORCED = "not-enforced",
    /// L7 rules that netpol leaves to others.
    NOT_EVALUATED = "not-evaluated",
    /// L7 rules in a rule that does not switch default deny on.
    L7_WITHOUT_DEFAULT_DENY = "l7-without-default-deny",
    /// A regular expression that Envoy refuses for its size.
    LARGE_REGEX = "large-regex",
    /// A condition on a header that never matches.
    ODD_HEADER = "odd-header",
    /// Server names where no TLS client sends them.
    ODD_SERVER_NAMES = "odd-server-names",
}

/// Returns every code that [`read`](super::read) reports, with its meaning in one sentence.
///
/// # Examples
///
/// ```
/// let mut codes = netpol_policy::doc::codes();
/// assert!(codes.any(|(code, _)| code.0 == "unknown-field"));
/// ```
pub fn codes() -> impl Iterator<Item = (Code, &'static str)> {
    CODES.iter().map(|(code, meaning)| (*code, meaning.trim()))
}
