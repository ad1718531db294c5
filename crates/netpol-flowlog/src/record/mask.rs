//! What a client that asks with the default field mask gets (FLQ-1).

use super::FlowRecord;
use crate::{CapturePoint, FlowAuth, SocketPoint, TrafficDirection};

impl FlowRecord {
    /// Returns the record as a plain `hubble observe` of the reference version gets it: its default field
    /// mask lacks fields that lines need, so that they show `TRAFFIC_DIRECTION_UNKNOWN`, for example
    /// (FLQ-1).
    ///
    /// Lines of the whole record say more. This is for comparing with logs that such a client wrote.
    #[must_use]
    pub fn default_mask(&self) -> Self {
        Self {
            traffic_direction: TrafficDirection::UNKNOWN,
            policy_match_type: 0,
            source_names: Vec::new(),
            destination_names: Vec::new(),
            auth_type: FlowAuth::DISABLED,
            egress_allowed_by: Vec::new(),
            ingress_allowed_by: Vec::new(),
            egress_denied_by: Vec::new(),
            ingress_denied_by: Vec::new(),
            debug_capture_point: CapturePoint::UNKNOWN,
            sock_xlate_point: SocketPoint::UNKNOWN,
            ..self.clone()
        }
    }
}
