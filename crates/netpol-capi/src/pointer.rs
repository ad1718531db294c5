//! From pointers to references: the only place where what a caller passes is followed, texts aside.

use core::mem::MaybeUninit;

use crate::error::Failure;

/// Where a caller wants an output, if at all.
pub(crate) struct Out<'a, T>(Option<&'a mut MaybeUninit<T>>);

impl<T> Out<'_, T> {
    /// Returns the output behind a pointer.
    ///
    /// # Safety
    ///
    /// `pointer` is NULL, or may be written to for the lifetime that the caller chooses.
    pub(crate) unsafe fn new(pointer: *mut T) -> Self {
        // SAFETY: the caller promises that a pointer that is not NULL may be written to; `MaybeUninit` has
        // the layout of `T` and asks nothing of the bytes that are there.
        Self(unsafe { pointer.cast::<MaybeUninit<T>>().as_mut() })
    }

    /// Tells whether the output is wanted.
    pub(crate) const fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the output, which must be wanted.
    pub(crate) fn required(self, what: &'static str) -> Result<Self, Failure> {
        if self.is_wanted() { Ok(self) } else { Err(Failure::null(what)) }
    }

    /// Writes the output, if it is wanted. What was there is not looked at.
    pub(crate) fn put(self, value: T) {
        if let Some(place) = self.0 {
            place.write(value);
        }
    }
}

/// Returns what a pointer points to.
///
/// # Safety
///
/// `pointer` is NULL, or points to a `T` that nobody changes for the lifetime that the caller chooses.
pub(crate) unsafe fn shared<'a, T>(
    pointer: *const T,
    what: &'static str,
) -> Result<&'a T, Failure> {
    // SAFETY: the requirement of this function is that of `as_ref`.
    unsafe { pointer.as_ref() }.ok_or_else(|| Failure::null(what))
}

/// Returns what a pointer points to, to be changed.
///
/// # Safety
///
/// `pointer` is NULL, or points to a `T` that nobody else uses for the lifetime that the caller chooses.
pub(crate) unsafe fn exclusive<'a, T>(
    pointer: *mut T,
    what: &'static str,
) -> Result<&'a mut T, Failure> {
    // SAFETY: the requirement of this function is that of `as_mut`.
    unsafe { pointer.as_mut() }.ok_or_else(|| Failure::null(what))
}

/// Returns the elements that a pointer points to; it may be NULL if there are none.
///
/// # Safety
///
/// `pointer` is NULL, or points to `len` elements that nobody changes for the lifetime that the caller
/// chooses.
pub(crate) unsafe fn slice<'a, T>(
    pointer: *const T,
    len: usize,
    what: &'static str,
) -> Result<&'a [T], Failure> {
    if len == 0 {
        return Ok(&[]);
    }
    check_len::<T>(len, what)?;
    if pointer.is_null() {
        return Err(Failure::null(what));
    }
    // SAFETY: the pointer is not NULL, the caller promises the elements, and `check_len` that they are no
    // more bytes than a slice may have.
    Ok(unsafe { core::slice::from_raw_parts(pointer, len) })
}

/// Returns the places that a pointer points to; it may be NULL if there are none.
///
/// # Safety
///
/// `pointer` is NULL, or `len` elements there may be written to, and nobody else uses them, for the lifetime
/// that the caller chooses.
pub(crate) unsafe fn places<'a, T>(
    pointer: *mut T,
    len: usize,
    what: &'static str,
) -> Result<&'a mut [MaybeUninit<T>], Failure> {
    if len == 0 {
        return Ok(&mut []);
    }
    check_len::<T>(len, what)?;
    if pointer.is_null() {
        return Err(Failure::null(what));
    }
    // SAFETY: the pointer is not NULL, the caller promises the places, `check_len` that they are no more
    // bytes than a slice may have, and `MaybeUninit` asks nothing of the bytes that are there.
    Ok(unsafe { core::slice::from_raw_parts_mut(pointer.cast(), len) })
}

/// Gives an object away to the caller.
pub(crate) fn give<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// Takes an object back that [`give`] gave away, and drops it; nothing happens with NULL.
///
/// # Safety
///
/// `pointer` is NULL, or comes from [`give`] and is not used any more.
pub(crate) unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: `give` made the pointer from a box, and the caller uses it no more.
        drop(unsafe { Box::from_raw(pointer) });
    }
}

/// A slice has at most `isize::MAX` bytes.
const fn check_len<T>(len: usize, what: &'static str) -> Result<(), Failure> {
    match len.checked_mul(size_of::<T>()) {
        Some(bytes) if bytes <= isize::MAX.cast_unsigned() => Ok(()),
        _ => Err(Failure::too_long(what)),
    }
}
