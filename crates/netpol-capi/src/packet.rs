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
    pub(crate) fn read(&self) -> Result<Packet, Failure> {
        self.check().map(|()| self.checked())
    }

    /// Fails if a field makes no sense.
    #[inline]
    pub(crate) fn check(&self) -> Result<(), Failure> {
        Failure::check_size("packet", self.size.into(), size_of::<Self>())?;
        self.src.check("src")?;
        self.dst.check("dst")
    }

    /// Returns the packet that a caller means, after [`check`](Self::check).
    // PERF: apart from the check, as a packet inside a `Result` is copied over and over, which stalls.
    #[inline]
    pub(crate) fn checked(&self) -> Packet {
        Packet {
            src: self.src.checked_ip(),
            dst: self.dst.checked_ip(),
            protocol: Protocol::new(self.protocol),
            port: self.port,
            icmp_code: self.icmp_code,
        }
    }
}
