//! DNS names and secrets.

use netpol::{DnsAnswer, Timestamp};

use crate::address::netpol_address;
use crate::engine::{change, netpol_engine};
use crate::error::{Failure, netpol_error, netpol_status};
use crate::pointer::{Out, shared, slice};
use crate::text::netpol_str;

/// Learns the DNS answer that an endpoint was given: the addresses of the name that was asked for, and the smallest
/// time to live of the answer's records, in seconds. Publish before the endpoint gets the answer, so that it can
/// use the addresses at once.
///
/// `now` is in nanoseconds, by any clock that all calls share.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_learn(
    engine: *mut netpol_engine,
    endpoint: u32,
    name: netpol_str,
    addresses: *const netpol_address,
    n_addresses: usize,
    ttl: u32,
    now: u64,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let learn = |engine: &mut netpol_engine| {
        let endpoint = engine.endpoint(endpoint)?;
        // SAFETY: the caller promises the bytes of texts (convention 4).
        let name = unsafe { name.text("name") }?;
        // SAFETY: the caller promises the addresses (convention 4).
        let addresses = unsafe { slice(addresses, n_addresses, "addresses") }?;
        let addresses = addresses.iter().map(|address| address.ip("addresses"));
        let answer = DnsAnswer::new(name, addresses.collect::<Result<Vec<_>, _>>()?, ttl);
        let now = Timestamp::from_unix_nanos(now);
        engine.change(|engine| engine.learn(endpoint, &answer, now))
    };
    // SAFETY: the caller promises an engine of its own, or NULL, and an output (conventions 1 to 3).
    unsafe { change(engine, error, learn) }
}

/// Learns what a DNS message tells an endpoint: `len` bytes as on UDP, without the length that TCP puts before it.
/// `learned`, unless it is NULL, gets `false` if the message teaches nothing: it is a query, an error, or has no
/// addresses.
///
/// With `NETPOL_BAD_MESSAGE` the message cannot be read; nothing is learnt, and the client should get SERVFAIL. That
/// the message answers a query that was sent and allowed is for the caller to know. `now` is as for
/// `netpol_engine_learn`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_learn_message(
    engine: *mut netpol_engine,
    endpoint: u32,
    message: *const u8,
    len: usize,
    now: u64,
    learned: *mut bool,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let learn = |engine: &mut netpol_engine| {
        let endpoint = engine.endpoint(endpoint)?;
        // SAFETY: the caller promises the bytes (convention 4).
        let message = unsafe { slice(message, len, "message") }?;
        let answer = DnsAnswer::from_message(message);
        let answer = answer.map_err(|error| Failure::bad_message(&error))?;
        if let Some(answer) = &answer {
            let now = Timestamp::from_unix_nanos(now);
            engine.change(|engine| engine.learn(endpoint, answer, now))?;
        }
        // SAFETY: the caller promises an output or NULL (convention 3).
        unsafe { Out::new(learned) }.put(answer.is_some());
        Ok(())
    };
    // SAFETY: the caller promises an engine of its own, or NULL, and an output (conventions 1 to 3).
    unsafe { change(engine, error, learn) }
}

/// Says that a name has these addresses, for as long as nobody flushes them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_learn_name(
    engine: *mut netpol_engine,
    name: netpol_str,
    addresses: *const netpol_address,
    n_addresses: usize,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let learn = |engine: &mut netpol_engine| {
        // SAFETY: the caller promises the bytes of texts (convention 4).
        let name = unsafe { name.text("name") }?;
        // SAFETY: the caller promises the addresses (convention 4).
        let addresses = unsafe { slice(addresses, n_addresses, "addresses") }?;
        let addresses = addresses.iter().map(|address| address.ip("addresses"));
        let addresses = addresses.collect::<Result<Vec<_>, _>>()?;
        Ok(engine.change(|engine| engine.learn_name(name, addresses))??)
    };
    // SAFETY: the caller promises an engine of its own, or NULL, and an output (conventions 1 to 3).
    unsafe { change(engine, error, learn) }
}

/// Ends what has expired, unless a connection may still use it; to be called every 60 seconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_expire_names(
    engine: *mut netpol_engine,
    now: u64,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let now = Timestamp::from_unix_nanos(now);
    let expire = |engine: &mut netpol_engine| engine.change(|engine| engine.expire_names(now));
    // SAFETY: the caller promises an engine of its own, or NULL, and an output (conventions 1 to 3).
    unsafe { change(engine, error, expire) }
}

/// Notes that a run of connection tracking's garbage collection, which began at `started`, found a connection of an
/// endpoint to an address, which therefore stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_mark_connection(
    engine: *mut netpol_engine,
    endpoint: u32,
    address: *const netpol_address,
    started: u64,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let mark = |engine: &mut netpol_engine| {
        let endpoint = engine.endpoint(endpoint)?;
        // SAFETY: the caller promises an address or NULL (convention 3).
        let address = unsafe { shared(address, "address") }?.ip("address")?;
        let started = Timestamp::from_unix_nanos(started);
        engine.change(|engine| engine.mark_connection(endpoint, address, started))
    };
    // SAFETY: the caller promises an engine of its own, or NULL, and an output (conventions 1 to 3).
    unsafe { change(engine, error, mark) }
}

/// Notes that a run of connection tracking's garbage collection, which began at `started`, is complete. Without
/// connection tracking, call it before each `netpol_engine_expire_names`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_connections_marked(
    engine: *mut netpol_engine,
    started: u64,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let started = Timestamp::from_unix_nanos(started);
    let mark =
        |engine: &mut netpol_engine| engine.change(|engine| engine.connections_marked(started));
    // SAFETY: the caller promises an engine of its own, or NULL, and an output (conventions 1 to 3).
    unsafe { change(engine, error, mark) }
}

/// Forgets names that match a pattern with a final dot, such as `*.example.com.`; all names if `data` of the pattern is
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_flush_names(
    engine: *mut netpol_engine,
    pattern: netpol_str,
    now: u64,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let flush = |engine: &mut netpol_engine| {
        // SAFETY: the caller promises the bytes of texts (convention 4).
        let text = unsafe { pattern.text("pattern") }?;
        let pattern = (!pattern.data.is_null()).then_some(text);
        let now = Timestamp::from_unix_nanos(now);
        let flushed = engine.change(|engine| engine.flush_names(pattern, now))?;
        flushed.map_err(|error| Failure::bad_text("pattern", &error))
    };
    // SAFETY: the caller promises an engine of its own, or NULL, and an output (conventions 1 to 3).
    unsafe { change(engine, error, flush) }
}

/// Sets the value of a Kubernetes secret that HTTP rules may ask for; `data` of the value is NULL to remove it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_set_secret(
    engine: *mut netpol_engine,
    k8s_namespace: netpol_str,
    name: netpol_str,
    value: netpol_str,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let set = |engine: &mut netpol_engine| {
        // SAFETY: the caller promises the bytes of texts (convention 4).
        let namespace = unsafe { k8s_namespace.text("k8s_namespace") }?;
        // SAFETY: likewise.
        let name = unsafe { name.text("name") }?;
        // SAFETY: likewise.
        let text = unsafe { value.text("value") }?;
        let value = (!value.data.is_null()).then_some(text);
        engine.change(|engine| engine.set_secret(namespace, name, value))
    };
    // SAFETY: the caller promises an engine of its own, or NULL, and an output (conventions 1 to 3).
    unsafe { change(engine, error, set) }
}
