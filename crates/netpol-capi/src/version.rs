//! Which ABI this is.

use crate::text::netpol_str;

/// The version of the ABI that this header describes. It grows when a struct, a number or the meaning of a
/// function changes; new functions alone do not change it.
pub const NETPOL_ABI_VERSION: u32 = 1;

/// Returns the version of the ABI that the library has. A program that was compiled for another one must not
/// go on: compare with `NETPOL_ABI_VERSION`.
#[unsafe(no_mangle)]
pub extern "C" fn netpol_abi_version() -> u32 {
    NETPOL_ABI_VERSION
}

/// Returns the version of the library, such as `0.1.0`; the text lives for ever and ends with a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn netpol_version() -> netpol_str {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    netpol_str::borrow(VERSION.trim_end_matches('\0'))
}
