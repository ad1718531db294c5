//! One line of a flow log: a record, or word of events that were lost.

use crate::compact::{self, CompactOptions};
use crate::wire::message;
use crate::{FlowRecord, LostSource, NodeState, ReadError, Timestamp};

/// The longest line in bytes that is read.
pub const MAX_LINE_LEN: usize = 1 << 20;

/// One line of a flow log (JSN-1).
///
/// # Examples
///
/// ```
/// use netpol_flowlog::{CompactOptions, LogLine};
///
/// let json = r#"{"flow":{"verdict":"DROPPED","IP":{"source":"10.0.1.5","destination":"10.0.2.7"},
///     "event_type":{"type":5},"traffic_direction":"INGRESS"},"time":"2024-03-14T14:12:34Z"}"#;
/// let line = LogLine::from_json(json)?;
/// assert_eq!(
///     line.to_compact(&CompactOptions::default()),
///     "N/A: 10.0.1.5 (unknown) <> 10.0.2.7 (unknown) policy-verdict:none INGRESS DENIED ()",
/// );
/// assert_eq!(LogLine::from_json(&line.to_json())?, line);
/// # Ok::<(), netpol_flowlog::ReadError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "LineFields", into = "LineFields")]
pub struct LogLine {
    /// What the line tells.
    pub event: LogEvent,
    /// The node that tells it.
    pub node_name: String,
    /// When it happened.
    pub time: Option<Timestamp>,
}

/// What a line tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEvent {
    /// A packet or request.
    Flow(Box<FlowRecord>),
    /// A change among the nodes that flows are received from.
    NodeStatus(NodeStatus),
    /// Events that were lost.
    LostEvents(LostEvents),
}

impl LogLine {
    /// Returns the line of a record, with the record's node and time.
    #[must_use]
    pub fn flow(record: FlowRecord) -> Self {
        let (node_name, time) = (record.node_name.clone(), record.time);
        Self { event: LogEvent::Flow(Box::new(record)), node_name, time }
    }

    /// Returns the line written in JSON: field names in either spelling, values of enumerations by name or
    /// number, integers as numbers or text (JSN-8).
    ///
    /// # Errors
    ///
    /// Returns an error if the line is longer than [`MAX_LINE_LEN`], is not JSON, or has an unknown field,
    /// a value that the field cannot have, or not exactly one event.
    pub fn from_json(text: &str) -> Result<Self, ReadError> {
        if text.len() > MAX_LINE_LEN {
            return Err(ReadError::too_long(text.len(), MAX_LINE_LEN));
        }
        serde_json::from_str(text).map_err(|error| ReadError::json(&error))
    }

    /// Returns the line as one line of JSON, without the line feed (JSN).
    #[must_use]
    pub fn to_json(&self) -> String {
        #[expect(clippy::expect_used, reason = "writing to memory, and every key is a string")]
        let json = serde_json::to_string(self).expect("a line is always JSON");
        escaped(&json)
    }

    /// Returns the line as compact text, without the line feed (LINE, LST).
    #[must_use]
    pub fn to_compact(&self, options: &CompactOptions) -> String {
        match &self.event {
            LogEvent::Flow(flow) => compact::flow(flow, options),
            LogEvent::LostEvents(lost) => compact::lost_events(lost, self.time, options),
            LogEvent::NodeStatus(status) => {
                compact::node_status(status, self.time, &self.node_name, options)
            }
        }
    }
}

/// Escapes what must not stand plain in JSON for browsers (JSN-7). In JSON these characters are found in
/// texts only.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            character => escaped.push(character),
        }
    }
    escaped
}

message! {
    /// A change among the nodes that flows are received from (LST-2).
    pub struct NodeStatus {
        /// What changed.
        state_change: NodeState = "state_change" | "stateChange",
        /// The nodes.
        node_names: Vec<String> = "node_names" | "nodeNames",
        /// The error, if it is one.
        message: String = "message",
    }
}

message! {
    /// Events that were lost (LST-1).
    pub struct LostEvents {
        /// Where they were lost.
        source: LostSource = "source",
        /// How many.
        num_events_lost: u64 = "num_events_lost" | "numEventsLost",
        /// The processor on which they were lost.
        cpu: Option<i32> = "cpu",
        /// When the first was lost.
        first: Option<Timestamp> = "first",
        /// When the last was lost.
        last: Option<Timestamp> = "last",
    }
}

message! {
    /// [`LogLine`] as it is written: exactly one event.
    struct LineFields {
        flow: Option<Box<FlowRecord>> = "flow",
        node_status: Option<NodeStatus> = "node_status" | "nodeStatus",
        lost_events: Option<LostEvents> = "lost_events" | "lostEvents",
        node_name: String = "node_name" | "nodeName",
        time: Option<Timestamp> = "time",
    }
}

impl From<LogLine> for LineFields {
    fn from(LogLine { event, node_name, time }: LogLine) -> Self {
        let fields = Self { node_name, time, ..Self::default() };
        match event {
            LogEvent::Flow(flow) => Self { flow: Some(flow), ..fields },
            LogEvent::NodeStatus(status) => Self { node_status: Some(status), ..fields },
            LogEvent::LostEvents(lost) => Self { lost_events: Some(lost), ..fields },
        }
    }
}

impl TryFrom<LineFields> for LogLine {
    type Error = &'static str;

    fn try_from(fields: LineFields) -> Result<Self, Self::Error> {
        let LineFields { flow, node_status, lost_events, node_name, time } = fields;
        let events = [
            flow.map(LogEvent::Flow),
            node_status.map(LogEvent::NodeStatus),
            lost_events.map(LogEvent::LostEvents),
        ];
        let mut events = events.into_iter().flatten();
        match (events.next(), events.next()) {
            (Some(event), None) => Ok(Self { event, node_name, time }),
            (None, _) => Err("the line holds no event"),
            (Some(_), Some(_)) => Err("the line holds more than one event"),
        }
    }
}

#[cfg(test)]
mod tests;
