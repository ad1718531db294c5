//! The answer for a packet: both sides.

use std::net::IpAddr;
use std::sync::Arc;

use netpol_core::{AuthType, Decision, Direction, Flow, IdentityId, Protocol, RedirectId, Verdict};
use netpol_l7::{HeaderChange, HttpEffects};
use netpol_policy::rule::Origin;

use crate::EndpointId;

/// What one side of a flow says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The address belongs to no managed endpoint, so there is no policy (FLOW-2).
    None,
    /// The packet passes before any policy (PKT).
    Exempt {
        /// The endpoint.
        endpoint: EndpointId,
    },
    /// The policy of an endpoint decided.
    Policy {
        /// The endpoint.
        endpoint: EndpointId,
        /// What its policy was asked.
        flow: Flow,
        /// Whether policy is enforced there in this direction.
        enforced: bool,
        /// What its policy map says.
        verdict: Verdict,
    },
}

impl Side {
    /// Returns the side that denies, of an endpoint that does not exist.
    const fn denied(direction: Direction) -> Self {
        Self::Policy {
            endpoint: EndpointId(u32::MAX),
            flow: Flow { direction, peer: IdentityId::UNKNOWN, protocol: Protocol::ANY, port: 0 },
            enforced: true,
            verdict: Verdict::DEFAULT_DENY,
        }
    }

    /// Tells whether this side lets the packet pass, be it through a proxy or after
    /// authentication.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        match self {
            Self::None | Self::Exempt { .. } => true,
            Self::Policy { verdict, .. } => verdict.decision().is_allowed(),
        }
    }

    /// Returns the policy map's answer, if there is one.
    #[must_use]
    pub const fn verdict(&self) -> Option<&Verdict> {
        match self {
            Self::None | Self::Exempt { .. } => None,
            Self::Policy { verdict, .. } => Some(verdict),
        }
    }

    /// Returns the endpoint, if the address belongs to one.
    #[must_use]
    pub const fn endpoint(&self) -> Option<EndpointId> {
        match self {
            Self::None => None,
            Self::Exempt { endpoint } | Self::Policy { endpoint, .. } => Some(*endpoint),
        }
    }

    /// Returns what to ask a reader about requests of the connection, if it is redirected to a
    /// proxy.
    #[must_use]
    pub fn redirect(&self) -> Option<L7Handle> {
        match *self {
            Self::Policy { endpoint, flow, verdict, .. }
                if verdict.decision() == Decision::Redirect =>
            {
                Some(L7Handle { endpoint, flow, redirect: verdict.redirect(), address: None })
            }
            _ => None,
        }
    }

    /// Returns the word for it: `none`, `unenforced`, `allow`, `redirect`, `deny` or
    /// `default-deny`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Exempt { .. } => "allow",
            Self::Policy { enforced: false, .. } => "unenforced",
            Self::Policy { verdict, .. } => verdict.decision().as_str(),
        }
    }
}

/// A redirected connection: what a reader is asked about requests with. It means the rules that are in
/// force when it is asked, not those of when it was made (HTTPD-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct L7Handle {
    pub(crate) endpoint: EndpointId,
    pub(crate) flow: Flow,
    pub(crate) redirect: RedirectId,
    // The address that names on the connection must have resolved to.
    pub(crate) address: Option<IpAddr>,
}

impl L7Handle {
    /// Returns the handle of a connection that the policy of an endpoint redirects to a proxy: for callers
    /// who keep the parts of a [`Side`] rather than the handle that it gives.
    ///
    /// Requests of a connection that no policy redirects are judged as the connection is (L7E-6); those of an
    /// unknown endpoint are denied.
    #[must_use]
    pub const fn new(endpoint: EndpointId, flow: Flow, proxy: RedirectId) -> Self {
        Self { endpoint, flow, redirect: proxy, address: None }
    }

    /// Returns a handle that asks for more: HTTP requests and TLS connections are allowed only if the
    /// host, or the server name, is one that DNS gave `address` for, as far as any endpoint was told. So a
    /// client that may talk to one name of a shared address cannot talk to the others (FQQ-3, L7Q-7).
    ///
    /// `address` is where the connection goes. A host that is an address, and the lack of a name, are
    /// denied. DNS queries are judged as before.
    #[must_use]
    pub const fn bound_to(self, address: IpAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// Returns the number of the proxy; [`Engine::redirect`](crate::Engine::redirect) knows more.
    #[must_use]
    pub const fn proxy(&self) -> RedirectId {
        self.redirect
    }
}

/// What the L7 rules say about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct L7Verdict {
    allowed: bool,
    rule: Option<Arc<Origin>>,
}

impl L7Verdict {
    pub(crate) const DENY: Self = Self { allowed: false, rule: None };

    pub(crate) fn new(allowed: bool, rule: Option<Arc<Origin>>) -> Self {
        Self { allowed, rule }
    }

    /// Tells whether the request may pass.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        self.allowed
    }

    /// Returns the rule that decided; `None` if just none allows the request, or if no policy looks at
    /// requests of the connection any more.
    #[must_use]
    pub const fn rule(&self) -> Option<&Arc<Origin>> {
        self.rule.as_ref()
    }
}

/// What the L7 rules say about an HTTP request, and what their header actions do to it (HM-5).
///
/// A denied request goes nowhere, whatever the changes; actions are logged all the same (HM-9). Names are
/// in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpVerdict {
    /// The verdict.
    pub verdict: L7Verdict,
    /// The changes to the headers of the request that goes on, in order.
    pub changes: Vec<HeaderChange>,
    /// For the access log: headers that were missing, with the wanted value.
    pub missing: Vec<(String, Vec<u8>)>,
    /// For the access log: headers that were rejected, with the value that they had.
    pub rejected: Vec<(String, Vec<u8>)>,
}

impl HttpVerdict {
    pub(crate) fn new(verdict: L7Verdict, effects: HttpEffects) -> Self {
        let HttpEffects { changes, missing, rejected, .. } = effects;
        Self { verdict, changes, missing, rejected }
    }
}

/// The verdict in one word (FLOW-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Summary {
    /// Both sides allow it.
    Allow,
    /// Both sides allow it, at least one through a proxy, which has the final word.
    Redirect,
    /// Both sides allow it once they have authenticated each other.
    AuthRequired,
    /// A side denies it.
    Deny,
}

impl Summary {
    /// Returns `allow`, `redirect`, `auth` or `deny`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Redirect => "redirect",
            Self::AuthRequired => "auth",
            Self::Deny => "deny",
        }
    }
}

/// The answer for a packet: what the source's egress policy and the destination's ingress policy
/// say (FLOW-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PacketVerdict {
    /// The identity of the source.
    pub src_identity: IdentityId,
    /// The identity of the destination.
    pub dst_identity: IdentityId,
    /// What the source's egress policy says.
    pub egress: Side,
    /// What the destination's ingress policy says.
    pub ingress: Side,
}

impl PacketVerdict {
    /// The verdict on a packet between addresses that nobody has a policy for, to be written over.
    pub(crate) const NONE: Self = Self {
        src_identity: IdentityId::UNKNOWN,
        dst_identity: IdentityId::UNKNOWN,
        egress: Side::None,
        ingress: Side::None,
    };

    /// The verdict that nothing passes with: to fill a slice that is then written to. Both sides
    /// are those of an endpoint that does not exist.
    pub const DENY: Self = Self {
        src_identity: IdentityId::UNKNOWN,
        dst_identity: IdentityId::UNKNOWN,
        egress: Side::denied(Direction::Egress),
        ingress: Side::denied(Direction::Ingress),
    };

    /// Tells whether both sides let the packet pass. A redirect passes as far as the policy map is
    /// concerned; a demand for authentication does not.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self.summary(), Summary::Allow | Summary::Redirect)
    }

    /// Returns the verdict in one word.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let sides = [&self.egress, &self.ingress];
        let verdicts = || sides.iter().filter_map(|side| side.verdict());
        if !sides.iter().all(|side| side.is_allowed()) {
            Summary::Deny
        } else if verdicts().any(|verdict| verdict.auth() != AuthType::Disabled) {
            Summary::AuthRequired
        } else if verdicts().any(|verdict| verdict.decision() == Decision::Redirect) {
            Summary::Redirect
        } else {
            Summary::Allow
        }
    }

    /// Returns what one side says.
    #[must_use]
    pub const fn side(&self, direction: Direction) -> &Side {
        match direction {
            Direction::Egress => &self.egress,
            Direction::Ingress => &self.ingress,
        }
    }

    /// Returns the side that denies; egress, which comes first, if both do.
    #[must_use]
    pub const fn denied_at(&self) -> Option<Direction> {
        if !self.egress.is_allowed() {
            Some(Direction::Egress)
        } else if !self.ingress.is_allowed() {
            Some(Direction::Ingress)
        } else {
            None
        }
    }
}
