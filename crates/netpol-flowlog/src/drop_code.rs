//! Why packets are dropped: two tables, which disagree for 136 and 161 (DRP-1, FLQ-2).

use netpol_core::DropReason;

use crate::wire::open_enum;

open_enum! {
    /// Why a packet was dropped, as JSON names it (DRP-4, DEC-8).
    ///
    /// [`DropCode::text`] is what compact lines say.
    pub struct DropCode {
        UNKNOWN = 0 "DROP_REASON_UNKNOWN",
        INVALID_SOURCE_MAC = 130 "INVALID_SOURCE_MAC",
        INVALID_DESTINATION_MAC = 131 "INVALID_DESTINATION_MAC",
        INVALID_SOURCE_IP = 132 "INVALID_SOURCE_IP",
        POLICY_DENIED = 133 "POLICY_DENIED",
        INVALID_PACKET_DROPPED = 134 "INVALID_PACKET_DROPPED",
        CT_TRUNCATED_OR_INVALID_HEADER = 135 "CT_TRUNCATED_OR_INVALID_HEADER",
        CT_MISSING_TCP_ACK_FLAG = 136 "CT_MISSING_TCP_ACK_FLAG",
        CT_UNKNOWN_L4_PROTOCOL = 137 "CT_UNKNOWN_L4_PROTOCOL",
        CT_CANNOT_CREATE_ENTRY_FROM_PACKET = 138 "CT_CANNOT_CREATE_ENTRY_FROM_PACKET",
        UNSUPPORTED_L3_PROTOCOL = 139 "UNSUPPORTED_L3_PROTOCOL",
        MISSED_TAIL_CALL = 140 "MISSED_TAIL_CALL",
        ERROR_WRITING_TO_PACKET = 141 "ERROR_WRITING_TO_PACKET",
        UNKNOWN_L4_PROTOCOL = 142 "UNKNOWN_L4_PROTOCOL",
        UNKNOWN_ICMPV4_CODE = 143 "UNKNOWN_ICMPV4_CODE",
        UNKNOWN_ICMPV4_TYPE = 144 "UNKNOWN_ICMPV4_TYPE",
        UNKNOWN_ICMPV6_CODE = 145 "UNKNOWN_ICMPV6_CODE",
        UNKNOWN_ICMPV6_TYPE = 146 "UNKNOWN_ICMPV6_TYPE",
        ERROR_RETRIEVING_TUNNEL_KEY = 147 "ERROR_RETRIEVING_TUNNEL_KEY",
        ERROR_RETRIEVING_TUNNEL_OPTIONS = 148 "ERROR_RETRIEVING_TUNNEL_OPTIONS",
        INVALID_GENEVE_OPTION = 149 "INVALID_GENEVE_OPTION",
        UNKNOWN_L3_TARGET_ADDRESS = 150 "UNKNOWN_L3_TARGET_ADDRESS",
        STALE_OR_UNROUTABLE_IP = 151 "STALE_OR_UNROUTABLE_IP",
        NO_MATCHING_LOCAL_CONTAINER_FOUND = 152 "NO_MATCHING_LOCAL_CONTAINER_FOUND",
        ERROR_WHILE_CORRECTING_L3_CHECKSUM = 153 "ERROR_WHILE_CORRECTING_L3_CHECKSUM",
        ERROR_WHILE_CORRECTING_L4_CHECKSUM = 154 "ERROR_WHILE_CORRECTING_L4_CHECKSUM",
        CT_MAP_INSERTION_FAILED = 155 "CT_MAP_INSERTION_FAILED",
        INVALID_IPV6_EXTENSION_HEADER = 156 "INVALID_IPV6_EXTENSION_HEADER",
        IP_FRAGMENTATION_NOT_SUPPORTED = 157 "IP_FRAGMENTATION_NOT_SUPPORTED",
        SERVICE_BACKEND_NOT_FOUND = 158 "SERVICE_BACKEND_NOT_FOUND",
        NO_TUNNEL_OR_ENCAPSULATION_ENDPOINT = 160 "NO_TUNNEL_OR_ENCAPSULATION_ENDPOINT",
        FAILED_TO_INSERT_INTO_PROXYMAP = 161 "FAILED_TO_INSERT_INTO_PROXYMAP",
        REACHED_EDT_RATE_LIMITING_DROP_HORIZON = 162 "REACHED_EDT_RATE_LIMITING_DROP_HORIZON",
        UNKNOWN_CONNECTION_TRACKING_STATE = 163 "UNKNOWN_CONNECTION_TRACKING_STATE",
        LOCAL_HOST_IS_UNREACHABLE = 164 "LOCAL_HOST_IS_UNREACHABLE",
        NO_CONFIGURATION_AVAILABLE_TO_PERFORM_POLICY_DECISION = 165 "NO_CONFIGURATION_AVAILABLE_TO_PERFORM_POLICY_DECISION",
        UNSUPPORTED_L2_PROTOCOL = 166 "UNSUPPORTED_L2_PROTOCOL",
        NO_MAPPING_FOR_NAT_MASQUERADE = 167 "NO_MAPPING_FOR_NAT_MASQUERADE",
        UNSUPPORTED_PROTOCOL_FOR_NAT_MASQUERADE = 168 "UNSUPPORTED_PROTOCOL_FOR_NAT_MASQUERADE",
        FIB_LOOKUP_FAILED = 169 "FIB_LOOKUP_FAILED",
        ENCAPSULATION_TRAFFIC_IS_PROHIBITED = 170 "ENCAPSULATION_TRAFFIC_IS_PROHIBITED",
        INVALID_IDENTITY = 171 "INVALID_IDENTITY",
        UNKNOWN_SENDER = 172 "UNKNOWN_SENDER",
        NAT_NOT_NEEDED = 173 "NAT_NOT_NEEDED",
        IS_A_CLUSTERIP = 174 "IS_A_CLUSTERIP",
        FIRST_LOGICAL_DATAGRAM_FRAGMENT_NOT_FOUND = 175 "FIRST_LOGICAL_DATAGRAM_FRAGMENT_NOT_FOUND",
        FORBIDDEN_ICMPV6_MESSAGE = 176 "FORBIDDEN_ICMPV6_MESSAGE",
        DENIED_BY_LB_SRC_RANGE_CHECK = 177 "DENIED_BY_LB_SRC_RANGE_CHECK",
        SOCKET_LOOKUP_FAILED = 178 "SOCKET_LOOKUP_FAILED",
        SOCKET_ASSIGN_FAILED = 179 "SOCKET_ASSIGN_FAILED",
        PROXY_REDIRECTION_NOT_SUPPORTED_FOR_PROTOCOL = 180 "PROXY_REDIRECTION_NOT_SUPPORTED_FOR_PROTOCOL",
        POLICY_DENY = 181 "POLICY_DENY",
        VLAN_FILTERED = 182 "VLAN_FILTERED",
        INVALID_VNI = 183 "INVALID_VNI",
        INVALID_TC_BUFFER = 184 "INVALID_TC_BUFFER",
        NO_SID = 185 "NO_SID",
        MISSING_SRV6_STATE = 186 "MISSING_SRV6_STATE",
        NAT46 = 187 "NAT46",
        NAT64 = 188 "NAT64",
        AUTH_REQUIRED = 189 "AUTH_REQUIRED",
        CT_NO_MAP_FOUND = 190 "CT_NO_MAP_FOUND",
        SNAT_NO_MAP_FOUND = 191 "SNAT_NO_MAP_FOUND",
        INVALID_CLUSTER_ID = 192 "INVALID_CLUSTER_ID",
        UNSUPPORTED_PROTOCOL_FOR_DSR_ENCAP = 193 "UNSUPPORTED_PROTOCOL_FOR_DSR_ENCAP",
        NO_EGRESS_GATEWAY = 194 "NO_EGRESS_GATEWAY",
        UNENCRYPTED_TRAFFIC = 195 "UNENCRYPTED_TRAFFIC",
        TTL_EXCEEDED = 196 "TTL_EXCEEDED",
        NO_NODE_ID = 197 "NO_NODE_ID",
        DROP_RATE_LIMITED = 198 "DROP_RATE_LIMITED",
        IGMP_HANDLED = 199 "IGMP_HANDLED",
        IGMP_SUBSCRIBED = 200 "IGMP_SUBSCRIBED",
        MULTICAST_HANDLED = 201 "MULTICAST_HANDLED",
        DROP_HOST_NOT_READY = 202 "DROP_HOST_NOT_READY",
        DROP_EP_NOT_READY = 203 "DROP_EP_NOT_READY",
        DROP_NO_EGRESS_IP = 204 "DROP_NO_EGRESS_IP",
        DROP_PUNT_PROXY = 205 "DROP_PUNT_PROXY",
    }
}

impl DropCode {
    /// Returns the text of compact lines; `code, 0` for codes without one (DRP-2).
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_flowlog::DropCode;
    ///
    /// assert_eq!(DropCode::POLICY_DENY.text(), "Policy denied by denylist");
    /// assert_eq!(DropCode::new(250).text(), "250, 0");
    /// ```
    #[must_use]
    pub fn text(self) -> String {
        let number = self.number();
        match TEXTS.iter().find(|(code, _)| *code == number) {
            Some((_, text)) => (*text).to_owned(),
            None => format!("{number}, 0"),
        }
    }
}

impl From<DropReason> for DropCode {
    fn from(reason: DropReason) -> Self {
        match reason {
            DropReason::Policy => Self::POLICY_DENIED,
            DropReason::PolicyDeny => Self::POLICY_DENY,
            DropReason::AuthRequired => Self::AUTH_REQUIRED,
        }
    }
}

/// Texts by code; those below 130 are not drops (DRP-3).
const TEXTS: &[(i32, &str)] = &[
    (0, "Success"),
    (2, "Invalid packet"),
    (3, "Interface"),
    (4, "Interface Decrypted"),
    (5, "LB, sock cgroup: No backend slot entry found"),
    (6, "LB, sock cgroup: No backend entry found"),
    (7, "LB, sock cgroup: Reverse entry update failed"),
    (8, "LB, sock cgroup: Reverse entry stale"),
    (9, "Fragmented packet"),
    (10, "Fragmented packet entry update failed"),
    (11, "Missed tail call to custom program"),
    (12, "Interface Decrypting"),
    (13, "Interface Encrypting"),
    (14, "LB: sock cgroup: Reverse entry delete succeeded"),
    (15, "MTU error message"),
    (130, "Invalid source mac"),
    (131, "Invalid destination mac"),
    (132, "Invalid source ip"),
    (133, "Policy denied"),
    (134, "Invalid packet"),
    (135, "CT: Truncated or invalid header"),
    (136, "Fragmentation needed"),
    (137, "CT: Unknown L4 protocol"),
    (138, "CT: Can't create entry from packet"),
    (139, "Unsupported L3 protocol"),
    (140, "Missed tail call"),
    (141, "Error writing to packet"),
    (142, "Unknown L4 protocol"),
    (143, "Unknown ICMPv4 code"),
    (144, "Unknown ICMPv4 type"),
    (145, "Unknown ICMPv6 code"),
    (146, "Unknown ICMPv6 type"),
    (147, "Error retrieving tunnel key"),
    (148, "Error retrieving tunnel options"),
    (149, "Invalid Geneve option"),
    (150, "Unknown L3 target address"),
    (151, "Stale or unroutable IP"),
    (152, "No matching local container found"),
    (153, "Error while correcting L3 checksum"),
    (154, "Error while correcting L4 checksum"),
    (155, "CT: Map insertion failed"),
    (156, "Invalid IPv6 extension header"),
    (157, "IP fragmentation not supported"),
    (158, "Service backend not found"),
    (160, "No tunnel/encapsulation endpoint (datapath BUG!)"),
    (161, "NAT 46/64 not enabled"),
    (162, "Reached EDT rate-limiting drop horizon"),
    (163, "Unknown connection tracking state"),
    (164, "Local host is unreachable"),
    (165, "No configuration available to perform policy decision"),
    (166, "Unsupported L2 protocol"),
    (167, "No mapping for NAT masquerade"),
    (168, "Unsupported protocol for NAT masquerade"),
    (169, "FIB lookup failed"),
    (170, "Encapsulation traffic is prohibited"),
    (171, "Invalid identity"),
    (172, "Unknown sender"),
    (173, "NAT not needed"),
    (174, "Is a ClusterIP"),
    (175, "First logical datagram fragment not found"),
    (176, "Forbidden ICMPv6 message"),
    (177, "Denied by LB src range check"),
    (178, "Socket lookup failed"),
    (179, "Socket assign failed"),
    (180, "Proxy redirection not supported for protocol"),
    (181, "Policy denied by denylist"),
    (182, "VLAN traffic disallowed by VLAN filter"),
    (183, "Incorrect VNI from VTEP"),
    (184, "Failed to update or lookup TC buffer"),
    (185, "No SID was found for the IP address"),
    (186, "SRv6 state was removed during tail call"),
    (187, "L3 translation from IPv4 to IPv6 failed (NAT46)"),
    (188, "L3 translation from IPv6 to IPv4 failed (NAT64)"),
    (189, "Authentication required"),
    (190, "No conntrack map found"),
    (191, "No nat map found"),
    (192, "Invalid ClusterID"),
    (193, "Unsupported packet protocol for DSR encapsulation"),
    (194, "No egress gateway found"),
    (195, "Traffic is unencrypted"),
    (196, "TTL exceeded"),
    (197, "No node ID found"),
    (198, "Rate limited"),
    (199, "IGMP handled"),
    (200, "IGMP subscribed"),
    (201, "Multicast handled"),
    (202, "Host datapath not ready"),
    (203, "Endpoint policy program not available"),
    (204, "No Egress IP configured"),
    (205, "Punt to proxy"),
];
