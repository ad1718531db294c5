//! Ranges of addresses: the address space, cut where prefixes begin and end.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netpol::Prefix;
use netpol_core::IpFamily;

/// The addresses of one family from a first to a last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct AddressRange {
    // INVARIANT: of one family, and `first` is not behind `last`.
    first: IpAddr,
    last: IpAddr,
}

impl AddressRange {
    /// Returns the range written as `first-last`, or as one address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last): (IpAddr, IpAddr) = (first.parse().ok()?, last.parse().ok()?);
        let valid = IpFamily::of(&first) == IpFamily::of(&last) && first <= last;
        valid.then_some(Self { first, last })
    }

    /// Returns the addresses that are in both ranges.
    pub(crate) fn intersection(&self, other: &Self) -> Option<Self> {
        let (first, last) = (self.first.max(other.first), self.last.min(other.last));
        (self.family() == other.family() && first <= last).then_some(Self { first, last })
    }

    /// Returns the first address.
    pub(crate) fn first(&self) -> IpAddr {
        self.first
    }

    /// Returns the address if it is the only one.
    pub(crate) fn single(&self) -> Option<IpAddr> {
        (self.first == self.last).then_some(self.first)
    }

    /// Returns the family.
    pub(crate) fn family(&self) -> IpFamily {
        IpFamily::of(&self.first)
    }

    /// Returns both ranges as one if `next` begins right behind this one.
    pub(crate) fn join(&self, next: &Self) -> Option<Self> {
        let touches = successor(self.last) == Some(next.first);
        touches.then_some(Self { first: self.first, last: next.last })
    }
}

impl fmt::Display for AddressRange {
    /// Writes `first-last`, also for a single address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// Returns the address spaces of both families, cut where a prefix begins or ends, in order.
///
/// Within each range all addresses lie in the same prefixes.
pub(crate) fn cut(prefixes: impl IntoIterator<Item = Prefix>) -> Vec<AddressRange> {
    let families = [IpFamily::V4, IpFamily::V6].map(|family| Prefix::all(family).addr());
    // In the order of addresses all IPv4 addresses come first.
    let mut starts = BTreeSet::from(families);
    for prefix in prefixes {
        starts.insert(prefix.addr());
        starts.extend(successor(prefix.last_addr()));
    }
    let ends = starts.iter().skip(1).map(|start| predecessor(*start));
    let last = IpAddr::V6(Ipv6Addr::from_bits(u128::MAX));
    let ends = ends.chain([Some(last)]);
    let v4_end = IpAddr::V4(Ipv4Addr::BROADCAST);
    // Only the first address of IPv6 has none before it.
    let range = |(first, last): (&IpAddr, Option<IpAddr>)| AddressRange {
        first: *first,
        last: last.unwrap_or(v4_end),
    };
    starts.iter().zip(ends).map(range).collect()
}

/// Returns the next address of the family.
fn successor(addr: IpAddr) -> Option<IpAddr> {
    Some(match addr {
        IpAddr::V4(addr) => IpAddr::V4(Ipv4Addr::from_bits(addr.to_bits().checked_add(1)?)),
        IpAddr::V6(addr) => IpAddr::V6(Ipv6Addr::from_bits(addr.to_bits().checked_add(1)?)),
    })
}

/// Returns the address of the family before this one.
fn predecessor(addr: IpAddr) -> Option<IpAddr> {
    Some(match addr {
        IpAddr::V4(addr) => IpAddr::V4(Ipv4Addr::from_bits(addr.to_bits().checked_sub(1)?)),
        IpAddr::V6(addr) => IpAddr::V6(Ipv6Addr::from_bits(addr.to_bits().checked_sub(1)?)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut_at(prefixes: &[&str]) -> Vec<String> {
        let prefixes = prefixes.iter().map(|text| text.parse().unwrap());
        cut(prefixes).iter().map(ToString::to_string).collect()
    }

    const ALL_V6: &str = "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";

    #[test]
    fn without_prefixes_each_family_is_one_range() {
        assert_eq!(cut_at(&[]), ["0.0.0.0-255.255.255.255", ALL_V6]);
        assert_eq!(cut_at(&["0.0.0.0/0", "::/0"]), ["0.0.0.0-255.255.255.255", ALL_V6]);
    }

    #[test]
    fn an_address_is_cut_out() {
        let expected = [
            "0.0.0.0-102.213.50.173",
            "102.213.50.174-102.213.50.174",
            "102.213.50.175-255.255.255.255",
            ALL_V6,
        ];
        assert_eq!(cut_at(&["102.213.50.174/32"]), expected);
    }

    #[test]
    fn the_ends_of_the_space_are_no_problem() {
        let expected = [
            "0.0.0.0-0.0.0.0",
            "0.0.0.1-255.255.255.254",
            "255.255.255.255-255.255.255.255",
            "::-::",
            "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        ];
        let last = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        assert_eq!(cut_at(&["0.0.0.0", "255.255.255.255", "::", last]), expected);
    }

    #[test]
    fn nested_prefixes_cut_each_other() {
        let expected = [
            "0.0.0.0-9.255.255.255",
            "10.0.0.0-10.95.255.255",
            "10.96.0.0-10.111.255.255",
            "10.112.0.0-10.255.255.255",
            "11.0.0.0-255.255.255.255",
            ALL_V6,
        ];
        assert_eq!(cut_at(&["10.96.0.0/12", "10.0.0.0/8"]), expected);
    }

    #[test]
    fn ranges_are_read_as_they_are_written() {
        for text in ["10.0.0.1-10.0.0.9", "::-::ff", "192.0.2.1-192.0.2.1"] {
            assert_eq!(AddressRange::parse(text).unwrap().to_string(), text);
        }
        for wrong in ["", "10.0.0.2-10.0.0.1", "10.0.0.1-::", "10.0.0.0/8", "1-2"] {
            assert_eq!(AddressRange::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_intersection_has_the_addresses_of_both() {
        let range = |text| AddressRange::parse(text).unwrap();
        let common = range("10.0.0.1-10.0.0.9").intersection(&range("10.0.0.5-10.0.1.0"));
        assert_eq!(common, Some(range("10.0.0.5-10.0.0.9")));
        assert_eq!(range("10.0.0.1-10.0.0.9").intersection(&range("::-::1")), None);
        assert_eq!(range("10.0.0.1").intersection(&range("10.0.0.2")), None);
    }

    #[test]
    fn only_neighbours_of_one_family_join() {
        let ranges = cut(["10.0.0.0/8".parse().unwrap()]);
        let joined = ranges[0].join(&ranges[1]).unwrap();
        assert_eq!(joined.to_string(), "0.0.0.0-10.255.255.255");
        assert_eq!(ranges[0].join(&ranges[2]), None);
        assert_eq!(ranges[2].join(&ranges[3]), None);
    }
}
