//! Texts in and out.

use core::ffi::{CStr, c_char};
use core::ptr;

use crate::error::Failure;
use crate::pointer;

/// A text that somebody else owns: `len` bytes of UTF-8 from `data`, without a NUL at the end.
///
/// `data` may be NULL if `len` is 0. Texts that the library hands out live as long as the object that they
/// come from.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct netpol_str {
    /// The first byte.
    pub data: *const c_char,
    /// The number of bytes.
    pub len: usize,
}

impl netpol_str {
    /// No text at all.
    pub(crate) const NONE: Self = Self { data: ptr::null(), len: 0 };

    /// Returns a text that lives as long as another one.
    pub(crate) const fn borrow(text: &str) -> Self {
        Self { data: text.as_ptr().cast(), len: text.len() }
    }

    /// Returns the bytes.
    ///
    /// # Safety
    ///
    /// Nobody changes or frees the bytes for the lifetime that the caller chooses.
    pub(crate) unsafe fn bytes<'a>(self, what: &'static str) -> Result<&'a [u8], Failure> {
        // SAFETY: the caller promises the bytes, and every byte is a valid `u8`.
        unsafe { pointer::slice(self.data.cast::<u8>(), self.len, what) }
    }

    /// Returns the text.
    ///
    /// # Safety
    ///
    /// As for [`bytes`](Self::bytes).
    pub(crate) unsafe fn text<'a>(self, what: &'static str) -> Result<&'a str, Failure> {
        // SAFETY: the requirement is the same.
        let bytes = unsafe { self.bytes(what) }?;
        core::str::from_utf8(bytes).map_err(|_| Failure::not_utf8(what))
    }
}

/// Returns the text of a string that ends with a NUL, without the NUL; the empty text for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_str_of(string: *const c_char) -> netpol_str {
    if string.is_null() {
        return netpol_str::NONE;
    }
    // SAFETY: the caller promises a string that ends with a NUL (convention 3).
    let string = unsafe { CStr::from_ptr(string) };
    netpol_str { data: string.as_ptr(), len: string.count_bytes() }
}

/// A text that the library made for the caller, who frees it with `netpol_text_free`.
#[derive(Debug)]
pub struct netpol_text {
    // Ends with a NUL.
    text: String,
}

impl netpol_text {
    pub(crate) fn new(mut text: String) -> Self {
        text.push('\0');
        Self { text }
    }
}

/// Returns the text, which lives until it is freed; a NUL follows it. Empty for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_text_str(text: *const netpol_text) -> netpol_str {
    // SAFETY: the caller promises NULL or a text that is not freed yet (conventions 1 and 3).
    match unsafe { pointer::shared(text, "text") } {
        Ok(netpol_text { text }) => netpol_str { data: text.as_ptr().cast(), len: text.len() - 1 },
        Err(_) => netpol_str::NONE,
    }
}

/// Frees a text; does nothing with NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_text_free(text: *mut netpol_text) {
    // SAFETY: the caller promises NULL or a text that is used no more (convention 1).
    unsafe { pointer::free(text) };
}
