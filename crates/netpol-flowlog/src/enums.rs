//! The enumerations of a flow.

use crate::wire::open_enum;

open_enum! {
    /// What became of a packet or request (VRD-1).
    pub struct FlowVerdict {
        UNKNOWN = 0 "VERDICT_UNKNOWN",
        FORWARDED = 1 "FORWARDED",
        DROPPED = 2 "DROPPED",
        ERROR = 3 "ERROR",
        AUDIT = 4 "AUDIT",
        REDIRECTED = 5 "REDIRECTED",
        TRACED = 6 "TRACED",
        TRANSLATED = 7 "TRANSLATED",
    }
}

open_enum! {
    /// What a record is about: packets, requests or sockets.
    pub struct FlowKind {
        UNKNOWN = 0 "UNKNOWN_TYPE",
        L3_L4 = 1 "L3_L4",
        L7 = 2 "L7",
        SOCK = 3 "SOCK",
    }
}

open_enum! {
    /// The side of the endpoint that a flow meets (DEC-6).
    pub struct TrafficDirection {
        UNKNOWN = 0 "TRAFFIC_DIRECTION_UNKNOWN",
        INGRESS = 1 "INGRESS",
        EGRESS = 2 "EGRESS",
    }
}

open_enum! {
    /// How the endpoints authenticated, or should have (SUM-1).
    pub struct FlowAuth {
        DISABLED = 0 "DISABLED",
        SPIRE = 1 "SPIRE",
        TEST_ALWAYS_FAIL = 2 "TEST_ALWAYS_FAIL",
    }
}

open_enum! {
    /// Where in the datapath a packet was seen (FTY-4).
    pub struct TracePoint {
        UNKNOWN = 0 "UNKNOWN_POINT",
        TO_PROXY = 1 "TO_PROXY",
        TO_HOST = 2 "TO_HOST",
        TO_STACK = 3 "TO_STACK",
        TO_OVERLAY = 4 "TO_OVERLAY",
        FROM_ENDPOINT = 5 "FROM_ENDPOINT",
        FROM_PROXY = 6 "FROM_PROXY",
        FROM_HOST = 7 "FROM_HOST",
        FROM_STACK = 8 "FROM_STACK",
        FROM_OVERLAY = 9 "FROM_OVERLAY",
        FROM_NETWORK = 10 "FROM_NETWORK",
        TO_NETWORK = 11 "TO_NETWORK",
        FROM_CRYPTO = 12 "FROM_CRYPTO",
        TO_CRYPTO = 13 "TO_CRYPTO",
        TO_ENDPOINT = 101 "TO_ENDPOINT",
    }
}

impl TracePoint {
    /// Returns the point with the datapath's number, which is the event's `sub_type` (FTY-4).
    #[must_use]
    pub const fn from_datapath(number: u8) -> Self {
        match number {
            0 => Self::TO_ENDPOINT,
            number => Self(number as i32),
        }
    }

    /// Returns the text of compact lines for the datapath's number, such as `to-endpoint`; the number, if it
    /// has none.
    pub(crate) fn datapath_text(number: u8) -> String {
        match Self::from_datapath(number).name() {
            Some(name) if number <= 13 => name.to_ascii_lowercase().replace('_', "-"),
            _ => number.to_string(),
        }
    }
}

open_enum! {
    /// How a traced packet relates to its connection (DEC-7).
    pub struct TraceReason {
        UNKNOWN = 0 "TRACE_REASON_UNKNOWN",
        NEW = 1 "NEW",
        ESTABLISHED = 2 "ESTABLISHED",
        REPLY = 3 "REPLY",
        RELATED = 4 "RELATED",
        REOPENED = 5 "REOPENED",
        SRV6_ENCAP = 6 "SRV6_ENCAP",
        SRV6_DECAP = 7 "SRV6_DECAP",
        ENCRYPT_OVERLAY = 8 "ENCRYPT_OVERLAY",
    }
}

open_enum! {
    /// Where a debug capture was taken.
    pub struct CapturePoint {
        UNKNOWN = 0 "DBG_CAPTURE_POINT_UNKNOWN",
        DELIVERY = 4 "DBG_CAPTURE_DELIVERY",
        FROM_LB = 5 "DBG_CAPTURE_FROM_LB",
        AFTER_V46 = 6 "DBG_CAPTURE_AFTER_V46",
        AFTER_V64 = 7 "DBG_CAPTURE_AFTER_V64",
        PROXY_PRE = 8 "DBG_CAPTURE_PROXY_PRE",
        PROXY_POST = 9 "DBG_CAPTURE_PROXY_POST",
        SNAT_PRE = 10 "DBG_CAPTURE_SNAT_PRE",
        SNAT_POST = 11 "DBG_CAPTURE_SNAT_POST",
    }
}

open_enum! {
    /// The moment of a socket's address translation.
    pub struct SocketPoint {
        UNKNOWN = 0 "SOCK_XLATE_POINT_UNKNOWN",
        PRE_FWD = 1 "SOCK_XLATE_POINT_PRE_DIRECTION_FWD",
        POST_FWD = 2 "SOCK_XLATE_POINT_POST_DIRECTION_FWD",
        PRE_REV = 3 "SOCK_XLATE_POINT_PRE_DIRECTION_REV",
        POST_REV = 4 "SOCK_XLATE_POINT_POST_DIRECTION_REV",
    }
}

open_enum! {
    /// Whether an L7 record is a request or a response.
    pub struct L7Kind {
        UNKNOWN = 0 "UNKNOWN_L7_TYPE",
        REQUEST = 1 "REQUEST",
        RESPONSE = 2 "RESPONSE",
        SAMPLE = 3 "SAMPLE",
    }
}

open_enum! {
    /// The address family of a packet.
    pub struct IpVersion {
        NOT_USED = 0 "IP_NOT_USED",
        V4 = 1 "IPv4",
        V6 = 2 "IPv6",
    }
}

open_enum! {
    /// How a packet was encapsulated (SUM-4).
    pub struct TunnelProtocol {
        UNKNOWN = 0 "UNKNOWN",
        VXLAN = 1 "VXLAN",
        GENEVE = 2 "GENEVE",
    }
}

open_enum! {
    /// Where events were lost (LST-1).
    pub struct LostSource {
        UNKNOWN = 0 "UNKNOWN_LOST_EVENT_SOURCE",
        PERF_EVENT_RING_BUFFER = 1 "PERF_EVENT_RING_BUFFER",
        OBSERVER_EVENTS_QUEUE = 2 "OBSERVER_EVENTS_QUEUE",
        HUBBLE_RING_BUFFER = 3 "HUBBLE_RING_BUFFER",
    }
}

open_enum! {
    /// What happened to nodes that flows are received from.
    pub struct NodeState {
        UNKNOWN = 0 "UNKNOWN_NODE_STATE",
        CONNECTED = 1 "NODE_CONNECTED",
        UNAVAILABLE = 2 "NODE_UNAVAILABLE",
        GONE = 3 "NODE_GONE",
        ERROR = 4 "NODE_ERROR",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_datapath_counts_observation_points_in_its_own_way() {
        assert_eq!(TracePoint::from_datapath(0), TracePoint::TO_ENDPOINT);
        assert_eq!(TracePoint::datapath_text(0), "to-endpoint");
        assert_eq!(TracePoint::datapath_text(13), "to-crypto");
        assert_eq!(TracePoint::datapath_text(101), "101");
    }

    #[test]
    fn numbers_without_a_name_are_kept() {
        assert_eq!(FlowVerdict::new(77).to_string(), "77");
        assert_eq!((FlowVerdict::new(77).number(), FlowVerdict::new(77).name()), (77, None));
    }
}
