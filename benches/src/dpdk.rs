//! DPDK: its start, its memory, and the functions that are called.
//!
//! It takes the memory it needs from ordinary pages, and no device.

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr::NonNull;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Something that DPDK made, with the function that frees it and the memory that it takes.
pub(crate) struct Owned {
    handle: NonNull<c_void>,
    free: unsafe extern "C" fn(*mut c_void),
    bytes: usize,
}

impl Owned {
    /// Returns what `make` gives and `fill` accepts; `None` if it fails.
    ///
    /// # Safety
    ///
    /// `free` must free what `make` returns, which must be valid until then, or null.
    pub(crate) unsafe fn new(
        free: unsafe extern "C" fn(*mut c_void),
        make: impl FnOnce(*const c_char) -> *mut c_void,
        fill: impl FnOnce(*mut c_void) -> bool,
    ) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        start();
        // SAFETY: has no conditions.
        let before = unsafe { shim_heap_bytes() };
        let name = CString::new(format!("bench{}", NUMBER.fetch_add(1, Relaxed))).ok()?;
        let handle = NonNull::new(make(name.as_ptr()))?;
        let mut owned = Self { handle, free, bytes: 0 };
        if !fill(owned.get()) {
            return None;
        }
        // SAFETY: has no conditions.
        owned.bytes = unsafe { shim_heap_bytes() }.saturating_sub(before);
        Some(owned)
    }

    /// Returns what DPDK knows it by.
    pub(crate) const fn get(&self) -> *mut c_void {
        self.handle.as_ptr()
    }

    /// Returns the bytes that it takes.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: `new` was promised that the two belong together; nothing uses it any more.
        unsafe { (self.free)(self.get()) };
    }
}

/// How much memory there is for all tables at once, in MiB; what is not used is not taken.
const MEMORY: &str = "14336";

/// Starts DPDK, once.
fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let arguments = [
            "bench",
            "--no-huge",
            "--no-pci",
            "--no-shconf",
            "--no-telemetry",
            "--log-level=1",
            "--force-max-simd-bitwidth=512",
            "-m",
            MEMORY,
        ];
        // DPDK keeps them.
        let arguments =
            arguments.map(|argument| CString::new(argument).expect("no zero").into_raw());
        let arguments: &'static mut [*mut c_char] = Vec::from(arguments).leak();
        let count = arguments.len() as c_int;
        // SAFETY: the strings end with a zero and are never freed, and there are as many.
        let result = unsafe { rte_eal_init(count, arguments.as_mut_ptr()) };
        assert!(result >= 0, "DPDK does not start");
    });
}

unsafe extern "C" {
    fn rte_eal_init(argc: c_int, argv: *mut *mut c_char) -> c_int;
    fn shim_heap_bytes() -> usize;
}
