//! What went wrong.

use core::fmt;

use netpol::EngineError;

use crate::pointer;
use crate::text::netpol_str;

/// How a call ended: `NETPOL_OK`, or the reason why it did nothing. Numbers are never reused.
pub type netpol_status = i32;

/// The call did what it says.
pub const NETPOL_OK: netpol_status = 0;
/// A pointer is NULL that must not be.
pub const NETPOL_NULL: netpol_status = 6401;
/// The `size` of a struct is not the size that this version of the library knows.
pub const NETPOL_WRONG_SIZE: netpol_status = 6402;
/// A number, an address or a text has no meaning where it stands.
pub const NETPOL_BAD_VALUE: netpol_status = 6403;
/// A text is not UTF-8.
pub const NETPOL_NOT_UTF8: netpol_status = 6404;
/// A length is more than memory can hold.
pub const NETPOL_TOO_LONG: netpol_status = 6405;
/// A document is unusable; the report says why.
pub const NETPOL_BAD_DOCUMENT: netpol_status = 6406;
/// The engine refuses: an address is taken, or a limit is reached.
pub const NETPOL_REFUSED: netpol_status = 6407;
/// No identity is left for a set of labels.
pub const NETPOL_EXHAUSTED: netpol_status = 6408;
/// There is no endpoint with this number, or no policy is enforced on it.
pub const NETPOL_UNKNOWN_ENDPOINT: netpol_status = 6409;
/// A DNS message cannot be read.
pub const NETPOL_BAD_MESSAGE: netpol_status = 6410;
/// The library has a defect and caught it; whatever was asked is denied.
pub const NETPOL_PANICKED: netpol_status = 6411;
/// A call that changes the engine has ended with `NETPOL_PANICKED`: it can only be freed. Readers keep to
/// the last revision.
pub const NETPOL_BROKEN: netpol_status = 6412;

/// Why a call failed, in words. The caller frees it with `netpol_error_free`.
#[derive(Debug)]
pub struct netpol_error {
    status: netpol_status,
    // Ends with a NUL.
    message: String,
}

impl From<Failure> for netpol_error {
    fn from(failure: Failure) -> Self {
        Self { status: failure.status(), message: format!("{failure}\0") }
    }
}

/// Returns the status that the call ended with; `NETPOL_OK` for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_error_status(error: *const netpol_error) -> netpol_status {
    // SAFETY: the caller promises NULL or an error that is not freed yet (conventions 1 and 3).
    unsafe { pointer::shared(error, "error") }.map_or(NETPOL_OK, |error| error.status)
}

/// Returns what went wrong, in one or more lines without a line break at the end. The text lives until the
/// error is freed; a NUL follows it. Empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_error_message(error: *const netpol_error) -> netpol_str {
    // SAFETY: the caller promises NULL or an error that is not freed yet (conventions 1 and 3).
    match unsafe { pointer::shared(error, "error") } {
        Ok(netpol_error { message, .. }) => {
            netpol_str { data: message.as_ptr().cast(), len: message.len() - 1 }
        }
        Err(_) => netpol_str::NONE,
    }
}

/// Frees an error; does nothing with NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_error_free(error: *mut netpol_error) {
    // SAFETY: the caller promises NULL or an error that is used no more (convention 1).
    unsafe { pointer::free(error) };
}

/// Why a call failed. Made without allocation where a packet's verdict is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Failure(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Null(&'static str),
    WrongSize { what: &'static str, size: usize, known: usize },
    BadNumber { what: &'static str, number: u64 },
    BadText { what: &'static str, reason: String },
    NotUtf8(&'static str),
    TooLong(&'static str),
    BadDocument(String),
    Engine(EngineError),
    UnknownEndpoint(u32),
    BadMessage(String),
    Panicked,
    Broken,
}

impl Failure {
    pub(crate) const fn null(what: &'static str) -> Self {
        Self(Kind::Null(what))
    }

    pub(crate) const fn too_long(what: &'static str) -> Self {
        Self(Kind::TooLong(what))
    }

    pub(crate) const fn not_utf8(what: &'static str) -> Self {
        Self(Kind::NotUtf8(what))
    }

    pub(crate) const fn bad_number(what: &'static str, number: u64) -> Self {
        Self(Kind::BadNumber { what, number })
    }

    pub(crate) fn bad_text(what: &'static str, reason: &impl ToString) -> Self {
        Self(Kind::BadText { what, reason: reason.to_string() })
    }

    pub(crate) fn bad_document(problems: &impl ToString) -> Self {
        Self(Kind::BadDocument(problems.to_string()))
    }

    pub(crate) fn bad_message(reason: &impl ToString) -> Self {
        Self(Kind::BadMessage(reason.to_string()))
    }

    pub(crate) const fn unknown_endpoint(number: u32) -> Self {
        Self(Kind::UnknownEndpoint(number))
    }

    pub(crate) const fn panicked() -> Self {
        Self(Kind::Panicked)
    }

    pub(crate) const fn broken() -> Self {
        Self(Kind::Broken)
    }

    /// Fails if a struct of the caller's has another size than here.
    pub(crate) const fn check_size(
        what: &'static str,
        size: usize,
        known: usize,
    ) -> Result<(), Self> {
        if size == known { Ok(()) } else { Err(Self(Kind::WrongSize { what, size, known })) }
    }

    pub(crate) fn status(&self) -> netpol_status {
        match &self.0 {
            Kind::Null(_) => NETPOL_NULL,
            Kind::WrongSize { .. } => NETPOL_WRONG_SIZE,
            Kind::BadNumber { .. } | Kind::BadText { .. } => NETPOL_BAD_VALUE,
            Kind::NotUtf8(_) => NETPOL_NOT_UTF8,
            Kind::TooLong(_) => NETPOL_TOO_LONG,
            Kind::BadDocument(_) => NETPOL_BAD_DOCUMENT,
            Kind::Engine(error) if error.exhausted_scope().is_some() => NETPOL_EXHAUSTED,
            Kind::Engine(_) => NETPOL_REFUSED,
            Kind::UnknownEndpoint(_) => NETPOL_UNKNOWN_ENDPOINT,
            Kind::BadMessage(_) => NETPOL_BAD_MESSAGE,
            Kind::Panicked => NETPOL_PANICKED,
            Kind::Broken => NETPOL_BROKEN,
        }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self(Kind::Engine(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Null(what) => write!(f, "`{what}` is NULL"),
            Kind::WrongSize { what, size, known } => {
                write!(f, "`{what}` has size {size}, this library knows {known}")
            }
            Kind::BadNumber { what, number } => write!(f, "`{what}` cannot be {number}"),
            Kind::BadText { what, reason } => write!(f, "`{what}`: {reason}"),
            Kind::NotUtf8(what) => write!(f, "`{what}` is not UTF-8"),
            Kind::TooLong(what) => write!(f, "`{what}` is longer than memory"),
            Kind::BadDocument(text) | Kind::BadMessage(text) => f.write_str(text),
            Kind::Engine(error) => write!(f, "{error}"),
            Kind::UnknownEndpoint(number) => write!(f, "there is no endpoint {number}"),
            Kind::Panicked => f.write_str("a defect in the library was caught"),
            Kind::Broken => f.write_str("a defect was caught before, the engine can only be freed"),
        }
    }
}
