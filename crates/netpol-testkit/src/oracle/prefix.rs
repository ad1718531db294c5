//! Address prefixes and their labels (CIDR-2, LBL-6).

use std::fmt;
use std::net::IpAddr;

/// An address prefix without host bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Prefix {
    address: IpAddr,
    length: u8,
}

impl Prefix {
    /// Returns the prefix of a text with or without length, or nothing if it is neither (CIDR-2).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let Some((address, length)) = text.split_once('/') else {
            return text.parse().ok().map(Self::of_address);
        };
        let plain_number = length == "0" || !length.starts_with(['0', '+']);
        let length = length.parse().ok().filter(|_| plain_number)?;
        Self::masked(address.parse().ok()?, length)
    }

    /// Returns the prefix that holds only the address.
    pub(super) fn of_address(address: IpAddr) -> Self {
        Self { address, length: bits(address) }
    }

    /// Returns the prefix of everything in the address's family.
    pub(super) fn everything(like: IpAddr) -> Self {
        Self { address: mask(like, 0), length: 0 }
    }

    /// Returns the prefix in the key of a CIDR label.
    pub(super) fn from_label_key(key: &str) -> Option<Self> {
        Self::parse(&key.replace('-', ":"))
    }

    fn masked(address: IpAddr, length: u8) -> Option<Self> {
        (length <= bits(address)).then(|| Self { address: mask(address, length), length })
    }

    pub(super) fn length(&self) -> u8 {
        self.length
    }

    pub(super) fn is_ipv4(&self) -> bool {
        self.address.is_ipv4()
    }

    /// Returns whether all addresses of the other prefix are in this one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.is_ipv4() == other.is_ipv4()
            && self.length <= other.length
            && mask(other.address, self.length) == self.address
    }

    /// Returns the key of the CIDR label (LBL-6).
    pub(super) fn label_key(&self) -> String {
        let mut text = self.address.to_string().replace(':', "-");
        if text.starts_with('-') {
            text.insert(0, '0');
        }
        if text.ends_with('-') {
            text.push('0');
        }
        format!("{text}/{}", self.length)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn mask(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            IpAddr::V4((u32::from(v4) & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            IpAddr::V6((u128::from(v6) & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_keys_follow_the_rule_for_colons() {
        let rows = [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("::/0", "0--0/0"),
            ("2001:db8::/32", "2001-db8--0/32"),
            ("::1/128", "0--1/128"),
            ("2001:DB8::1", "2001-db8--1/128"),
        ];
        for (text, key) in rows {
            let prefix = Prefix::parse(text).unwrap();
            assert_eq!(prefix.label_key(), key);
            assert_eq!(Prefix::from_label_key(key), Some(prefix));
        }
    }

    #[test]
    fn texts_that_are_no_prefix_are_refused() {
        for text in ["", "10.0.0.0/33", "1.2.3/8", "010.0.0.0/8", "10.0.0.0/08", "10.0.0.0/+8"] {
            assert_eq!(Prefix::parse(text), None, "{text}");
        }
    }
}
