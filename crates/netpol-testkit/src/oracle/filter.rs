//! Which labels of a pod or node are part of its identity (LBL-8, FLT).

use regex_automata::meta::Regex;

use super::error::Unsupported;

/// FLT-2, complete; all for any source but the first, which is for `reserved` and not needed here.
const INCLUDED: [&str; 5] = [
    r"io\.kubernetes\.pod\.namespace",
    r"io\.cilium\.k8s\.namespace\.labels",
    r"app\.kubernetes\.io",
    r"io\.cilium\.k8s\.policy\.cluster",
    r"io\.cilium\.k8s\.policy\.serviceaccount",
];
const IGNORED: [&str; 14] = [
    r"io\.kubernetes",
    r"kubernetes\.io",
    r"statefulset\.kubernetes\.io/pod-name",
    r"apps\.kubernetes\.io/pod-index",
    r"batch\.kubernetes\.io/job-completion-index",
    r"batch\.kubernetes\.io/controller-uid",
    r".*beta\.kubernetes\.io",
    r"k8s\.io",
    r"pod-template-generation",
    r"pod-template-hash",
    r"controller-revision-hash",
    r"controller-uid",
    r"annotation.*",
    r"etcd_node",
];

/// The default filter of identity labels.
pub(super) struct LabelFilter {
    included: Vec<Regex>,
    ignored: Vec<Regex>,
}

impl LabelFilter {
    pub(super) fn new() -> Result<Self, Unsupported> {
        Ok(Self { included: compile(&INCLUDED)?, ignored: compile(&IGNORED)? })
    }

    /// FLT-4: the longest inclusion against the shortest exclusion.
    pub(super) fn keeps(&self, key: &str) -> bool {
        let included = lengths(&self.included, key).max().unwrap_or(0);
        let ignored = lengths(&self.ignored, key).filter(|length| *length > 0).min().unwrap_or(0);
        ignored == 0 || included > ignored
    }
}

fn compile(patterns: &[&str]) -> Result<Vec<Regex>, Unsupported> {
    let one =
        |pattern: &&str| Regex::new(pattern).map_err(|error| Unsupported::new(error.to_string()));
    patterns.iter().map(one).collect()
}

/// FLT-3: a pattern applies if its leftmost match begins the key.
fn lengths<'a>(patterns: &'a [Regex], key: &'a str) -> impl Iterator<Item = usize> + 'a {
    patterns
        .iter()
        .filter_map(move |pattern| pattern.find(key))
        .filter(|found| found.start() == 0)
        .map(|found| found.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_the_machinery_are_not_part_of_the_identity() {
        let filter = LabelFilter::new().unwrap();
        let kept = [
            "app",
            "app.kubernetes.io/name",
            "io.kubernetes.pod.namespace",
            "topology.kubernetes.io/zone",
            "my-pod-template-hash",
        ];
        let dropped = [
            "kubernetes.io/hostname",
            "kubernetes.iox",
            "pod-template-hash",
            "annotations",
            "etcd_nodes",
            "node.beta.kubernetes.io/x",
            "statefulset.kubernetes.io/pod-name",
        ];
        for key in kept {
            assert!(filter.keeps(key), "{key}");
        }
        for key in dropped {
            assert!(!filter.keeps(key), "{key}");
        }
    }
}
