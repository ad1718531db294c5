//! The answer to a flow, in the words of the conformance vectors.

use serde::Deserialize;

use crate::world::Flow;

/// Everything a policy engine says about one flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The policy of the source.
    pub egress: Side,
    /// The policy of the destination, whatever `egress` says.
    pub ingress: Side,
    /// Both proxies together, for a flow with an HTTP request.
    pub http: Option<L7Decision>,
    /// The same for a DNS query.
    pub dns: Option<L7Decision>,
    /// The same for a TLS handshake without HTTP request.
    pub tls: Option<L7Decision>,
    /// The summary.
    pub verdict: Verdict,
}

/// What the policy of one endpoint says about a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// The decision at layers 3 and 4.
    pub decision: SideDecision,
    /// The proxy that a redirect leads to: `http`, `dns`, `tcp` or
    /// `listener:<namespace>/<config>/<name>`.
    pub proxy: Option<String>,
    /// What that proxy says about the request; absent if there is none or the proxy's decision is
    /// not modelled.
    pub l7: Option<L7Decision>,
    /// The authentication that is demanded.
    pub auth: Option<AuthMode>,
}

/// The decision at layers 3 and 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SideDecision {
    /// The endpoint is not managed.
    None,
    /// Policy is not enforced in this direction.
    Unenforced,
    /// An entry allows.
    Allow,
    /// An entry of a deny rule applies.
    Deny,
    /// No entry applies.
    DefaultDeny,
    /// Allowed, through a proxy.
    Redirect,
    /// The policy of the endpoint cannot be computed.
    Error,
}

/// The decision of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum L7Decision {
    /// The request passes.
    Allow,
    /// The request is refused.
    Deny,
}

/// A demand for mutual authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthMode {
    /// Mode `required`.
    Spire,
    /// Mode `test-always-fail`.
    TestAlwaysFail,
}

/// The summary of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The flow passes.
    Allow,
    /// An endpoint or a proxy refuses it.
    Deny,
    /// The policy of an endpoint cannot be computed.
    Error,
    /// It passes once the two ends are authenticated.
    Auth,
    /// It passes as far as a proxy, whose decision is not known.
    Redirect,
}

impl Decision {
    /// Returns the decision that follows from its two sides.
    pub fn new(flow: &Flow, egress: Side, ingress: Side) -> Self {
        let l7 = both_proxies(&egress, &ingress);
        Self {
            http: l7.filter(|_| flow.http.is_some()),
            dns: l7.filter(|_| flow.http.is_none() && flow.dns.is_some()),
            tls: l7.filter(|_| flow.http.is_none() && flow.dns.is_none() && flow.tls.is_some()),
            verdict: verdict(&egress, &ingress),
            egress,
            ingress,
        }
    }
}

impl Side {
    /// Returns a side that needs nothing but the decision.
    pub fn plain(decision: SideDecision) -> Self {
        Self { decision, proxy: None, l7: None, auth: None }
    }

    fn denies(&self) -> bool {
        matches!(self.decision, SideDecision::Deny | SideDecision::DefaultDeny)
            || self.l7 == Some(L7Decision::Deny)
    }

    fn is_undecided(&self) -> bool {
        self.decision == SideDecision::Redirect && self.l7.is_none()
    }
}

/// Returns `Deny` if one proxy denies; nothing if there is no proxy, or if one that was reached has
/// not decided.
fn both_proxies(egress: &Side, ingress: &Side) -> Option<L7Decision> {
    if egress.l7 == Some(L7Decision::Deny) || ingress.l7 == Some(L7Decision::Deny) {
        return Some(L7Decision::Deny);
    }
    if egress.is_undecided() || ingress.is_undecided() {
        return None;
    }
    egress.l7.or(ingress.l7)
}

fn verdict(egress: &Side, ingress: &Side) -> Verdict {
    let some_side = |holds: fn(&Side) -> bool| holds(egress) || holds(ingress);
    if some_side(Side::denies) {
        Verdict::Deny
    } else if some_side(|side| side.decision == SideDecision::Error) {
        Verdict::Error
    } else if some_side(|side| side.auth.is_some()) {
        Verdict::Auth
    } else if some_side(Side::is_undecided) {
        Verdict::Redirect
    } else {
        Verdict::Allow
    }
}
