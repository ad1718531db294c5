//! Labels of pods, and which of them make the identity (LBL-7 to LBL-10, FLT).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use netpol_core::{Label, LabelSet, LabelSource, keys};
use regex_automata::meta::{BuildError, Regex};

/// What a pod's labels are made from (LBL-7).
///
/// # Examples
///
/// ```
/// use std::collections::BTreeMap;
/// use netpol_policy::{LabelFilter, PodLabels};
///
/// let labels = BTreeMap::from([
///     ("app".into(), "web".into()),
///     ("pod-template-hash".into(), "6d4f".into()),
/// ]);
/// let pod = PodLabels {
///     labels: &labels,
///     namespace: "default",
///     namespace_labels: &BTreeMap::new(),
///     service_account: None,
///     cluster: "default",
/// };
/// assert_eq!(
///     pod.identity_labels(&LabelFilter::default()).to_string(),
///     "k8s:app=web,k8s:io.cilium.k8s.policy.cluster=default,k8s:io.kubernetes.pod.namespace=default",
/// );
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PodLabels<'a> {
    /// The labels of the pod.
    pub labels: &'a BTreeMap<Arc<str>, Arc<str>>,
    /// Its namespace.
    pub namespace: &'a str,
    /// The labels of the Namespace object.
    pub namespace_labels: &'a BTreeMap<Arc<str>, Arc<str>>,
    /// Its service account, if it has one.
    pub service_account: Option<&'a str>,
    /// The name of its cluster.
    pub cluster: &'a str,
}

impl PodLabels<'_> {
    /// Returns all labels, before any filter. What is derived from the pod's surroundings cannot
    /// be forged by its own labels.
    #[must_use]
    pub fn labels(&self) -> LabelSet {
        let own = self.labels.iter().filter(|(key, _)| !key.starts_with(keys::CILIUM_PREFIX));
        let own = own.map(|(key, value)| k8s(key, value));
        let of_namespace = self
            .namespace_labels
            .iter()
            .map(|(key, value)| Label::k8s(&format!("{}{key}", keys::NAMESPACE_LABELS), value));
        let account = self.service_account.filter(|account| !account.is_empty());
        let derived = [
            Some(Label::k8s(keys::NAMESPACE, self.namespace)),
            account.map(|account| Label::k8s(keys::SERVICE_ACCOUNT, account)),
            Some(Label::k8s(keys::CLUSTER, self.cluster)),
        ];
        own.chain(of_namespace).chain(derived.into_iter().flatten()).collect()
    }

    /// Returns the labels that make the identity; the label `reserved:init` if none does
    /// (LBL-10).
    #[must_use]
    pub fn identity_labels(&self, filter: &LabelFilter) -> LabelSet {
        let labels = filter.identity_labels(&self.labels());
        if labels.is_empty() { [Label::reserved("init")].into_iter().collect() } else { labels }
    }
}

/// Returns the label of a Kubernetes object, its key read as label text (LAB-4).
fn k8s(key: &str, value: &str) -> Label {
    Label::from_parts(Some(LabelSource::K8s), key, value)
}

/// Decides which labels make the identity (FLT).
///
/// The default leaves out what differs between the replicas of a workload. A list of
/// expressions, in the form of Cilium's option `labels`, can be added.
///
/// # Examples
///
/// ```
/// use netpol_core::Label;
/// use netpol_policy::LabelFilter;
///
/// let filter = LabelFilter::default();
/// assert!(filter.is_identity_label(&Label::parse("k8s:app=web")));
/// assert!(!filter.is_identity_label(&Label::parse("k8s:controller-uid=1")));
/// // One expression that includes something makes a list of all that is included.
/// let filter = LabelFilter::default().with_expressions(["k8s:app"])?;
/// assert!(!filter.is_identity_label(&Label::parse("k8s:version=v1")));
/// # Ok::<(), netpol_policy::LabelFilterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LabelFilter {
    rules: Vec<Rule>,
    // Whether only labels count that some pattern includes.
    whitelist: bool,
}

/// An entry of Cilium's file of label prefixes (FLT-9).
///
/// # Examples
///
/// ```
/// use netpol_core::Label;
/// use netpol_policy::{LabelFilter, LabelPrefix};
///
/// let app = LabelPrefix { source: "k8s", prefix: "app", invert: false };
/// let filter = LabelFilter::from_prefixes([app])?;
/// assert!(filter.is_identity_label(&Label::parse("k8s:app=web")));
/// assert!(!filter.is_identity_label(&Label::parse("k8s:tier=front")));
/// # Ok::<(), netpol_policy::LabelFilterError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelPrefix<'a> {
    /// The source that labels must have.
    pub source: &'a str,
    /// What their keys must begin with, literally.
    pub prefix: &'a str,
    /// Whether they are left out; default `false`.
    pub invert: bool,
}

#[derive(Clone, Debug)]
struct Rule {
    source: Option<LabelSource>,
    pattern: Pattern,
    ignore: bool,
}

/// What a key must begin with.
#[derive(Clone, Debug)]
enum Pattern {
    /// A literal text.
    Literal(Arc<str>),
    /// A literal text and everything behind it.
    LiteralAndRest(&'static str),
    /// Everything up to the last occurrence of a literal text.
    UpTo(&'static str),
    /// An expression.
    Regex(Regex),
}

impl Default for LabelFilter {
    /// Returns Cilium's own list (FLT-2).
    fn default() -> Self {
        use Pattern::{Literal, LiteralAndRest, UpTo};
        const INCLUDED: [&str; 5] = [
            "io.kubernetes.pod.namespace",
            "io.cilium.k8s.namespace.labels",
            "app.kubernetes.io",
            "io.cilium.k8s.policy.cluster",
            "io.cilium.k8s.policy.serviceaccount",
        ];
        const IGNORED: [&str; 12] = [
            "io.kubernetes",
            "kubernetes.io",
            "statefulset.kubernetes.io/pod-name",
            "apps.kubernetes.io/pod-index",
            "batch.kubernetes.io/job-completion-index",
            "batch.kubernetes.io/controller-uid",
            "k8s.io",
            "pod-template-generation",
            "pod-template-hash",
            "controller-revision-hash",
            "controller-uid",
            "etcd_node",
        ];
        let rule = |ignore| move |pattern| Rule { source: None, pattern, ignore };
        let reserved = Rule {
            source: Some(LabelSource::Reserved),
            pattern: LiteralAndRest(""),
            ignore: false,
        };
        let included = INCLUDED.map(|text| Literal(text.into())).map(rule(false));
        let ignored = IGNORED.map(|text| Literal(text.into())).map(rule(true));
        let open = [UpTo("beta.kubernetes.io"), LiteralAndRest("annotation")].map(rule(true));
        let rules = [reserved].into_iter().chain(included).chain(ignored).chain(open);
        Self { rules: rules.collect(), whitelist: false }
    }
}

impl LabelFilter {
    /// Returns the filter of a list of prefixes, as in Cilium's file of them, which replaces the
    /// default (FLT-9).
    ///
    /// One prefix that is not inverted makes a list of all that is included.
    ///
    /// # Errors
    ///
    /// Fails if a source or prefix is empty.
    pub fn from_prefixes<'a>(
        prefixes: impl IntoIterator<Item = LabelPrefix<'a>>,
    ) -> Result<Self, LabelFilterError> {
        let mut filter = Self { rules: Vec::new(), whitelist: false };
        for LabelPrefix { source, prefix, invert } in prefixes {
            if source.is_empty() || prefix.is_empty() {
                return Err(LabelFilterError::incomplete(source, prefix));
            }
            filter.whitelist |= !invert;
            filter.rules.push(Rule {
                source: Some(LabelSource::parse(source)),
                pattern: Pattern::Literal(prefix.into()),
                ignore: invert,
            });
        }
        Ok(filter)
    }

    /// Returns the filter with expressions `[source:][!]expression` added (FLT-6). Empty ones are
    /// skipped.
    ///
    /// # Errors
    ///
    /// Fails if a source has no expression behind it, or an expression cannot be compiled within
    /// 1 MiB.
    pub fn with_expressions<'a>(
        mut self,
        expressions: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, LabelFilterError> {
        for text in expressions.into_iter().filter(|text| !text.is_empty()) {
            let rule = Rule::parse(text)?;
            self.whitelist |= !rule.ignore;
            self.rules.push(rule);
        }
        Ok(self)
    }

    /// Returns the labels that make the identity.
    #[must_use]
    pub fn identity_labels(&self, labels: &LabelSet) -> LabelSet {
        labels.iter().filter(|label| self.is_identity_label(label)).cloned().collect()
    }

    /// Tells whether a label is part of the identity (FLT-4).
    #[must_use]
    pub fn is_identity_label(&self, label: &Label) -> bool {
        let applying = |ignore| {
            let rules = self.rules.iter().filter(move |rule| rule.ignore == ignore);
            rules.filter_map(|rule| rule.match_len(label))
        };
        let included = applying(false).max().unwrap_or(0);
        let ignored = applying(true).filter(|len| *len > 0).min().unwrap_or(0);
        included > ignored || (ignored == 0 && !self.whitelist)
    }
}

/// The greatest size of a compiled expression.
const MAX_REGEX_BYTES: usize = 1 << 20;

impl Rule {
    /// Returns the rule written as `[source:][!]expression`.
    fn parse(text: &str) -> Result<Self, LabelFilterError> {
        let (source, expression) = text.split_once(':').unwrap_or(("", text));
        if expression.is_empty() {
            return Err(LabelFilterError::empty(text));
        }
        let (ignore, expression) = match expression.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, expression),
        };
        let regex = Regex::builder()
            .configure(Regex::config().nfa_size_limit(Some(MAX_REGEX_BYTES)))
            .build(expression)
            .map_err(|error| LabelFilterError::syntax(text, &error))?;
        Ok(Self {
            source: (!source.is_empty()).then(|| LabelSource::parse(source)),
            pattern: Pattern::Regex(regex),
            ignore,
        })
    }

    /// Returns how much of the key is matched from its beginning, if the rule applies (FLT-3).
    fn match_len(&self, label: &Label) -> Option<usize> {
        if self.source.as_ref().is_some_and(|source| source != label.source()) {
            return None;
        }
        self.pattern.match_len(label.key())
    }
}

impl Pattern {
    fn match_len(&self, key: &str) -> Option<usize> {
        match self {
            Self::Literal(text) => key.starts_with(&**text).then_some(text.len()),
            Self::LiteralAndRest(text) => key.starts_with(text).then_some(key.len()),
            Self::UpTo(text) => key.rfind(text).map(|start| start + text.len()),
            Self::Regex(regex) => {
                // The leftmost match counts, and only if it begins at the start.
                let found = regex.find(key)?;
                (found.start() == 0).then(|| found.len())
            }
        }
    }
}

/// Why an expression or prefix is no filter of labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelFilterError {
    expression: String,
    reason: String,
}

impl LabelFilterError {
    fn incomplete(source: &str, prefix: &str) -> Self {
        Self {
            expression: format!("{source}:{prefix}"),
            reason: "it lacks source or prefix".into(),
        }
    }

    fn empty(text: &str) -> Self {
        Self { expression: text.into(), reason: "there is no expression behind the source".into() }
    }

    fn syntax(text: &str, error: &BuildError) -> Self {
        let reason = match (error.syntax_error(), error.size_limit()) {
            (Some(error), _) => error.to_string(),
            (None, Some(limit)) => format!("it takes more than {limit} bytes"),
            (None, None) => error.to_string(),
        };
        Self { expression: text.into(), reason }
    }
}

impl fmt::Display for LabelFilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "label expression `{}`: {}", self.expression, self.reason)
    }
}

impl std::error::Error for LabelFilterError {}
