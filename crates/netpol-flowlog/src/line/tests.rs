use super::*;
use crate::{DropCode, FlowVerdict, L7Protocol, Layer4};

fn read(json: &str) -> FlowRecord {
    match LogLine::from_json(json).unwrap().event {
        LogEvent::Flow(flow) => *flow,
        other => panic!("{other:?}"),
    }
}

fn error(json: &str) -> String {
    LogLine::from_json(json).unwrap_err().to_string()
}

#[test]
fn readers_accept_both_spellings_numbers_and_texts() {
    let proto = r#"{"flow":{"verdict":"DROPPED","drop_reason":133,"is_reply":false,
        "l4":{"TCP":{"source_port":1,"destination_port":2}},"socket_cookie":"7",
        "l7":{"type":"RESPONSE","latency_ns":"12","kafka":{"error_code":-1}}},
        "node_name":"n"}"#;
    let camel = r#"{"flow":{"verdict":2,"dropReason":"133","isReply":false,
        "l4":{"TCP":{"sourcePort":1,"destinationPort":"2"}},"socketCookie":7,
        "l7":{"type":2,"latencyNs":12,"kafka":{"errorCode":"-1"}}},
        "nodeName":"n"}"#;
    assert_eq!(LogLine::from_json(proto).unwrap(), LogLine::from_json(camel).unwrap());
    let Some(L7Protocol::Kafka(kafka)) = read(proto).l7.unwrap().protocol else { panic!() };
    assert_eq!(kafka.error_code, -1);
}

#[test]
fn null_is_an_absent_field() {
    let json =
        r#"{"flow":{"verdict":null,"IP":null,"source_names":null,"is_reply":null},"time":null}"#;
    assert_eq!(read(json), FlowRecord::default());
}

#[test]
fn numbers_without_a_name_stay_numbers() {
    let json = r#"{"flow":{"verdict":9,"drop_reason":250,"drop_reason_desc":250}}"#;
    let flow = read(json);
    assert_eq!((flow.verdict, flow.drop_code), (FlowVerdict::new(9), DropCode::new(250)));
    assert_eq!(LogLine::flow(flow).to_json(), json);
}

#[test]
fn present_messages_without_content_are_kept() {
    let json = r#"{"flow":{"l4":{},"source":{},"l7":{},"is_reply":false}}"#;
    assert_eq!(LogLine::from_json(json).unwrap().to_json(), json);
    assert_eq!(read(json).l4, Some(Layer4::Unknown));
}

#[test]
fn what_browsers_would_read_is_escaped() {
    let flow = FlowRecord { summary: "<&>\u{2028}\u{2029}".into(), ..FlowRecord::default() };
    let json = r#"{"flow":{"Summary":"\u003c\u0026\u003e\u2028\u2029"}}"#;
    assert_eq!(LogLine::flow(flow.clone()).to_json(), json);
    assert_eq!(read(json), flow);
}

#[test]
fn extensions_are_kept() {
    let json = r#"{"flow":{"extensions":{"@type":"example.com/x","n":[1,{"a":null}]}}}"#;
    assert_eq!(LogLine::from_json(json).unwrap().to_json(), json);
}

#[test]
fn what_cannot_be_understood_is_an_error() {
    assert!(error(r#"{"flow":{"verdikt":1}}"#).starts_with("unknown field `verdikt`"));
    assert!(
        error(r#"{"flow":{"verdict":"ALLOWED"}}"#).starts_with("`ALLOWED` is not a known name")
    );
    assert!(error(r#"{"flow":{"verdict":4294967296}}"#).contains("out of range"));
    assert!(error(r#"{"flow":{"drop_reason":-1}}"#).starts_with("`-1` is out of range"));
    assert!(error(r#"{"flow":{"drop_reason":"+1"}}"#).starts_with("`+1` is not an integer"));
    assert!(error(r#"{"flow":{"time":"yesterday"}}"#).starts_with("`yesterday` is not a time"));
    assert!(error(r#"{"flow":{"source_names":[null]}}"#).contains("invalid type: null"));
    assert!(error(r#"{"flow":{"drop_reason":1,"dropReason":1}}"#).contains("duplicate field"));
    assert!(error(r#"{"flow":{"l4":{"TCP":{},"UDP":{}}}}"#).contains("more than one protocol"));
    assert!(error(r#"{"flow":{"l7":{"dns":{},"http":{}}}}"#).contains("more than one protocol"));
    assert!(error(r#"{"flow":{},"lost_events":{}}"#).contains("more than one event"));
    assert!(error("{}").contains("no event"));
    assert!(error("").contains("EOF"));
    assert!(error("{\"flow\":{}}\n{}").contains("trailing characters"));
}

#[test]
fn lines_that_are_too_long_are_not_read() {
    let line = |len: usize| {
        let frame = r#"{"flow":{"Summary":""}}"#.len();
        format!(r#"{{"flow":{{"Summary":"{}"}}}}"#, "x".repeat(len - frame))
    };
    assert!(LogLine::from_json(&line(MAX_LINE_LEN)).is_ok());
    let text = "the line has 1048577 bytes, more than 1048576";
    assert_eq!(error(&line(MAX_LINE_LEN + 1)), text);
}

#[test]
fn deep_nesting_is_an_error_and_no_overflow() {
    let json = format!(r#"{{"flow":{{"extensions":{}"#, "[".repeat(500_000));
    assert!(error(&json).contains("recursion limit"));
}

#[test]
fn node_status_names_the_node_and_its_state() {
    let status = r#"{"state_change":"NODE_UNAVAILABLE","node_names":["a","b"]}"#;
    let json = format!(r#"{{"node_status":{status},"node_name":"relay"}}"#);
    let line = LogLine::from_json(&json).unwrap();
    assert_eq!(line.to_json(), json);
    let text = "N/A [relay]: 2 nodes are unavailable: a, b";
    assert_eq!(line.to_compact(&CompactOptions::default()), text);
}
