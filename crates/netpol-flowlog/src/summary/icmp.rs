//! Names of ICMP messages (SUM-3).

/// A type, its name, and the names of its codes from 0 on.
type Row = (u32, &'static str, &'static [&'static str]);

/// Returns the name of a message.
pub(super) fn name(table: &[Row], kind: u32, code: u32) -> String {
    let Some((_, name, codes)) = table.iter().find(|(number, _, _)| *number == kind) else {
        return format!("{kind}({code})");
    };
    let known = usize::try_from(code).ok().and_then(|code| codes.get(code));
    match known {
        Some(code) => format!("{name}({code})"),
        None if codes.is_empty() && code == 0 => (*name).to_owned(),
        None => format!("{name}(Code: {code})"),
    }
}

/// The messages of ICMP for IPv4.
pub(super) const ICMPV4: &[Row] = &[
    (0, "EchoReply", &[]),
    (
        3,
        "DestinationUnreachable",
        &[
            "Net",
            "Host",
            "Protocol",
            "Port",
            "FragmentationNeeded",
            "SourceRoutingFailed",
            "NetUnknown",
            "HostUnknown",
            "SourceIsolated",
            "NetAdminProhibited",
            "HostAdminProhibited",
            "NetTOS",
            "HostTOS",
            "CommAdminProhibited",
            "HostPrecedence",
            "PrecedenceCutoff",
        ],
    ),
    (4, "SourceQuench", &[]),
    (5, "Redirect", &["Net", "Host", "TOS+Net", "TOS+Host"]),
    (8, "EchoRequest", &[]),
    (9, "RouterAdvertisement", &[]),
    (10, "RouterSolicitation", &[]),
    (11, "TimeExceeded", &["TTLExceeded", "FragmentReassemblyTimeExceeded"]),
    (12, "ParameterProblem", &["PointerIndicatesError", "MissingOption", "BadLength"]),
    (13, "TimestampRequest", &[]),
    (14, "TimestampReply", &[]),
    (15, "InfoRequest", &[]),
    (16, "InfoReply", &[]),
    (17, "AddressMaskRequest", &[]),
    (18, "AddressMaskReply", &[]),
];

/// The messages of ICMP for IPv6.
pub(super) const ICMPV6: &[Row] = &[
    (
        1,
        "DestinationUnreachable",
        &[
            "NoRouteToDst",
            "AdminProhibited",
            "BeyondScopeOfSrc",
            "AddressUnreachable",
            "PortUnreachable",
            "SrcAddressFailedPolicy",
            "RejectRouteToDst",
        ],
    ),
    (2, "PacketTooBig", &[]),
    (3, "TimeExceeded", &["HopLimitExceeded", "FragmentReassemblyTimeExceeded"]),
    (
        4,
        "ParameterProblem",
        &["ErroneousHeaderField", "UnrecognizedNextHeader", "UnrecognizedIPv6Option"],
    ),
    (128, "EchoRequest", &[]),
    (129, "EchoReply", &[]),
    (133, "RouterSolicitation", &[]),
    (134, "RouterAdvertisement", &[]),
    (135, "NeighborSolicitation", &[]),
    (136, "NeighborAdvertisement", &[]),
    (137, "Redirect", &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_tables_do_not_list_prints_its_numbers() {
        assert_eq!(name(ICMPV4, 8, 0), "EchoRequest");
        assert_eq!(name(ICMPV4, 8, 1), "EchoRequest(Code: 1)");
        assert_eq!(name(ICMPV4, 3, 3), "DestinationUnreachable(Port)");
        assert_eq!(name(ICMPV4, 3, 99), "DestinationUnreachable(Code: 99)");
        assert_eq!(name(ICMPV6, 200, 7), "200(7)");
    }
}
