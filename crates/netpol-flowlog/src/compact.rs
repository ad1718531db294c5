//! The compact text: one line for each record (LINE).

mod host;
mod paint;

use netpol_core::{IdentityId, ReservedIdentity};

use self::paint::{Color, Painter};
use crate::{
    DropCode, EventType, FlowAuth, FlowEndpoint, FlowRecord, FlowVerdict, L7Protocol, Layer7,
    LostEvents, NodeState, NodeStatus, PolicyRef, SocketPoint, TimeFormat, Timestamp, TracePoint,
};

/// What a compact line shows, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompactOptions {
    /// How the time is printed.
    pub time_format: TimeFormat,
    /// Whether the name of the node is printed behind the time (LINE-3); off by default.
    pub node_name: bool,
    /// Whether names of pods, services and DNS stand for addresses (HST-2); on by default.
    pub ip_translation: bool,
    /// Whether the policies that decided are printed (VRD-4); off by default.
    pub policy_names: bool,
    /// Whether parts are coloured for a terminal (LINE-5); off by default.
    pub color: bool,
}

impl Default for CompactOptions {
    fn default() -> Self {
        Self {
            time_format: TimeFormat::default(),
            node_name: false,
            ip_translation: true,
            policy_names: false,
            color: false,
        }
    }
}

/// Returns the line of a flow (LINE-1).
pub(crate) fn flow(flow: &FlowRecord, options: &CompactOptions) -> String {
    let painter = Painter::new(options.color);
    let time = time(flow.time, options);
    let node = if options.node_name { format!(" [{}]", flow.node_name) } else { String::new() };
    let (source, destination) = host::names(flow, options, painter);
    let left = format!("{source} {}", identity(flow.source.as_ref(), painter));
    let right = format!("{destination} {}", identity(flow.destination.as_ref(), painter));
    // ARW-1
    let (left, arrow, right) = match flow.is_reply {
        None => (left, "<>", right),
        Some(false) => (left, "->", right),
        Some(true) => (right, "<-", left),
    };
    let kind = painter.plain(&flow_type(flow));
    let verdict = verdict(flow, options, painter);
    let summary = summary(flow, painter);
    let [time, node] = [time, node].map(|text| painter.plain(&text));
    format!("{time}{node}: {left} {arrow} {right} {kind} {verdict} ({summary})")
}

/// Returns the line of lost events (LST-1).
pub(crate) fn lost_events(
    lost: &LostEvents,
    at: Option<Timestamp>,
    options: &CompactOptions,
) -> String {
    let LostEvents { source, num_events_lost, cpu, first, last } = lost;
    let cpu = cpu.unwrap_or_default();
    let span = match (first, last) {
        (None, None) => String::new(),
        _ => format!(" (first: {}, last: {})", time(*first, options), time(*last, options)),
    };
    let at = time(at, options);
    format!("{at} EVENTS LOST: {source} CPU({cpu}) {num_events_lost}{span}")
}

/// Returns the line of a node's status (LST-2).
pub(crate) fn node_status(
    status: &NodeStatus,
    at: Option<Timestamp>,
    node: &str,
    options: &CompactOptions,
) -> String {
    let NodeStatus { state_change, node_names, message } = status;
    let (count, names) = (node_names.len(), node_names.join(", "));
    let text = match *state_change {
        NodeState::CONNECTED => format!("Receiving flows from {count} nodes: {names}"),
        NodeState::UNAVAILABLE => format!("{count} nodes are unavailable: {names}"),
        NodeState::GONE => format!("{count} nodes removed from cluster: {names}"),
        NodeState::ERROR => format!("Error {message:?} on {count} nodes: {names}"),
        state => format!("{state} of {count} nodes: {names}"),
    };
    let at = time(at, options);
    Painter::new(false).plain(&format!("{at} [{node}]: {text}"))
}

// TIM-3
fn time(time: Option<Timestamp>, options: &CompactOptions) -> String {
    time.map_or_else(|| "N/A".to_owned(), |time| time.format(options.time_format))
}

// IDT
fn identity(side: Option<&FlowEndpoint>, painter: Painter) -> String {
    let identity = side.map_or(IdentityId::UNKNOWN, |side| side.identity);
    let text = match ReservedIdentity::from_id(identity) {
        Some(reserved) => format!("({})", reserved.name()),
        None => format!("(ID:{})", identity.number()),
    };
    painter.paint(Color::Magenta, &text)
}

// FTY
fn flow_type(flow: &FlowRecord) -> String {
    if let Some(layer7) = &flow.l7 {
        return l7_type(layer7);
    }
    let EventType { kind, sub_type } = flow.event();
    // The reference looks at the lowest byte only.
    let [number, ..] = sub_type.to_le_bytes();
    match kind {
        EventType::DROP => DropCode::new(number.into()).text(),
        EventType::CAPTURE => flow.debug_capture_point.to_string(),
        EventType::TRACE => TracePoint::datapath_text(number),
        EventType::POLICY_VERDICT => {
            format!("policy-verdict:{} {}", flow.match_type_text(), flow.traffic_direction)
        }
        EventType::TRACE_SOCK => socket_type(flow.sock_xlate_point),
        _ => "UNKNOWN".into(),
    }
}

// FTY-1
fn l7_type(layer7: &Layer7) -> String {
    let kind = layer7.kind.to_string().to_ascii_lowercase();
    match &layer7.protocol {
        None => format!("l7-{kind}"),
        Some(L7Protocol::Http(_)) => format!("http-{kind}"),
        Some(L7Protocol::Kafka(_)) => format!("kafka-{kind}"),
        Some(L7Protocol::Dns(dns)) => format!("dns-{kind} {}", dns.observation_source),
    }
}

fn socket_type(point: SocketPoint) -> String {
    match point {
        SocketPoint::PRE_FWD => "pre-xlate-fwd".into(),
        SocketPoint::POST_FWD => "post-xlate-fwd".into(),
        SocketPoint::PRE_REV => "pre-xlate-rev".into(),
        SocketPoint::POST_REV => "post-xlate-rev".into(),
        point => point.to_string(),
    }
}

// VRD-2, VRD-4
fn verdict(flow: &FlowRecord, options: &CompactOptions, painter: Painter) -> String {
    let of_policy = flow.event().kind == EventType::POLICY_VERDICT;
    let (policy_word, color) = match flow.verdict {
        FlowVerdict::FORWARDED | FlowVerdict::REDIRECTED => ("ALLOWED", Color::Green),
        FlowVerdict::DROPPED | FlowVerdict::ERROR => ("DENIED", Color::Red),
        FlowVerdict::AUDIT => ("AUDITED", Color::Yellow),
        verdict @ (FlowVerdict::TRACED | FlowVerdict::TRANSLATED) => {
            return painter.paint(Color::Yellow, &verdict.to_string());
        }
        verdict => return verdict.to_string(),
    };
    if !of_policy {
        return painter.paint(color, &flow.verdict.to_string());
    }
    let by = if options.policy_names { policy_names(flow) } else { String::new() };
    format!("{}{}", painter.paint(color, policy_word), painter.plain(&by))
}

fn policy_names(flow: &FlowRecord) -> String {
    let named = |policy: &&PolicyRef| !policy.name.is_empty() && !policy.kind.is_empty();
    let names = flow.decided_by().iter().filter(named);
    let names: Vec<_> = names.map(|policy| format!("{} ({})", policy.name, policy.kind)).collect();
    if names.is_empty() { String::new() } else { format!(" BY {}", names.join(", ")) }
}

// SUM-1
fn summary(flow: &FlowRecord, painter: Painter) -> String {
    let trace_id = flow.ip_trace_id.as_ref().map_or(0, |trace| trace.trace_id);
    let trace_id = if trace_id > 0 { format!("IP Trace ID: {trace_id}; ") } else { String::new() };
    let auth_color = match flow.auth_type {
        FlowAuth::TEST_ALWAYS_FAIL => Color::Red,
        _ => Color::Green,
    };
    let auth = match flow.auth_type {
        FlowAuth::DISABLED => String::new(),
        auth => format!("; Auth: {}", painter.paint(auth_color, &auth.to_string())),
    };
    format!("{trace_id}{}{auth}", painter.plain(&flow.summary))
}

#[cfg(test)]
mod tests;
