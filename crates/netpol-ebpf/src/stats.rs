//! Counters: of entries of policy maps, `cilium_policystats`, and of packets by reason, `cilium_metrics`.

use crate::DecodeError;
use crate::bytes::{Reader, Writer};
use crate::policy::{self, Key};

/// The size of the key of an entry's counters in bytes.
pub const ENTRY_KEY: usize = 12;
/// The size of the key of a reason's counters in bytes.
pub const REASON_KEY: usize = 8;
/// The size of counters in bytes, for each processor.
pub const VALUE: usize = 16;

/// An entry whose packets are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryKey {
    /// The endpoint that has the policy map.
    pub endpoint: u16,
    /// The key of the entry; of one for any peer the identity is 0.
    pub key: Key,
}

impl EntryKey {
    /// Returns the bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; ENTRY_KEY] {
        let [bits, _, _, _, rest @ ..] = self.key.to_bytes();
        Writer::new().put(&self.endpoint.to_le_bytes()).put(&[0, bits - 40]).put(&rest).finish()
    }

    /// Returns the key that bytes stand for.
    ///
    /// # Errors
    ///
    /// Fails if these are not 12 bytes, or not those of an entry.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, ENTRY_KEY)?;
        let endpoint = reader.number();
        reader.zero::<1>()?;
        let bits = reader.byte().checked_add(40).ok_or(DecodeError::field("prefix length", 3))?;
        let key: [u8; policy::KEY] =
            Writer::new().put(&[bits, 0, 0, 0]).put(&reader.take::<8>()).finish();
        Ok(Self { endpoint, key: Key::from_bytes(&key)? })
    }
}

/// A reason that packets are counted by, and where it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReasonKey {
    /// 0 for packets that were forwarded, or else Cilium's number of the drop reason.
    pub reason: u8,
    /// 1 for ingress, 2 for egress, 3 for services.
    pub direction: u8,
    /// The line of the program.
    pub line: u16,
    /// The number of the program's file.
    pub file: u8,
}

impl ReasonKey {
    /// Returns the bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; REASON_KEY] {
        Writer::new()
            .put(&[self.reason, self.direction])
            .put(&self.line.to_le_bytes())
            .put(&[self.file])
            .skip(3)
            .finish()
    }

    /// Returns the key that bytes stand for.
    ///
    /// # Errors
    ///
    /// Fails if these are not 8 bytes, a direction that takes more than two bits, or if padding is not
    /// zero.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, REASON_KEY)?;
        let (reason, direction) = (reader.byte(), reader.byte());
        if direction > 3 {
            return Err(DecodeError::field("direction", 1));
        }
        let (line, file) = (reader.number(), reader.byte());
        reader.zero::<3>()?;
        Ok(Self { reason, direction, line, file })
    }
}

/// What one processor counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// Packets.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Value {
    /// Returns the bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; VALUE] {
        Writer::new().put(&self.packets.to_le_bytes()).put(&self.bytes.to_le_bytes()).finish()
    }

    /// Returns the counters that bytes stand for.
    ///
    /// # Errors
    ///
    /// Fails if these are not 16 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, VALUE)?;
        Ok(Self { packets: reader.number(), bytes: reader.number() })
    }
}
