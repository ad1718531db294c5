//! One record of a flow log.

mod build;
mod mask;

use netpol_core::MatchType;

use crate::compact::{self, CompactOptions};
use crate::wire::message;
use crate::{
    CapturePoint, DropCode, Ethernet, FlowAuth, FlowEndpoint, FlowKind, FlowVerdict, Ip, Layer4,
    Layer7, PolicyRef, Service, SocketPoint, Timestamp, TracePoint, TraceReason, TrafficDirection,
    Tunnel,
};

message! {
    /// One record of a flow log: Hubble's *flow* (FLD).
    ///
    /// The fields are those of the format, in its order. Numbers that mean *not set* are 0, as JSON leaves
    /// them out. Records of decisions begin with [`FlowRecord::policy_verdict`] or [`FlowRecord::l7`].
    pub struct FlowRecord {
        /// When it was seen.
        time: Option<Timestamp> = "time",
        /// A random name of the record.
        uuid: String = "uuid",
        /// What made the record.
        emitter: Option<Emitter> = "emitter",
        /// What became of the packet or request.
        verdict: FlowVerdict = "verdict",
        /// The code of the drop reason; [`FlowRecord::drop_code`] says the same.
        drop_reason: u32 = "drop_reason" | "dropReason",
        /// The authentication that was asked for.
        auth_type: FlowAuth = "auth_type" | "authType",
        /// The link layer.
        ethernet: Option<Ethernet> = "ethernet",
        /// The addresses.
        ip: Option<Ip> = "IP",
        /// The transport layer.
        l4: Option<Layer4> = "l4",
        /// The outer headers of an encapsulated packet.
        tunnel: Option<Tunnel> = "tunnel",
        /// The sender.
        source: Option<FlowEndpoint> = "source",
        /// The receiver.
        destination: Option<FlowEndpoint> = "destination",
        /// What the record is about.
        kind: FlowKind = "Type",
        /// The node that made the record, behind its cluster and `/` if that is not the default one.
        node_name: String = "node_name" | "nodeName",
        /// The node's labels as `key=value`, sorted.
        node_labels: Vec<String> = "node_labels" | "nodeLabels",
        /// The DNS names of the sender that the receiver has asked for (EPR-6).
        source_names: Vec<String> = "source_names" | "sourceNames",
        /// The DNS names of the receiver that the sender has asked for (EPR-6).
        destination_names: Vec<String> = "destination_names" | "destinationNames",
        /// The request or response.
        l7: Option<Layer7> = "l7",
        /// Whether this is a reply; [`FlowRecord::is_reply`] can say that it is not known.
        reply: bool = "reply",
        /// The event behind the record.
        event_type: Option<EventType> = "event_type" | "eventType",
        /// The service that the sender belongs to.
        source_service: Option<Service> = "source_service" | "sourceService",
        /// The service that the receiver belongs to.
        destination_service: Option<Service> = "destination_service" | "destinationService",
        /// The side of the endpoint that was met.
        traffic_direction: TrafficDirection = "traffic_direction" | "trafficDirection",
        /// Which part of the policy key decided, 0 to 6 as in [`MatchType`] (FTY-3).
        policy_match_type: u32 = "policy_match_type" | "policyMatchType",
        /// Where a traced packet was seen.
        trace_observation_point: TracePoint = "trace_observation_point" | "traceObservationPoint",
        /// How a traced packet relates to its connection.
        trace_reason: TraceReason = "trace_reason" | "traceReason",
        /// The place in the datapath's source that dropped the packet.
        file: Option<FileInfo> = "file",
        /// What the packet's IP options carry for tracing.
        ip_trace_id: Option<IpTraceId> = "ip_trace_id" | "ipTraceId",
        /// Why the packet was dropped.
        drop_code: DropCode = "drop_reason_desc" | "dropReasonDesc",
        /// Whether this is a reply, if that is known (ARW-2).
        is_reply: Option<bool> = "is_reply" | "isReply",
        /// Where a debug capture was taken.
        debug_capture_point: CapturePoint = "debug_capture_point" | "debugCapturePoint",
        /// The network interface.
        interface: Option<Interface> = "interface",
        /// The proxy's port.
        proxy_port: u32 = "proxy_port" | "proxyPort",
        /// The distributed trace that a request belongs to.
        trace_context: Option<TraceContext> = "trace_context" | "traceContext",
        /// The moment of a socket's address translation.
        sock_xlate_point: SocketPoint = "sock_xlate_point" | "sockXlatePoint",
        /// The kernel's number of the socket.
        socket_cookie: u64 = "socket_cookie" | "socketCookie",
        /// The control group that the packet comes from.
        cgroup_id: u64 = "cgroup_id" | "cgroupId",
        /// What lines say about the packet or request (SUM).
        summary: String = "Summary",
        /// What other programs add.
        extensions: Option<serde_json::Value> = "extensions",
        /// The policies that allowed it on egress.
        egress_allowed_by: Vec<PolicyRef> = "egress_allowed_by" | "egressAllowedBy",
        /// The policies that allowed it on ingress.
        ingress_allowed_by: Vec<PolicyRef> = "ingress_allowed_by" | "ingressAllowedBy",
        /// The policies that denied it on egress.
        egress_denied_by: Vec<PolicyRef> = "egress_denied_by" | "egressDeniedBy",
        /// The policies that denied it on ingress.
        ingress_denied_by: Vec<PolicyRef> = "ingress_denied_by" | "ingressDeniedBy",
        /// What the rules that decided say for the log (COR-6).
        policy_log: Vec<String> = "policy_log" | "policyLog",
    }
}

impl FlowRecord {
    /// Returns the record as a compact line, without the line feed (LINE).
    #[must_use]
    pub fn to_compact(&self, options: &CompactOptions) -> String {
        compact::flow(self, options)
    }

    /// Returns the event behind the record: all zeros if there is none.
    pub(crate) fn event(&self) -> EventType {
        self.event_type.clone().unwrap_or_default()
    }

    /// Returns the policies that made the record's verdict, in its own direction (VRD-4).
    #[must_use]
    pub fn decided_by(&self) -> &[PolicyRef] {
        let forwarded = matches!(self.verdict, FlowVerdict::FORWARDED | FlowVerdict::REDIRECTED);
        let denied = matches!(self.verdict, FlowVerdict::DROPPED | FlowVerdict::ERROR);
        match self.traffic_direction {
            TrafficDirection::INGRESS if forwarded => &self.ingress_allowed_by,
            TrafficDirection::INGRESS if denied => &self.ingress_denied_by,
            TrafficDirection::EGRESS if forwarded => &self.egress_allowed_by,
            TrafficDirection::EGRESS if denied => &self.egress_denied_by,
            _ => &[],
        }
    }

    /// Returns the words for the match type, such as `L3-L4` (FTY-3).
    pub(crate) fn match_type_text(&self) -> &'static str {
        const ALL: [MatchType; 7] = [
            MatchType::None,
            MatchType::L3Only,
            MatchType::L3L4,
            MatchType::L4Only,
            MatchType::All,
            MatchType::L3Proto,
            MatchType::ProtoOnly,
        ];
        let known = ALL.iter().find(|known| **known as u32 == self.policy_match_type);
        known.map_or("unknown", |known| known.as_str())
    }
}

message! {
    /// The program that made a record.
    pub struct Emitter {
        /// Its name.
        name: String = "name",
        /// Its version.
        version: String = "version",
    }
}

message! {
    /// The datapath's event behind a record (FTY-2).
    pub struct EventType {
        /// The type of the event.
        kind: i32 = "type",
        /// What it means depends on the type: the drop reason, or the observation point of a trace.
        sub_type: i32 = "sub_type" | "subType",
    }
}

impl EventType {
    /// The type of drops.
    pub const DROP: i32 = 1;
    /// The type of debug captures.
    pub const CAPTURE: i32 = 3;
    /// The type of traces.
    pub const TRACE: i32 = 4;
    /// The type of policy verdicts.
    pub const POLICY_VERDICT: i32 = 5;
    /// The type of socket translations.
    pub const TRACE_SOCK: i32 = 7;
    /// The type of requests and responses.
    pub const L7: i32 = 129;
}

message! {
    /// A place in the datapath's source.
    pub struct FileInfo {
        /// The file.
        name: String = "name",
        /// The line.
        line: u32 = "line",
    }
}

message! {
    /// What a packet's IP options carry for tracing.
    pub struct IpTraceId {
        /// The number of the trace.
        trace_id: u64 = "trace_id" | "traceId",
        /// The number of the IP option.
        ip_option_type: u32 = "ip_option_type" | "ipOptionType",
    }
}

message! {
    /// A network interface.
    pub struct Interface {
        /// Its number.
        index: u32 = "index",
        /// Its name.
        name: String = "name",
    }
}

message! {
    /// The distributed trace that a request belongs to.
    pub struct TraceContext {
        /// The request before this one.
        parent: Option<TraceParent> = "parent",
    }
}

message! {
    /// A request of a distributed trace.
    pub struct TraceParent {
        /// The number of the trace, in hexadecimal.
        trace_id: String = "trace_id" | "traceId",
    }
}
