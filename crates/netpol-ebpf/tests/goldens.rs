//! The bytes that Cilium writes, both ways.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed test says where it failed")]

use std::collections::BTreeMap;
use std::net::IpAddr;

use netpol_core::{
    AuthRequirement, AuthType, Direction, IdentityId, PolicyEntry, PortPrefix, Prefix, Protocol,
    ProxyPriority, RedirectId, RuleSetId,
};
use netpol_ebpf::{auth, conntrack, endpoint, ipcache, policy, stats};
use serde_json::Value as Json;

const GOLDENS: &str = include_str!("../../../testdata/goldens/ebpf-bytes.json");

/// What a row describes, as bytes, and what the row's own bytes come to when read and written again.
struct Both {
    written: (Vec<u8>, Vec<u8>),
    read: (Vec<u8>, Vec<u8>),
}

#[test]
fn every_row_is_written_and_read() {
    let rows: Vec<Json> = serde_json::from_str(GOLDENS).unwrap();
    let mut seen = BTreeMap::new();
    for row in &rows {
        let map = text(row, "map");
        let expected = (hex(&text(row, "key_hex")), hex(&text(row, "value_hex")));
        let input = &row["input"];
        let Both { written, read } = match map.as_str() {
            "cilium_policy_v2" => policy_row(input, &expected),
            "cilium_ipcache_v2" => ipcache_row(input, &expected),
            "cilium_lxc" => endpoint_row(input, &expected),
            "cilium_policystats" => entry_row(input, &expected),
            "cilium_metrics" => reason_row(input, &expected),
            "cilium_auth_map" => auth_row(input, &expected),
            map if map.starts_with("cilium_ct") => conntrack_row(input, &expected),
            map => panic!("an unknown map `{map}`"),
        };
        assert_eq!(written, expected, "{row}");
        assert_eq!(read, expected, "{row}");
        *seen.entry(map).or_insert(0) += 1;
    }
    assert_eq!(rows.len(), 106);
    assert_eq!(seen["cilium_policy_v2"], 55);
    assert_eq!(seen.len(), 10);
}

fn policy_row(input: &Json, (key, value): &(Vec<u8>, Vec<u8>)) -> Both {
    let its = policy_key(input, number(input, "port_prefix_len") as u8);
    let proxy_port = number(input, "proxy_port") as u16;
    let listener = number(input, "listener_priority") as u8;
    let kind = auth_type(number(input, "auth_type"));
    let entry = PolicyEntry {
        deny: input["deny"].as_bool().unwrap(),
        redirect: RedirectId::new(1),
        priority: match proxy_port {
            0 => ProxyPriority::NONE,
            _ => ProxyPriority::of_listener(listener),
        },
        auth: match input["auth_explicit"].as_bool().unwrap() {
            true => AuthRequirement::explicit(kind),
            false => AuthRequirement::derived(kind),
        },
        rules: RuleSetId::NONE,
    };
    let cookie = number(input, "cookie") as u32;
    let written = policy::Value::new(&its, &entry, proxy_port).with_cookie(cookie);
    assert_eq!(u64::from(40 + its.match_len()), number(input, "expect_lpm_prefixlen"));
    assert_eq!(u64::from(written.prefix_len), number(input, "expect_entry_prefix_len"));
    assert_eq!(
        u64::from(written.priority.number()),
        number(input, "expect_proxy_port_priority"),
        "{input}"
    );
    let read_key = policy::Key::from_bytes(key).unwrap();
    let read = policy::Value::from_bytes(value).unwrap();
    assert_eq!((read_key, read), (its, written));
    Both {
        written: (its.to_bytes().into(), written.to_bytes().into()),
        read: (read_key.to_bytes().into(), read.to_bytes().into()),
    }
}

fn ipcache_row(input: &Json, (key, value): &(Vec<u8>, Vec<u8>)) -> Both {
    let flags = number(input, "flags_in") as u8;
    let tunnel = text(input, "tunnel_endpoint");
    let its_key = ipcache::Key {
        prefix: text(input, "prefix").parse::<Prefix>().unwrap(),
        cluster: number(input, "cluster_id") as u16,
    };
    let its_value = ipcache::Value {
        identity: identity(input, "identity"),
        tunnel_endpoint: (!tunnel.is_empty()).then(|| tunnel.parse().unwrap()),
        encrypt_key: number(input, "encrypt_key") as u8,
        flags,
    };
    let read_key = ipcache::Key::from_bytes(key).unwrap();
    let read = ipcache::Value::from_bytes(value).unwrap();
    assert_eq!((read_key, read.identity), (its_key, its_value.identity));
    assert_eq!(u64::from(read.flags), number(input, "expect_flags"));
    // Where the caller's flags do not contradict the address.
    if flags & !(ipcache::SKIP_TUNNEL | ipcache::REMOTE_CLUSTER) == 0 {
        assert_eq!(read.tunnel_endpoint, its_value.tunnel_endpoint);
    }
    Both {
        written: (its_key.to_bytes().into(), its_value.to_bytes().into()),
        read: (read_key.to_bytes().into(), read.to_bytes().into()),
    }
}

fn endpoint_row(input: &Json, (key, value): &(Vec<u8>, Vec<u8>)) -> Both {
    let its_key = endpoint::Key {
        addr: text(input, "ip").parse().unwrap(),
        cluster: number(input, "cluster_id") as u16,
    };
    let its_value = endpoint::Value {
        ifindex: number(input, "ifindex") as u32,
        id: number(input, "endpoint_id") as u16,
        flags: number(input, "flags") as u32,
        mac: mac(&text(input, "mac")),
        node_mac: mac(&text(input, "node_mac")),
        identity: identity(input, "identity"),
        parent_ifindex: number(input, "parent_ifindex") as u32,
    };
    let read_key = endpoint::Key::from_bytes(key).unwrap();
    let read = endpoint::Value::from_bytes(value).unwrap();
    assert_eq!((read_key, read), (its_key, its_value));
    Both {
        written: (its_key.to_bytes().into(), its_value.to_bytes().into()),
        read: (read_key.to_bytes().into(), read.to_bytes().into()),
    }
}

fn conntrack_row(input: &Json, (key, value): &(Vec<u8>, Vec<u8>)) -> Both {
    let entry = &input["entry"];
    let its_value = conntrack::Value {
        backend: number(entry, "backend_id"),
        packets: number(entry, "packets"),
        bytes: number(entry, "bytes"),
        lifetime: number(entry, "lifetime") as u32,
        flags: number(entry, "flags") as u16,
        rev_nat: number(entry, "rev_nat_host_order") as u16,
        tx_flags: number(entry, "tx_flags_seen") as u8,
        rx_flags: number(entry, "rx_flags_seen") as u8,
        src_identity: identity(entry, "src_identity"),
        last_tx_report: number(entry, "last_tx_report") as u32,
        last_rx_report: number(entry, "last_rx_report") as u32,
    };
    let ends = ["packet_src", "packet_dst"].map(|end| text(input, end).parse().unwrap());
    let (written, read) = match ends {
        [IpAddr::V4(src), IpAddr::V4(dst)] => (
            conntrack_key(input, src, dst).to_bytes().to_vec(),
            conntrack::Key::<std::net::Ipv4Addr>::from_bytes(key).unwrap().to_bytes().to_vec(),
        ),
        [IpAddr::V6(src), IpAddr::V6(dst)] => (
            conntrack_key(input, src, dst).to_bytes().to_vec(),
            conntrack::Key::<std::net::Ipv6Addr>::from_bytes(key).unwrap().to_bytes().to_vec(),
        ),
        _ => panic!("two families: {input}"),
    };
    let read_value = conntrack::Value::from_bytes(value).unwrap();
    assert_eq!(read_value, its_value);
    Both {
        written: (written, its_value.to_bytes().into()),
        read: (read, read_value.to_bytes().into()),
    }
}

fn conntrack_key<A>(input: &Json, src: A, dst: A) -> conntrack::Key<A> {
    conntrack::Key {
        src,
        dst,
        src_port: number(input, "packet_sport") as u16,
        dst_port: number(input, "packet_dport") as u16,
        protocol: Protocol::new(number(input, "proto") as u8),
        flags: number(input, "tuple_flags") as u8,
    }
}

fn entry_row(input: &Json, (key, value): &(Vec<u8>, Vec<u8>)) -> Both {
    let bits = number(input, "prefix_len").saturating_sub(8) as u8;
    let its_key = stats::EntryKey {
        endpoint: number(input, "endpoint_id") as u16,
        key: policy_key(input, bits),
    };
    let its_value =
        stats::Value { packets: number(input, "packets"), bytes: number(input, "bytes") };
    let read = stats::EntryKey::from_bytes(key).unwrap();
    assert_eq!(read, its_key);
    Both {
        written: (its_key.to_bytes().into(), its_value.to_bytes().into()),
        read: (read.to_bytes().into(), stats::Value::from_bytes(value).unwrap().to_bytes().into()),
    }
}

fn reason_row(input: &Json, (key, value): &(Vec<u8>, Vec<u8>)) -> Both {
    let its_key = stats::ReasonKey {
        reason: number(input, "reason") as u8,
        direction: number(input, "dir") as u8,
        line: number(input, "line") as u16,
        file: number(input, "file") as u8,
    };
    let its_value = stats::Value { packets: number(input, "count"), bytes: number(input, "bytes") };
    let read = stats::ReasonKey::from_bytes(key).unwrap();
    assert_eq!(read, its_key);
    Both {
        written: (its_key.to_bytes().into(), its_value.to_bytes().into()),
        read: (read.to_bytes().into(), stats::Value::from_bytes(value).unwrap().to_bytes().into()),
    }
}

fn auth_row(input: &Json, (key, value): &(Vec<u8>, Vec<u8>)) -> Both {
    let its_key = auth::Key {
        local: identity(input, "local_identity"),
        remote: identity(input, "remote_identity"),
        remote_node: number(input, "remote_node_id") as u16,
        kind: auth_type(number(input, "auth_type")),
    };
    let its_value = auth::Value { expires: number(input, "expiration_units_512ns") };
    let read = (auth::Key::from_bytes(key).unwrap(), auth::Value::from_bytes(value).unwrap());
    assert_eq!(read, (its_key, its_value));
    Both {
        written: (its_key.to_bytes().into(), its_value.to_bytes().into()),
        read: (read.0.to_bytes().into(), read.1.to_bytes().into()),
    }
}

fn policy_key(input: &Json, port_bits: u8) -> policy::Key {
    policy::Key::of_port(
        direction(input),
        identity(input, "identity"),
        Protocol::new(number(input, "proto") as u8),
        PortPrefix::of_port(number(input, "port") as u16, port_bits),
    )
}

fn direction(input: &Json) -> Direction {
    if text(input, "direction") == "egress" { Direction::Egress } else { Direction::Ingress }
}

fn auth_type(number: u64) -> AuthType {
    [AuthType::Disabled, AuthType::Spire, AuthType::AlwaysFail][number as usize]
}

fn identity(input: &Json, name: &str) -> IdentityId {
    IdentityId::new(number(input, name) as u32)
}

fn number(input: &Json, name: &str) -> u64 {
    input[name].as_u64().unwrap_or_else(|| panic!("no number `{name}` in {input}"))
}

fn text(input: &Json, name: &str) -> String {
    input[name].as_str().unwrap_or_else(|| panic!("no text `{name}` in {input}")).to_owned()
}

fn mac(text: &str) -> [u8; 6] {
    let mut mac = [0; 6];
    let bytes = text.split(':').filter(|byte| !byte.is_empty());
    bytes.zip(&mut mac).for_each(|(byte, place)| *place = u8::from_str_radix(byte, 16).unwrap());
    mac
}

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}
