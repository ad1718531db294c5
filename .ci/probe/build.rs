//! The programs begin at `_start`: no start-up code of C or of Rust's standard library. C's library is there
//! for `memcpy` and its like, which the compiler expects everywhere.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-bins=-nostartfiles");
    println!("cargo::rustc-link-arg-bins=-Wl,--gc-sections");
    println!("cargo::rustc-link-arg-bins=-lc");
}
