//! Which endpoints have connections to which addresses: what keeps addresses of names that ran out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use netpol::EndpointId;

/// The open connections that endpoints have, by address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections {
    open: Arc<Mutex<HashMap<(EndpointId, IpAddr), usize>>>,
}

/// One open connection; it ends with this.
#[derive(Debug)]
pub(crate) struct Connection {
    all: Connections,
    key: (EndpointId, IpAddr),
}

impl Connections {
    /// Notes a connection.
    pub(crate) fn open(&self, endpoint: EndpointId, address: IpAddr) -> Connection {
        let key = (endpoint, address);
        self.change(|open| *open.entry(key).or_default() += 1);
        Connection { all: self.clone(), key }
    }

    /// Returns who has a connection to which address.
    pub(crate) fn all(&self) -> Vec<(EndpointId, IpAddr)> {
        self.change(|open| open.keys().copied().collect())
    }

    fn change<T>(&self, change: impl FnOnce(&mut HashMap<(EndpointId, IpAddr), usize>) -> T) -> T {
        // Each change is whole, so that a panic elsewhere leaves nothing half done.
        change(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Self { all, key } = self;
        all.change(|open| {
            if let Some(count) = open.get_mut(key) {
                *count -= 1;
                if *count == 0 {
                    open.remove(key);
                }
            }
        });
    }
}
