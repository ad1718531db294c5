use super::*;
use crate::{Http, HttpVersion, Ip, Layer4, Service, TcpFlags};

fn connection() -> FlowRecord {
    FlowRecord {
        ip: Some(Ip::new([10, 0, 0, 1].into(), "fd00::7".parse().unwrap())),
        l4: Some(Layer4::tcp(1, 80, Some(TcpFlags::syn()))),
        verdict: FlowVerdict::FORWARDED,
        event_type: Some(EventType { kind: EventType::POLICY_VERDICT, sub_type: 0 }),
        summary: "TCP Flags: SYN".into(),
        ..FlowRecord::default()
    }
}

#[test]
fn colours_stand_around_host_port_identity_verdict_and_authentication() {
    let flow = FlowRecord { auth_type: FlowAuth::SPIRE, ..connection() };
    let text = flow.to_compact(&CompactOptions { color: true, ..CompactOptions::default() });
    let text = text.replace('\u{1b}', "^");
    assert_eq!(
        text,
        "N/A: ^[36m10.0.0.1:^[33m1^[0m^[0m ^[35m(unknown)^[0m <> \
         ^[36m[fd00::7]:^[33m80^[0m^[0m ^[35m(unknown)^[0m \
         policy-verdict:none TRAFFIC_DIRECTION_UNKNOWN ^[32mALLOWED^[0m \
         (TCP Flags: SYN; Auth: ^[32mSPIRE^[0m)",
    );
}

#[test]
fn no_part_of_a_record_can_colour_the_line() {
    let evil = "\u{1b}[31m\r".to_owned();
    let flow = FlowRecord {
        node_name: evil.clone(),
        source_names: vec![evil.clone()],
        destination_service: Some(Service { name: evil.clone(), namespace: evil.clone() }),
        l7: Some(Layer7::http_request(Http::request(HttpVersion::Http2, "GET", "http", "a", "/"))),
        summary: evil,
        ..connection()
    };
    let options = CompactOptions { node_name: true, ..CompactOptions::default() };
    let text = flow.to_compact(&options);
    assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text:?}");
}

#[test]
fn only_the_lowest_byte_of_the_sub_type_counts() {
    let event = |sub_type| Some(EventType { kind: EventType::DROP, sub_type });
    let flow = |sub_type| FlowRecord { event_type: event(sub_type), ..FlowRecord::default() };
    assert_eq!(flow_type(&flow(133)), flow_type(&flow(256 + 133)));
}

#[test]
fn lost_events_with_one_end_unknown_say_so() {
    let lost = LostEvents { first: Timestamp::new(0, 0), ..LostEvents::default() };
    let text = "N/A EVENTS LOST: UNKNOWN_LOST_EVENT_SOURCE CPU(0) 0 \
                (first: Jan  1 00:00:00.000, last: N/A)";
    assert_eq!(lost_events(&lost, None, &CompactOptions::default()), text);
}
