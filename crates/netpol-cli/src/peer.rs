//! Peers as people write them on the command line.

use std::net::IpAddr;

use netpol::IdentityId;
use netpol_core::{IpFamily, ReservedIdentity};

use crate::failure::Failure;
use crate::inventory::{Entry, Face, Inventory, Kind};
use crate::names::name_identities;
use crate::ranges::{AddressRange, cut};

/// Who a text on the command line means.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// How it is written in answers.
    pub(crate) name: String,
    /// How it looks to policies. The outside looks different by IPv4 and by IPv6.
    pub(crate) faces: Vec<PeerFace>,
}

/// One look of a peer.
#[derive(Clone, Debug)]
pub(crate) struct PeerFace {
    /// How this look is written where the looks of the peer differ.
    pub(crate) name: String,
    /// The identity and the endpoint.
    pub(crate) face: Face,
    /// The address family, where it belongs to one.
    pub(crate) family: Option<IpFamily>,
    /// The address, where one was named.
    pub(crate) ip: Option<IpAddr>,
}

/// The words for entities, and whom they mean (ENT-1).
pub(crate) const ENTITIES: [(&str, &[IdentityId]); 10] = [
    ("world", &[IdentityId::WORLD_IPV4, IdentityId::WORLD_IPV6]),
    ("world-ipv4", &[IdentityId::WORLD_IPV4]),
    ("world-ipv6", &[IdentityId::WORLD_IPV6]),
    ("host", &[IdentityId::HOST]),
    ("remote-node", &[IdentityId::REMOTE_NODE]),
    ("kube-apiserver", &[IdentityId::KUBE_APISERVER]),
    ("health", &[IdentityId::HEALTH]),
    ("ingress", &[IdentityId::INGRESS]),
    ("init", &[IdentityId::INIT]),
    ("unmanaged", &[IdentityId::UNMANAGED]),
];

impl Peer {
    /// Returns whom a text means.
    ///
    /// # Errors
    ///
    /// Fails if it means nobody, or several.
    pub(crate) fn parse(text: &str, inventory: &Inventory) -> Result<Self, Failure> {
        if let Ok(ip) = text.parse() {
            return Ok(Self::address(ip, inventory));
        }
        if let Some(selector) = text.strip_prefix("fqdn:").or_else(|| text.strip_suffix("[FQDN]")) {
            return Self::selector(selector, inventory);
        }
        if let Some(range) = text.strip_suffix("[External]").and_then(AddressRange::parse) {
            return Self::range(range, inventory);
        }
        let (name, kind) = split_kind(text);
        let entity = ENTITIES.iter().find(|(word, _)| *word == name);
        let entity = entity.filter(|_| kind.is_none_or(|kind| kind == Kind::Entity.as_str()));
        match (entity, entries(name, kind, inventory).as_slice()) {
            (Some((word, identities)), []) => Ok(Self::entity(word, identities)),
            (None, [entry]) => Ok(Self::entry(entry)),
            (None, []) => Err(unknown(text, inventory)),
            (Some((word, _)), [entry, ..]) => {
                Err(ambiguous(text, &[format!("{word}[Entity]"), entry.to_string()]))
            }
            (None, several) => {
                Err(ambiguous(text, &several.iter().map(ToString::to_string).collect::<Vec<_>>()))
            }
        }
    }

    fn entry(entry: &Entry) -> Self {
        let name = entry.to_string();
        let face = PeerFace { name: name.clone(), face: entry.face, family: None, ip: None };
        Self { name, faces: vec![face] }
    }

    fn entity(word: &str, identities: &[IdentityId]) -> Self {
        let faces = identities.iter().map(|identity| PeerFace {
            name: format!("{identity}[Entity]"),
            face: Face::of(*identity),
            family: family_of(*identity),
            ip: None,
        });
        Self { name: format!("{word}[Entity]"), faces: faces.collect() }
    }

    /// Returns who has an address; if nobody, then somebody outside.
    fn address(ip: IpAddr, inventory: &Inventory) -> Self {
        let engine = &inventory.engine;
        let endpoint = engine.endpoint_at(ip);
        let face = Face {
            identity: engine.reader().identity(ip),
            endpoint: endpoint.filter(|id| engine.is_managed(*id)),
        };
        let owner = endpoint.and_then(|id| engine.endpoint(id));
        let name = match owner {
            Some(owner) => format!("{ip} ({owner})"),
            None => ip.to_string(),
        };
        let family = Some(IpFamily::of(&ip));
        let face = PeerFace { name: name.clone(), face, family, ip: Some(ip) };
        Self { name, faces: vec![face] }
    }

    /// Returns whoever is outside and has an address of a range; each identity once.
    fn range(range: AddressRange, inventory: &Inventory) -> Result<Self, Failure> {
        let engine = &inventory.engine;
        let mut reader = engine.reader();
        let mut faces: Vec<PeerFace> = Vec::new();
        for part in cut(engine.prefixes().map(|(prefix, _)| prefix)) {
            let Some(part) = part.intersection(&range) else { continue };
            let face = Face::of(reader.identity(part.first()));
            let somebodys = part.single().is_some_and(|ip| engine.endpoint_at(ip).is_some());
            if !somebodys && faces.iter().all(|known| known.face != face) {
                let name = format!("{part}[External]");
                let family = Some(range.family());
                faces.push(PeerFace { name, face, family, ip: part.single() });
            }
        }
        if faces.is_empty() {
            let message = format!("no address of `{range}` is outside");
            return Err(Failure::new(message, "name the address of the pod or node by itself"));
        }
        Ok(Self { name: format!("{range}[External]"), faces })
    }

    /// Returns the addresses of a name selector.
    fn selector(text: &str, inventory: &Inventory) -> Result<Self, Failure> {
        let identities = name_identities(&inventory.engine, text);
        if identities.is_empty() {
            let message = format!("no policy has a `toFQDNs` selector `{text}`");
            let help = "write it as the policy does; addresses of names that no selector matches are \
                        just `world`";
            return Err(Failure::new(message, help));
        }
        let face = |(identity, family)| {
            let name = match family {
                Some(IpFamily::V4) => format!("{text}[FQDN] by IPv4"),
                Some(IpFamily::V6) => format!("{text}[FQDN] by IPv6"),
                None => format!("{text}[FQDN]"),
            };
            PeerFace { name, face: Face::of(identity), family, ip: None }
        };
        Ok(Self {
            name: format!("{text}[FQDN]"),
            faces: identities.into_iter().map(face).collect(),
        })
    }
}

fn family_of(identity: IdentityId) -> Option<IpFamily> {
    match ReservedIdentity::from_id(identity)? {
        ReservedIdentity::WorldIpv4 => Some(IpFamily::V4),
        ReservedIdentity::WorldIpv6 => Some(IpFamily::V6),
        _ => None,
    }
}

/// Splits `name[Kind]`.
fn split_kind(text: &str) -> (&str, Option<&str>) {
    let split = text.strip_suffix(']').and_then(|text| text.split_once('['));
    split.map_or((text, None), |(name, kind)| (name, Some(kind)))
}

/// Returns the workloads and nodes that a name means.
fn entries<'i>(name: &str, kind: Option<&str>, inventory: &'i Inventory) -> Vec<&'i Entry> {
    let of_kind = |entry: &&Entry| kind.is_none_or(|kind| kind == entry.kind.as_str());
    let called = |entry: &&Entry| match name.split_once('/') {
        Some((namespace, name)) => entry.is_called(namespace, name),
        None => entry.is_called(&inventory.namespace, name) || entry.is_called("", name),
    };
    inventory.entries.iter().filter(of_kind).filter(called).collect()
}

fn ambiguous(text: &str, candidates: &[String]) -> Failure {
    let candidates: Vec<String> = candidates.iter().map(|name| format!("`{name}`")).collect();
    let help = format!("write {}", candidates.join(" or "));
    Failure::new(format!("`{text}` may mean several things"), help)
}

fn unknown(text: &str, inventory: &Inventory) -> Failure {
    let message = format!("nothing is called `{text}`");
    let all: Vec<String> = inventory.entries.iter().map(ToString::to_string).collect();
    let help = match all.as_slice() {
        [] => {
            "the files hold no pods, workloads or nodes: add their manifests with -f, or name an \
               address or an entity such as `world`"
                .into()
        }
        few if few.len() <= 12 => {
            format!("there is {}; or name an address or an entity such as `world`", few.join(", "))
        }
        _ => match nearest(text, inventory) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                "`netpol list` shows what there is; or name an address or an entity such as `world`"
                    .into()
            }
        },
    };
    Failure::new(message, help)
}

/// Returns the entry whose name is the asked one in another namespace, or contains it.
fn nearest(text: &str, inventory: &Inventory) -> Option<String> {
    let (asked, _) = split_kind(text);
    let asked = asked.rsplit('/').next().filter(|asked| !asked.is_empty())?;
    let named = |entry: &&Entry| entry.name == asked;
    let similar = |entry: &&Entry| entry.name.contains(asked);
    let mut entries = inventory.entries.iter();
    let found = entries.clone().find(named).or_else(|| entries.find(similar));
    found.map(ToString::to_string)
}
