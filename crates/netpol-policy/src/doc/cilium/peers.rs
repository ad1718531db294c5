//! Who an element is about: all kinds of peers, joined.

use netpol_core::Direction;

use super::super::codes;
use super::super::decode::{Context, Fields, Path};
use super::super::node::{Key, Node};
use super::scope::ListScope;
use super::{cidr, endpoints, entities, fqdn, groups, services};
use crate::rule::{ElementList, Peer, Peers, Selector};

/// A kind of peers: one field of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeerKind {
    Endpoints,
    Nodes,
    Entities,
    Cidr,
    CidrSet,
    Services,
    Fqdns,
    Groups,
}

impl PeerKind {
    pub(super) const ALL: [Self; 8] = [
        Self::Endpoints,
        Self::Nodes,
        Self::Entities,
        Self::Cidr,
        Self::CidrSet,
        Self::Services,
        Self::Fqdns,
        Self::Groups,
    ];

    /// Returns the name of the field in elements of a list, or `None` if they have none.
    pub(super) const fn field(self, list: ElementList) -> Option<&'static str> {
        let from = matches!(list.direction(), Direction::Ingress);
        Some(match self {
            Self::Endpoints if from => "fromEndpoints",
            Self::Nodes if from => "fromNodes",
            Self::Entities if from => "fromEntities",
            Self::Cidr if from => "fromCIDR",
            Self::CidrSet if from => "fromCIDRSet",
            Self::Groups if from => "fromGroups",
            Self::Services | Self::Fqdns if from => return None,
            Self::Endpoints => "toEndpoints",
            Self::Nodes => "toNodes",
            Self::Entities => "toEntities",
            Self::Cidr => "toCIDR",
            Self::CidrSet => "toCIDRSet",
            Self::Groups => "toGroups",
            Self::Services => "toServices",
            // FQDNV-6
            Self::Fqdns if list.is_deny() => return None,
            Self::Fqdns => "toFQDNs",
        })
    }

    /// Tells whether an empty list of this kind makes the element match nothing, whatever else it
    /// holds (PEER-8).
    const fn empties(self) -> bool {
        matches!(self, Self::Endpoints | Self::Nodes | Self::Entities | Self::Cidr | Self::CidrSet)
    }

    /// Decodes the items of the list.
    fn decode(
        self,
        cx: &mut Context<'_>,
        items: &[Node],
        path: &Path<'_>,
        scope: &ListScope<'_>,
    ) -> Vec<Peer> {
        let options = scope.options();
        if self == Self::Entities {
            let selectors = entities::entities(cx, items, path, options);
            return selectors.into_iter().map(Peer::Selector).collect();
        }
        let decode = |(index, item)| self.decode_item(cx, item, &path.index(index), scope);
        items.iter().enumerate().flat_map(decode).collect()
    }

    fn decode_item(
        self,
        cx: &mut Context<'_>,
        item: &Node,
        path: &Path<'_>,
        scope: &ListScope<'_>,
    ) -> Vec<Peer> {
        let options = scope.options();
        let selectors = match self {
            Self::Endpoints => one(endpoints::endpoint(cx, item, path, scope)),
            Self::Nodes => one(endpoints::node(cx, item, path, options)),
            Self::Entities => Vec::new(),
            Self::Cidr => cidr::cidr(cx, item, path, options),
            Self::CidrSet => cidr::cidr_rule(cx, item, path, options),
            Self::Fqdns => one(fqdn::peer(cx, item, path)),
            Self::Groups => {
                groups::group(cx, item, path, options);
                Vec::new()
            }
            Self::Services => {
                let service = services::service(cx, item, path);
                return service.map(Box::new).map(Peer::Service).into_iter().collect();
            }
        };
        selectors.into_iter().map(Peer::Selector).collect()
    }
}

fn one(selector: Option<Selector>) -> Vec<Selector> {
    selector.into_iter().collect()
}

/// Decodes all kinds of peers of an element (PEER-8 to PEER-10).
pub(super) fn peers(
    cx: &mut Context<'_>,
    fields: Fields<'_>,
    path: &Path<'_>,
    scope: &ListScope<'_>,
) -> Peers {
    let mut found = Vec::new();
    let mut restricted = false;
    let mut nobody = false;
    for kind in PeerKind::ALL {
        let Some((key, items)) = items(cx, fields, path, scope, kind) else {
            continue;
        };
        let path = path.field(&key.text);
        if items.is_empty() {
            nobody |= kind.empties();
            restricted |= empty_means_nobody(kind, scope.list);
            warn_of_empty(cx, key, &path, kind, scope.list);
        } else {
            restricted = true;
        }
        found.extend(kind.decode(cx, items, &path, scope));
    }
    match (nobody, restricted) {
        (true, _) => Peers::Nobody,
        (false, true) => {
            found.shrink_to_fit();
            Peers::AnyOf(found)
        }
        (false, false) => Peers::Unrestricted,
    }
}

/// Returns the items of one kind, if the element has them and may have them.
fn items<'n>(
    cx: &mut Context<'_>,
    fields: Fields<'n>,
    path: &Path<'_>,
    scope: &ListScope<'_>,
    kind: PeerKind,
) -> Option<(&'n Key, &'n [Node])> {
    let name = kind.field(scope.list)?;
    let (key, node) = (fields.key(name)?, fields.get(name)?);
    let path = path.field(name);
    let items = cx.list(node, &path)?;
    if kind == PeerKind::Services && scope.list.is_deny() {
        services::refuse_deny(cx, key, &path);
        return None;
    }
    if kind == PeerKind::Nodes && !items.is_empty() {
        endpoints::check_nodes_enabled(cx, key, &path, scope.options());
    }
    if kind == PeerKind::Groups && !items.is_empty() {
        groups::check_enabled(cx, key, &path, scope.options());
    }
    Some((key, items))
}

/// Tells whether an empty list stands for nobody instead of for everybody. Names and services
/// that are not listed are not allowed (QUIRK-5); an empty list that denies is as if absent, which
/// denies more.
fn empty_means_nobody(kind: PeerKind, list: ElementList) -> bool {
    kind.empties() || !list.is_deny()
}

fn warn_of_empty(
    cx: &mut Context<'_>,
    key: &Key,
    path: &Path<'_>,
    kind: PeerKind,
    list: ElementList,
) {
    if !empty_means_nobody(kind, list) {
        let message = format!("an empty `{}` is as if it were absent", key.text);
        cx.warning(codes::EMPTY_LIST, key.span, path, message, "remove it");
        return;
    }
    let message = if kind.empties() {
        let name = &key.text;
        format!("an empty `{name}` selects nobody: the whole element matches nothing")
    } else {
        format!("an empty `{}` selects nobody", key.text)
    };
    let help = "list peers, or remove the field to mean everybody";
    cx.warning(codes::EMPTY_LIST, key.span, path, message, help);
}
