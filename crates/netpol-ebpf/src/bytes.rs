//! Fields in order, one behind the other.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::DecodeError;

/// Writes fields from the first byte on; what is never written is zero.
pub(crate) struct Writer<const N: usize> {
    bytes: [u8; N],
    next: usize,
}

impl<const N: usize> Writer<N> {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; N], next: 0 }
    }

    /// Writes a field, of which nothing is left out by callers who know their layout.
    pub(crate) fn put(mut self, field: &[u8]) -> Self {
        let places = self.bytes.iter_mut().skip(self.next);
        places.zip(field).for_each(|(place, byte)| *place = *byte);
        self.next += field.len();
        self
    }

    /// Writes an address to a place of 16 bytes.
    pub(crate) fn put_address(self, addr: IpAddr) -> Self {
        match addr {
            IpAddr::V4(addr) => self.put(&addr.octets()).skip(12),
            IpAddr::V6(addr) => self.put(&addr.octets()),
        }
    }

    /// Leaves bytes zero.
    pub(crate) const fn skip(mut self, bytes: usize) -> Self {
        self.next += bytes;
        self
    }

    pub(crate) fn finish(self) -> [u8; N] {
        debug_assert_eq!(self.next, N, "a layout is written whole");
        self.bytes
    }
}

/// Reads fields from the first byte on.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    next: usize,
}

impl<'a> Reader<'a> {
    /// Returns a reader of exactly so many bytes.
    pub(crate) const fn new(bytes: &'a [u8], size: usize) -> Result<Self, DecodeError> {
        if bytes.len() == size {
            Ok(Self { bytes, next: 0 })
        } else {
            Err(DecodeError::size(size, bytes.len()))
        }
    }

    pub(crate) fn take<const N: usize>(&mut self) -> [u8; N] {
        let rest = self.bytes.get(self.next..).unwrap_or_default();
        self.next += N;
        rest.first_chunk().copied().unwrap_or([0; N])
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let [byte] = self.take();
        byte
    }

    pub(crate) fn number<T: Number<N>, const N: usize>(&mut self) -> T {
        T::of(self.take())
    }

    /// Reads a place of 16 bytes as an address; in that of IPv4 the last 12 bytes are zero.
    pub(crate) fn address(&mut self, is_v6: bool) -> Result<IpAddr, DecodeError> {
        let offset = self.next;
        let octets: [u8; 16] = self.take();
        match (is_v6, octets) {
            (true, _) => Ok(Ipv6Addr::from(octets).into()),
            (false, [a, b, c, d, rest @ ..]) if rest == [0; 12] => {
                Ok(Ipv4Addr::new(a, b, c, d).into())
            }
            _ => Err(DecodeError::field("address", offset)),
        }
    }

    /// Reads bytes that must be zero.
    pub(crate) fn zero<const N: usize>(&mut self) -> Result<(), DecodeError> {
        let offset = self.next;
        match self.take() == [0; N] {
            true => Ok(()),
            false => Err(DecodeError::field("padding", offset)),
        }
    }
}

/// Numbers in host order.
pub(crate) trait Number<const N: usize> {
    fn of(bytes: [u8; N]) -> Self;
}

impl Number<2> for u16 {
    fn of(bytes: [u8; 2]) -> Self {
        Self::from_le_bytes(bytes)
    }
}

impl Number<4> for u32 {
    fn of(bytes: [u8; 4]) -> Self {
        Self::from_le_bytes(bytes)
    }
}

impl Number<8> for u64 {
    fn of(bytes: [u8; 8]) -> Self {
        Self::from_le_bytes(bytes)
    }
}

/// Returns the number that maps have for the family of an address.
pub(crate) const fn family(addr: IpAddr) -> u8 {
    if addr.is_ipv4() { 1 } else { 2 }
}

/// Returns whether the number of a family, at this byte, is that of IPv6.
pub(crate) const fn is_v6(family: u8, offset: usize) -> Result<bool, DecodeError> {
    match family {
        1 => Ok(false),
        2 => Ok(true),
        _ => Err(DecodeError::field("address family", offset)),
    }
}
