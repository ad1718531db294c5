//! Addresses behind services: Endpoints and EndpointSlices.

use std::net::IpAddr;
use std::sync::Arc;

use super::fields::{address, each, flag, mapping, text};
use super::namespace;
use crate::Place;
use crate::doc::codes;
use crate::doc::decode::{Context, Path};
use crate::doc::metadata::Metadata;
use crate::doc::node::Node as Tree;

/// Addresses behind a service: an Endpoints or EndpointSlice object. A service may have several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// The name of the object, which of all that belong to the service only this one has.
    pub name: Arc<str>,
    /// The namespace of object and service.
    pub namespace: Arc<str>,
    /// The name of the service.
    pub service: Arc<str>,
    /// The addresses that are ready.
    pub addresses: Vec<IpAddr>,
    /// Where the document begins.
    pub place: Place,
}

/// Key of the label that names the service of an EndpointSlice.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

pub(super) fn endpoints(
    cx: &mut Context<'_>,
    root: &Tree,
    path: &Path<'_>,
    meta: &Metadata,
) -> Option<Endpoints> {
    let fields = cx.any_fields(root, path)?;
    let addresses = each(cx, fields, path, "subsets", |cx, node, path| {
        let fields = cx.any_fields(node, path)?;
        Some(each(cx, fields, path, "addresses", |cx, node, path| {
            let fields = cx.any_fields(node, path)?;
            let ip = cx.required(fields, node, path, "ip")?;
            address(cx, ip, &path.field("ip"))
        }))
    });
    let addresses = addresses.into_iter().flatten().collect();
    Some(new(meta, Arc::clone(&meta.name), addresses))
}

pub(super) fn slice(
    cx: &mut Context<'_>,
    root: &Tree,
    path: &Path<'_>,
    meta: &Metadata,
) -> Option<Endpoints> {
    let fields = cx.any_fields(root, path)?;
    let is_of_names = text(cx, fields, path, "addressType") == Some("FQDN");
    let addresses = each(cx, fields, path, "endpoints", |cx, node, path| {
        let fields = cx.any_fields(node, path)?;
        let conditions = mapping(cx, fields, path, "conditions");
        let ready = flag(cx, conditions, &path.field("conditions"), "ready");
        if ready == Some(false) || is_of_names {
            return None;
        }
        Some(each(cx, fields, path, "addresses", address))
    });
    let service = meta.labels.iter().find(|(key, _)| &**key == SERVICE_NAME);
    let Some((_, service)) = service else {
        let message = format!("no label `{SERVICE_NAME}` names the service");
        let help = "without it these addresses are behind no service";
        cx.warning(codes::NO_EFFECT, meta.span, path, message, help);
        return None;
    };
    let addresses = addresses.into_iter().flatten().collect();
    Some(new(meta, Arc::clone(service), addresses))
}

fn new(meta: &Metadata, service: Arc<str>, addresses: Vec<IpAddr>) -> Endpoints {
    Endpoints {
        name: Arc::clone(&meta.name),
        namespace: namespace(meta),
        service,
        addresses,
        place: meta.place.clone(),
    }
}
