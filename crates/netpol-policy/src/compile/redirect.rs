//! Proxies that redirects lead to.

use std::fmt;
use std::sync::Arc;

use hashbrown::HashMap;
use netpol_core::RedirectId;

/// The proxy that a redirect leads to.
///
/// The order decides between redirects of equal strength at the same key (L7P-5).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Redirect {
    /// The HTTP proxy.
    Http,
    /// The DNS proxy.
    Dns,
    /// The proxy for connections: server names, TLS contexts, generic rules.
    Tcp,
    /// A custom listener, by its qualified name `namespace/config/listener` (LSN-2).
    Listener(Arc<str>),
}

impl fmt::Display for Redirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http => f.write_str("http"),
            Self::Dns => f.write_str("dns"),
            Self::Tcp => f.write_str("tcp"),
            Self::Listener(name) => write!(f, "listener:{name}"),
        }
    }
}

/// The proxies in use and their numbers in policy maps.
///
/// A number keeps its meaning for ever. There are as many as the policies name listeners.
#[derive(Clone, Debug, Default)]
pub struct Redirects {
    table: Vec<Redirect>,
    ids: HashMap<Redirect, RedirectId, foldhash::fast::RandomState>,
}

impl Redirects {
    /// Returns the number of a proxy.
    pub fn intern(&mut self, redirect: &Redirect) -> RedirectId {
        if let Some(id) = self.ids.get(redirect) {
            return *id;
        }
        self.table.push(redirect.clone());
        // The number 0 is no redirect.
        let id = RedirectId::new(u32::try_from(self.table.len()).unwrap_or(u32::MAX));
        self.ids.insert(redirect.clone(), id);
        id
    }

    /// Returns the proxy with this number.
    #[must_use]
    pub fn get(&self, id: RedirectId) -> Option<&Redirect> {
        let index = usize::try_from(id.number()).ok()?.checked_sub(1)?;
        self.table.get(index)
    }

    /// Returns the one that is preferred when both are equally strong.
    #[must_use]
    pub fn preferred(&self, a: RedirectId, b: RedirectId) -> RedirectId {
        if self.get(b) < self.get(a) { b } else { a }
    }
}
