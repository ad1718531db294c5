//! Publication.

use core::ffi::c_void;

use netpol::{EndpointDeltas, IdentityId, MapDelta, Prefix, Published};

use crate::address::netpol_address;
use crate::engine::{change, netpol_engine};
use crate::error::{Failure, netpol_error, netpol_status};
use crate::map::netpol_map_entry;
use crate::pointer::{Out, shared};

/// An entry of a policy map is new.
pub const NETPOL_DELTA_ADD: u8 = 1;
/// An entry of a policy map has another value.
pub const NETPOL_DELTA_REPLACE: u8 = 2;
/// An entry of a policy map is gone. Only the key of the entry counts.
pub const NETPOL_DELTA_REMOVE: u8 = 3;

/// Is told what changes in the policy map of an endpoint. `entry` lives until the callback returns.
pub type netpol_delta_callback = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        endpoint: u32,
        kind: u8,
        entry: *const netpol_map_entry,
    ),
>;

/// Is told that a prefix has another identity; `has_identity` is 0 if it has none any more. `address` lives until the
/// callback returns.
pub type netpol_prefix_callback = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        address: *const netpol_address,
        prefix_len: u8,
        has_identity: u8,
        identity: u32,
    ),
>;

/// Whom a publication tells what it changed: for those who keep policy maps elsewhere, in a kernel for example.
///
/// Callbacks run in the thread of the call, after readers have got the revision: first entries that are new or
/// replaced, of all endpoints; then prefixes; then entries that are gone. In this order nothing that is allowed before
/// and after is denied in between. They must return, and must not use the engine.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct netpol_callbacks {
    /// `sizeof(netpol_callbacks)`.
    pub size: usize,
    /// Passed to the callbacks as it is.
    pub context: *mut c_void,
    /// Called for each change of a policy map; may be NULL.
    pub delta: netpol_delta_callback,
    /// Called for each prefix; may be NULL.
    pub prefix: netpol_prefix_callback,
}

/// Makes everything that was changed take effect for readers, all of it together.
///
/// `callbacks` and `revision` may be NULL. `revision` gets the number that readers see now. With `NETPOL_EXHAUSTED` the
/// revision is in force, but no identity was left for some prefix or pod, which keeps the one that it had; `revision` is
/// written and callbacks have run then as well.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_publish(
    engine: *mut netpol_engine,
    callbacks: *const netpol_callbacks,
    revision: *mut u64,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let publish = |engine: &mut netpol_engine| {
        // SAFETY: the caller promises callbacks or NULL (convention 3).
        let callbacks = unsafe { netpol_callbacks::read(callbacks) }?;
        let published = engine.change(netpol::Engine::publish)?;
        engine.revision = published.revision.number();
        if let Some(callbacks) = callbacks {
            callbacks.tell(&published);
        }
        // SAFETY: the caller promises an output or NULL (convention 3).
        unsafe { Out::new(revision) }.put(engine.revision);
        published.error.map_or(Ok(()), |error| Err(error.into()))
    };
    // SAFETY: the caller promises an engine of its own, or NULL, and an output (conventions 1 to 3).
    unsafe { change(engine, error, publish) }
}

impl netpol_callbacks {
    /// Returns the callbacks that a caller passes, if any.
    ///
    /// # Safety
    ///
    /// `callbacks` is NULL or may be read.
    unsafe fn read<'a>(callbacks: *const Self) -> Result<Option<&'a Self>, Failure> {
        if callbacks.is_null() {
            return Ok(None);
        }
        // SAFETY: the caller promises the size, which every version of the struct begins with.
        let size = unsafe { shared(callbacks.cast::<usize>(), "callbacks") }?;
        Failure::check_size("callbacks", *size, size_of::<Self>())?;
        // SAFETY: the caller promises as many bytes as the size says.
        unsafe { shared(callbacks, "callbacks") }.map(Some)
    }

    /// Tells what a publication changed, in the order that keeps allowed flows allowed (CHG-3, CHG-4).
    fn tell(&self, published: &Published) {
        self.tell_deltas(&published.deltas, |delta| !delta.is_removal());
        for (prefix, identity) in &published.prefixes {
            self.tell_prefix(prefix, *identity);
        }
        self.tell_deltas(&published.deltas, MapDelta::is_removal);
    }

    fn tell_deltas(&self, deltas: &[EndpointDeltas], wanted: impl Fn(&MapDelta) -> bool) {
        let Some(callback) = self.delta else { return };
        for EndpointDeltas { endpoint, deltas } in deltas {
            for delta in deltas.iter().filter(|delta| wanted(delta)) {
                let kind = match (delta.before(), delta.after()) {
                    (_, None) => NETPOL_DELTA_REMOVE,
                    (None, Some(_)) => NETPOL_DELTA_ADD,
                    (Some(_), Some(_)) => NETPOL_DELTA_REPLACE,
                };
                let entry = netpol_map_entry::new(delta.key(), delta.after());
                // SAFETY: the caller of the publication promises a function of this type; the entry lives until
                // it returns.
                unsafe { callback(self.context, endpoint.number(), kind, &raw const entry) };
            }
        }
    }

    fn tell_prefix(&self, prefix: &Prefix, identity: Option<IdentityId>) {
        let Some(callback) = self.prefix else { return };
        let address = netpol_address::from(prefix.addr());
        let number = identity.unwrap_or_default().number();
        let has_identity = identity.is_some().into();
        // SAFETY: the caller of the publication promises a function of this type; the address lives until it
        // returns.
        unsafe { callback(self.context, &raw const address, prefix.len(), has_identity, number) };
    }
}
