//! The names of addresses, as whoever decides about connections looks them up.

use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Arc;

use super::small_set::SmallSet;
use super::{MAX_NAME_LEN, Map, shrink};

/// The names that DNS gave for addresses (SID-7).
///
/// A clone costs next to nothing and stays as it is, so that a revision can keep one: a change copies one
/// part of 256.
///
/// # Examples
///
/// ```
/// use netpol_policy::fqdn::{DnsAnswer, FqdnConfig, NameManager, Timestamp};
///
/// let address = "192.0.2.1".parse()?;
/// let mut names = NameManager::new(FqdnConfig::default());
/// let before = names.index().clone();
/// names.learn(5, &DnsAnswer::new("www.example.com", [address], 30), Timestamp::ZERO);
/// assert!(names.index().binds("WWW.example.com.", &address));
/// assert!(!before.binds("www.example.com", &address));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct NameIndex {
    parts: Arc<Vec<Arc<Part>>>,
    /// Chooses the part of an address.
    hasher: foldhash::fast::RandomState,
}

/// The names of some of the addresses. INVARIANT: no set is empty.
type Part = Map<IpAddr, SmallSet<Arc<str>>>;

/// How many parts there are.
const PARTS: u64 = 256;

impl Default for NameIndex {
    fn default() -> Self {
        let parts = (0..PARTS).map(|_| Arc::default()).collect();
        Self { parts: Arc::new(parts), hasher: foldhash::fast::RandomState::default() }
    }
}

impl NameIndex {
    /// Tells whether an address was given for a name: whether some endpoint was told so, and it has not
    /// been forgotten. Case and a final dot do not matter. Takes no memory.
    ///
    /// An address may be shared by many names (FQQ-3). This tells whether the name that a client says it
    /// talks to, be it the server name of TLS or the host of HTTP, is one of them.
    #[must_use]
    pub fn binds(&self, name: &str, address: &IpAddr) -> bool {
        let mut buffer = [0; MAX_NAME_LEN];
        canonical_in(name, &mut buffer)
            .zip(self.set(address))
            .is_some_and(|(name, names)| names.contains(name))
    }

    /// Returns the names of an address, in order: in lower case, with a final dot.
    pub fn names<'a>(&'a self, address: &IpAddr) -> impl Iterator<Item = &'a str> + use<'a> {
        self.set(address).into_iter().flat_map(SmallSet::iter).map(|name| &**name)
    }

    pub(super) fn insert(&mut self, address: IpAddr, name: &Arc<str>) {
        if let Some(part) = self.part_mut(&address) {
            part.entry(address).or_default().insert(Arc::clone(name));
        }
    }

    pub(super) fn remove(&mut self, address: &IpAddr, name: &str) {
        let Some(part) = self.part_mut(address) else { return };
        let Some(names) = part.get_mut(address) else { return };
        names.remove(name);
        if names.is_empty() {
            part.remove(address);
            shrink(part);
        }
    }

    fn set(&self, address: &IpAddr) -> Option<&SmallSet<Arc<str>>> {
        self.parts.get(self.place(address))?.get(address)
    }

    fn part_mut(&mut self, address: &IpAddr) -> Option<&mut Part> {
        let place = self.place(address);
        Arc::make_mut(&mut self.parts).get_mut(place).map(Arc::make_mut)
    }

    fn place(&self, address: &IpAddr) -> usize {
        (self.hasher.hash_one(address) % PARTS) as usize
    }
}

/// Writes the canonical form of a name (DNS-1); `None` if it is too long to be known. A name that ends in
/// an escaped dot gets a form that is nobody's.
fn canonical_in<'b>(name: &str, buffer: &'b mut [u8; MAX_NAME_LEN]) -> Option<&'b str> {
    let dot = if name.ends_with('.') { "" } else { "." };
    let text = buffer.get_mut(..name.len() + dot.len())?;
    let (front, end) = text.split_at_mut(name.len());
    front.copy_from_slice(name.as_bytes());
    end.copy_from_slice(dot.as_bytes());
    text.make_ascii_lowercase();
    core::str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn names_are_compared_in_canonical_form() {
        let mut index = NameIndex::default();
        index.insert(address(1), &"a.example.".into());
        index.insert(address(1), &"*.b\\..".into());
        for name in ["a.example", "A.Example.", "a.EXAMPLE"] {
            assert!(index.binds(name, &address(1)), "{name}");
        }
        let long = "a".repeat(MAX_NAME_LEN);
        for name in ["", ".", "example", "a.example..", "b.example", "*.b\\.", "\u{e9}", &*long] {
            assert!(!index.binds(name, &address(1)), "{name}");
        }
        assert!(!index.binds("a.example", &address(2)));
    }

    #[test]
    fn a_clone_stays_as_it_is() {
        let mut index = NameIndex::default();
        let name: Arc<str> = "a.example.".into();
        (0..=u8::MAX).for_each(|last| index.insert(address(last), &name));
        let clone = index.clone();
        (0..=u8::MAX).for_each(|last| index.remove(&address(last), &name));
        assert!((0..=u8::MAX).all(|last| clone.binds("a.example", &address(last))));
        assert!((0..=u8::MAX).all(|last| index.names(&address(last)).next().is_none()));
        assert!(index.parts.iter().all(|part| part.is_empty()));
    }
}
