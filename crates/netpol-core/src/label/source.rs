//! Where a label comes from.

use alloc::boxed::Box;
use core::fmt;

/// Where a label comes from: the first part of its text form (LBL-2).
///
/// # Examples
///
/// ```
/// use netpol_core::LabelSource;
///
/// assert_eq!(LabelSource::parse("k8s"), LabelSource::K8s);
/// assert_eq!(LabelSource::parse("mine").as_str(), "mine");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LabelSource {
    /// In a selector: matches every source. Never part of an identity.
    Any,
    /// A prefix that contains the address.
    Cidr,
    /// A CIDR group that contains the address.
    CidrGroup,
    /// A name selector that the address was learnt for.
    Fqdn,
    /// Kubernetes: pod labels and the labels Cilium derives from pods.
    K8s,
    /// A node's own labels.
    Node,
    /// Built in: host, world, init and so on.
    Reserved,
    /// No source was given.
    Unspec,
    /// Any other word, such as `container` or `cni`.
    Other(Box<str>),
}

impl LabelSource {
    /// Returns the source named by `text`; the empty text is [`LabelSource::Unspec`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "any" => Self::Any,
            "cidr" => Self::Cidr,
            "cidrgroup" => Self::CidrGroup,
            "fqdn" => Self::Fqdn,
            "k8s" => Self::K8s,
            "node" => Self::Node,
            "reserved" => Self::Reserved,
            "" | "unspec" => Self::Unspec,
            other => Self::Other(other.into()),
        }
    }

    /// Returns the word that stands for the source in text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Any => "any",
            Self::Cidr => "cidr",
            Self::CidrGroup => "cidrgroup",
            Self::Fqdn => "fqdn",
            Self::K8s => "k8s",
            Self::Node => "node",
            Self::Reserved => "reserved",
            Self::Unspec => "unspec",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for LabelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
