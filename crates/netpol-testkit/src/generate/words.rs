//! The vocabulary: few words, so that they meet.

pub(super) const NAMESPACES: [&str; 3] = ["default", "red", "blue"];

/// Keys and values of pods' labels. `host` and `init` are traps (QUIRK-2), one is filtered out
/// (LBL-9), one has a dot (QUIRK-7).
pub(super) const LABELS: [(&str, &[&str]); 7] = [
    ("app", &["a", "b", "c"]),
    ("tier", &["front", "back"]),
    ("app.kubernetes.io/name", &["web", "db"]),
    ("host", &["x"]),
    ("init", &["x", ""]),
    ("pod-template-hash", &["1"]),
    ("example.org/zone", &["east", "west"]),
];

/// Keys and values of namespaces' labels.
pub(super) const NAMESPACE_LABELS: [(&str, &[&str]); 2] =
    [("team", &["x", "y"]), ("example.org/env", &["prod", "test"])];

pub(super) const SERVICE_ACCOUNTS: [&str; 2] = ["robot", "clerk"];

pub(super) const REMOTE_CLUSTER: &str = "remote";

pub(super) const PORT_NAMES: [&str; 3] = ["http", "dns", "adm"];

/// Ports and where ranges end; 0 is no range (PORT-8).
pub(super) const PORTS: [(&str, u16); 20] = [
    ("80", 0),
    ("443", 0),
    ("53", 0),
    ("8080", 0),
    ("80", 90),
    ("0", 0),
    ("80", 443),
    ("85", 0),
    ("1024", 65535),
    ("80", 80),
    ("1", 65535),
    ("0", 100),
    ("443", 80),
    ("16", 31),
    ("0", 65535),
    ("65535", 0),
    ("1", 0),
    ("81", 110),
    ("32768", 65534),
    ("85", 8080),
];

/// Ports at the edges of what rules say.
pub(super) const FLOW_PORTS: [u16; 32] = [
    80, 443, 53, 8080, 85, 90, 81, 79, 91, 1, 0, 15, 16, 31, 32, 100, 101, 110, 111, 128, 442, 444,
    1023, 1024, 8079, 8081, 9001, 32767, 32768, 65534, 65535, 2,
];

/// Prefixes of policies, each with prefixes whose addresses lie inside (CIDRV-5).
pub(super) const CIDRS: [(&str, &[&str]); 17] = [
    ("192.0.2.0/24", &["192.0.2.0/25", "192.0.2.77/32"]),
    ("10.0.0.0/8", &["10.96.0.0/12", "10.96.0.7/32", "10.97.0.0/16"]),
    ("0.0.0.0/0", &["10.0.0.0/8", "192.0.2.0/24", "198.51.100.0/25"]),
    ("10.96.0.0/12", &["10.96.0.7/32", "10.97.0.0/16"]),
    ("192.0.2.77/24", &["192.0.2.77/32", "192.0.2.9/25"]),
    ("192.0.2.1/32", &[]),
    ("198.51.100.0/25", &["198.51.100.7/32"]),
    ("203.0.113.9/32", &[]),
    ("172.18.0.0/16", &["172.18.0.2/32", "172.18.77.0/24"]),
    ("0.0.0.0/1", &["10.0.0.0/8"]),
    ("128.0.0.0/1", &["192.0.2.0/24", "203.0.113.9/32"]),
    ("2001:db8::/32", &["2001:db8:1::/48", "2001:db8:1::5/128"]),
    ("::/0", &["2001:db8::/32"]),
    ("2001:DB8:1::/48", &["2001:db8:1::5/128"]),
    ("2001:db8:1::5/128", &[]),
    ("10.0.0.0/0", &["10.0.0.0/8"]),
    ("fd00::/8", &["fd00::1:1/128"]),
];

/// Prefixes that are wider than, or equal to, what they are excepted from (QUIRK-23).
pub(super) const WIDE_EXCEPTS: [(&str, &str); 3] =
    [("10.0.0.0/8", "10.0.0.0/8"), ("10.0.0.0/8", "10.0.0.0/4"), ("192.0.2.0/24", "192.0.2.0/0")];

/// Addresses outside of the cluster.
pub(super) const ADDRESSES: [&str; 16] = [
    "192.0.2.1",
    "192.0.2.77",
    "192.0.2.200",
    "10.96.0.7",
    "10.97.0.1",
    "10.111.255.255",
    "10.112.0.0",
    "198.51.100.7",
    "198.51.100.200",
    "203.0.113.9",
    "172.18.77.1",
    "8.8.8.8",
    "2001:db8:1::5",
    "2001:db8:2::1",
    "2001:db9::1",
    "fd00::1:77",
];

/// Names that DNS answers are about.
pub(super) const NAMES: [&str; 7] = [
    "www.example.com",
    "example.com",
    "api.example.com",
    "a.b.example.com",
    "db.internal",
    "WWW.example.com.",
    "x_y.z-1.example.com",
];

/// Patterns of names.
pub(super) const PATTERNS: [&str; 10] = [
    "*.example.com",
    "**.example.com",
    "*",
    "*example.com",
    "api*.example.com",
    "*.*.example.com",
    "WWW.Example.com",
    "**",
    "a**b.example.com",
    "*.",
];

/// Names of CIDR groups, and the keys and values of their labels.
pub(super) const GROUPS: [&str; 3] = ["g1", "g2", "g3"];
pub(super) const GROUP_LABELS: [(&str, &[&str]); 2] =
    [("role", &["vpn", "office"]), ("example.org/site", &["1", "2"])];

pub(super) const SERVICES: [&str; 3] = ["web", "db", "legacy"];

pub(super) const SERVER_NAMES: [&str; 4] =
    ["www.example.com", "*.example.com", "**.example.com", "db.internal"];
