//! Builds tables with nothing but an allocator. If netpol-core, or a crate below it, used the standard
//! library, there would be two panic handlers, and this would not compile.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use netpol_core::conntrack::{Conntrack, ConntrackConfig};
use netpol_core::{
    Direction, IdentityAllocator, IdentityId, LabelSet, LpmTable, PolicyEntry, PolicyKey,
    PolicyMap, PrefixMap, RuleSetId,
};
use netpol_core_probe::{Nothing, any};

#[global_allocator]
static ALLOCATOR: Nothing = Nothing;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut table = LpmTable::new();
    table.insert(*any(), *any());
    table.compact();
    black_box(table.clone());
    let mut prefixes = PrefixMap::<u32>::new();
    black_box(prefixes.insert(*any(), *any()));
    let mut map = PolicyMap::new();
    let key = PolicyKey::l3(Direction::Ingress, IdentityId::new(*any()));
    map.insert(key, PolicyEntry::allow(RuleSetId::new(*any())));
    black_box(map.diff(any()));
    black_box(Conntrack::new(ConntrackConfig::default()));
    black_box(any::<IdentityAllocator>().acquire(any::<LabelSet>()).is_ok());
    loop {}
}
