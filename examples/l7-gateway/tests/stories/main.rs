//! Stories 3 and 5 with real clients: HTTP and DNS over loopback, through a gateway in this process.
//!
//! Clients are told apart by their addresses in 127.0.0.0/8, all of which Linux has.

#![expect(clippy::unwrap_used, reason = "a failed test says where it failed")]
#![cfg(target_os = "linux")]

mod client;
mod dns;
mod outside;
mod story_3;
mod story_5;
mod world;
