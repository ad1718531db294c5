//! Calls what is called for each packet. If any of it could panic, allocate or free, this would not link:
//! the panic handler and the allocator need functions that nobody defines.

#![no_std]
#![no_main]

use core::alloc::{GlobalAlloc, Layout};
use core::hint::black_box;
use core::panic::PanicInfo;
use core::time::Duration;

use netpol_core::conntrack::{Conntrack, CtZone};
use netpol_core::packet::{Headers, Tuple, parse, parse_ip};
use netpol_core::{Flow, IpCache, LpmTable, PolicyMap, RedirectId};
use netpol_core_probe::any;

unsafe extern "C" {
    fn a_lookup_can_panic() -> !;
    fn a_lookup_can_allocate() -> *mut u8;
}

struct Undefined;

// SAFETY: it is never linked.
unsafe impl GlobalAlloc for Undefined {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { a_lookup_can_allocate() }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {
        // SAFETY: as above.
        unsafe { a_lookup_can_allocate() };
    }
}

#[global_allocator]
static ALLOCATOR: Undefined = Undefined;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: it is never linked.
    unsafe { a_lookup_can_panic() }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    loop {
        packets();
        addresses(any(), any());
        connections(any());
        black_box(any::<PolicyMap>().lookup(any::<Flow>()));
    }
}

fn packets() {
    black_box(parse(*any::<&[u8]>()));
    black_box(parse_ip(*any::<&[u8]>()));
    black_box(any::<Headers>().flow(*any(), *any()));
}

fn addresses(ipcache: &IpCache, table: &LpmTable) {
    black_box(ipcache.identity(*any()));
    ipcache.identities_v4(*any::<&[_]>(), *any::<&mut [_]>());
    ipcache.identities_v6(*any::<&[_]>(), *any::<&mut [_]>());
    black_box(table.lookup(*any()));
    table.lookup_v4_batch(*any::<&[_]>(), *any(), *any::<&mut [_]>());
    table.lookup_v6_batch(*any::<&[_]>(), *any(), *any::<&mut [_]>());
}

fn connections(conntrack: &mut Conntrack) {
    let (packet, now) = (any::<Headers>(), *any::<Duration>());
    black_box(conntrack.lookup(CtZone::DEFAULT, packet, now));
    black_box(conntrack.confirm(CtZone::DEFAULT, packet, RedirectId::NONE, now));
    black_box(conntrack.remove(CtZone::DEFAULT, any::<Tuple>()));
}
