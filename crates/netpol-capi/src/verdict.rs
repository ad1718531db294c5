//! The answer for a packet.

use netpol::{
    Decision, Direction, EndpointId, Flow, IdentityId, L7Handle, PacketVerdict, Protocol, Side,
    Summary,
};
use netpol_core::RedirectId;

use crate::NETPOL_NO_ENDPOINT;
use crate::error::Failure;

/// Towards the endpoint; the peer is the source.
pub const NETPOL_INGRESS: u8 = 0;
/// From the endpoint; the peer is the destination.
pub const NETPOL_EGRESS: u8 = 1;

/// There is no answer, because the question was wrong or the library failed. The packet must not pass.
pub const NETPOL_DECISION_ERROR: u8 = 0;
/// An entry of the policy map allows the packet.
pub const NETPOL_DECISION_ALLOW: u8 = 1;
/// An entry allows it through a proxy, which has the final word.
pub const NETPOL_DECISION_REDIRECT: u8 = 2;
/// A deny rule forbids it.
pub const NETPOL_DECISION_DENY: u8 = 3;
/// No entry matches it, so it must not pass.
pub const NETPOL_DECISION_DEFAULT_DENY: u8 = 4;
/// The address belongs to no managed endpoint: nothing here forbids the packet.
pub const NETPOL_DECISION_NO_ENDPOINT: u8 = 5;
/// It passes before any policy: ICMP *fragmentation needed*.
pub const NETPOL_DECISION_EXEMPT: u8 = 6;

/// The packet must not pass.
pub const NETPOL_SUMMARY_DENY: u8 = 0;
/// The packet may pass.
pub const NETPOL_SUMMARY_ALLOW: u8 = 1;
/// The packet may pass through the proxy of each side that redirects it.
pub const NETPOL_SUMMARY_REDIRECT: u8 = 2;
/// The packet may pass once both sides have authenticated each other, not before.
pub const NETPOL_SUMMARY_AUTH_REQUIRED: u8 = 3;

/// What one side of a flow says: the source's egress policy, or the destination's ingress policy. The side that
/// redirects a connection is also what `netpol_reader_http`, `netpol_reader_dns` and `netpol_reader_sni` are asked
/// with.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct netpol_side {
    /// The endpoint; `NETPOL_NO_ENDPOINT` if the address belongs to none that is managed.
    pub endpoint: u32,
    /// The identity of the other side.
    pub peer: u32,
    /// The number of the rules that decided; 0 if no entry decided.
    pub rules: u32,
    /// The number of the proxy that the packet goes to; 0 for none. `netpol_engine_proxy` names it.
    pub proxy: u32,
    /// The destination port in host byte order, or the type for ICMP.
    pub port: u16,
    /// The IP protocol number.
    pub protocol: u8,
    /// `NETPOL_INGRESS` or `NETPOL_EGRESS`.
    pub direction: u8,
    /// `NETPOL_DECISION_...`.
    pub decision: u8,
    /// 1 if policy is enforced on the endpoint in this direction, else 0.
    pub enforced: u8,
    /// Which parts of the deciding key were specific, as in Cilium's flow records: 0 none, 1 L3-Only,
    /// 2 L3-L4, 3 L4-Only, 4 all, 5 L3-Proto, 6 Proto-Only.
    pub match_type: u8,
    /// The authentication that an allowed packet needs: 0 none, 1 SPIRE, 2 one that always fails.
    pub auth: u8,
}

/// The answer for a packet. All zero is a deny.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct netpol_verdict {
    /// The identity of the source.
    pub src_identity: u32,
    /// The identity of the destination.
    pub dst_identity: u32,
    /// What the source's egress policy says.
    pub egress: netpol_side,
    /// What the destination's ingress policy says.
    pub ingress: netpol_side,
    /// The verdict in one number: `NETPOL_SUMMARY_...`.
    pub summary: u8,
    /// 0.
    pub reserved: [u8; 3],
}

impl netpol_verdict {
    /// The answer where there is none.
    pub(crate) const DENY: Self = Self {
        src_identity: 0,
        dst_identity: 0,
        egress: netpol_side { direction: NETPOL_EGRESS, ..netpol_side::DENY },
        ingress: netpol_side::DENY,
        summary: NETPOL_SUMMARY_DENY,
        reserved: [0; 3],
    };

    /// Puts the answer for a packet of this protocol and port in the place of a deny, the summary last.
    #[inline]
    pub(crate) fn fill(&mut self, (protocol, port): (Protocol, u16), verdict: &PacketVerdict) {
        let PacketVerdict { src_identity, dst_identity, egress, ingress } = verdict;
        let flow = |direction, peer| Flow { direction, peer, protocol, port };
        self.src_identity = src_identity.number();
        self.dst_identity = dst_identity.number();
        self.egress = netpol_side::new(&flow(Direction::Egress, *dst_identity), egress);
        self.ingress = netpol_side::new(&flow(Direction::Ingress, *src_identity), ingress);
        self.summary = match verdict.summary() {
            Summary::Deny => NETPOL_SUMMARY_DENY,
            Summary::Allow => NETPOL_SUMMARY_ALLOW,
            Summary::Redirect => NETPOL_SUMMARY_REDIRECT,
            Summary::AuthRequired => NETPOL_SUMMARY_AUTH_REQUIRED,
        };
    }
}

impl netpol_side {
    /// The answer where there is none.
    pub(crate) const DENY: Self = Self {
        endpoint: NETPOL_NO_ENDPOINT,
        peer: 0,
        rules: 0,
        proxy: 0,
        port: 0,
        protocol: 0,
        direction: NETPOL_INGRESS,
        decision: NETPOL_DECISION_ERROR,
        enforced: 0,
        match_type: 0,
        auth: 0,
    };

    /// Returns what a side says about a flow.
    #[inline]
    pub(crate) fn new(flow: &Flow, side: &Side) -> Self {
        let asked = Self {
            endpoint: side.endpoint().map_or(NETPOL_NO_ENDPOINT, EndpointId::number),
            peer: flow.peer.number(),
            port: flow.port,
            protocol: flow.protocol.number(),
            direction: direction_number(flow.direction),
            ..Self::DENY
        };
        match side {
            Side::None => Self { decision: NETPOL_DECISION_NO_ENDPOINT, ..asked },
            Side::Exempt { .. } => Self { decision: NETPOL_DECISION_EXEMPT, ..asked },
            Side::Policy { enforced, verdict, .. } => Self {
                rules: verdict.rules().number(),
                proxy: verdict.redirect().number(),
                decision: match verdict.decision() {
                    Decision::Allow => NETPOL_DECISION_ALLOW,
                    Decision::Redirect => NETPOL_DECISION_REDIRECT,
                    Decision::Deny => NETPOL_DECISION_DENY,
                    Decision::DefaultDeny => NETPOL_DECISION_DEFAULT_DENY,
                },
                enforced: (*enforced).into(),
                match_type: verdict.match_type() as u8,
                auth: verdict.auth() as u8,
                ..asked
            },
        }
    }

    /// Returns what to ask about requests of the connection.
    pub(crate) fn handle(&self) -> Result<L7Handle, Failure> {
        if self.decision != NETPOL_DECISION_REDIRECT {
            return Err(Failure::bad_number("decision", self.decision.into()));
        }
        let flow = Flow {
            direction: direction(self.direction)?,
            peer: IdentityId::new(self.peer),
            protocol: Protocol::new(self.protocol),
            port: self.port,
        };
        Ok(L7Handle::new(EndpointId::new(self.endpoint), flow, RedirectId::new(self.proxy)))
    }
}

/// Returns the direction with a number.
pub(crate) const fn direction(number: u8) -> Result<Direction, Failure> {
    match number {
        NETPOL_INGRESS => Ok(Direction::Ingress),
        NETPOL_EGRESS => Ok(Direction::Egress),
        other => Err(Failure::bad_number("direction", other as u64)),
    }
}

/// Returns the number of a direction.
pub(crate) const fn direction_number(direction: Direction) -> u8 {
    match direction {
        Direction::Ingress => NETPOL_INGRESS,
        Direction::Egress => NETPOL_EGRESS,
    }
}
