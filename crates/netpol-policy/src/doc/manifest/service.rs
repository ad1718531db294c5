//! Services.

use std::net::IpAddr;
use std::sync::Arc;

use netpol_core::Protocol;

use super::fields::{
    address, each, labels, mapping, port, port_number, protocol, shared_text, text,
};
use super::{Labels, namespace};
use crate::Place;
use crate::doc::codes;
use crate::doc::decode::{Context, Fields, Path};
use crate::doc::metadata::Metadata;
use crate::doc::node::{Node as Tree, Value};

/// A Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: Arc<str>,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its own labels, which `k8sServiceSelector` looks at (SVC-2).
    pub labels: Labels,
    /// The labels of the pods behind it; empty for a service without selector, whose backends are
    /// [`Endpoints`](super::Endpoints) (SVC-3, SVC-4).
    pub selector: Labels,
    /// Whether it is reachable from outside.
    pub kind: ServiceKind,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// Its addresses inside the cluster; none if it is headless.
    pub cluster_ips: Vec<IpAddr>,
    /// Its addresses outside: external ones, and those of its load balancer.
    pub external_ips: Vec<IpAddr>,
    /// The name that it is an alias for, if it is one.
    pub external_name: Option<Arc<str>>,
    /// Where the document begins.
    pub place: Place,
}

/// How far a service is reachable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ServiceKind {
    /// Inside the cluster.
    #[default]
    ClusterIp,
    /// On a port of every node.
    NodePort,
    /// Through a load balancer.
    LoadBalancer,
    /// Not at all: it is another name for something.
    ExternalName,
}

/// A port of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// Its name, if it has one.
    pub name: Option<Arc<str>>,
    /// The number, 1 to 65535.
    pub port: u16,
    /// Where it leads to.
    pub target: TargetPort,
    /// TCP, UDP or SCTP.
    pub protocol: Protocol,
}

/// The port of the pods behind a service, which is the one that policies see (SVC-5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetPort {
    /// By number, 1 to 65535.
    Number(u16),
    /// By the name of a container port.
    Name(Arc<str>),
}

pub(super) fn service(
    cx: &mut Context<'_>,
    root: &Tree,
    path: &Path<'_>,
    meta: &Metadata,
) -> Option<Service> {
    let fields = cx.any_fields(root, path)?;
    let spec = cx.required(fields, root, path, "spec")?;
    let spec = cx.any_fields(spec, &path.field("spec"))?;
    let spec_path = path.field("spec");
    let selector = labels(cx, spec, &spec_path, "selector");
    let kind = service_kind(cx, spec, &spec_path);
    let ports = each(cx, spec, &spec_path, "ports", service_port);
    let cluster_ips = cluster_ips(cx, spec, &spec_path);
    let mut external_ips = each(cx, spec, &spec_path, "externalIPs", address);
    external_ips.extend(load_balancer_ips(cx, fields, path));
    let external_name = shared_text(cx, spec, &spec_path, "externalName");
    Some(Service {
        name: Arc::clone(&meta.name),
        namespace: namespace(meta),
        labels: super::labels(meta),
        selector,
        kind: kind?,
        ports,
        cluster_ips,
        external_ips,
        external_name,
        place: meta.place.clone(),
    })
}

fn service_kind(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>) -> Option<ServiceKind> {
    let Some(node) = fields.present("type") else {
        return Some(ServiceKind::default());
    };
    let path = path.field("type");
    match cx.string(node, &path)? {
        "" | "ClusterIP" => Some(ServiceKind::ClusterIp),
        "NodePort" => Some(ServiceKind::NodePort),
        "LoadBalancer" => Some(ServiceKind::LoadBalancer),
        "ExternalName" => Some(ServiceKind::ExternalName),
        other => {
            let message = format!("`{other}` is no type of service");
            let help = "types: ClusterIP, NodePort, LoadBalancer, ExternalName";
            cx.error_help(codes::INVALID_VALUE, node.span, &path, message, help);
            None
        }
    }
}

fn service_port(cx: &mut Context<'_>, node: &Tree, path: &Path<'_>) -> Option<ServicePort> {
    let fields = cx.any_fields(node, path)?;
    let name = shared_text(cx, fields, path, "name");
    let protocol = protocol(cx, fields, path);
    let port = port(cx, fields, node, path, "port");
    let target = match fields.present("targetPort") {
        Some(target) => target_port(cx, target, &path.field("targetPort")),
        None => port.map(TargetPort::Number),
    };
    Some(ServicePort { name, port: port?, target: target?, protocol: protocol? })
}

fn target_port(cx: &mut Context<'_>, node: &Tree, path: &Path<'_>) -> Option<TargetPort> {
    match &node.value {
        Value::String(name) => Some(TargetPort::Name(name.as_str().into())),
        _ => port_number(cx, node, path).map(TargetPort::Number),
    }
}

fn cluster_ips(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>) -> Vec<IpAddr> {
    let is_address = |node: &Tree| !matches!(node.as_str(), Some("" | "None"));
    let first = fields.present("clusterIP").filter(|node| is_address(node));
    let first = first.and_then(|node| address(cx, node, &path.field("clusterIP")));
    let mut ips: Vec<IpAddr> = first.into_iter().collect();
    let all = each(cx, fields, path, "clusterIPs", |cx, node, path| {
        is_address(node).then(|| address(cx, node, path)).flatten()
    });
    for ip in all {
        if !ips.contains(&ip) {
            ips.push(ip);
        }
    }
    ips
}

fn load_balancer_ips(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>) -> Vec<IpAddr> {
    let status = mapping(cx, fields, path, "status");
    let path = path.field("status");
    let balancer = mapping(cx, status, &path, "loadBalancer");
    let path = path.field("loadBalancer");
    each(cx, balancer, &path, "ingress", |cx, node, path| {
        let fields = cx.any_fields(node, path)?;
        text(cx, fields, path, "ip")?;
        let ip = fields.present("ip")?;
        address(cx, ip, &path.field("ip"))
    })
}
