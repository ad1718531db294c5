//! Network-policy decisions as Hubble flows: one line of JSON, or one line of compact text, in the same
//! words and with the same arrows, so that tools which read the one log read the other.
//!
//! [`FlowRecord`] is one record; [`LogLine`] is one line of a log, which may also say that events were
//! lost. Records come from decisions ([`FlowRecord::policy_verdict`], [`FlowRecord::l7`]) or from JSON
//! ([`LogLine::from_json`]).
//!
//! The crate does no I/O and knows no clock: times come from the caller. Texts are always in UTC.
//!
//! # Examples
//!
//! ```
//! use netpol_core::{Direction, IdentityId, LabelSet, Verdict};
//! use netpol_flowlog::{FlowEndpoint, FlowRecord, Layer4, LogLine, TcpFlags, Timestamp};
//!
//! let database = FlowEndpoint::new(IdentityId::new(29_609), &LabelSet::new()).pod("default", "db-0");
//! let record = FlowRecord::policy_verdict(Direction::Egress, &Verdict::DEFAULT_DENY)
//!     .at(Timestamp::new(1_710_425_554, 178_900_000).unwrap())
//!     .packet([10, 0, 2, 7].into(), [1, 1, 1, 1].into(), Some(Layer4::udp(5000, 53)))
//!     .between(database, FlowEndpoint::new(IdentityId::WORLD, &LabelSet::new()));
//! let line = LogLine::flow(record);
//! assert_eq!(
//!     line.to_compact(&Default::default()),
//!     "Mar 14 14:12:34.178: default/db-0:5000 (ID:29609) <> 1.1.1.1:53 (world) \
//!      policy-verdict:none EGRESS DENIED (UDP)",
//! );
//! assert!(line.to_json().starts_with(r#"{"flow":{"time":"2024-03-14T14:12:34.178900Z","#));
//! ```

#![forbid(unsafe_code)]

mod compact;
mod drop_code;
mod enums;
mod error;
mod l7;
mod line;
mod packet;
mod record;
mod side;
mod summary;
mod time;
mod wire;

pub use self::compact::CompactOptions;
pub use self::drop_code::DropCode;
pub use self::enums::{
    CapturePoint, FlowAuth, FlowKind, FlowVerdict, IpVersion, L7Kind, LostSource, NodeState,
    SocketPoint, TracePoint, TraceReason, TrafficDirection, TunnelProtocol,
};
pub use self::error::ReadError;
pub use self::l7::{
    Dns, HeaderRedaction, Http, HttpHeader, HttpVersion, Kafka, L7Protocol, Layer7, dns_rcode_name,
    dns_type_name,
};
pub use self::line::{LogEvent, LogLine, LostEvents, MAX_LINE_LEN, NodeStatus};
pub use self::packet::{Ethernet, Icmp, Igmp, Ip, Layer4, Ports, Tcp, TcpFlags, Tunnel, Vrrp};
pub use self::record::{
    Emitter, EventType, FileInfo, FlowRecord, Interface, IpTraceId, TraceContext, TraceParent,
};
pub use self::side::{FlowEndpoint, PolicyRef, Service, Workload};
pub use self::time::{TimeFormat, Timestamp};
