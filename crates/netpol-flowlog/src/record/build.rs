//! From a decision to a record (NPL).

use std::net::IpAddr;

use netpol_core::{AuthType, Decision, Direction, DropReason, MatchType, Verdict};

use super::{Emitter, EventType, FlowRecord};
use crate::{
    DropCode, FlowAuth, FlowEndpoint, FlowKind, FlowVerdict, Ip, L7Kind, Layer4, Layer7, PolicyRef,
    Tcp, Timestamp, TrafficDirection, summary,
};

/// Records of decisions. The caller adds when and where it was ([`FlowRecord::at`],
/// [`FlowRecord::on_node`]), the packet ([`FlowRecord::packet`]), both sides ([`FlowRecord::between`]) and
/// who decided ([`FlowRecord::by_policies`]).
impl FlowRecord {
    /// Returns the policy-verdict record of what one endpoint's policy says about the first packet of a
    /// connection (NPL). A demand for authentication is a denial.
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_core::{Direction, IdentityId, LabelSet, Verdict};
    /// use netpol_flowlog::{CompactOptions, FlowEndpoint, FlowRecord, Layer4, TcpFlags, Timestamp};
    ///
    /// let side = |number| FlowEndpoint::new(IdentityId::new(number), &LabelSet::new());
    /// let syn = Layer4::tcp(35_866, 7379, Some(TcpFlags::syn()));
    /// let record = FlowRecord::policy_verdict(Direction::Ingress, &Verdict::DEFAULT_DENY)
    ///     .at(Timestamp::new(1_710_425_554, 178_900_000).unwrap())
    ///     .packet([10, 0, 1, 5].into(), [10, 0, 2, 7].into(), Some(syn))
    ///     .between(side(40_136).pod("default", "backend"), side(29_609).pod("default", "database"));
    /// assert_eq!(
    ///     record.to_compact(&CompactOptions::default()),
    ///     "Mar 14 14:12:34.178: default/backend:35866 (ID:40136) <> default/database:7379 (ID:29609) \
    ///      policy-verdict:none INGRESS DENIED (TCP Flags: SYN)",
    /// );
    /// ```
    #[must_use]
    pub fn policy_verdict(direction: Direction, verdict: &Verdict) -> Self {
        match verdict.drop_reason() {
            None => Self::passed(direction, verdict),
            Some(reason) => {
                let auth_type = match reason {
                    DropReason::AuthRequired => auth(verdict.auth()),
                    DropReason::Policy | DropReason::PolicyDeny => FlowAuth::DISABLED,
                };
                // ARW-2
                Self::verdict_event(
                    direction,
                    FlowVerdict::DROPPED,
                    verdict.match_type(),
                    auth_type,
                )
                .dropped(reason.into())
            }
        }
    }

    /// Returns the policy-verdict record of a packet whose endpoints have authenticated each other as the
    /// verdict demands (NPL).
    #[must_use]
    pub fn authenticated_verdict(direction: Direction, verdict: &Verdict) -> Self {
        if verdict.decision().is_allowed() {
            Self::passed(direction, verdict)
        } else {
            Self::policy_verdict(direction, verdict)
        }
    }

    /// Returns the policy-verdict record of an endpoint in audit mode: what would be dropped is marked
    /// instead (NPL, MODE-5).
    #[must_use]
    pub fn audited_verdict(direction: Direction, verdict: &Verdict) -> Self {
        if verdict.drop_reason().is_none() {
            return Self::passed(direction, verdict);
        }
        let audit =
            Self::verdict_event(direction, FlowVerdict::AUDIT, MatchType::None, FlowAuth::DISABLED);
        Self { is_reply: Some(false), ..audit }
    }

    /// Returns the drop record of the same packet, if this is the policy-verdict record of a dropped one:
    /// a denied packet gives both (EMT-1).
    #[must_use]
    pub fn to_drop(&self) -> Option<Self> {
        let denied =
            self.event().kind == EventType::POLICY_VERDICT && self.verdict == FlowVerdict::DROPPED;
        denied.then(|| Self {
            event_type: Some(EventType {
                kind: EventType::DROP,
                sub_type: self.drop_code.number(),
            }),
            policy_match_type: 0,
            auth_type: FlowAuth::DISABLED,
            egress_allowed_by: Vec::new(),
            ingress_allowed_by: Vec::new(),
            egress_denied_by: Vec::new(),
            ingress_denied_by: Vec::new(),
            policy_log: Vec::new(),
            ..self.clone()
        })
    }

    /// Returns the record of a request or response (L7F): forwarded, dropped, redirected, or an error.
    ///
    /// The direction is that of the connection, for responses too, whose source is the server (L7F-14).
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_core::Direction;
    /// use netpol_flowlog::{CompactOptions, Dns, FlowRecord, FlowVerdict, Layer4, Layer7};
    ///
    /// let query = Layer7::dns_request(Dns::query("evil.example.", 28));
    /// let record = FlowRecord::l7(Direction::Egress, FlowVerdict::DROPPED, query)
    ///     .packet([10, 0, 1, 5].into(), [10, 0, 3, 9].into(), Some(Layer4::udp(41_000, 53)));
    /// assert_eq!(
    ///     record.to_compact(&CompactOptions::default()),
    ///     "N/A: 10.0.1.5:41000 (unknown) -> 10.0.3.9:53 (unknown) \
    ///      dns-request proxy DROPPED (DNS Query evil.example. AAAA)",
    /// );
    /// ```
    #[must_use]
    pub fn l7(direction: Direction, verdict: FlowVerdict, layer7: Layer7) -> Self {
        let reply = layer7.kind == L7Kind::RESPONSE;
        Self {
            verdict,
            kind: FlowKind::L7,
            summary: layer7.summary(),
            l7: Some(layer7),
            reply,
            is_reply: Some(reply),
            event_type: Some(EventType { kind: EventType::L7, sub_type: 0 }),
            traffic_direction: direction.into(),
            ..Self::default()
        }
    }

    /// Returns the record with the time when it was seen.
    #[must_use]
    pub fn at(self, time: Timestamp) -> Self {
        Self { time: Some(time), ..self }
    }

    /// Returns the record with the node where it was seen.
    #[must_use]
    pub fn on_node(self, name: &str) -> Self {
        Self { node_name: name.into(), ..self }
    }

    /// Returns the record with the name and version of the program that made it.
    #[must_use]
    pub fn emitted_by(self, name: &str, version: &str) -> Self {
        Self { emitter: Some(Emitter { name: name.into(), version: version.into() }), ..self }
    }

    /// Returns the record with addresses and transport header of its packet, and the summary that follows
    /// from them. A request keeps its own summary and has no TCP flags (L7F-14).
    #[must_use]
    pub fn packet(self, source: IpAddr, destination: IpAddr, l4: Option<Layer4>) -> Self {
        let ip = Ip::new(source, destination);
        if self.kind == FlowKind::L7 {
            return Self { ip: Some(ip), l4: l4.map(without_flags), ..self };
        }
        let summary = summary::of_packet(&ip, l4.as_ref());
        Self { ip: Some(ip), l4, summary, ..self }
    }

    /// Returns the record with both sides. Of the prefixes of a local identity the longest is kept, except
    /// for requests (EPR-5).
    #[must_use]
    pub fn between(self, source: FlowEndpoint, destination: FlowEndpoint) -> Self {
        let side = |side: FlowEndpoint| match self.kind {
            FlowKind::L7 => side,
            _ => side.with_longest_prefix(),
        };
        Self { source: Some(side(source)), destination: Some(side(destination)), ..self }
    }

    /// Returns the record with the DNS names of its destination; final dots are removed (EPR-6).
    #[must_use]
    pub fn destination_named<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { destination_names: names.into_iter().map(without_dot).collect(), ..self }
    }

    /// Returns the record with the DNS names of its source; final dots are removed (EPR-6).
    #[must_use]
    pub fn source_named<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { source_names: names.into_iter().map(without_dot).collect(), ..self }
    }

    /// Returns the record with the policies behind its verdict, and the texts that their rules say for the
    /// log. Records that name none stay as they are: default denials, audits, demands for authentication,
    /// drops and requests (COR-1).
    #[must_use]
    pub fn by_policies(mut self, policies: Vec<PolicyRef>, log: Vec<String>) -> Self {
        let denied =
            self.verdict == FlowVerdict::DROPPED && self.drop_code == DropCode::POLICY_DENY;
        let allowed = matches!(self.verdict, FlowVerdict::FORWARDED | FlowVerdict::REDIRECTED);
        if self.event().kind != EventType::POLICY_VERDICT || !(denied || allowed) {
            return self;
        }
        let list = match (self.traffic_direction, denied) {
            (TrafficDirection::INGRESS, false) => &mut self.ingress_allowed_by,
            (TrafficDirection::INGRESS, true) => &mut self.ingress_denied_by,
            (_, false) => &mut self.egress_allowed_by,
            (_, true) => &mut self.egress_denied_by,
        };
        *list = policies;
        Self { policy_log: log, ..self }
    }

    fn verdict_event(
        direction: Direction,
        verdict: FlowVerdict,
        match_type: MatchType,
        auth_type: FlowAuth,
    ) -> Self {
        Self {
            verdict,
            auth_type,
            kind: FlowKind::L3_L4,
            event_type: Some(EventType { kind: EventType::POLICY_VERDICT, sub_type: 0 }),
            traffic_direction: direction.into(),
            policy_match_type: match_type as u32,
            ..Self::default()
        }
    }

    fn passed(direction: Direction, verdict: &Verdict) -> Self {
        let word = match verdict.decision() {
            Decision::Redirect => FlowVerdict::REDIRECTED,
            Decision::Allow => FlowVerdict::FORWARDED,
            // Not reached: whoever calls has looked. It must not read as allowed.
            Decision::Deny | Decision::DefaultDeny => FlowVerdict::DROPPED,
        };
        let auth_type = auth(verdict.auth());
        let record = Self::verdict_event(direction, word, verdict.match_type(), auth_type);
        Self { is_reply: Some(false), ..record }
    }

    fn dropped(self, code: DropCode) -> Self {
        Self { drop_reason: code.number().unsigned_abs(), drop_code: code, ..self }
    }
}

impl From<Direction> for TrafficDirection {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Ingress => Self::INGRESS,
            Direction::Egress => Self::EGRESS,
        }
    }
}

fn auth(auth: AuthType) -> FlowAuth {
    match auth {
        AuthType::Disabled => FlowAuth::DISABLED,
        AuthType::Spire => FlowAuth::SPIRE,
        AuthType::AlwaysFail => FlowAuth::TEST_ALWAYS_FAIL,
    }
}

fn without_flags(l4: Layer4) -> Layer4 {
    match l4 {
        Layer4::Tcp(tcp) => Layer4::Tcp(Tcp { flags: None, ..tcp }),
        other => other,
    }
}

fn without_dot(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests;
