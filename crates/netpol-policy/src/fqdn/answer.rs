//! DNS answers.

use std::net::IpAddr;

use netpol_l7::canonical_name;

/// What a DNS answer says about the name that was asked for.
///
/// All addresses are those of the *question's* name, as chains of CNAME records are collapsed
/// (LRN-2 to LRN-4).
///
/// # Examples
///
/// ```
/// use netpol_policy::fqdn::DnsAnswer;
///
/// let answer = DnsAnswer::new("WWW.example.com", ["192.0.2.1".parse()?], 30);
/// assert_eq!(answer.name(), "www.example.com.");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsAnswer {
    name: String,
    addresses: Vec<IpAddr>,
    ttl: u32,
}

impl DnsAnswer {
    /// Returns the answer that a name has these addresses, for so many seconds.
    ///
    /// `name` is the name that was asked for, in presentation form: letters of either case, with
    /// or without a final dot. `ttl` is the smallest time to live of the A, AAAA and CNAME
    /// records, as received (LRN-5).
    #[must_use]
    pub fn new(name: &str, addresses: impl IntoIterator<Item = IpAddr>, ttl: u32) -> Self {
        Self { name: canonical_name(name), addresses: addresses.into_iter().collect(), ttl }
    }

    /// Returns the name: in lower case, with a final dot.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the addresses, in the order of the answer.
    #[must_use]
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// Returns the time to live, in seconds.
    #[must_use]
    pub fn ttl(&self) -> u32 {
        self.ttl
    }
}
