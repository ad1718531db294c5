//! Names of DNS types and response codes (L7F-10).

const UNKNOWN: &str = "Unknown";

/// Returns the name of a type, or `Unknown`.
pub(crate) fn type_name(number: u16) -> &'static str {
    TYPES.iter().find(|(known, _)| *known == number).map_or(UNKNOWN, |(_, name)| name)
}

/// Returns the name of a response code, or `Unknown`.
pub(crate) fn rcode_name(number: u32) -> &'static str {
    RCODES.iter().find(|(known, _)| *known == number).map_or(UNKNOWN, |(_, name)| name)
}

const TYPES: &[(u16, &str)] = &[
    (1, "A"),
    (2, "NS"),
    (3, "MD"),
    (4, "MF"),
    (5, "CNAME"),
    (6, "SOA"),
    (7, "MB"),
    (8, "MG"),
    (9, "MR"),
    (10, "NULL"),
    (11, "WKS"),
    (12, "PTR"),
    (13, "HINFO"),
    (14, "MINFO"),
    (15, "MX"),
    (16, "TXT"),
    (28, "AAAA"),
    (33, "SRV"),
    (41, "OPT"),
    (46, "RRSIG"),
    (48, "DNSKEY"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (256, "URI"),
];

const RCODES: &[(u32, &str)] = &[
    (0, "No Error"),
    (1, "Format Error"),
    (2, "Server Failure"),
    (3, "Non-Existent Domain"),
    (4, "Not Implemented"),
    (5, "Query Refused"),
    (6, "Name Exists when it should not"),
    (7, "RR Set Exists when it should not"),
    (8, "RR Set that should exist does not"),
    (9, "Server Not Authoritative for zone"),
    (10, "Name not contained in zone"),
    (16, "Bad OPT Version"),
    (17, "Key not recognized"),
    (18, "Signature out of time window"),
    (19, "Bad TKEY Mode"),
    (20, "Duplicate key name"),
    (21, "Algorithm not supported"),
    (22, "Bad Truncation"),
    (23, "Bad Cookie"),
];
