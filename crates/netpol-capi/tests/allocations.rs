//! Questions to a reader do not allocate. A counting allocator is the witness.

#[macro_use]
mod common;

use core::ptr;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::*;
use netpol_capi::*;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every method hands its arguments unchanged to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises about `layout` are the ones that are asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System` through the method above, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Returns how often `f` allocates on this thread.
fn allocations(f: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    f();
    ALLOCATIONS.get() - before
}

#[test]
fn verdicts_allocate_nothing() {
    let world = World::new();
    let mut packets = [packet(BACKEND, DATABASE, TCP, 7379); 32];
    // Failures do not allocate either.
    packets[7].size = 0;
    let mut verdicts = [netpol_verdict::default(); 32];
    let count = allocations(|| {
        let out = verdicts.as_mut_ptr();
        call!(netpol_reader_verdict(world.reader, packets.as_ptr(), out));
        call!(netpol_reader_verdict(world.reader, ptr::null(), out));
        call!(netpol_reader_verdict_batch(world.reader, packets.as_ptr(), out, packets.len()));
        let mut side = netpol_side::default();
        let (reader, database) = (world.reader, world.database);
        call!(netpol_reader_endpoint_verdict(reader, database, 0, 2, TCP, 80, &raw mut side));
        call!(netpol_reader_endpoint_verdict(reader, 77, 0, 2, TCP, 80, &raw mut side));
        let mut frame = netpol_frame_verdict::default();
        call!(netpol_reader_ip_verdict(reader, [0x45; 40].as_ptr(), 40, &raw mut frame));
        let bytes = netpol_bytes { data: [0; 60].as_ptr(), len: 60 };
        call!(netpol_reader_frame_verdict_batch(reader, &bytes, &raw mut frame, 1));
        let (mut identity, mut endpoint, address) = (0, 0, packets[0].src);
        call!(netpol_reader_identity(reader, &address, &raw mut identity));
        call!(netpol_reader_endpoint(reader, &address, &raw mut endpoint));
    });
    assert_eq!(count, 0);
}

#[test]
fn requests_allocate_nothing_once_the_reader_is_warm() {
    let world = World::new();
    let side = world.verdict(&packet(BACKEND, DATABASE, TCP, 80)).ingress;
    let headers = [netpol_header { name: text("x-a"), value: text("b") }; 20];
    let request = netpol_http_request {
        size: size_of::<netpol_http_request>(),
        method: text("GET"),
        path: text("/public/a"),
        host: text("db.example.com"),
        headers: headers.as_ptr(),
        n_headers: headers.len(),
    };
    let ask = || {
        let (mut allowed, none) = (false, ptr::null_mut());
        let (reader, bound) = (world.reader, ptr::null());
        let out = &raw mut allowed;
        call!(netpol_reader_http(reader, &side, bound, &request, out, none, ptr::null_mut()));
        assert!(allowed);
    };
    ask();
    assert_eq!(allocations(|| (0..10).for_each(|_| ask())), 0);
}
