//! Labels that stand for prefixes and for the outside.

use alloc::string::{String, ToString};

use super::{Label, LabelSource};
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
