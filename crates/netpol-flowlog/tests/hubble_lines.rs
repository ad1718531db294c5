//! Every record and table of the golden file: JSON in, the same JSON and the same text out.

#![expect(clippy::unwrap_used, reason = "a failed test says where it failed")]

mod ordered;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use netpol_core::{
    AuthRequirement, AuthType, Direction, IdentityId, Label, LabelSet, MatchType, PolicyEntry,
    PolicyKey, PortPrefix, Protocol, ProxyPriority, RuleSetId, Verdict,
};
use netpol_flowlog::{
    CompactOptions, DropCode, EventType, FlowAuth, FlowEndpoint, FlowRecord, FlowVerdict, Igmp,
    Layer4, LogEvent, LogLine, TimeFormat, TracePoint, TraceReason, TrafficDirection, Vrrp,
    dns_rcode_name, dns_type_name,
};
use serde::Deserialize;

use self::ordered::Json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Goldens {
    #[serde(rename = "description")]
    _description: String,
    #[serde(rename = "context")]
    _context: serde_json::Value,
    lines: Vec<LineRow>,
    drop_reasons: Vec<DropRow>,
    policy_match_types: Vec<NameRow>,
    trace_observation_points: Vec<NameRow>,
    verdicts: Vec<NameRow>,
    trace_reasons: Vec<NameRow>,
    summary_icmpv4: Vec<MessageRow>,
    summary_icmpv6: Vec<MessageRow>,
    summary_igmp: Vec<MessageRow>,
    summary_vrrp: Vec<MessageRow>,
    summary_dns_types: Vec<NameRow>,
    summary_dns_rcodes: Vec<NameRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineRow {
    id: String,
    #[serde(rename = "note", default)]
    _note: String,
    event: Option<serde_json::Value>,
    response: Json,
    #[serde(default)]
    options: Options,
    text: String,
    text_default_mask: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    print_policy_names: bool,
    no_ip_translation: bool,
    print_node_name: bool,
    time_format: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DropRow {
    code: i32,
    text: String,
    #[serde(rename = "enum")]
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameRow {
    value: u32,
    text: String,
    #[serde(rename = "enum")]
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageRow {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default)]
    code: u8,
    text: String,
}

impl Options {
    fn compact(&self) -> CompactOptions {
        let format = self.time_format.as_deref().map(TimeFormat::from_name);
        CompactOptions {
            time_format: format.unwrap_or_default(),
            node_name: self.print_node_name,
            ip_translation: !self.no_ip_translation,
            policy_names: self.print_policy_names,
            ..CompactOptions::default()
        }
    }
}

fn goldens() -> Goldens {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/goldens");
    let file = File::open(folder.join("hubble-lines.json.gz")).unwrap();
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn line(row: &LineRow) -> LogLine {
    LogLine::from_json(&row.response.to_string()).map_err(|error| (&row.id, error)).unwrap()
}

#[test]
fn json_is_read_and_written_alike_in_the_same_order() {
    let lines = goldens().lines;
    assert_eq!(lines.len(), 198);
    for row in &lines {
        let written = line(row).to_json();
        // The file has the escapes of JSN-7 undone.
        let plain = serde_json::from_str::<Json>(&written).unwrap().to_string();
        assert_eq!(plain, row.response.to_string(), "{}", row.id);
        assert_eq!(LogLine::from_json(&written).unwrap(), line(row), "{}", row.id);
    }
}

#[test]
fn compact_text_is_the_same() {
    for row in goldens().lines {
        assert_eq!(line(&row).to_compact(&row.options.compact()), row.text, "{}", row.id);
    }
}

#[test]
fn compact_text_of_the_default_mask_is_the_same() {
    for row in goldens().lines {
        let LogEvent::Flow(flow) = line(&row).event else { continue };
        let text = flow.default_mask().to_compact(&row.options.compact());
        assert_eq!(text, row.text_default_mask.unwrap_or(row.text), "{}", row.id);
    }
}

#[test]
fn summaries_follow_from_the_records() {
    let mut checked = 0;
    // The others were made by hand to exercise the printer; their parts need not fit together.
    for row in goldens().lines.iter().filter(|row| row.event.is_some()) {
        let LogEvent::Flow(flow) = line(row).event else { continue };
        if let Some(derived) = derived_summary(&flow) {
            assert_eq!(derived, flow.summary, "{}", row.id);
            checked += 1;
        }
    }
    assert_eq!(checked, 42);
}

/// Returns the summary that the constructors would give the record, for records they can make.
fn derived_summary(flow: &FlowRecord) -> Option<String> {
    if let Some(layer7) = &flow.l7 {
        return layer7.protocol.is_some().then(|| layer7.summary());
    }
    let ip = flow.ip.as_ref()?;
    let (source, destination) = (ip.source.parse().unwrap(), ip.destination.parse().unwrap());
    Some(FlowRecord::default().packet(source, destination, flow.l4.clone()).summary)
}

#[test]
fn decisions_give_the_records_of_the_reference() {
    let mut checked = 0;
    for row in goldens().lines.iter().filter(|row| row.event.is_some()) {
        let LogEvent::Flow(flow) = line(row).event else { continue };
        // What netpol does not see, and a record without a packet.
        let expected = FlowRecord { ethernet: None, ..*flow };
        let (Some(ip), false) = (&expected.ip, expected.traffic_direction.number() == 0) else {
            continue;
        };
        let Some(record) = decided(&expected) else { continue };
        let (source, destination) = (ip.source.parse().unwrap(), ip.destination.parse().unwrap());
        let log = expected.policy_log.clone();
        let record = record
            .at(expected.time.unwrap())
            .on_node(&expected.node_name)
            .packet(source, destination, expected.l4.clone())
            .between(side(expected.source.as_ref()), side(expected.destination.as_ref()))
            .destination_named(expected.destination_names.iter().map(String::as_str))
            .by_policies(expected.decided_by().to_vec(), log);
        assert_eq!(record, expected, "{}", row.id);
        checked += 1;
    }
    assert_eq!(checked, 31);
}

/// Returns the record of the decision that a golden record is about; `None` for traces and drops.
fn decided(flow: &FlowRecord) -> Option<FlowRecord> {
    let direction = match flow.traffic_direction {
        TrafficDirection::INGRESS => Direction::Ingress,
        _ => Direction::Egress,
    };
    if let Some(layer7) = &flow.l7 {
        let record = FlowRecord::l7(direction, flow.verdict, layer7.clone());
        // The text of a generic parser is its own.
        return Some(FlowRecord { summary: flow.summary.clone(), ..record });
    }
    if flow.event_type.as_ref()?.kind != EventType::POLICY_VERDICT {
        return None;
    }
    let verdict = verdict(flow, direction);
    Some(match flow.verdict {
        FlowVerdict::AUDIT => FlowRecord::audited_verdict(direction, &verdict),
        _ => FlowRecord::policy_verdict(direction, &verdict),
    })
}

/// Returns a verdict with the match type and decision of a golden record.
fn verdict(flow: &FlowRecord, direction: Direction) -> Verdict {
    let peer = IdentityId::new(300);
    let (identity, protocol, port) = match flow.policy_match_type {
        1 => (peer, Protocol::ANY, PortPrefix::ALL),
        2 => (peer, Protocol::TCP, PortPrefix::single(80)),
        3 => (IdentityId::ANY, Protocol::TCP, PortPrefix::single(80)),
        4 => (IdentityId::ANY, Protocol::ANY, PortPrefix::ALL),
        5 => (peer, Protocol::TCP, PortPrefix::ALL),
        6 => (IdentityId::ANY, Protocol::TCP, PortPrefix::ALL),
        _ => return Verdict::DEFAULT_DENY,
    };
    let key = PolicyKey::new(direction, identity, protocol, port);
    let redirected = flow.verdict == FlowVerdict::REDIRECTED;
    let auth = if flow.auth_type == FlowAuth::SPIRE { AuthType::Spire } else { AuthType::Disabled };
    let entry = PolicyEntry {
        deny: flow.drop_code == DropCode::POLICY_DENY,
        priority: if redirected { ProxyPriority::HTTP } else { ProxyPriority::NONE },
        auth: AuthRequirement::explicit(auth),
        ..PolicyEntry::allow(RuleSetId::NONE)
    };
    Verdict::choose(Some((key, entry)), None)
}

/// Returns a side made from the facts of a golden one.
fn side(golden: Option<&FlowEndpoint>) -> FlowEndpoint {
    let golden = golden.unwrap();
    let labels: LabelSet = golden.labels.iter().map(|label| Label::parse(label)).collect();
    FlowEndpoint::new(golden.identity, &labels)
        .local(golden.id)
        .pod(&golden.namespace, &golden.pod_name)
}

#[test]
fn drop_reasons_have_two_names() {
    for DropRow { code, text, name } in goldens().drop_reasons {
        assert_eq!(DropCode::new(code).text(), text);
        assert_eq!(DropCode::new(code).name(), name.as_deref(), "{code}");
    }
}

#[test]
fn match_types_have_the_words_of_policy_verdicts() {
    for NameRow { value, text, .. } in goldens().policy_match_types {
        let json =
            format!(r#"{{"flow":{{"event_type":{{"type":5}},"policy_match_type":{value}}}}}"#);
        let line = LogLine::from_json(&json).unwrap().to_compact(&CompactOptions::default());
        assert!(line.contains(&format!(" policy-verdict:{text} ")), "{line}");
    }
    assert_eq!(MatchType::ProtoOnly as u32, 6);
}

#[test]
fn trace_points_have_names_and_words() {
    for NameRow { value, text, name } in goldens().trace_observation_points {
        let json = format!(r#"{{"flow":{{"event_type":{{"type":4,"sub_type":{value}}}}}}}"#);
        let line = LogLine::from_json(&json).unwrap().to_compact(&CompactOptions::default());
        assert!(line.contains(&format!(" {text} VERDICT_UNKNOWN ")), "{line}");
        let point = TracePoint::from_datapath(u8::try_from(value).unwrap());
        assert_eq!(point.name(), name.as_deref());
    }
}

#[test]
fn verdicts_and_trace_reasons_have_names() {
    let number = |row: &NameRow| i32::try_from(row.value).unwrap();
    for row in goldens().verdicts {
        assert_eq!(FlowVerdict::new(number(&row)).name(), Some(row.text.as_str()));
    }
    for row in goldens().trace_reasons {
        assert_eq!(TraceReason::new(number(&row)).name(), Some(row.text.as_str()));
    }
}

fn summary(source: [u16; 8], l4: Option<Layer4>) -> String {
    FlowRecord::default().packet(source.into(), source.into(), l4).summary
}

#[test]
fn messages_have_names() {
    let goldens = goldens();
    let icmp = |protocol, row: &MessageRow| {
        summary([0; 8], Layer4::of_protocol(protocol, 0, row.kind.into(), row.code))
    };
    for row in &goldens.summary_icmpv4 {
        assert_eq!(icmp(Protocol::ICMP, row), format!("ICMPv4 {}", row.text));
    }
    for row in &goldens.summary_icmpv6 {
        assert_eq!(icmp(Protocol::ICMPV6, row), format!("ICMPv6 {}", row.text));
    }
    for row in &goldens.summary_igmp {
        let igmp = Igmp { kind: row.kind.into(), ..Igmp::default() };
        assert_eq!(summary([0; 8], Some(Layer4::Igmp(igmp))), format!("IGMP {}", row.text));
    }
    for row in &goldens.summary_vrrp {
        let vrrp = Vrrp { kind: row.kind.into(), ..Vrrp::default() };
        assert_eq!(summary([0; 8], Some(Layer4::Vrrp(vrrp))), format!("VRRP {}", row.text));
    }
}

#[test]
fn dns_types_and_response_codes_have_names() {
    let goldens = goldens();
    for NameRow { value, text, .. } in &goldens.summary_dns_types {
        assert_eq!(dns_type_name(u16::try_from(*value).unwrap()), text);
    }
    for NameRow { value, text, .. } in &goldens.summary_dns_rcodes {
        assert_eq!(dns_rcode_name(*value), text);
    }
    assert_eq!((dns_type_name(257), dns_rcode_name(11)), ("Unknown", "Unknown"));
}
