use netpol_core::{
    AuthRequirement, IdentityId, LabelSet, PolicyEntry, PolicyKey, PortPrefix, Protocol,
    ProxyPriority, RuleSetId,
};

use super::*;
use crate::{CompactOptions, Dns, LogLine, TcpFlags};

fn verdict(entry: PolicyEntry) -> Verdict {
    let peer = IdentityId::new(40_136);
    let port = PortPrefix::single(7379);
    let key = PolicyKey::new(Direction::Ingress, peer, Protocol::TCP, port);
    Verdict::choose(Some((key, entry)), None)
}

fn allow() -> PolicyEntry {
    PolicyEntry::allow(RuleSetId::NONE)
}

fn deny() -> Verdict {
    verdict(PolicyEntry::deny(RuleSetId::NONE))
}

fn authenticated() -> Verdict {
    verdict(PolicyEntry { auth: AuthRequirement::explicit(AuthType::Spire), ..allow() })
}

fn policy() -> Vec<PolicyRef> {
    vec![PolicyRef::new("CiliumNetworkPolicy", "default", "database", 4)]
}

/// The record without the parts that the caller adds, as JSON.
fn json(record: FlowRecord) -> String {
    let json = LogLine::flow(record).to_json();
    json.strip_prefix(r#"{"flow":{"verdict":""#).unwrap().to_owned()
}

#[test]
fn an_allowed_connection_is_forwarded_and_no_reply() {
    let record = FlowRecord::policy_verdict(Direction::Ingress, &verdict(allow()));
    assert_eq!(
        json(record),
        concat!(
            r#"FORWARDED","Type":"L3_L4","event_type":{"type":5},"#,
            r#""traffic_direction":"INGRESS","policy_match_type":2,"is_reply":false}}"#,
        )
    );
}

#[test]
fn a_redirected_connection_is_redirected_in_json_and_allowed_in_text() {
    let entry = PolicyEntry { priority: ProxyPriority::HTTP, ..allow() };
    let record = FlowRecord::policy_verdict(Direction::Egress, &verdict(entry));
    assert_eq!(
        record.to_compact(&CompactOptions::default()),
        "N/A:  (unknown) ->  (unknown) policy-verdict:L3-L4 EGRESS ALLOWED ()"
    );
    assert_eq!(record.verdict, FlowVerdict::REDIRECTED);
}

#[test]
fn a_default_denial_has_its_reason_and_no_match() {
    let record = FlowRecord::policy_verdict(Direction::Ingress, &Verdict::DEFAULT_DENY);
    assert_eq!(
        json(record.by_policies(policy(), vec!["log".into()])),
        concat!(
            r#"DROPPED","drop_reason":133,"Type":"L3_L4","event_type":{"type":5},"#,
            r#""traffic_direction":"INGRESS","drop_reason_desc":"POLICY_DENIED"}}"#,
        )
    );
}

#[test]
fn an_explicit_denial_names_match_and_policies() {
    let record = FlowRecord::policy_verdict(Direction::Egress, &deny());
    let record = record.by_policies(policy(), vec!["log".into()]);
    let text =
        record.to_compact(&CompactOptions { policy_names: true, ..CompactOptions::default() });
    let end = "policy-verdict:L3-L4 EGRESS DENIED BY database (CiliumNetworkPolicy) ()";
    assert!(text.ends_with(end), "{text}");
    assert_eq!(record.egress_denied_by, policy());
    assert_eq!((record.drop_code, record.is_reply), (DropCode::POLICY_DENY, None));
    assert_eq!(record.policy_log, ["log"]);
}

#[test]
fn missing_authentication_denies_and_present_one_is_shown() {
    let missing = FlowRecord::policy_verdict(Direction::Ingress, &authenticated());
    assert_eq!((missing.verdict, missing.drop_reason), (FlowVerdict::DROPPED, 189));
    assert_eq!((missing.auth_type, missing.is_reply), (FlowAuth::SPIRE, None));
    assert_eq!(missing.by_policies(policy(), Vec::new()).decided_by(), []);
    let done = FlowRecord::authenticated_verdict(Direction::Ingress, &authenticated());
    assert_eq!((done.verdict, done.is_reply), (FlowVerdict::FORWARDED, Some(false)));
    assert_eq!((done.auth_type, done.drop_reason), (FlowAuth::SPIRE, 0));
}

#[test]
fn authentication_does_not_help_what_is_denied() {
    for verdict in [deny(), Verdict::DEFAULT_DENY] {
        let record = FlowRecord::authenticated_verdict(Direction::Ingress, &verdict);
        assert_eq!(record.verdict, FlowVerdict::DROPPED);
    }
}

#[test]
fn audit_marks_what_would_be_dropped_and_nothing_else() {
    for verdict in [deny(), Verdict::DEFAULT_DENY, authenticated()] {
        let record = FlowRecord::audited_verdict(Direction::Ingress, &verdict);
        assert_eq!(
            json(record.by_policies(policy(), Vec::new())),
            concat!(
                r#"AUDIT","Type":"L3_L4","event_type":{"type":5},"#,
                r#""traffic_direction":"INGRESS","is_reply":false}}"#,
            )
        );
    }
    let allowed = FlowRecord::audited_verdict(Direction::Ingress, &verdict(allow()));
    assert_eq!(allowed, FlowRecord::policy_verdict(Direction::Ingress, &verdict(allow())));
}

#[test]
fn a_denied_packet_gives_a_drop_record_too() {
    let record = FlowRecord::policy_verdict(Direction::Ingress, &deny())
        .by_policies(policy(), vec!["log".into()]);
    assert_eq!(
        json(record.to_drop().unwrap()),
        concat!(
            r#"DROPPED","drop_reason":181,"Type":"L3_L4","event_type":{"type":1,"#,
            r#""sub_type":181},"traffic_direction":"INGRESS","#,
            r#""drop_reason_desc":"POLICY_DENY"}}"#,
        )
    );
    assert_eq!(FlowRecord::policy_verdict(Direction::Ingress, &verdict(allow())).to_drop(), None);
    assert_eq!(record.to_drop().unwrap().to_drop(), None);
}

#[test]
fn a_request_has_no_flags_reason_or_policies() {
    let query = Layer7::dns_request(Dns::query("a.", 1));
    let syn = Layer4::tcp(1, 53, Some(TcpFlags::syn()));
    let record = FlowRecord::l7(Direction::Egress, FlowVerdict::DROPPED, query)
        .packet([10, 0, 0, 1].into(), [10, 0, 0, 2].into(), Some(syn))
        .by_policies(policy(), vec!["log".into()]);
    assert_eq!(
        json(record),
        concat!(
            r#"DROPPED","IP":{"source":"10.0.0.1","destination":"10.0.0.2","#,
            r#""ipVersion":"IPv4"},"l4":{"TCP":{"source_port":1,"#,
            r#""destination_port":53}},"Type":"L7","l7":{"type":"REQUEST","#,
            r#""dns":{"query":"a.","observation_source":"proxy","qtypes":["A"]}},"#,
            r#""event_type":{"type":129},"traffic_direction":"EGRESS","#,
            r#""is_reply":false,"Summary":"DNS Query a. A"}}"#,
        )
    );
}

#[test]
fn prefixes_are_thinned_out_except_in_requests() {
    let labels = ["cidr:1.1.0.0/16", "cidr:1.0.0.0/8"].map(netpol_core::Label::parse);
    let labels: LabelSet = labels.into_iter().collect();
    let side = FlowEndpoint::new(IdentityId::new(16_777_217), &labels);
    let packet = FlowRecord::policy_verdict(Direction::Egress, &verdict(allow()));
    let packet = packet.between(side.clone(), side.clone());
    assert_eq!(packet.source.unwrap().labels, ["cidr:1.1.0.0/16"]);
    let request = FlowRecord::l7(Direction::Egress, FlowVerdict::FORWARDED, Layer7::request());
    assert_eq!(request.between(side.clone(), side).source.unwrap().labels.len(), 2);
}

#[test]
fn names_lose_their_final_dot() {
    let record = FlowRecord::default().destination_named(["a.example."]).source_named(["b."]);
    assert_eq!(
        (record.destination_names, record.source_names),
        (vec!["a.example".into()], vec!["b".into()])
    );
}
