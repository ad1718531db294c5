//! The identities of addresses, `cilium_ipcache_v2`.

use core::net::IpAddr;

use netpol_core::{IdentityId, Prefix};

use crate::DecodeError;
use crate::bytes::{Reader, Writer, family, is_v6};

/// The size of a key in bytes.
pub const KEY: usize = 24;
/// The size of a value in bytes.
pub const VALUE: usize = 24;

/// The bits of cluster and family, which always count.
const STATIC_BITS: u32 = 32;
const HAS_TUNNEL: u8 = 2;
const TUNNEL_V6: u8 = 4;
const ALL_FLAGS: u8 = 0xf;

/// The flag of addresses that packets are never tunnelled to.
pub const SKIP_TUNNEL: u8 = 1;
/// The flag of nodes of other clusters.
pub const REMOTE_CLUSTER: u8 = 8;

/// The addresses that a value is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The prefix.
    pub prefix: Prefix,
    /// The cluster, where addresses of clusters overlap; else 0.
    pub cluster: u16,
}

impl Key {
    /// Returns the bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use netpol_ebpf::ipcache::Key;
    ///
    /// let key = Key { prefix: "10.0.0.0/8".parse()?, cluster: 0 };
    /// assert_eq!(key.to_bytes()[..9], [40, 0, 0, 0, 0, 0, 0, 1, 10]);
    /// assert_eq!(Key::from_bytes(&key.to_bytes())?, key);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_bytes(&self) -> [u8; KEY] {
        Writer::new()
            .put(&(STATIC_BITS + u32::from(self.prefix.len())).to_le_bytes())
            .put(&self.cluster.to_le_bytes())
            .put(&[0, family(self.prefix.addr())])
            .put_address(self.prefix.addr())
            .finish()
    }

    /// Returns the key that bytes stand for.
    ///
    /// # Errors
    ///
    /// Fails if these are not 24 bytes, an unknown family, a prefix length that the family does not have, or
    /// if bits behind the prefix are not zero.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, KEY)?;
        let bits: u32 = reader.number();
        let cluster = reader.number();
        reader.zero::<1>()?;
        let is_v6 = is_v6(reader.byte(), 7)?;
        let addr = reader.address(is_v6)?;
        let len = bits.checked_sub(STATIC_BITS).and_then(|len| u8::try_from(len).ok());
        let prefix = len.and_then(|len| Prefix::new(addr, len));
        let prefix = prefix.ok_or(DecodeError::field("prefix length", 0))?;
        if prefix.addr() != addr {
            return Err(DecodeError::field("address", 8));
        }
        Ok(Self { prefix, cluster })
    }
}

/// What is known about addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// Their identity.
    pub identity: IdentityId,
    /// The node that packets to them are tunnelled to.
    pub tunnel_endpoint: Option<IpAddr>,
    /// The index of the key that packets are encrypted with; 0 for none.
    pub encrypt_key: u8,
    /// [`SKIP_TUNNEL`], [`REMOTE_CLUSTER`]; those that say what tunnel there is are added.
    pub flags: u8,
}

impl Value {
    /// Returns the value that says who addresses are, and nothing else.
    #[must_use]
    pub fn new(identity: IdentityId) -> Self {
        Self { identity, ..Self::default() }
    }

    /// Returns the bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; VALUE] {
        let writer = Writer::new().put(&self.identity.number().to_le_bytes());
        let writer = match self.tunnel_endpoint {
            Some(addr) => writer.put_address(addr),
            None => writer.skip(16),
        };
        writer.skip(2).put(&[self.encrypt_key, self.all_flags()]).finish()
    }

    fn all_flags(&self) -> u8 {
        let tunnel = match self.tunnel_endpoint {
            None => 0,
            Some(IpAddr::V4(_)) => HAS_TUNNEL,
            Some(IpAddr::V6(_)) => HAS_TUNNEL | TUNNEL_V6,
        };
        self.flags | tunnel
    }

    /// Returns the value that bytes stand for.
    ///
    /// # Errors
    ///
    /// Fails if these are not 24 bytes, unknown flags, or an address of a tunnel that the flags deny.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, VALUE)?;
        let identity = IdentityId::new(reader.number());
        let flags = bytes.last().copied().unwrap_or(0);
        if flags > ALL_FLAGS || flags & (HAS_TUNNEL | TUNNEL_V6) == TUNNEL_V6 {
            return Err(DecodeError::field("flags", 23));
        }
        let tunnel_endpoint = match flags & HAS_TUNNEL {
            0 => reader.zero::<16>().map(|()| None)?,
            _ => Some(reader.address(flags & TUNNEL_V6 != 0)?),
        };
        reader.zero::<2>()?;
        Ok(Self { identity, tunnel_endpoint, encrypt_key: reader.byte(), flags })
    }
}
