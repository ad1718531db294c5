//! Connections: `cilium_ct4_global` and `cilium_ct6_global` for TCP, `cilium_ct_any4_global` and
//! `cilium_ct_any6_global` for everything else.

use core::net::{Ipv4Addr, Ipv6Addr};

use netpol_core::{IdentityId, Protocol};

use crate::DecodeError;
use crate::bytes::{Reader, Writer};

/// The size of a key between IPv4 addresses in bytes.
pub const KEY_V4: usize = 14;
/// The size of a key between IPv6 addresses in bytes.
pub const KEY_V6: usize = 38;
/// The size of a value in bytes.
pub const VALUE: usize = 56;

/// The flag of keys that were made on ingress; without it, on egress.
pub const INGRESS: u8 = 1;
/// The flag of keys for ICMP errors about a connection.
pub const RELATED: u8 = 2;
/// The flag of keys of service connections.
pub const SERVICE: u8 = 4;

/// Packets in the direction of the one that opened a connection.
///
/// Of ICMP both ports are 0, except that the identifier of an echo request is the source port and that of
/// an echo reply the destination port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<A> {
    /// The source address.
    pub src: A,
    /// The destination address.
    pub dst: A,
    /// The source port.
    pub src_port: u16,
    /// The destination port.
    pub dst_port: u16,
    /// The protocol.
    pub protocol: Protocol,
    /// [`INGRESS`], [`RELATED`], [`SERVICE`].
    pub flags: u8,
}

impl<A> Key<A> {
    // Cilium's names of the addresses are swapped, those of the ports are not.
    fn write<const N: usize>(&self, src: &[u8], dst: &[u8]) -> [u8; N] {
        Writer::new()
            .put(src)
            .put(dst)
            .put(&self.dst_port.to_be_bytes())
            .put(&self.src_port.to_be_bytes())
            .put(&[self.protocol.number(), self.flags])
            .finish()
    }

    fn read<const N: usize>(reader: &mut Reader<'_>, size: usize) -> Result<Self, DecodeError>
    where
        A: From<[u8; N]>,
    {
        let (src, dst) = (A::from(reader.take()), A::from(reader.take()));
        let dst_port = u16::from_be_bytes(reader.take());
        let src_port = u16::from_be_bytes(reader.take());
        let (protocol, flags) = (Protocol::new(reader.byte()), reader.byte());
        if flags & !(INGRESS | RELATED | SERVICE) != 0 {
            return Err(DecodeError::field("flags", size - 1));
        }
        Ok(Self { src, dst, src_port, dst_port, protocol, flags })
    }
}

impl Key<Ipv4Addr> {
    /// Returns the bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; KEY_V4] {
        self.write(&self.src.octets(), &self.dst.octets())
    }

    /// Returns the key that bytes stand for.
    ///
    /// # Errors
    ///
    /// Fails if these are not 14 bytes, or have unknown flags.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::read(&mut Reader::new(bytes, KEY_V4)?, KEY_V4)
    }
}

impl Key<Ipv6Addr> {
    /// Returns the bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; KEY_V6] {
        self.write(&self.src.octets(), &self.dst.octets())
    }

    /// Returns the key that bytes stand for.
    ///
    /// # Errors
    ///
    /// Fails if these are not 38 bytes, or have unknown flags.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::read(&mut Reader::new(bytes, KEY_V6)?, KEY_V6)
    }
}

/// The state of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// Of a service: the backend.
    pub backend: u64,
    /// How many packets were counted, if they are.
    pub packets: u64,
    /// How many bytes were counted, if they are.
    pub bytes: u64,
    /// When the entry may be removed, by Cilium's clock.
    pub lifetime: u32,
    /// The flags of Cilium's entries, such as bit 4: a packet that does not open a connection was seen.
    pub flags: u16,
    /// The service that replies are translated back to; 0 for none.
    pub rev_nat: u16,
    /// All TCP flags that were sent.
    pub tx_flags: u8,
    /// All TCP flags that were received.
    pub rx_flags: u8,
    /// The identity of who opened the connection.
    pub src_identity: IdentityId,
    /// When sending was last reported.
    pub last_tx_report: u32,
    /// When receiving was last reported.
    pub last_rx_report: u32,
}

impl Value {
    /// Returns the bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; VALUE] {
        Writer::new()
            .skip(8)
            .put(&self.backend.to_le_bytes())
            .put(&self.packets.to_le_bytes())
            .put(&self.bytes.to_le_bytes())
            .put(&self.lifetime.to_le_bytes())
            .put(&self.flags.to_le_bytes())
            .put(&self.rev_nat.to_be_bytes())
            .skip(2)
            .put(&[self.tx_flags, self.rx_flags])
            .put(&self.src_identity.number().to_le_bytes())
            .put(&self.last_tx_report.to_le_bytes())
            .put(&self.last_rx_report.to_le_bytes())
            .finish()
    }

    /// Returns the value that bytes stand for.
    ///
    /// # Errors
    ///
    /// Fails if these are not 56 bytes, or if reserved bytes are not zero.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, VALUE)?;
        reader.zero::<8>()?;
        let (backend, packets, bytes) = (reader.number(), reader.number(), reader.number());
        let (lifetime, flags) = (reader.number(), reader.number());
        let rev_nat = u16::from_be_bytes(reader.take());
        reader.zero::<2>()?;
        Ok(Self {
            backend,
            packets,
            bytes,
            lifetime,
            flags,
            rev_nat,
            tx_flags: reader.byte(),
            rx_flags: reader.byte(),
            src_identity: IdentityId::new(reader.number()),
            last_tx_report: reader.number(),
            last_rx_report: reader.number(),
        })
    }
}
