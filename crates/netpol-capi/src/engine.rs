//! The write side.

use netpol::{EndpointId, Engine, Limits};

use crate::error::{Failure, netpol_error, netpol_status};
use crate::guard::guard;
use crate::pointer::{self, Out, give};
use crate::settings::netpol_settings;

/// The write side: takes policies, endpoints, addresses and names, and publishes whole revisions.
///
/// Nothing of what is changed counts for readers before `netpol_engine_publish`, and then all of it does.
#[derive(Debug)]
pub struct netpol_engine {
    engine: Engine,
    // How much of a document is read.
    pub(crate) limits: Limits,
    pub(crate) revision: u64,
    // A change has begun and not ended: what it left behind must not be published.
    broken: bool,
}

/// Makes an engine without policies and endpoints. `settings` may be NULL for the defaults. The caller frees
/// the engine with `netpol_engine_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_new(
    settings: *const netpol_settings,
    engine: *mut *mut netpol_engine,
    error: *mut *mut netpol_error,
) -> netpol_status {
    // SAFETY: the caller promises an output or NULL (convention 3).
    let error = unsafe { Out::new(error) };
    guard(error, || {
        // SAFETY: likewise.
        let place = unsafe { Out::new(engine) }.required("engine")?;
        // SAFETY: the caller promises NULL or settings with their texts (conventions 3 and 4).
        let (engine, limits) = unsafe { netpol_settings::build(settings) }?;
        place.put(give(netpol_engine { engine, limits, revision: 0, broken: false }));
        Ok(())
    })
}

/// Frees an engine; does nothing with NULL. Its readers live on and keep to the last revision.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_free(engine: *mut netpol_engine) {
    crate::guard::guard_value((), || {
        // SAFETY: the caller promises NULL or an engine that is used no more (convention 1).
        unsafe { pointer::free(engine) };
    });
}

impl netpol_engine {
    /// Returns the engine, to be asked.
    pub(crate) const fn get(&self) -> Result<&Engine, Failure> {
        if self.broken { Err(Failure::broken()) } else { Ok(&self.engine) }
    }

    /// Changes the engine. A panic on the way leaves it broken for good.
    pub(crate) fn change<T>(
        &mut self,
        change: impl FnOnce(&mut Engine) -> T,
    ) -> Result<T, Failure> {
        if core::mem::replace(&mut self.broken, true) {
            return Err(Failure::broken());
        }
        let result = change(&mut self.engine);
        self.broken = false;
        Ok(result)
    }

    /// Returns the endpoint with a number.
    pub(crate) fn endpoint(&self, number: u32) -> Result<EndpointId, Failure> {
        let id = EndpointId::new(number);
        self.get()?.endpoint(id).map(|_| id).ok_or_else(|| Failure::unknown_endpoint(number))
    }
}

/// Changes an engine that a caller passed.
///
/// # Safety
///
/// `engine` is NULL, or points to an engine that nobody else uses during the call; `error` is NULL or an
/// output.
pub(crate) unsafe fn change(
    engine: *mut netpol_engine,
    error: *mut *mut netpol_error,
    work: impl FnOnce(&mut netpol_engine) -> Result<(), Failure>,
) -> netpol_status {
    // SAFETY: the caller promises an output or NULL.
    let error = unsafe { Out::new(error) };
    guard(error, || {
        // SAFETY: the caller promises NULL or an engine of its own.
        let engine = unsafe { pointer::exclusive(engine, "engine") }?;
        work(engine)
    })
}

/// Asks an engine that a caller passed.
///
/// # Safety
///
/// `engine` is NULL, or points to an engine that nobody changes during the call; `error` is NULL or an
/// output.
pub(crate) unsafe fn ask(
    engine: *const netpol_engine,
    error: *mut *mut netpol_error,
    work: impl FnOnce(&netpol_engine) -> Result<(), Failure>,
) -> netpol_status {
    // SAFETY: the caller promises an output or NULL.
    let error = unsafe { Out::new(error) };
    guard(error, || {
        // SAFETY: the caller promises NULL or an engine that stays as it is.
        let engine = unsafe { pointer::shared(engine, "engine") }?;
        work(engine)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::guard_status;
    use crate::{NETPOL_BROKEN, NETPOL_PANICKED};

    #[test]
    fn an_engine_that_panicked_refuses_everything() {
        let limits = Limits::default();
        let mut engine =
            netpol_engine { engine: Engine::new(), limits, revision: 0, broken: false };
        let panicked = guard_status(|| engine.change(|_| panic!("on purpose")));
        assert_eq!(panicked, NETPOL_PANICKED);
        assert_eq!(guard_status(|| engine.change(|_| ())), NETPOL_BROKEN);
        assert_eq!(guard_status(|| engine.get().map(|_| ())), NETPOL_BROKEN);
    }

    #[test]
    fn engines_may_be_asked_by_many_threads_and_readers_may_move() {
        const fn shared<T: Sync + Send>() {}
        const fn moved<T: Send>() {}
        shared::<netpol_engine>();
        moved::<netpol::Reader>();
    }
}
