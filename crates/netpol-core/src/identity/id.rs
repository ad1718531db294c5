//! The number of an identity.

use core::fmt;

/// The number of a cluster in a mesh, 0 to 511; 0 for a cluster that is in none (NUM-3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClusterId(u16);

impl ClusterId {
    /// Returns the cluster with this number, or `None` if it is above 511.
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        if number <= 511 { Some(Self(number)) } else { None }
    }

    /// Returns the number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// What a number's upper 8 bits say about it (NUM-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IdentityScope {
    /// Valid in the whole cluster; reserved identities too.
    Global,
    /// Valid on this node only: prefixes, names, CIDR groups.
    Local,
    /// Valid on this node only: other nodes with labels of their own.
    RemoteNode,
}

impl IdentityScope {
    /// Returns the bits that numbers of this scope begin with.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::Global => 0,
            Self::Local => 0x0100_0000,
            Self::RemoteNode => 0x0200_0000,
        }
    }
}

/// The 32-bit number of an identity (NUM-1).
///
/// 0 is *unknown*, and *any* in keys of policy maps.
///
/// # Examples
///
/// ```
/// use netpol_core::{IdentityId, IdentityScope};
///
/// assert_eq!(IdentityId::WORLD.to_string(), "world");
/// assert_eq!(IdentityId::new(16_777_217).scope(), Some(IdentityScope::Local));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct IdentityId(u32);

impl IdentityId {
    /// Not determined; in keys of policy maps: any identity.
    pub const UNKNOWN: Self = Self(0);
    /// In keys of policy maps: any identity. The same number as [`IdentityId::UNKNOWN`].
    pub const ANY: Self = Self(0);
    /// The local node.
    pub const HOST: Self = Self(1);
    /// Everything outside, in a cluster of one address family.
    pub const WORLD: Self = Self(2);
    /// Pods that the network plugin does not manage.
    pub const UNMANAGED: Self = Self(3);
    /// Health endpoints.
    pub const HEALTH: Self = Self(4);
    /// Endpoints whose labels are not known yet.
    pub const INIT: Self = Self(5);
    /// Other nodes.
    pub const REMOTE_NODE: Self = Self(6);
    /// Other nodes that run the Kubernetes API server.
    pub const KUBE_APISERVER: Self = Self(7);
    /// The ingress proxy.
    pub const INGRESS: Self = Self(8);
    /// Everything outside with an IPv4 address, in dual stack.
    pub const WORLD_IPV4: Self = Self(9);
    /// Everything outside with an IPv6 address, in dual stack.
    pub const WORLD_IPV6: Self = Self(10);

    /// Returns the identity with this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Returns the scope, or `None` for numbers that no scope uses.
    #[must_use]
    pub const fn scope(self) -> Option<IdentityScope> {
        match self.0 >> 24 {
            0 => Some(IdentityScope::Global),
            1 => Some(IdentityScope::Local),
            2 => Some(IdentityScope::RemoteNode),
            _ => None,
        }
    }

    /// Returns the number of the cluster in a mesh of at most 255 clusters: bits 16 to 23,
    /// whatever the scope (NUM-3).
    #[must_use]
    pub const fn cluster(self) -> ClusterId {
        ClusterId(((self.0 >> 16) & 0xff) as u16)
    }

    /// Tells whether this is one of the identities of the outside: 2, 9 or 10 (NUM-7).
    #[must_use]
    pub const fn is_world(self) -> bool {
        matches!(self, Self::WORLD | Self::WORLD_IPV4 | Self::WORLD_IPV6)
    }

    /// Tells whether this is neither the outside nor of local scope (NUM-7).
    #[must_use]
    pub const fn is_cluster(self) -> bool {
        !self.is_world() && !matches!(self.scope(), Some(IdentityScope::Local))
    }

    /// Tells whether the number is kept for identities that a user fixes, 128 to 255 (WKN-4).
    #[must_use]
    pub const fn is_user_reserved(self) -> bool {
        128 <= self.0 && self.0 <= 255
    }
}

impl From<u32> for IdentityId {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

impl fmt::Display for IdentityId {
    /// Writes the name of a reserved identity, and the number of any other (NUM-6).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match super::ReservedIdentity::from_id(*self) {
            Some(reserved) => f.pad(reserved.name()),
            None => write!(f, "{}", self.0),
        }
    }
}

/// The numbers that the identities of one cluster are taken from, both ends included (NUM-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityRange {
    min: u32,
    max: u32,
}

impl IdentityRange {
    /// The range of a cluster that is in no mesh: 256 to 65535.
    pub const DEFAULT: Self = Self { min: 256, max: 65_535 };

    /// Returns the range of a cluster in a mesh of at most 255 clusters.
    #[must_use]
    pub const fn of_cluster(cluster: ClusterId) -> Self {
        Self::with_shift(cluster, 16)
    }

    /// Returns the range of a cluster in a mesh of at most 511 clusters, each with half as many
    /// identities (NUM-3).
    #[must_use]
    pub const fn of_cluster_of_511(cluster: ClusterId) -> Self {
        Self::with_shift(cluster, 15)
    }

    /// Returns the range `min..=max`, or `None` if it is empty, holds numbers below 256, or ends
    /// outside of the global scope.
    #[must_use]
    pub const fn new(min: u32, max: u32) -> Option<Self> {
        if 256 <= min && min <= max && max <= 0x00ff_ffff { Some(Self { min, max }) } else { None }
    }

    const fn with_shift(cluster: ClusterId, shift: u32) -> Self {
        let base = (cluster.number() as u32) << shift;
        let min = if base == 0 { 256 } else { base };
        Self { min, max: base | ((1 << shift) - 1) }
    }

    /// Returns the smallest number.
    #[must_use]
    pub const fn min(self) -> u32 {
        self.min
    }

    /// Returns the greatest number.
    #[must_use]
    pub const fn max(self) -> u32 {
        self.max
    }
}
