//! Endpoints, namespaces, and addresses of others.

use netpol::{Endpoint, EndpointKind, Label, Prefix, Protocol};

use crate::address::netpol_address;
use crate::engine::{ask, change, netpol_engine};
use crate::error::{Failure, netpol_error, netpol_status};
use crate::pointer::{Out, shared, slice};
use crate::settings::flag;
use crate::text::netpol_str;

/// The number of no endpoint.
pub const NETPOL_NO_ENDPOINT: u32 = u32::MAX;

/// A pod or another workload.
pub const NETPOL_ENDPOINT_POD: u8 = 0;
/// The local node.
pub const NETPOL_ENDPOINT_HOST: u8 = 1;
/// Another node.
pub const NETPOL_ENDPOINT_REMOTE_NODE: u8 = 2;
/// An address of the Kubernetes API server outside of the cluster.
pub const NETPOL_ENDPOINT_KUBE_APISERVER: u8 = 3;
/// A health endpoint.
pub const NETPOL_ENDPOINT_HEALTH: u8 = 4;
/// The ingress proxy.
pub const NETPOL_ENDPOINT_INGRESS: u8 = 5;
/// An endpoint whose labels are not known yet.
pub const NETPOL_ENDPOINT_INIT: u8 = 6;
/// A pod that the network plugin does not manage.
pub const NETPOL_ENDPOINT_UNMANAGED: u8 = 7;

/// A label as Kubernetes has it: `app` and `web`, for example.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct netpol_label {
    /// The key, with its prefix if it has one.
    pub key: netpol_str,
    /// The value; may be empty.
    pub value: netpol_str,
}

/// A named container port.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct netpol_named_port {
    /// The name.
    pub name: netpol_str,
    /// The port, in host byte order.
    pub port: u16,
    /// The IP protocol number: 6 for TCP.
    pub protocol: u8,
}

/// A thing with addresses: a local pod or node, on which policy is enforced, or a peer.
///
/// All that is 0 or NULL is left out; so a struct that is zero but for `size`, `name` and `k8s_namespace` is a pod
/// without labels and addresses.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct netpol_endpoint {
    /// `sizeof(netpol_endpoint)`.
    pub size: usize,
    /// The name.
    pub name: netpol_str,
    /// The namespace of a pod; must be empty for all else.
    pub k8s_namespace: netpol_str,
    /// The service account; empty for none.
    pub service_account: netpol_str,
    /// Another cluster, for peers there, on which no policy is enforced; empty for the local one.
    pub cluster: netpol_str,
    /// `n_labels` labels: a pod's, or a node's.
    pub labels: *const netpol_label,
    /// The number of labels.
    pub n_labels: usize,
    /// `n_addresses` addresses.
    pub addresses: *const netpol_address,
    /// The number of addresses.
    pub n_addresses: usize,
    /// `n_ports` named container ports.
    pub ports: *const netpol_named_port,
    /// The number of named ports.
    pub n_ports: usize,
    /// What it is: `NETPOL_ENDPOINT_...`.
    pub kind: u8,
    /// 1 if the Kubernetes API server runs on this node, else 0.
    pub api_server: u8,
}

/// Adds an endpoint and writes its number, unless `number` is NULL. The engine keeps copies of everything.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_add_endpoint(
    engine: *mut netpol_engine,
    endpoint: *const netpol_endpoint,
    number: *mut u32,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let add = |engine: &mut netpol_engine| {
        // SAFETY: the caller promises an endpoint with all that it points to, or NULL (conventions 3 and 4).
        let endpoint = unsafe { netpol_endpoint::read(endpoint) }?;
        let id = engine.change(|engine| engine.add_endpoint(endpoint))??;
        // SAFETY: the caller promises an output or NULL (convention 3).
        unsafe { Out::new(number) }.put(id.number());
        Ok(())
    };
    // SAFETY: the caller promises an engine of its own, or NULL, and an output (conventions 1 to 3).
    unsafe { change(engine, error, add) }
}

/// Replaces everything about an endpoint but its number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_update_endpoint(
    engine: *mut netpol_engine,
    number: u32,
    endpoint: *const netpol_endpoint,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let update = |engine: &mut netpol_engine| {
        // SAFETY: the caller promises an endpoint with all that it points to, or NULL (conventions 3 and 4).
        let endpoint = unsafe { netpol_endpoint::read(endpoint) }?;
        let id = engine.endpoint(number)?;
        Ok(engine.change(|engine| engine.update_endpoint(id, endpoint))??)
    };
    // SAFETY: the caller promises an engine of its own, or NULL, and an output (conventions 1 to 3).
    unsafe { change(engine, error, update) }
}

/// Removes an endpoint.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_remove_endpoint(
    engine: *mut netpol_engine,
    number: u32,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let remove = |engine: &mut netpol_engine| {
        let id = engine.endpoint(number)?;
        engine.change(|engine| engine.remove_endpoint(id)).map(|_| ())
    };
    // SAFETY: the caller promises an engine of its own, or NULL, and an output (conventions 1 to 3).
    unsafe { change(engine, error, remove) }
}

/// Writes the identity of an endpoint, as of the last publication.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_endpoint_identity(
    engine: *const netpol_engine,
    number: u32,
    identity: *mut u32,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let find = |engine: &netpol_engine| {
        let id = engine.endpoint(number)?;
        let found = engine.get()?.endpoint_identity(id).unwrap_or_default();
        // SAFETY: the caller promises an output or NULL (convention 3).
        unsafe { Out::new(identity) }.required("identity")?.put(found.number());
        Ok(())
    };
    // SAFETY: the caller promises an engine, or NULL, and an output (conventions 1 to 3).
    unsafe { ask(engine, error, find) }
}

/// Sets the labels of a namespace; pods in it get other identities.
///
/// With `NETPOL_EXHAUSTED` no identity was left for some pod, which keeps the one that it has; the labels are set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_set_namespace(
    engine: *mut netpol_engine,
    name: netpol_str,
    labels: *const netpol_label,
    n_labels: usize,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let set = |engine: &mut netpol_engine| {
        // SAFETY: the caller promises the bytes of texts (convention 4).
        let name = unsafe { name.text("name") }?;
        // SAFETY: the caller promises the labels with their texts (convention 4).
        let labels = unsafe { read_labels(labels, n_labels) }?;
        Ok(engine.change(|engine| engine.set_namespace(name, labels))??)
    };
    // SAFETY: the caller promises an engine of its own, or NULL, and an output (conventions 1 to 3).
    unsafe { change(engine, error, set) }
}

/// Forgets the labels of a namespace; nothing happens if none are known. Fails as
/// `netpol_engine_set_namespace` does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_remove_namespace(
    engine: *mut netpol_engine,
    name: netpol_str,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let remove = |engine: &mut netpol_engine| {
        // SAFETY: the caller promises the bytes of texts (convention 4).
        let name = unsafe { name.text("name") }?;
        Ok(engine.change(|engine| engine.remove_namespace(name))??)
    };
    // SAFETY: the caller promises an engine of its own, or NULL, and an output (conventions 1 to 3).
    unsafe { change(engine, error, remove) }
}

/// Says which labels a prefix has: of remote pods, nodes, or anything else outside of this engine.
///
/// Bits of the address behind `prefix_len` do not count. Labels are texts like `k8s:app=web`, `reserved:world` or
/// `app=web`, which is of any source. The prefix gains the label of the outside unless it belongs to the cluster.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_upsert_ip(
    engine: *mut netpol_engine,
    address: *const netpol_address,
    prefix_len: u8,
    labels: *const netpol_str,
    n_labels: usize,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let upsert = |engine: &mut netpol_engine| {
        // SAFETY: the caller promises an address or NULL (convention 3).
        let prefix = unsafe { read_prefix(address, prefix_len) }?;
        // SAFETY: the caller promises the labels (convention 4).
        let labels = unsafe { slice(labels, n_labels, "labels") }?;
        let labels = labels.iter().map(|label| {
            // SAFETY: the caller promises the bytes of texts (convention 4).
            unsafe { label.text("labels") }.map(Label::parse)
        });
        let labels: Vec<Label> = labels.collect::<Result<_, _>>()?;
        engine.change(|engine| engine.upsert_ip(prefix, labels))
    };
    // SAFETY: the caller promises an engine of its own, or NULL, and an output (conventions 1 to 3).
    unsafe { change(engine, error, upsert) }
}

/// Takes back what `netpol_engine_upsert_ip` said about a prefix; nothing happens if it said nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_engine_remove_ip(
    engine: *mut netpol_engine,
    address: *const netpol_address,
    prefix_len: u8,
    error: *mut *mut netpol_error,
) -> netpol_status {
    let remove = |engine: &mut netpol_engine| {
        // SAFETY: the caller promises an address or NULL (convention 3).
        let prefix = unsafe { read_prefix(address, prefix_len) }?;
        engine.change(|engine| engine.remove_ip(&prefix))
    };
    // SAFETY: the caller promises an engine of its own, or NULL, and an output (conventions 1 to 3).
    unsafe { change(engine, error, remove) }
}

impl netpol_endpoint {
    /// Returns the endpoint that a caller describes.
    ///
    /// # Safety
    ///
    /// `endpoint` is NULL or may be read, with all that it points to.
    unsafe fn read(endpoint: *const Self) -> Result<Endpoint, Failure> {
        // SAFETY: the caller promises the size, which every version of the struct begins with.
        let size = unsafe { shared(endpoint.cast::<usize>(), "endpoint") }?;
        Failure::check_size("endpoint", *size, size_of::<Self>())?;
        // SAFETY: the caller promises as many bytes as the size says.
        let this = unsafe { shared(endpoint, "endpoint") }?;
        // SAFETY: the caller promises the texts.
        let mut endpoint = unsafe { this.named() }?;
        // SAFETY: the caller promises the labels with their texts.
        endpoint = endpoint.labels(unsafe { read_labels(this.labels, this.n_labels) }?);
        // SAFETY: the caller promises the addresses.
        for address in unsafe { slice(this.addresses, this.n_addresses, "addresses") }? {
            endpoint = endpoint.ip(address.ip("addresses")?);
        }
        // SAFETY: the caller promises the ports.
        for port in unsafe { slice(this.ports, this.n_ports, "ports") }? {
            // SAFETY: the caller promises their texts.
            let name = unsafe { port.name.text("ports") }?;
            endpoint = endpoint.port(name, Protocol::new(port.protocol), port.port);
        }
        Ok(match flag("api_server", this.api_server)? {
            true => endpoint.api_server(),
            false => endpoint,
        })
    }

    /// Returns the endpoint without labels, addresses and ports.
    unsafe fn named(&self) -> Result<Endpoint, Failure> {
        // SAFETY: the caller promises the text.
        let name = unsafe { self.name.text("name") }?;
        // SAFETY: likewise.
        let namespace = unsafe { self.k8s_namespace.text("k8s_namespace") }?;
        // SAFETY: likewise.
        let service_account = unsafe { self.service_account.text("service_account") }?;
        // SAFETY: likewise.
        let cluster = unsafe { self.cluster.text("cluster") }?;
        let mut endpoint = match (kind(self.kind)?, namespace) {
            (EndpointKind::Pod, namespace) => Endpoint::pod(namespace, name),
            (kind, "") => Endpoint::special(kind, name),
            _ => return Err(Failure::bad_text("k8s_namespace", &"only pods have one")),
        };
        if !service_account.is_empty() {
            endpoint = endpoint.service_account(service_account);
        }
        Ok(if cluster.is_empty() { endpoint } else { endpoint.cluster(cluster) })
    }
}

const fn kind(number: u8) -> Result<EndpointKind, Failure> {
    Ok(match number {
        NETPOL_ENDPOINT_POD => EndpointKind::Pod,
        NETPOL_ENDPOINT_HOST => EndpointKind::Host,
        NETPOL_ENDPOINT_REMOTE_NODE => EndpointKind::RemoteNode,
        NETPOL_ENDPOINT_KUBE_APISERVER => EndpointKind::KubeApiserver,
        NETPOL_ENDPOINT_HEALTH => EndpointKind::Health,
        NETPOL_ENDPOINT_INGRESS => EndpointKind::Ingress,
        NETPOL_ENDPOINT_INIT => EndpointKind::Init,
        NETPOL_ENDPOINT_UNMANAGED => EndpointKind::Unmanaged,
        other => return Err(Failure::bad_number("kind", other as u64)),
    })
}

/// Returns labels as pairs of texts.
///
/// # Safety
///
/// `labels` is NULL, or points to `n_labels` labels whose texts may be read.
unsafe fn read_labels<'a>(
    labels: *const netpol_label,
    n_labels: usize,
) -> Result<Vec<(&'a str, &'a str)>, Failure> {
    // SAFETY: the caller promises the labels.
    let labels = unsafe { slice(labels, n_labels, "labels") }?;
    let pair = |label: &netpol_label| {
        // SAFETY: the caller promises their texts.
        let key = unsafe { label.key.text("labels") }?;
        // SAFETY: likewise.
        let value = unsafe { label.value.text("labels") }?;
        Ok((key, value))
    };
    labels.iter().map(pair).collect()
}

/// Returns the prefix that a caller means.
///
/// # Safety
///
/// `address` is NULL or may be read.
unsafe fn read_prefix(address: *const netpol_address, len: u8) -> Result<Prefix, Failure> {
    // SAFETY: the caller promises an address or NULL.
    let address = unsafe { shared(address, "address") }?.ip("address")?;
    Prefix::new(address, len).ok_or_else(|| Failure::bad_number("prefix_len", len.into()))
}
