//! Labels that stand for prefixes and for the outside.

use alloc::string::{String, ToString};

use super::{Label, LabelSet, LabelSource};
use crate::{IpFamily, Prefix};

/// Returns the label that stands for a prefix, for example `cidr:10.0.0.0/8` (LBL-6).
///
/// Kubernetes allows no `:` in a key, so an IPv6 address is written with `-`, and
/// with a `0` outside where it begins or ends with `:`.
///
/// # Examples
///
/// ```
/// use netpol_core::cidr_label;
///
/// assert_eq!(cidr_label(&"2001:db8::/32".parse()?).to_string(), "cidr:2001-db8--0/32");
/// # Ok::<(), netpol_core::ParsePrefixError>(())
/// ```
#[must_use]
pub fn cidr_label(prefix: &Prefix) -> Label {
    let address = prefix.addr().to_string();
    let mut key = String::with_capacity(address.len() + 6);
    if address.starts_with(':') {
        key.push('0');
    }
    key.extend(address.chars().map(|c| if c == ':' { '-' } else { c }));
    if address.ends_with(':') {
        key.push('0');
    }
    key.push('/');
    key.push_str(&prefix.len().to_string());
    Label::new(LabelSource::Cidr, &key, "")
}

/// Returns the prefix that the key of a CIDR label stands for (LAB-10).
#[must_use]
pub fn cidr_label_prefix(key: &str) -> Option<Prefix> {
    key.replace('-', ":").parse().ok()
}

/// Returns the label of everything outside of the cluster (IDN-4).
///
/// With both families in use each has its own; with one there is only `reserved:world`.
#[must_use]
pub fn world_label(family: IpFamily, dual_stack: bool) -> Label {
    Label::reserved(match (dual_stack, family) {
        (false, _) => "world",
        (true, IpFamily::V4) => "world-ipv4",
        (true, IpFamily::V6) => "world-ipv6",
    })
}

/// Returns the labels of a prefix that a policy names (LAB-11, IPC-6): its CIDR label and the
/// label of the outside; for /0 the latter alone.
///
/// # Examples
///
/// ```
/// use netpol_core::prefix_labels;
///
/// let labels = prefix_labels(&"10.0.0.0/8".parse()?, true);
/// assert_eq!(labels.to_string(), "cidr:10.0.0.0/8,reserved:world-ipv4");
/// assert_eq!(prefix_labels(&"::/0".parse()?, false).to_string(), "reserved:world");
/// # Ok::<(), netpol_core::ParsePrefixError>(())
/// ```
#[must_use]
pub fn prefix_labels(prefix: &Prefix, dual_stack: bool) -> LabelSet {
    let cidr = (prefix.len() > 0).then(|| cidr_label(prefix));
    let world = world_label(prefix.family(), dual_stack);
    cidr.into_iter().chain([world]).collect()
}
