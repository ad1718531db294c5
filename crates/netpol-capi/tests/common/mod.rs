//! What the tests share: a small world, and calls as a program in C makes them.

#![allow(dead_code, reason = "each test uses a part")]

use core::ptr;

use netpol_capi::*;

/// Calls a function of the ABI.
macro_rules! call {
    ($call:expr) => {{
        // SAFETY: the pointers of these tests are NULL, or point to values that live, and objects that are not
        // freed; texts are literals.
        unsafe { $call }
    }};
}

pub(crate) const POLICY: &str = r#"
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: database-policy, namespace: default}
spec:
  endpointSelector: {matchLabels: {tier: database}}
  ingress:
    - fromEndpoints: [{matchLabels: {tier: backend}}]
      toPorts: [{ports: [{port: "7379", protocol: TCP}]}]
    - fromEndpoints: [{matchLabels: {tier: backend}}]
      toPorts:
        - ports: [{port: "80", protocol: TCP}]
          rules: {http: [{method: GET, path: /public.*}]}
    - fromEntities: [world]
      icmps: [{fields: [{type: 8, family: IPv4}]}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: backend-names, namespace: default}
spec:
  endpointSelector: {matchLabels: {tier: backend}}
  egress:
    - toEndpoints: [{}]
    - toPorts:
        - ports: [{port: "53", protocol: UDP}]
          rules: {dns: [{matchPattern: "*.example.com"}]}
    - toFQDNs: [{matchName: www.example.com}]
      toPorts: [{ports: [{port: "443", protocol: TCP}], serverNames: [www.example.com]}]
"#;

pub(crate) const DATABASE: [u8; 4] = [10, 0, 1, 2];
pub(crate) const BACKEND: [u8; 4] = [10, 0, 1, 3];
pub(crate) const OUTSIDE: [u8; 4] = [192, 0, 2, 1];
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;

pub(crate) const fn text(text: &str) -> netpol_str {
    netpol_str { data: text.as_ptr().cast(), len: text.len() }
}

pub(crate) const NOTHING: netpol_str = netpol_str { data: ptr::null(), len: 0 };

/// Returns what a text of the library says.
pub(crate) fn read(text: netpol_str) -> String {
    if text.len == 0 {
        return String::new();
    }
    // SAFETY: the text comes from an object that lives.
    let bytes = unsafe { core::slice::from_raw_parts(text.data.cast::<u8>(), text.len) };
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns what a text object says, and frees it.
pub(crate) fn take(text: *mut netpol_text) -> String {
    let said = read(call!(netpol_text_str(text)));
    call!(netpol_text_free(text));
    said
}

pub(crate) fn ipv4(ip: [u8; 4]) -> netpol_address {
    let mut address = netpol_address { family: NETPOL_IPV4, ..netpol_address::default() };
    address.bytes[..4].copy_from_slice(&ip);
    address
}

pub(crate) fn packet(src: [u8; 4], dst: [u8; 4], protocol: u8, port: u16) -> netpol_packet {
    netpol_packet {
        size: size_of::<netpol_packet>() as u16,
        port,
        protocol,
        src: ipv4(src),
        dst: ipv4(dst),
        ..netpol_packet::default()
    }
}

pub(crate) fn pod(
    name: &'static str,
    labels: &[netpol_label],
    addresses: &[netpol_address],
) -> netpol_endpoint {
    netpol_endpoint {
        size: size_of::<netpol_endpoint>(),
        name: text(name),
        k8s_namespace: text("default"),
        service_account: NOTHING,
        cluster: NOTHING,
        labels: labels.as_ptr(),
        n_labels: labels.len(),
        addresses: addresses.as_ptr(),
        n_addresses: addresses.len(),
        ports: ptr::null(),
        n_ports: 0,
        kind: NETPOL_ENDPOINT_POD,
        api_server: 0,
    }
}

/// An engine with two pods and two policies, published, and its reader.
pub(crate) struct World {
    pub(crate) engine: *mut netpol_engine,
    pub(crate) reader: *mut netpol_reader,
    pub(crate) database: u32,
    pub(crate) backend: u32,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut engine = ptr::null_mut();
        let made = call!(netpol_engine_new(ptr::null(), &raw mut engine, ptr::null_mut()));
        assert_eq!(made, NETPOL_OK);
        let applied = call!(netpol_engine_apply(
            engine,
            text("policy.yaml"),
            text(POLICY),
            ptr::null_mut(),
            ptr::null_mut(),
        ));
        assert_eq!(applied, NETPOL_OK);
        let database = add(engine, "db-0", "database", DATABASE);
        let backend = add(engine, "api-0", "backend", BACKEND);
        publish(engine);
        let mut reader = ptr::null_mut();
        let made = call!(netpol_reader_new(engine, &raw mut reader, ptr::null_mut()));
        assert_eq!(made, NETPOL_OK);
        Self { engine, reader, database, backend }
    }

    pub(crate) fn verdict(&self, packet: &netpol_packet) -> netpol_verdict {
        let mut verdict = netpol_verdict::default();
        let status = call!(netpol_reader_verdict(self.reader, packet, &raw mut verdict));
        assert_eq!(status, NETPOL_OK);
        verdict
    }
}

impl Drop for World {
    fn drop(&mut self) {
        call!(netpol_engine_free(self.engine));
        call!(netpol_reader_free(self.reader));
    }
}

pub(crate) fn publish(engine: *mut netpol_engine) -> u64 {
    let mut revision = 0;
    let status =
        call!(netpol_engine_publish(engine, ptr::null(), &raw mut revision, ptr::null_mut()));
    assert_eq!(status, NETPOL_OK);
    revision
}

fn add(engine: *mut netpol_engine, name: &'static str, tier: &'static str, ip: [u8; 4]) -> u32 {
    let labels = [netpol_label { key: text("tier"), value: text(tier) }];
    let addresses = [ipv4(ip)];
    let endpoint = pod(name, &labels, &addresses);
    let mut number = NETPOL_NO_ENDPOINT;
    let added =
        call!(netpol_engine_add_endpoint(engine, &endpoint, &raw mut number, ptr::null_mut()));
    assert_eq!(added, NETPOL_OK);
    number
}
