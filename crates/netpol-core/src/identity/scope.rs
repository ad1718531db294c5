//! Which counter a label set's number comes from.

use super::IdentityScope;
use crate::{LabelSet, LabelSource};

/// Returns the scope that a label set without fixed number belongs to (ALO-2).
///
/// # Examples
///
/// ```
/// use netpol_core::{IdentityScope, Label, LabelSet, identity_scope};
///
/// let scope = |text| identity_scope(&LabelSet::from_canonical(text));
/// assert_eq!(scope("cidr:10.0.0.0/8=;reserved:world=;"), IdentityScope::Local);
/// assert_eq!(scope("k8s:app=web;"), IdentityScope::Global);
/// ```
#[must_use]
pub fn identity_scope(labels: &LabelSet) -> IdentityScope {
    if labels.has_reserved("remote-node") {
        return IdentityScope::RemoteNode;
    }
    // RES-5, ALO-2: what belongs to this node's proxy is local whatever else it carries.
    let local_source = |source: &LabelSource| {
        matches!(
            source,
            LabelSource::Cidr | LabelSource::Fqdn | LabelSource::Reserved | LabelSource::CidrGroup
        )
    };
    let all_local = !labels.is_empty() && labels.iter().all(|label| local_source(label.source()));
    if labels.has_reserved("ingress") || all_local {
        IdentityScope::Local
    } else {
        IdentityScope::Global
    }
}
