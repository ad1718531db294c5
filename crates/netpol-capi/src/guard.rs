//! No panic crosses the border to C.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Failure, netpol_error, netpol_status};
use crate::pointer::{Out, give};
use crate::{NETPOL_OK, NETPOL_PANICKED};

/// Does some work; returns its status and, on failure, hands out the error.
pub(crate) fn guard(
    error: Out<'_, *mut netpol_error>,
    work: impl FnOnce() -> Result<(), Failure>,
) -> netpol_status {
    // What a panic leaves behind half done is looked at no more: an engine then refuses all further calls.
    let failure = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => return NETPOL_OK,
        Ok(Err(failure)) => failure,
        Err(payload) => {
            // Dropping what it carries could panic again.
            core::mem::forget(payload);
            Failure::panicked()
        }
    };
    let status = failure.status();
    if error.is_wanted() {
        error.put(give(netpol_error::from(failure)));
    }
    status
}

/// Does some work that hands out no error, and allocates none.
#[inline]
pub(crate) fn guard_status(work: impl FnOnce() -> Result<(), Failure>) -> netpol_status {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => NETPOL_OK,
        Ok(Err(failure)) => failure.status(),
        Err(payload) => {
            core::mem::forget(payload);
            NETPOL_PANICKED
        }
    }
}

/// Does some work that cannot fail; returns `fallback` if it panics.
pub(crate) fn guard_value<T>(fallback: T, work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        core::mem::forget(payload);
        fallback
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NETPOL_NULL;

    #[test]
    fn a_panic_becomes_a_status_and_an_error() {
        let mut error = core::ptr::null_mut();
        // SAFETY: the pointer is that of a local variable.
        let out = unsafe { Out::new(&raw mut error) };
        assert_eq!(guard(out, || panic!("on purpose")), NETPOL_PANICKED);
        assert!(!error.is_null());
        // SAFETY: the error was just handed out.
        unsafe { crate::pointer::free(error) };
        assert_eq!(guard_status(|| panic!("on purpose")), NETPOL_PANICKED);
        assert_eq!(guard_value(7, || panic!("on purpose")), 7);
    }

    #[test]
    fn a_failure_becomes_its_status() {
        // SAFETY: NULL is no output.
        let out = unsafe { Out::new(core::ptr::null_mut()) };
        assert_eq!(guard(out, || Err(Failure::null("x"))), NETPOL_NULL);
        assert_eq!(guard_status(|| Err(Failure::null("x"))), NETPOL_NULL);
        assert_eq!(guard_status(|| Ok(())), NETPOL_OK);
    }
}
