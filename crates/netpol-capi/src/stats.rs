//! How much an engine holds.

use crate::engine::{ask, netpol_engine};
use crate::error::{netpol_error, netpol_status};
use crate::pointer::Out;

/// How much an engine holds.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct netpol_stats {
    /// The number of the last publication; 0 before the first.
    pub revision: u64,
    /// Policies.
    pub policies: u64,
    /// Endpoints, peers included.
    pub endpoints: u64,
    /// Identities in use, besides the fixed ones.
    pub identities: u64,
    /// Prefixes that have an identity, as of the last publication.
    pub prefixes: u64,
    /// DNS names.
    pub names: u64,
    /// Addresses of DNS names, each counted once for each of its names.
    pub name_addresses: u64,
    /// Addresses that stay for the sake of a connection, each counted once for each endpoint.
    pub zombies: u64,
}

/// Writes how much an engine holds. Takes time that grows with endpoints, policies and prefixes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_stats(
    engine: *const netpol_engine,
    stats: *mut netpol_stats,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let count = |engine: &netpol_engine| {
        let (revision, engine) = (engine.revision, engine.get()?);
        let names = engine.name_stats();
        // SAFETY: the caller promises an output or NULL (convention 3).
        unsafe { Out::new(stats) }.required("stats")?.put(netpol_stats {
            revision,
            policies: number(engine.policies().count()),
            endpoints: number(engine.endpoints().count()),
            identities: number(engine.identity_count()),
            prefixes: number(engine.prefixes().count()),
            names: number(names.names),
            name_addresses: number(names.addresses),
            zombies: number(names.zombies),
        });
        Ok(())
    };
    // SAFETY: the caller promises an engine, or NULL, and an output (conventions 1 to 3).
    unsafe { ask(engine, error, count) }
}

fn number(count: usize) -> u64 {
    count.try_into().unwrap_or(u64::MAX)
}
