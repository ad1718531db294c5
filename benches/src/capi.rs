//! Verdicts through the C ABI, next to the same through Rust.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::ptr;

use netpol::{Packet, PacketVerdict, Reader};
use netpol_capi::*;

use crate::verdict::{Frames, POLICY, Pod, ends};

/// The same cluster on both sides of the C ABI, and packets of both.
pub struct Sides {
    rust: Reader,
    c: *mut netpol_reader,
    packets: Vec<Packet>,
    c_packets: Vec<netpol_packet>,
    verdicts: Vec<PacketVerdict>,
    c_verdicts: Vec<netpol_verdict>,
}

type Verdict =
    unsafe extern "C" fn(*mut netpol_reader, *const netpol_packet, *mut netpol_verdict) -> i32;
type VerdictBatch = unsafe extern "C" fn(
    *mut netpol_reader,
    *const netpol_packet,
    *mut netpol_verdict,
    usize,
) -> i32;

/// As many as stay in a cache: what is measured is not memory.
const PACKETS: usize = 1 << 11;

impl Sides {
    /// Returns the cluster of [`Frames`], and packets that open connections in it.
    ///
    /// # Panics
    ///
    /// Panics if the cluster is not taken.
    #[must_use]
    pub fn new() -> Self {
        let ends: Vec<_> = ends().take(PACKETS).collect();
        let packet = |&(src, dst): &(Ipv4Addr, Ipv4Addr)| Packet::tcp(src, dst, 80);
        Self {
            rust: Frames::new().reader(),
            c: c_reader(),
            packets: ends.iter().map(packet).collect(),
            c_packets: ends.iter().map(c_packet).collect(),
            verdicts: vec![PacketVerdict::DENY; PACKETS],
            c_verdicts: vec![netpol_verdict::default(); PACKETS],
        }
    }

    /// Returns the number of packets.
    #[must_use]
    pub const fn len(&self) -> usize {
        PACKETS
    }

    /// Tells whether there are no packets.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        PACKETS == 0
    }

    /// Decides each packet in Rust, to both sides' answers.
    pub fn rust(&mut self) {
        for (packet, verdict) in self.packets.iter().zip(&mut self.verdicts) {
            *verdict = self.rust.verdict(packet);
        }
    }

    /// Decides each packet in Rust, to the answer in one word, as the C ABI does.
    pub fn rust_summary(&mut self) {
        for (packet, verdict) in self.packets.iter().zip(&mut self.verdicts) {
            *verdict = self.rust.verdict(packet);
            black_box(verdict.summary());
        }
    }

    /// Decides each packet through the C ABI.
    pub fn c(&mut self) {
        let ask: Verdict = black_box(netpol_reader_verdict);
        for (packet, verdict) in self.c_packets.iter().zip(&mut self.c_verdicts) {
            // SAFETY: the reader is of this object, and never freed; the others are references.
            black_box(unsafe { ask(self.c, packet, verdict) });
        }
    }

    /// Decides the packets in batches in Rust.
    pub fn rust_batch<const N: usize>(&mut self) {
        for (packets, verdicts) in self.packets.chunks(N).zip(self.verdicts.chunks_mut(N)) {
            self.rust.verdict_batch(packets, verdicts);
        }
    }

    /// Decides the packets in batches through the C ABI.
    pub fn c_batch<const N: usize>(&mut self) {
        let ask: VerdictBatch = black_box(netpol_reader_verdict_batch);
        for (packets, verdicts) in self.c_packets.chunks(N).zip(self.c_verdicts.chunks_mut(N)) {
            // SAFETY: as above, and there are as many verdicts as packets.
            let status =
                unsafe { ask(self.c, packets.as_ptr(), verdicts.as_mut_ptr(), packets.len()) };
            black_box(status);
        }
    }

    /// Compares what both sides decided, and forgets it.
    ///
    /// # Panics
    ///
    /// Panics if it is not the same.
    pub fn check(&mut self) {
        for (verdict, c_verdict) in self.verdicts.iter().zip(&self.c_verdicts) {
            assert_eq!(verdict.is_allowed(), c_verdict.summary == NETPOL_SUMMARY_ALLOW);
            assert_eq!(verdict.src_identity.number() >= 256, c_verdict.src_identity >= 256);
        }
        self.verdicts.fill(PacketVerdict::DENY);
        self.c_verdicts.fill(netpol_verdict::default());
    }
}

impl Default for Sides {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns a reader of the cluster, made through the C ABI; it lives for ever.
fn c_reader() -> *mut netpol_reader {
    let (mut engine, mut reader) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: pointers are NULL, or those of local variables.
    let status = unsafe { netpol_engine_new(ptr::null(), &raw mut engine, ptr::null_mut()) };
    assert_eq!(status, NETPOL_OK);
    let (name, policy) = (text("all.yaml"), text(POLICY));
    // SAFETY: the engine was just made, texts are constants.
    let status =
        unsafe { netpol_engine_apply(engine, name, policy, ptr::null_mut(), ptr::null_mut()) };
    assert_eq!(status, NETPOL_OK);
    Pod::all().for_each(|pod| add(engine, &pod));
    // SAFETY: as above.
    let status =
        unsafe { netpol_engine_publish(engine, ptr::null(), ptr::null_mut(), ptr::null_mut()) };
    assert_eq!(status, NETPOL_OK);
    // SAFETY: as above.
    let status = unsafe { netpol_reader_new(engine, &raw mut reader, ptr::null_mut()) };
    assert_eq!(status, NETPOL_OK);
    reader
}

fn add(engine: *mut netpol_engine, pod: &Pod) {
    let labels = [("tier", &pod.tier), ("release", &pod.release)];
    let labels = labels.map(|(key, value)| netpol_label { key: text(key), value: text(value) });
    let address = c_address(pod.address);
    let endpoint = netpol_endpoint {
        size: size_of::<netpol_endpoint>(),
        name: text(&pod.name),
        k8s_namespace: text("default"),
        service_account: text(""),
        cluster: text(if pod.is_local { "" } else { "default" }),
        labels: labels.as_ptr(),
        n_labels: labels.len(),
        addresses: &raw const address,
        n_addresses: 1,
        ports: ptr::null(),
        n_ports: 0,
        kind: NETPOL_ENDPOINT_POD,
        api_server: 0,
    };
    // SAFETY: the engine is that of the caller; the endpoint and what it points to are above.
    let status = unsafe {
        netpol_engine_add_endpoint(engine, &raw const endpoint, ptr::null_mut(), ptr::null_mut())
    };
    assert_eq!(status, NETPOL_OK);
}

fn text(text: &str) -> netpol_str {
    netpol_str { data: text.as_ptr().cast(), len: text.len() }
}

fn c_packet(&(src, dst): &(Ipv4Addr, Ipv4Addr)) -> netpol_packet {
    netpol_packet {
        size: size_of::<netpol_packet>() as u16,
        port: 80,
        protocol: 6,
        src: c_address(src),
        dst: c_address(dst),
        ..netpol_packet::default()
    }
}

fn c_address(ip: Ipv4Addr) -> netpol_address {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&ip.octets());
    netpol_address { family: NETPOL_IPV4, reserved: [0; 3], bytes }
}
