//! What the metadata of prefixes has to say from now on.

use std::net::IpAddr;
use std::sync::Arc;

use netpol_core::Label;

/// What the answers for one name say about one address from now on.
///
/// Each name is a resource of its own ([`Resource::fqdn`](crate::ipcache::Resource::fqdn)): an
/// address with several names has the labels of all of them, and loses with a name only the
/// labels of that name (SID-3, SID-7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameChange {
    /// The name: in lower case, with a final dot.
    pub name: Arc<str>,
    /// The address; what is said is about its full-length prefix.
    pub address: IpAddr,
    /// The labels of the selectors that match the name, in order and at least one, or `None` if
    /// the name says nothing about the address any more.
    pub labels: Option<Arc<[Label]>>,
}
