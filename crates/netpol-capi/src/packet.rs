//! What a reader is asked about.

use netpol::{Packet, Protocol};

use crate::address::netpol_address;
use crate::error::Failure;

/// The first packet of a connection, as far as policy is concerned. Replies, and ICMP errors that belong to
/// a connection, follow its verdict and are not asked for.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct netpol_packet {
    /// `sizeof(netpol_packet)`.
    pub size: u16,
    /// The destination port in host byte order; the type for ICMP; 0 for protocols without ports.
    pub port: u16,
    /// The IP protocol number: 6 for TCP.
    pub protocol: u8,
    /// The code for ICMP, else 0.
    pub icmp_code: u8,
    /// Not looked at.
    pub reserved: u16,
    /// The source address.
    pub src: netpol_address,
    /// The destination address, after service translation.
    pub dst: netpol_address,
}

impl netpol_packet {
    /// Returns the packet that a caller means.
    #[inline]
    pub(crate) fn read(&self) -> Result<Packet, Failure> {
        Failure::check_size("packet", self.size.into(), size_of::<Self>())?;
        let (src, dst) = (self.src.ip("src")?, self.dst.ip("dst")?);
        let protocol = Protocol::new(self.protocol);
        Ok(Packet { src, dst, protocol, port: self.port, icmp_code: self.icmp_code })
    }
}
