//! The policy map of an endpoint, `cilium_policy_v2_*`.
//!
//! A trie of prefixes: of a key the peer and the direction always count, protocol and port as far as its
//! prefix length says.

use netpol_core::{
    AuthRequirement, AuthType, Direction, IdentityId, MapDelta, PolicyEntry, PolicyKey, PolicyMap,
    PortPrefix, Protocol, ProxyPriority, RedirectId,
};

use crate::DecodeError;
use crate::bytes::{Reader, Writer};

/// The size of a key in bytes.
pub const KEY: usize = 12;
/// The size of a value in bytes.
pub const VALUE: usize = 12;

/// The bits of peer and direction, which always count.
const STATIC_BITS: u8 = 40;
const DENY: u8 = 1;
const EXPLICIT: u8 = 0x80;
const MAX_PRIORITY: u8 = 127;

/// A key as the kernel has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    direction: Direction,
    identity: IdentityId,
    protocol: Protocol,
    // INVARIANT: bits that do not count are zero.
    port: u16,
    // How many bits of protocol and port count: 0, or 8 to 24.
    match_len: u8,
}

impl Key {
    /// Returns the key that Cilium writes for this one.
    ///
    /// A port that is 0 stands for all ports of the protocol there: see [`widens`](Self::widens).
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_core::{Direction, IdentityId, PolicyKey, PortPrefix, Protocol};
    /// use netpol_ebpf::policy::Key;
    ///
    /// let peer = IdentityId::new(256);
    /// let key = PolicyKey::new(Direction::Ingress, peer, Protocol::TCP, PortPrefix::single(80));
    /// let bytes = Key::new(&key).to_bytes();
    /// assert_eq!(bytes, [64, 0, 0, 0, 0, 1, 0, 0, 0, 6, 0, 80]);
    /// assert_eq!(Key::from_bytes(&bytes)?.policy_key(), Some(key));
    /// # Ok::<(), netpol_ebpf::DecodeError>(())
    /// ```
    #[must_use]
    pub const fn new(key: &PolicyKey) -> Self {
        Self::of_port(key.direction(), key.identity(), key.protocol(), key.port())
    }

    /// Returns the key that Cilium writes for these parts: also for ports without protocol, which no packet
    /// matches.
    #[must_use]
    pub const fn of_port(
        direction: Direction,
        identity: IdentityId,
        protocol: Protocol,
        port: PortPrefix,
    ) -> Self {
        let match_len = match (port.value(), protocol.is_any()) {
            (0, true) => 0,
            (0, false) => 8,
            _ => 8 + port.len(),
        };
        Self { direction, identity, protocol, port: port.value(), match_len }
    }

    /// Tells whether Cilium's map has a broader key in place of this one: a port, or ICMP type, that is 0,
    /// and ranges that begin there, become all ports of the protocol.
    ///
    /// An allow that is widened lets more pass than policy does. Ranges are best written from port 1 on.
    #[must_use]
    pub const fn widens(key: &PolicyKey) -> bool {
        key.port().value() == 0 && !key.port().is_all()
    }

    /// Returns the key of a policy map that this one is; `None` for a port without protocol.
    #[must_use]
    pub fn policy_key(&self) -> Option<PolicyKey> {
        let Self { direction, identity, protocol, port, match_len } = *self;
        if protocol.is_any() && match_len > 0 {
            return None;
        }
        let port = PortPrefix::new(port, match_len.saturating_sub(8))?;
        Some(PolicyKey::new(direction, identity, protocol, port))
    }

    /// Returns how many bits of protocol and port count: 0, or 8 to 24.
    #[must_use]
    pub const fn match_len(&self) -> u8 {
        self.match_len
    }

    /// Returns the bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; KEY] {
        Writer::new()
            .put(&u32::from(STATIC_BITS + self.match_len).to_le_bytes())
            .put(&self.identity.number().to_le_bytes())
            .put(&[u8::from(self.direction == Direction::Egress), self.protocol.number()])
            .put(&self.port.to_be_bytes())
            .finish()
    }

    /// Returns the key that bytes stand for.
    ///
    /// # Errors
    ///
    /// Fails if these are not 12 bytes, a prefix length that no entry has, a direction that does not exist,
    /// or if bits behind the prefix are not zero.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, KEY)?;
        let bits: u32 = reader.number();
        let identity = IdentityId::new(reader.number());
        let direction = match reader.byte() {
            0 => Direction::Ingress,
            1 => Direction::Egress,
            _ => return Err(DecodeError::field("direction", 8)),
        };
        let protocol = Protocol::new(reader.byte());
        let port = u16::from_be_bytes(reader.take());
        let match_len = match bits.checked_sub(STATIC_BITS.into()) {
            Some(0) if !protocol.is_any() => return Err(DecodeError::field("protocol", 9)),
            Some(bits @ (0 | 8..=24)) => bits as u8,
            _ => return Err(DecodeError::field("prefix length", 0)),
        };
        match PortPrefix::new(port, match_len.saturating_sub(8)) {
            Some(_) => Ok(Self { direction, identity, protocol, port, match_len }),
            None => Err(DecodeError::field("port", 10)),
        }
    }
}

/// What a policy map has at a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Value {
    /// Whether the entry denies; then proxy and authentication do not count, and are left out.
    pub deny: bool,
    /// The port of the proxy that connections go to; 0 for none.
    pub proxy_port: u16,
    /// Which of two redirects wins.
    pub priority: ProxyPriority,
    /// The authentication that is asked for.
    pub auth: AuthRequirement,
    /// How many bits of protocol and port count, again: 0, or 8 to 24.
    pub prefix_len: u8,
    /// A number for logs; 0 for none.
    pub cookie: u32,
}

impl Value {
    /// Returns the value of an entry; the port counts only if the entry redirects.
    #[must_use]
    pub fn new(key: &Key, entry: &PolicyEntry, proxy_port: u16) -> Self {
        let redirects = !entry.deny && entry.priority.is_redirect() && proxy_port != 0;
        Self {
            deny: entry.deny,
            proxy_port: if redirects { proxy_port } else { 0 },
            priority: if redirects { entry.priority } else { ProxyPriority::NONE },
            auth: if entry.deny { AuthRequirement::NONE } else { entry.auth },
            prefix_len: key.match_len(),
            cookie: 0,
        }
    }

    /// Returns the same value with a number for logs.
    #[must_use]
    pub const fn with_cookie(self, cookie: u32) -> Self {
        Self { cookie, ..self }
    }

    /// Returns the bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; VALUE] {
        Writer::new()
            .put(&self.proxy_port.to_be_bytes())
            .put(&[u8::from(self.deny) | self.prefix_len << 3, self.auth.to_byte()])
            .put(&[self.priority.number()])
            .skip(3)
            .put(&self.cookie.to_le_bytes())
            .finish()
    }

    /// Returns the value that bytes stand for.
    ///
    /// # Errors
    ///
    /// Fails if these are not 12 bytes, or a field has a value that no entry has.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, VALUE)?;
        let proxy_port = u16::from_be_bytes(reader.take());
        let (flags, auth, priority) = (reader.byte(), reader.byte(), reader.byte());
        reader.zero::<3>()?;
        if flags & 0b110 != 0 {
            return Err(DecodeError::field("flags", 2));
        }
        let prefix_len = flags >> 3;
        if !matches!(prefix_len, 0 | 8..=24) {
            return Err(DecodeError::field("prefix length", 2));
        }
        let deny = flags & DENY != 0;
        Ok(Self {
            deny,
            proxy_port,
            priority: priority_from_byte(priority)?,
            auth: auth_from_byte(auth)?,
            prefix_len,
            cookie: reader.number(),
        })
    }
}

fn auth_from_byte(byte: u8) -> Result<AuthRequirement, DecodeError> {
    let kind = match byte & !EXPLICIT {
        0 => AuthType::Disabled,
        1 => AuthType::Spire,
        2 => AuthType::AlwaysFail,
        _ => return Err(DecodeError::field("authentication type", 3)),
    };
    Ok(match byte & EXPLICIT {
        0 => AuthRequirement::derived(kind),
        _ => AuthRequirement::explicit(kind),
    })
}

/// Returns the priority with a number: the inverse of how listeners' priorities are counted.
fn priority_from_byte(byte: u8) -> Result<ProxyPriority, DecodeError> {
    match byte {
        0 => Ok(ProxyPriority::NONE),
        1 => Ok(ProxyPriority::of_listener(0)),
        2..=MAX_PRIORITY => Ok(ProxyPriority::of_listener(MAX_PRIORITY + 1 - byte)),
        _ => Err(DecodeError::field("proxy priority", 4)),
    }
}

/// What to do with a key of a policy map in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// To write a value, whether the key is there or not.
    Put {
        /// The bytes of the key.
        key: [u8; KEY],
        /// The bytes of the value.
        value: [u8; VALUE],
    },
    /// To delete the key.
    Delete {
        /// The bytes of the key.
        key: [u8; KEY],
    },
}

/// Returns what a whole policy map is in the kernel, in order of its keys; `proxy_port` knows the ports of
/// proxies.
///
/// # Examples
///
/// ```
/// use netpol_core::{Direction, IdentityId, PolicyEntry, PolicyKey, PolicyMap, RuleSetId};
/// use netpol_ebpf::policy;
///
/// let key = PolicyKey::l3(Direction::Egress, IdentityId::ANY);
/// let map = PolicyMap::from_iter([(key, PolicyEntry::allow(RuleSetId::NONE))]);
/// let all: Vec<_> = policy::dump(&map, |_| 0).collect();
/// assert_eq!(all, [([40, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], [0; 12])]);
/// ```
pub fn dump(
    map: &PolicyMap,
    proxy_port: impl Fn(RedirectId) -> u16,
) -> impl Iterator<Item = ([u8; KEY], [u8; VALUE])> {
    map.iter().map(move |(key, entry)| {
        let key = Key::new(key);
        (key.to_bytes(), Value::new(&key, entry, proxy_port(entry.redirect)).to_bytes())
    })
}

/// Returns what to write and what to delete, in the order of the steps; `proxy_port` knows the ports of
/// proxies.
///
/// Steps that [`MapDelta::sort`] has brought into order, as those of a publication are, put denies first and
/// remove them last, and write everything before anything is deleted: taken one by one they never deny a flow
/// that both maps allow, nor allow one that neither does.
pub fn updates(
    steps: &[MapDelta],
    proxy_port: impl Fn(RedirectId) -> u16,
) -> impl Iterator<Item = Update> {
    steps.iter().map(move |step| {
        let key = Key::new(step.key());
        match step.after() {
            Some(entry) => {
                let value = Value::new(&key, entry, proxy_port(entry.redirect));
                Update::Put { key: key.to_bytes(), value: value.to_bytes() }
            }
            None => Update::Delete { key: key.to_bytes() },
        }
    })
}
