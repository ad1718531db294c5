//! Why a verdict is what it is.

use std::fmt;
use std::sync::Arc;

use netpol_core::{Decision, Direction, Flow, IdentityId, LabelSet, Protocol};
use netpol_policy::compile::{LoadedElement, LoadedPeers, RuleSet};
use netpol_policy::rule::{Origin, PolicyName, Ports};

use crate::{EndpointId, Engine, Packet, PacketVerdict, Side};

/// Why one side of a flow decided as it did.
///
/// Its text is one line, or several where nothing allowed the flow: first the policies that
/// put the endpoint under default deny, then the rule that came nearest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    side: &'static str,
    decision: &'static str,
    rules: Option<Arc<RuleSet>>,
    isolated_by: Vec<Arc<PolicyName>>,
    nearest: Option<NearMiss>,
}

/// The rule that came nearest to allowing a flow, and what kept it from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    /// Where the rule stands.
    pub origin: Arc<Origin>,
    /// Whether the rule is about the peer; if so, it is about other ports.
    pub peer_matches: bool,
}

impl Explanation {
    /// Returns the word for the decision, as [`Side::as_str`].
    #[must_use]
    pub fn decision(&self) -> &str {
        self.decision
    }

    /// Returns the rules that decided; none for a default deny.
    pub fn origins(&self) -> impl Iterator<Item = &Arc<Origin>> {
        self.rules.iter().flat_map(|rules| rules.origins())
    }

    /// Returns the policies that put the endpoint under default deny, if that is what decided.
    #[must_use]
    pub fn isolated_by(&self) -> &[Arc<PolicyName>] {
        &self.isolated_by
    }

    /// Returns the rule that came nearest, where nothing allowed the flow.
    #[must_use]
    pub fn nearest(&self) -> Option<&NearMiss> {
        self.nearest.as_ref()
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { side, decision, rules, isolated_by, nearest } = self;
        match (*decision, rules.as_deref()) {
            ("none", _) => return write!(f, "{side}: not an endpoint of ours"),
            ("unenforced", _) => return write!(f, "{side}: allowed, no policy applies"),
            (_, Some(RuleSet::DefaultAllow)) => {
                return write!(f, "{side}: allowed, no policy here switches default deny on");
            }
            (_, Some(RuleSet::AllowLocalhost)) => {
                return write!(f, "{side}: allowed, the local node may reach its endpoints");
            }
            (_, Some(RuleSet::Lockdown)) => {
                return write!(f, "{side}: denied, the policy cannot be computed");
            }
            ("allow", Some(_)) => write!(f, "{side}: allowed"),
            ("allow", None) => return write!(f, "{side}: allowed before any policy"),
            ("redirect", _) => write!(f, "{side}: allowed through a proxy"),
            ("deny", _) => write!(f, "{side}: denied"),
            _ => write!(f, "{side}: denied by default"),
        }?;
        let mut separator = " by ";
        for origin in self.origins() {
            write!(f, "{separator}{origin}")?;
            separator = ", ";
        }
        for policy in isolated_by {
            write!(f, "{separator}{policy}")?;
            separator = ", ";
        }
        match nearest {
            None => Ok(()),
            Some(NearMiss { origin, peer_matches: true }) => {
                write!(f, "; nearest: {origin}, for other ports")
            }
            Some(NearMiss { origin, peer_matches: false }) => {
                write!(f, "; nearest: {origin}, for other peers")
            }
        }
    }
}

impl Engine {
    /// Returns why each side of a verdict decided as it did, egress first. The verdict should be
    /// of the newest revision.
    #[must_use]
    pub fn explain(&self, packet: &Packet, verdict: &PacketVerdict) -> [Explanation; 2] {
        let side = |direction, peer| {
            let flow = Flow { direction, peer, protocol: packet.protocol, port: packet.port };
            self.explain_side(&flow, verdict.side(direction))
        };
        [
            side(Direction::Egress, verdict.dst_identity),
            side(Direction::Ingress, verdict.src_identity),
        ]
    }

    /// Returns why one side decided as it did about a flow.
    #[must_use]
    pub fn explain_side(&self, flow: &Flow, side: &Side) -> Explanation {
        let verdict = side.verdict();
        let denied_by_default = verdict.is_some_and(|v| v.decision() == Decision::DefaultDeny);
        let elements = side
            .endpoint()
            .filter(|_| denied_by_default)
            .map(|id| self.elements(id, flow.direction));
        let elements = elements.unwrap_or_default();
        Explanation {
            side: flow.direction.as_str(),
            decision: side.as_str(),
            rules: verdict.and_then(|verdict| self.rule_set(verdict.rules()).cloned()),
            isolated_by: isolating(&elements),
            nearest: self.nearest(flow, &elements),
        }
    }

    /// Returns the elements that apply to an endpoint in a direction.
    fn elements(&self, id: EndpointId, direction: Direction) -> Vec<LoadedElement> {
        let mut elements = self.applying_elements(id);
        elements.retain(|element| element.element.direction == direction);
        elements
    }

    fn nearest(&self, flow: &Flow, elements: &[LoadedElement]) -> Option<NearMiss> {
        let peer = self.identity_labels(flow.peer);
        let about_peer = |element: &LoadedElement| is_about_peer(element, flow.peer, peer);
        let allows = || elements.iter().filter(|element| !element.element.deny);
        let by_peer = allows().find(|element| about_peer(element));
        let by_port =
            || allows().find(|e| !is_empty(e) && is_about_port(e, flow.protocol, flow.port));
        let miss = |element: &LoadedElement, peer_matches| NearMiss {
            origin: Arc::clone(&element.element.origin),
            peer_matches,
        };
        by_peer.map(|e| miss(e, true)).or_else(|| by_port().map(|e| miss(e, false)))
    }
}

/// Returns the policies that switch default deny on, each once.
fn isolating(elements: &[LoadedElement]) -> Vec<Arc<PolicyName>> {
    let mut policies: Vec<Arc<PolicyName>> = Vec::new();
    for element in elements.iter().filter(|element| element.element.default_deny) {
        let policy = &element.element.origin.policy;
        if !policies.contains(policy) {
            policies.push(Arc::clone(policy));
        }
    }
    policies
}

fn is_empty(element: &LoadedElement) -> bool {
    match &element.peers {
        LoadedPeers::Nobody => true,
        LoadedPeers::Unrestricted => element.element.ports == Ports::All,
        LoadedPeers::AnyOf(selectors) => selectors.is_empty(),
    }
}

fn is_about_peer(element: &LoadedElement, peer: IdentityId, labels: Option<&LabelSet>) -> bool {
    match &element.peers {
        LoadedPeers::Nobody => false,
        LoadedPeers::Unrestricted => element.element.ports != Ports::All,
        LoadedPeers::AnyOf(selectors) => selectors.iter().any(|selector| {
            selector.is_wildcard()
                || (peer != IdentityId::UNKNOWN && labels.is_some_and(|l| selector.matches(l)))
        }),
    }
}

fn is_about_port(element: &LoadedElement, protocol: Protocol, port: u16) -> bool {
    match &element.element.ports {
        Ports::All => true,
        Ports::AnyOf(rules) => rules.iter().flat_map(|rule| &rule.ports).any(|p| {
            p.protocol == protocol && p.port.range().is_some_and(|range| range.contains(port))
        }),
    }
}
