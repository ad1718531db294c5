use serde::Deserialize;

use crate::decision::{AuthMode, Decision, L7Decision, Side, SideDecision, Verdict};

/// The expectation of a flow as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct FlowExpect {
    egress: SideDecision,
    ingress: SideDecision,
    egress_proxy: Option<String>,
    ingress_proxy: Option<String>,
    #[serde(rename = "egressL7")]
    egress_l7: Option<L7Decision>,
    #[serde(rename = "ingressL7")]
    ingress_l7: Option<L7Decision>,
    egress_auth: Option<AuthMode>,
    ingress_auth: Option<AuthMode>,
    http: Option<L7Decision>,
    dns: Option<L7Decision>,
    tls: Option<L7Decision>,
    verdict: Verdict,
    // Information only: which policies are behind the entry, and their log values.
    #[serde(default, rename = "egressBy")]
    _egress_by: Vec<String>,
    #[serde(default, rename = "ingressBy")]
    _ingress_by: Vec<String>,
    #[serde(default, rename = "egressLog")]
    _egress_log: Vec<String>,
    #[serde(default, rename = "ingressLog")]
    _ingress_log: Vec<String>,
}

impl FlowExpect {
    /// Returns the part that an engine has to meet.
    pub(crate) fn decision(self) -> Decision {
        Decision {
            egress: Side {
                decision: self.egress,
                proxy: self.egress_proxy,
                l7: self.egress_l7,
                auth: self.egress_auth,
            },
            ingress: Side {
                decision: self.ingress,
                proxy: self.ingress_proxy,
                l7: self.ingress_l7,
                auth: self.ingress_auth,
            },
            http: self.http,
            dns: self.dns,
            tls: self.tls,
            verdict: self.verdict,
        }
    }
}
