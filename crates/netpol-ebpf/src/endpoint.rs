//! The endpoints of the node by address, `cilium_lxc`.

use core::net::IpAddr;

use netpol_core::IdentityId;

use crate::DecodeError;
use crate::bytes::{Reader, Writer, family, is_v6};

/// The size of a key in bytes.
pub const KEY: usize = 20;
/// The size of a value in bytes.
pub const VALUE: usize = 48;

/// The flag of addresses of the node itself.
pub const HOST: u32 = 1;
/// The flag of endpoints in the network namespace of the node.
pub const IN_HOST_NAMESPACE: u32 = 2;

/// An address of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The address.
    pub addr: IpAddr,
    /// The cluster, where addresses of clusters overlap; else 0.
    pub cluster: u16,
}

impl Key {
    /// Returns the bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; KEY] {
        Writer::new()
            .put_address(self.addr)
            .put(&[family(self.addr), 0])
            .put(&self.cluster.to_le_bytes())
            .finish()
    }

    /// Returns the key that bytes stand for.
    ///
    /// # Errors
    ///
    /// Fails if these are not 20 bytes, an unknown family, or if padding is not zero.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, KEY)?;
        let is_v6 = is_v6(bytes.get(16).copied().unwrap_or(0), 16)?;
        let addr = reader.address(is_v6)?;
        reader.byte();
        reader.zero::<1>()?;
        Ok(Self { addr, cluster: reader.number() })
    }
}

/// An endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// The interface on the node's side.
    pub ifindex: u32,
    /// The number of the endpoint, which names its policy map.
    pub id: u16,
    /// [`HOST`], [`IN_HOST_NAMESPACE`].
    pub flags: u32,
    /// The hardware address of the endpoint.
    pub mac: [u8; 6],
    /// The hardware address of the node's side.
    pub node_mac: [u8; 6],
    /// The identity.
    pub identity: IdentityId,
    /// The interface behind that of the node's side; 0 for none.
    pub parent_ifindex: u32,
}

impl Value {
    /// Returns the bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; VALUE] {
        Writer::new()
            .put(&self.ifindex.to_le_bytes())
            .skip(2)
            .put(&self.id.to_le_bytes())
            .put(&self.flags.to_le_bytes())
            .skip(4)
            .put(&self.mac)
            .skip(2)
            .put(&self.node_mac)
            .skip(2)
            .put(&self.identity.number().to_le_bytes())
            .put(&self.parent_ifindex.to_le_bytes())
            .skip(8)
            .finish()
    }

    /// Returns the value that bytes stand for.
    ///
    /// # Errors
    ///
    /// Fails if these are not 48 bytes, unknown flags, or if padding is not zero.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, VALUE)?;
        let ifindex = reader.number();
        reader.zero::<2>()?;
        let (id, flags) = (reader.number(), reader.number());
        if flags & !(HOST | IN_HOST_NAMESPACE) != 0 {
            return Err(DecodeError::field("flags", 8));
        }
        reader.zero::<4>()?;
        let mac = reader.take();
        reader.zero::<2>()?;
        let node_mac = reader.take();
        reader.zero::<2>()?;
        let identity = IdentityId::new(reader.number());
        let parent_ifindex = reader.number();
        reader.zero::<8>()?;
        Ok(Self { ifindex, id, flags, mac, node_mac, identity, parent_ifindex })
    }
}
