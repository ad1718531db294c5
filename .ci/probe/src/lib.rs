//! What the two programs share. They are linked, never run.

#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::hint::black_box;
use core::ptr;

/// An allocator that has nothing to give: enough to be linked.
pub struct Nothing;

// SAFETY: it never gives any memory.
unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        black_box(ptr::null_mut())
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

/// Returns something of which the compiler knows nothing.
pub fn any<T>() -> &'static mut T {
    // SAFETY: not so, but it is never run.
    unsafe { &mut *black_box(ptr::dangling_mut::<T>()) }
}
