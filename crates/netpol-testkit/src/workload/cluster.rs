//! A cluster: policies, identities, endpoints, and events.

use std::collections::HashMap;
use std::fmt::Write as _;

use netpol_core::{IdentityId, LabelSet, Prefix};

use super::pod::Pod;
use super::policy::{ADDED, Document, IN_FORCE, Version};

/// How many endpoints are local: those of the first identities.
pub const ENDPOINTS: u32 = 100;
/// How many identities come and go (W2).
const NEW_IDENTITIES: u32 = 1000;
/// How many policies are added, and at most replaced (W3).
const NEW_POLICIES: u32 = 200;
/// The number of the first pod identity.
const FIRST_IDENTITY: u32 = 10_000;

/// A cluster with policies (W1), and what happens in it (W2, W3).
#[derive(Clone, Debug)]
pub struct Cluster {
    /// All policies in force, as one YAML text.
    pub policies: String,
    /// The pods of the identities, in order of their numbers.
    pub pods: Vec<(IdentityId, Pod)>,
    /// The identity of every prefix that some policy names, those of later events included.
    pub prefixes: Vec<(IdentityId, Prefix)>,
    /// Pods whose identities come and go (W2).
    pub new_pods: Vec<(IdentityId, Pod)>,
    /// Policies that are added later (W3), as one YAML text.
    pub added: String,
    /// New versions of the first policies (W3), as one YAML text.
    pub replacements: String,
}

impl Cluster {
    /// Returns the cluster with so many policies and pod identities.
    #[must_use]
    pub fn new(n_policies: u32, n_identities: u32) -> Self {
        let first = Version::First;
        let policies = documents(n_policies, |n| Document::new(IN_FORCE, n, first, "cnp"));
        let added = documents(NEW_POLICIES, |n| Document::new(ADDED, n, first, "new"));
        let replacements = documents(NEW_POLICIES.min(n_policies), |n| {
            Document::new(IN_FORCE, n, Version::Replacement, "cnp")
        });
        let named = [&policies, &added, &replacements].into_iter().flatten();
        let prefixes = number(named.flat_map(|document| &document.prefixes).copied());
        Self {
            policies: joined(&policies),
            pods: pods(0..n_identities),
            prefixes,
            new_pods: pods(n_identities..n_identities + NEW_IDENTITIES),
            added: joined(&added),
            replacements: joined(&replacements),
        }
    }

    /// Returns the local endpoints: their numbers and identities.
    pub fn endpoints(&self) -> impl Iterator<Item = (u32, IdentityId)> {
        (1..=ENDPOINTS).zip(self.pods.iter().map(|(id, _)| *id))
    }
}

/// Returns lines with the number of each identity and its labels.
#[must_use]
pub fn numbered_labels(identities: impl IntoIterator<Item = (IdentityId, LabelSet)>) -> String {
    let mut text = String::new();
    for (id, labels) in identities {
        let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "{id}\t{}", labels.join(";"));
    }
    text
}

/// Returns lines with the number of each identity and its prefix.
#[must_use]
pub fn numbered_prefixes(prefixes: &[(IdentityId, Prefix)]) -> String {
    let mut text = String::new();
    for (id, prefix) in prefixes {
        let _ = writeln!(text, "{id}\t{prefix}");
    }
    text
}

/// Numbers different prefixes in the order in which they first occur, as local identities.
pub(super) fn number(prefixes: impl IntoIterator<Item = Prefix>) -> Vec<(IdentityId, Prefix)> {
    const FIRST: u32 = (1 << 24) + 1;
    let mut seen = HashMap::new();
    let mut numbered = Vec::new();
    for prefix in prefixes {
        seen.entry(prefix).or_insert_with(|| {
            numbered.push((IdentityId::new(FIRST + numbered.len() as u32), prefix));
        });
    }
    numbered
}

fn pods(numbers: std::ops::Range<u32>) -> Vec<(IdentityId, Pod)> {
    numbers.map(|n| (IdentityId::new(FIRST_IDENTITY + n), Pod::new(n))).collect()
}

fn documents(n: u32, document: impl Fn(u32) -> Document) -> Vec<Document> {
    (0..n).map(document).collect()
}

fn joined(documents: &[Document]) -> String {
    let texts: Vec<&str> = documents.iter().map(|document| document.text.as_str()).collect();
    texts.join("---\n")
}
