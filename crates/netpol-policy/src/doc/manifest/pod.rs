//! Pods, and the templates that pods are made from.

use std::net::IpAddr;
use std::sync::Arc;

use netpol_core::Protocol;

use super::fields::{address, each, flag, labels, mapping, port, protocol, shared_text, text};
use super::{Labels, namespace};
use crate::Place;
use crate::doc::codes;
use crate::doc::decode::{Context, Fields, Path};
use crate::doc::metadata::Metadata;
use crate::doc::node::Node as Tree;

/// What policies can know of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodTemplate {
    /// Its labels.
    pub labels: Labels,
    /// Its service account; `default` if none is written, as Kubernetes has it.
    pub service_account: Arc<str>,
    /// Whether it shares the network of its node, so that it has no identity of its own.
    pub host_network: bool,
    /// The ports of its containers, in order. Of ports with the same name the last counts (PORT-9).
    pub ports: Vec<ContainerPort>,
}

/// A port of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerPort {
    /// Its name, if it has one.
    pub name: Option<Arc<str>>,
    /// The number, 1 to 65535.
    pub port: u16,
    /// TCP, UDP or SCTP.
    pub protocol: Protocol,
}

/// A Pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Its name.
    pub name: Arc<str>,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its labels, ports and so on.
    pub template: PodTemplate,
    /// Its addresses; none if the status does not tell, or if the pod has ended.
    pub ips: Vec<IpAddr>,
    /// Where the document begins.
    pub place: Place,
}

pub(super) fn pod(
    cx: &mut Context<'_>,
    root: &Tree,
    path: &Path<'_>,
    meta: &Metadata,
) -> Option<Pod> {
    let fields = cx.any_fields(root, path)?;
    let mut template = pod_spec(cx, root, fields, path)?;
    template.labels = super::labels(meta);
    warn_of_reserved(cx, fields, path);
    let ips = ips(cx, fields, path);
    Some(Pod {
        name: Arc::clone(&meta.name),
        namespace: namespace(meta),
        template,
        ips,
        place: meta.place.clone(),
    })
}

/// Decodes `template` and the labels in it; `node` is the mapping that should have it.
pub(super) fn template(
    cx: &mut Context<'_>,
    node: &Tree,
    fields: Fields<'_>,
    path: &Path<'_>,
) -> Option<PodTemplate> {
    let template = cx.required(fields, node, path, "template")?;
    let path = path.field("template");
    let fields = cx.any_fields(template, &path)?;
    let metadata = mapping(cx, fields, &path, "metadata");
    let labels = labels(cx, metadata, &path.field("metadata"), "labels");
    warn_of_reserved(cx, fields, &path);
    let spec = pod_spec(cx, template, fields, &path)?;
    Some(PodTemplate { labels, ..spec })
}

/// Reports labels that Cilium takes for reserved ones, whatever their source (QUIRK-2). Here they
/// are labels like any other.
fn warn_of_reserved(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>) {
    let labels = fields.present("metadata").and_then(|node| node.get("labels"));
    let path = path.field("metadata");
    for (name, effect) in [
        ("host", "enforces no policy on such a pod"),
        ("init", "denies everything by default to such a pod"),
    ] {
        let key = labels.and_then(|labels| labels.key(name));
        if let Some(key) = key {
            let message = format!("Cilium takes the label `{name}` for its own and {effect}");
            let path = path.field("labels");
            let help = "give the label another name";
            cx.warning(codes::RESERVED_LABEL, key.span, &path.field(name), message, help);
        }
    }
}

/// Decodes the `spec` of a pod or template; `node` is the mapping that should have it.
fn pod_spec(
    cx: &mut Context<'_>,
    node: &Tree,
    fields: Fields<'_>,
    path: &Path<'_>,
) -> Option<PodTemplate> {
    let spec = cx.required(fields, node, path, "spec")?;
    let path = path.field("spec");
    let fields = cx.any_fields(spec, &path)?;
    let account = shared_text(cx, fields, &path, "serviceAccountName");
    let account = account.or_else(|| shared_text(cx, fields, &path, "serviceAccount"));
    let host_network = flag(cx, fields, &path, "hostNetwork").unwrap_or(false);
    let ports = each(cx, fields, &path, "containers", container_ports);
    Some(PodTemplate {
        labels: Labels::new(),
        service_account: account.unwrap_or_else(|| "default".into()),
        host_network,
        ports: ports.into_iter().flatten().collect(),
    })
}

fn container_ports(
    cx: &mut Context<'_>,
    node: &Tree,
    path: &Path<'_>,
) -> Option<Vec<ContainerPort>> {
    let fields = cx.any_fields(node, path)?;
    Some(each(cx, fields, path, "ports", container_port))
}

fn container_port(cx: &mut Context<'_>, node: &Tree, path: &Path<'_>) -> Option<ContainerPort> {
    let fields = cx.any_fields(node, path)?;
    let name = shared_text(cx, fields, path, "name");
    let protocol = protocol(cx, fields, path);
    let port = port(cx, fields, node, path, "containerPort");
    Some(ContainerPort { name, port: port?, protocol: protocol? })
}

fn ips(cx: &mut Context<'_>, fields: Fields<'_>, path: &Path<'_>) -> Vec<IpAddr> {
    let status = mapping(cx, fields, path, "status");
    let path = path.field("status");
    // The address of a pod that has ended may be another pod's by now.
    let phase = text(cx, status, &path, "phase");
    if matches!(phase, Some("Succeeded" | "Failed")) {
        return Vec::new();
    }
    let first = status.present("podIP").filter(|node| node.as_str() != Some(""));
    let first = first.and_then(|node| address(cx, node, &path.field("podIP")));
    let mut ips: Vec<IpAddr> = first.into_iter().collect();
    let all = each(cx, status, &path, "podIPs", |cx, node, path| {
        let fields = cx.any_fields(node, path)?;
        let ip = cx.required(fields, node, path, "ip")?;
        address(cx, ip, &path.field("ip"))
    });
    for ip in all {
        if !ips.contains(&ip) {
            ips.push(ip);
        }
    }
    ips
}
