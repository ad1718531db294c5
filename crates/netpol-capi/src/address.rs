//! Addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::error::{Failure, netpol_error, netpol_status};
use crate::guard::guard;
use crate::pointer::Out;
use crate::text::netpol_str;

/// The family of an IPv4 address.
pub const NETPOL_IPV4: u8 = 4;
/// The family of an IPv6 address.
pub const NETPOL_IPV6: u8 = 6;

/// An IP address.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct netpol_address {
    /// `NETPOL_IPV4` or `NETPOL_IPV6`.
    pub family: u8,
    /// Not looked at; 0 where the library writes it.
    pub reserved: [u8; 3],
    /// The address in network byte order; the first four bytes for IPv4, the others are not looked at.
    pub bytes: [u8; 16],
}

impl netpol_address {
    /// Returns the address, if the family is one.
    pub(crate) fn ip(&self, what: &'static str) -> Result<IpAddr, Failure> {
        self.check(what).map(|()| self.checked_ip())
    }

    /// Fails if the family is none.
    #[inline]
    pub(crate) const fn check(&self, what: &'static str) -> Result<(), Failure> {
        match self.family {
            NETPOL_IPV4 | NETPOL_IPV6 => Ok(()),
            family => Err(Failure::bad_number(what, family as u64)),
        }
    }

    /// Returns the address, whose family has been checked.
    #[inline]
    pub(crate) const fn checked_ip(&self) -> IpAddr {
        let [a, b, c, d, ..] = self.bytes;
        match self.family {
            NETPOL_IPV6 => IpAddr::V6(Ipv6Addr::from_bits(u128::from_be_bytes(self.bytes))),
            _ => IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
        }
    }
}

impl From<IpAddr> for netpol_address {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => {
                let mut bytes = [0; 16];
                bytes[..4].copy_from_slice(&ip.octets());
                Self { family: NETPOL_IPV4, reserved: [0; 3], bytes }
            }
            IpAddr::V6(ip) => Self { family: NETPOL_IPV6, reserved: [0; 3], bytes: ip.octets() },
        }
    }
}

/// Reads an address as text, such as `10.0.0.1` or `2001:db8::1`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn netpol_address_parse(
    text: netpol_str,
    address: *mut netpol_address,
    error: *mut *mut netpol_error,
) -> netpol_status {
    // SAFETY: the caller promises an output or NULL (convention 3).
    let error = unsafe { Out::new(error) };
    // SAFETY: likewise.
    let address = unsafe { Out::new(address) };
    guard(error, || {
        let address = address.required("address")?;
        // SAFETY: the caller promises the bytes of texts (convention 4).
        let text = unsafe { text.text("text") }?;
        let ip: IpAddr = text.parse().map_err(|error| Failure::bad_text("text", &error))?;
        address.put(ip.into());
        Ok(())
    })
}
