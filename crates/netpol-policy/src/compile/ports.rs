//! Names of container ports.

use std::collections::BTreeMap;
use std::sync::Arc;

use netpol_core::Protocol;

/// The named ports of one endpoint, or of all (PORT-9).
///
/// Names compare in lower case. Of a name that occurs twice with one protocol in an
/// endpoint, the last counts.
///
/// # Examples
///
/// ```
/// use netpol_core::Protocol;
/// use netpol_policy::compile::NamedPorts;
///
/// let mut ports = NamedPorts::default();
/// ports.add("HTTP", Protocol::TCP, 8080);
/// assert_eq!(ports.port("http", Protocol::TCP), Some(8080));
/// assert_eq!(ports.port("http", Protocol::UDP), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamedPorts {
    ports: BTreeMap<(Arc<str>, Protocol), u16>,
}

impl NamedPorts {
    /// Adds a port of an endpoint.
    pub fn add(&mut self, name: &str, protocol: Protocol, port: u16) {
        self.ports.insert((name.to_lowercase().into(), protocol), port);
    }

    /// Returns the number of a name, which must be in lower case.
    #[must_use]
    pub fn port(&self, name: &str, protocol: Protocol) -> Option<u16> {
        self.ports.get(&(name.into(), protocol)).copied()
    }

    /// Returns names, protocols and numbers.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, Protocol, u16)> {
        self.ports.iter().map(|((name, protocol), port)| (name, *protocol, *port))
    }

    /// Tells whether no port has a name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ports.is_empty()
    }
}

/// The named ports of all endpoints: a name has a number only if all who use it agree (PORT-9).
#[derive(Clone, Debug, Default)]
pub(crate) struct ClusterPorts {
    // For each name how many endpoints give it each number.
    ports: BTreeMap<(Arc<str>, Protocol), BTreeMap<u16, u32>>,
}

impl ClusterPorts {
    /// Adds the ports of an endpoint; returns whether a name now means something else.
    pub(crate) fn add(&mut self, ports: &NamedPorts) -> bool {
        let mut changed = false;
        for (name, protocol, port) in ports.iter() {
            let numbers = self.ports.entry((Arc::clone(name), protocol)).or_default();
            let count = numbers.entry(port).or_default();
            *count += 1;
            changed |= *count == 1;
        }
        changed
    }

    /// Removes the ports of an endpoint; returns whether a name now means something else.
    pub(crate) fn remove(&mut self, ports: &NamedPorts) -> bool {
        let mut changed = false;
        for (name, protocol, port) in ports.iter() {
            let key = (Arc::clone(name), protocol);
            let Some(numbers) = self.ports.get_mut(&key) else { continue };
            let Some(count) = numbers.get_mut(&port) else { continue };
            *count -= 1;
            if *count == 0 {
                numbers.remove(&port);
                changed = true;
            }
            if numbers.is_empty() {
                self.ports.remove(&key);
            }
        }
        changed
    }

    /// Returns the number that all endpoints with this name agree on.
    pub(crate) fn port(&self, name: &Arc<str>, protocol: Protocol) -> Option<u16> {
        let numbers = self.ports.get(&(Arc::clone(name), protocol))?;
        match numbers.keys().collect::<Vec<_>>().as_slice() {
            [only] => Some(**only),
            _ => None,
        }
    }
}
