//! Documents to elements.

mod cilium;
mod kubernetes;
mod peers;
mod ports;
mod select;
mod services;

use super::element::{CidrGroup, Elements};
use super::error::Unsupported;
use super::json::{self, Object};
use super::label::Labels;
use super::prefix::Prefix;
use super::selector::CIDR_GROUP_NAME;
use crate::world::World;

/// A policy object, as far as all its rules share it.
struct Policy<'a> {
    world: &'a World,
    /// `<resource kind>/<namespace>/<name>` (IPX-13).
    resource: String,
    /// The namespace; nothing for a clusterwide policy.
    namespace: Option<&'a str>,
}

/// Translates all documents of the world.
pub(super) fn translate(world: &World) -> Result<Elements, Unsupported> {
    let mut out = Elements::default();
    for (index, document) in world.policies.iter().enumerate() {
        let object = json::as_object(&document.value);
        object
            .and_then(|object| one(world, object, &mut out))
            .map_err(|error| error.in_document(index))?;
    }
    Ok(out)
}

fn one(world: &World, object: &Object, out: &mut Elements) -> Result<(), Unsupported> {
    let empty = Object::new();
    let metadata = json::object(object, "metadata")?.unwrap_or(&empty);
    let name = json::text(metadata, "name")?.unwrap_or_default();
    let namespace = json::text(metadata, "namespace")?.filter(|text| !text.is_empty());
    let namespace = namespace.unwrap_or("default");
    let namespaced = |kind: &str| Policy {
        world,
        resource: format!("{kind}/{namespace}/{name}"),
        namespace: Some(namespace),
    };
    let clusterwide = || Policy { world, resource: format!("ccnp//{name}"), namespace: None };
    match json::text(object, "kind")?.unwrap_or_default() {
        "CiliumNetworkPolicy" => cilium::translate(&namespaced("cnp"), object, out),
        "CiliumClusterwideNetworkPolicy" => cilium::translate(&clusterwide(), object, out),
        "NetworkPolicy" => kubernetes::translate(&namespaced("netpol"), object, out),
        "CiliumCIDRGroup" => {
            out.cidr_groups.push(cidr_group(name, metadata, object)?);
            Ok(())
        }
        kind => Err(Unsupported::new(format!("unknown kind `{kind}`"))),
    }
}

/// CG-1, CGV-3
fn cidr_group(name: &str, metadata: &Object, object: &Object) -> Result<CidrGroup, Unsupported> {
    let mut labels = Labels::default();
    for (key, value) in json::string_map(metadata, "labels")? {
        labels.insert("cidrgroup", &key, &value);
    }
    labels.insert("cidrgroup", &format!("{CIDR_GROUP_NAME}{name}"), "");
    let spec = json::object(object, "spec")?.ok_or_else(|| Unsupported::new("no spec"))?;
    let cidrs = json::texts(spec, "externalCIDRs")?;
    let prefixes = cidrs.iter().filter_map(|text| Prefix::parse(text)).collect();
    Ok(CidrGroup { name: name.to_owned(), labels, prefixes })
}
