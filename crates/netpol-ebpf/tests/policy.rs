//! Policy maps as bytes: whatever is written can be read again, and updates lead to the dump.

use std::collections::BTreeMap;

use netpol_core::{
    AuthRequirement, AuthType, Direction, IdentityId, PolicyEntry, PolicyKey, PolicyMap,
    PortPrefix, Protocol, ProxyPriority, RedirectId, RuleSetId,
};
use netpol_ebpf::policy::{self, Key, Update, Value};
use netpol_ebpf::{auth, conntrack, endpoint, ipcache, stats};
use proptest::prelude::*;

type Kernel = BTreeMap<[u8; policy::KEY], [u8; policy::VALUE]>;

/// The port of a proxy.
fn port_of(redirect: RedirectId) -> u16 {
    10_000 + redirect.number() as u16
}

proptest! {
    #[test]
    fn what_is_written_can_be_read(key in keys(), entry in entries(), cookie: u32) {
        let written = Key::new(&key);
        let read = Key::from_bytes(&written.to_bytes()).unwrap().policy_key().unwrap();
        if Key::widens(&key) {
            prop_assert!(read.covers(&key) && read.port().is_all());
        } else {
            prop_assert_eq!(read, key);
        }
        let value = Value::new(&written, &entry, port_of(entry.redirect)).with_cookie(cookie);
        prop_assert_eq!(Value::from_bytes(&value.to_bytes()).unwrap(), value);
        prop_assert_eq!(value.prefix_len, read.match_len());
    }

    #[test]
    fn updates_lead_from_one_dump_to_another(before in maps(), after in maps()) {
        let mut kernel: Kernel = policy::dump(&before, port_of).collect();
        for update in policy::updates(&before.diff(&after), port_of) {
            match update {
                Update::Put { key, value } => _ = kernel.insert(key, value),
                Update::Delete { key } => prop_assert!(kernel.remove(&key).is_some()),
            }
        }
        prop_assert_eq!(kernel, policy::dump(&after, port_of).collect::<Kernel>());
    }

    #[test]
    fn nothing_that_is_read_is_written_otherwise(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        // Whatever bytes are taken at all are those that would be written.
        if let Ok(key) = Key::from_bytes(&bytes) {
            prop_assert_eq!(&key.to_bytes()[..], &bytes[..]);
        }
        if let Ok(value) = Value::from_bytes(&bytes) {
            prop_assert_eq!(&value.to_bytes()[..], &bytes[..]);
        }
        if let Ok(key) = ipcache::Key::from_bytes(&bytes) {
            prop_assert_eq!(&key.to_bytes()[..], &bytes[..]);
        }
        if let Ok(value) = ipcache::Value::from_bytes(&bytes) {
            prop_assert_eq!(&value.to_bytes()[..], &bytes[..]);
        }
        if let Ok(key) = endpoint::Key::from_bytes(&bytes) {
            prop_assert_eq!(&key.to_bytes()[..], &bytes[..]);
        }
        if let Ok(value) = endpoint::Value::from_bytes(&bytes) {
            prop_assert_eq!(&value.to_bytes()[..], &bytes[..]);
        }
        if let Ok(value) = conntrack::Value::from_bytes(&bytes) {
            prop_assert_eq!(&value.to_bytes()[..], &bytes[..]);
        }
        if let Ok(key) = stats::ReasonKey::from_bytes(&bytes) {
            prop_assert_eq!(&key.to_bytes()[..], &bytes[..]);
        }
        if let Ok(key) = auth::Key::from_bytes(&bytes) {
            prop_assert_eq!(&key.to_bytes()[..], &bytes[..]);
        }
    }
}

#[test]
fn bytes_that_no_entry_has_are_refused() {
    let key = |bits, direction, protocol, port: u16| {
        let [high, low] = port.to_be_bytes();
        let error = Key::from_bytes(&[bits, 0, 0, 0, 1, 0, 0, 0, direction, protocol, high, low]);
        error.err().map(|error| error.to_string())
    };
    let refused = |text: &str| Some(text.to_owned());
    assert_eq!(key(64, 0, 6, 80), None);
    assert_eq!(key(39, 0, 6, 0), refused("invalid prefix length at byte 0"));
    assert_eq!(key(44, 0, 6, 0), refused("invalid prefix length at byte 0"));
    assert_eq!(key(65, 0, 6, 80), refused("invalid prefix length at byte 0"));
    assert_eq!(key(64, 2, 6, 80), refused("invalid direction at byte 8"));
    assert_eq!(key(40, 0, 6, 0), refused("invalid protocol at byte 9"));
    assert_eq!(key(60, 0, 6, 8083), refused("invalid port at byte 10"));
    let short = Key::from_bytes(&[0; 11]).unwrap_err();
    assert_eq!((short.to_string().as_str(), short.offset()), ("11 bytes in place of 12", None));
    let value = |at: usize, byte| {
        let mut bytes = [0; policy::VALUE];
        bytes[at] = byte;
        Value::from_bytes(&bytes).err().map(|error| error.to_string())
    };
    assert_eq!(value(2, 1 << 3), refused("invalid prefix length at byte 2"));
    assert_eq!(value(2, 2), refused("invalid flags at byte 2"));
    assert_eq!(value(3, 3), refused("invalid authentication type at byte 3"));
    assert_eq!(value(4, 128), refused("invalid proxy priority at byte 4"));
    assert_eq!(value(5, 1), refused("invalid padding at byte 5"));
}

#[test]
fn a_port_that_is_zero_widens() {
    let key = |port| PolicyKey::new(Direction::Ingress, IdentityId::ANY, Protocol::ICMP, port);
    assert!(Key::widens(&key(PortPrefix::single(0))));
    assert!(!Key::widens(&key(PortPrefix::single(8))));
    assert!(!Key::widens(&key(PortPrefix::ALL)));
}

fn keys() -> impl Strategy<Value = PolicyKey> {
    let direction = prop_oneof![Just(Direction::Ingress), Just(Direction::Egress)];
    let protocol = prop_oneof![Just(0_u8), Just(1), Just(6), any::<u8>()];
    (direction, any::<u32>(), protocol, any::<u16>(), 0..=16_u8).prop_map(
        |(direction, identity, protocol, port, len)| {
            let port = if protocol == 0 { PortPrefix::ALL } else { PortPrefix::of_port(port, len) };
            PolicyKey::new(direction, IdentityId::new(identity), Protocol::new(protocol), port)
        },
    )
}

fn entries() -> impl Strategy<Value = PolicyEntry> {
    let kind =
        prop_oneof![Just(AuthType::Disabled), Just(AuthType::Spire), Just(AuthType::AlwaysFail)];
    (0..4_u8, 0..=127_u8, kind, any::<bool>(), 0..100_u32).prop_map(
        |(sort, listener, kind, explicit, redirect)| {
            let allow = PolicyEntry::allow(RuleSetId::NONE);
            let auth = match explicit {
                true => AuthRequirement::explicit(kind),
                false => AuthRequirement::derived(kind),
            };
            match sort {
                0 => PolicyEntry::deny(RuleSetId::NONE),
                1 => PolicyEntry {
                    redirect: RedirectId::new(redirect),
                    priority: ProxyPriority::of_listener(listener),
                    auth,
                    ..allow
                },
                _ => PolicyEntry { auth, ..allow },
            }
        },
    )
}

/// Maps of few different keys, none of which is widened.
fn maps() -> impl Strategy<Value = PolicyMap> {
    let key = (0..2_u8, 0..3_u32, prop_oneof![Just(0_u8), Just(6)], 1..4_u16).prop_map(
        |(direction, identity, protocol, port)| {
            let port = if protocol == 0 { PortPrefix::ALL } else { PortPrefix::single(port) };
            let direction = Direction::BOTH[usize::from(direction)];
            PolicyKey::new(direction, IdentityId::new(identity), Protocol::new(protocol), port)
        },
    );
    prop::collection::vec((key, entries()), 0..12).prop_map(PolicyMap::from_iter)
}
