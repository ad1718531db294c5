//! Address prefixes.

use alloc::boxed::Box;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

/// An address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IpFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl IpFamily {
    /// Returns the family of an address. An IPv4-mapped address is IPv6.
    #[must_use]
    pub const fn of(addr: &IpAddr) -> Self {
        match addr {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    /// Returns the number of bits of an address: 32 or 128.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }
}

/// A block of addresses: an address whose host bits are zero, and a length in bits.
///
/// The order is by family, then by address, then from short to long, so that a
/// prefix comes before all prefixes that lie inside it.
///
/// # Examples
///
/// ```
/// use netpol_core::Prefix;
///
/// let prefix: Prefix = "10.1.2.3/8".parse()?;
/// assert_eq!(prefix.to_string(), "10.0.0.0/8"); // host bits are not kept (CIDRV-2)
/// assert!(prefix.contains("10.200.0.1".parse().unwrap()));
/// // A bare address is the longest prefix.
/// assert_eq!("2001:DB8::1".parse::<Prefix>()?.to_string(), "2001:db8::1/128");
/// # Ok::<(), netpol_core::ParsePrefixError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix {
    // INVARIANT: bits behind `len` are zero, and `len` fits the family.
    addr: IpAddr,
    len: u8,
}

impl Prefix {
    /// Returns the prefix of `len` bits that contains `addr`, or `None` if `len` is more than
    /// the family has (32 or 128).
    #[must_use]
    pub fn new(addr: IpAddr, len: u8) -> Option<Self> {
        if len > IpFamily::of(&addr).bits() {
            return None;
        }
        Some(Self { addr: masked(addr, len), len })
    }

    /// Returns the prefix that holds one address, /32 or /128.
    #[must_use]
    pub const fn host(addr: IpAddr) -> Self {
        Self { addr, len: IpFamily::of(&addr).bits() }
    }

    /// Returns the prefix that holds every address of a family.
    #[must_use]
    pub const fn all(family: IpFamily) -> Self {
        let addr = match family {
            IpFamily::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpFamily::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        Self { addr, len: 0 }
    }

    /// Returns the first address of the block.
    #[must_use]
    pub const fn addr(&self) -> IpAddr {
        self.addr
    }

    /// Returns the length in bits, 0 to 32 or 128.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "the length of a prefix, not of a collection")]
    pub const fn len(&self) -> u8 {
        self.len
    }

    /// Returns the address family.
    #[must_use]
    pub const fn family(&self) -> IpFamily {
        IpFamily::of(&self.addr)
    }

    /// Tells whether the block holds one address only.
    #[must_use]
    pub const fn is_host(&self) -> bool {
        self.len == self.family().bits()
    }

    /// Tells whether the block holds this address. Families never mix.
    #[must_use]
    pub fn contains(&self, addr: IpAddr) -> bool {
        self.family() == IpFamily::of(&addr) && masked(addr, self.len) == self.addr
    }

    /// Tells whether `other` is this block or lies inside it.
    #[must_use]
    pub fn contains_prefix(&self, other: &Self) -> bool {
        self.len <= other.len && self.contains(other.addr)
    }

    /// Returns the last address of the block.
    #[must_use]
    pub fn last_addr(&self) -> IpAddr {
        match self.addr {
            IpAddr::V4(addr) => {
                let host = u32::MAX.checked_shr(self.len.into()).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(addr.to_bits() | host))
            }
            IpAddr::V6(addr) => {
                let host = u128::MAX.checked_shr(self.len.into()).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(addr.to_bits() | host))
            }
        }
    }

    /// Returns the block of one bit less that holds this one, or `None` for /0.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        Self::new(self.addr, self.len.checked_sub(1)?)
    }
}

/// Returns `addr` with everything behind the first `len` bits set to zero.
fn masked(addr: IpAddr, len: u8) -> IpAddr {
    match addr {
        IpAddr::V4(addr) => {
            let host = u32::MAX.checked_shr(len.into()).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(addr.to_bits() & !host))
        }
        IpAddr::V6(addr) => {
            let host = u128::MAX.checked_shr(len.into()).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(addr.to_bits() & !host))
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.len)
    }
}

impl From<IpAddr> for Prefix {
    fn from(addr: IpAddr) -> Self {
        Self::host(addr)
    }
}

impl FromStr for Prefix {
    type Err = ParsePrefixError;

    /// Parses `address/length` or a bare address.
    ///
    /// # Errors
    ///
    /// Fails on anything but a complete address, without zone and without leading zeros, and a
    /// decimal length of the family without leading zeros (CIDRV-7).
    fn from_str(text: &str) -> Result<Self, ParsePrefixError> {
        let error = || ParsePrefixError { text: text.into() };
        let (addr, len) = match text.split_once('/') {
            None => (text, None),
            Some((addr, len)) => (addr, Some(len)),
        };
        let addr: IpAddr = addr.parse().map_err(|_| error())?;
        match len {
            None => Ok(Self::host(addr)),
            Some(len) => parse_len(len).and_then(|len| Self::new(addr, len)).ok_or_else(error),
        }
    }
}

/// Returns the number if it is plain decimal without sign and leading zeros.
fn parse_len(text: &str) -> Option<u8> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// Why a text is no prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsePrefixError {
    text: Box<str>,
}

impl fmt::Display for ParsePrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no address and no prefix such as 10.0.0.0/8", self.text)
    }
}

impl core::error::Error for ParsePrefixError {}
