//! Pairs of identities that have authenticated each other, `cilium_auth_map`.

use netpol_core::{AuthType, IdentityId};

use crate::DecodeError;
use crate::bytes::{Reader, Writer};

/// The size of a key in bytes.
pub const KEY: usize = 12;
/// The size of a value in bytes.
pub const VALUE: usize = 8;

/// A pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The identity on this node.
    pub local: IdentityId,
    /// The identity of the peer.
    pub remote: IdentityId,
    /// The node of the peer; 0 for this one.
    pub remote_node: u16,
    /// How they authenticated each other.
    pub kind: AuthType,
}

impl Key {
    /// Returns the bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; KEY] {
        Writer::new()
            .put(&self.local.number().to_le_bytes())
            .put(&self.remote.number().to_le_bytes())
            .put(&self.remote_node.to_le_bytes())
            .put(&[self.kind as u8, 0])
            .finish()
    }

    /// Returns the key that bytes stand for.
    ///
    /// # Errors
    ///
    /// Fails if these are not 12 bytes, an unknown type, or if padding is not zero.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, KEY)?;
        let (local, remote) = (IdentityId::new(reader.number()), IdentityId::new(reader.number()));
        let remote_node = reader.number();
        let kind = match reader.byte() {
            0 => AuthType::Disabled,
            1 => AuthType::Spire,
            2 => AuthType::AlwaysFail,
            _ => return Err(DecodeError::field("authentication type", 10)),
        };
        reader.zero::<1>()?;
        Ok(Self { local, remote, remote_node, kind })
    }
}

/// How long the pair counts as authenticated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// The end, in units of 512 nanoseconds since 1970.
    pub expires: u64,
}

impl Value {
    /// Returns the bytes.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; VALUE] {
        self.expires.to_le_bytes()
    }

    /// Returns the value that bytes stand for.
    ///
    /// # Errors
    ///
    /// Fails if these are not 8 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self { expires: Reader::new(bytes, VALUE)?.number() })
    }
}
