//! The table of connections.

use alloc::boxed::Box;
use core::fmt;
use core::mem::size_of;
use core::time::Duration;

use super::bucket::{Bucket, PLACES, Place};
use super::config::{ConntrackConfig, ConntrackTimeouts};
use super::entry::{Entry, Phase};
use super::key::{CtZone, Key, Side};
use crate::packet::{Headers, IcmpMessage, Transport, Tuple};
use crate::{Protocol, RedirectId};

/// What a packet is to the connections known (CT-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CtState {
    /// It belongs to none.
    New,
    /// It goes the way of the first packet of one.
    Established,
    /// It goes the other way.
    Reply,
    /// It is an ICMP error about one.
    Related,
}

impl CtState {
    /// Tells whether such packets pass without policy being asked (CT-2).
    #[must_use]
    pub const fn skips_policy(self) -> bool {
        matches!(self, Self::Reply | Self::Related)
    }

    /// Returns the word for it: `new`, `established`, `reply` or `related`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Established => "established",
            Self::Reply => "reply",
            Self::Related => "related",
        }
    }
}

impl fmt::Display for CtState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The answer of [`Conntrack::lookup`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CtLookup {
    state: CtState,
    redirect: RedirectId,
}

impl CtLookup {
    const NEW: Self = Self { state: CtState::New, redirect: RedirectId::NONE };

    /// Returns what the packet is.
    #[must_use]
    pub const fn state(&self) -> CtState {
        self.state
    }

    /// Returns the proxy that the connection was redirected to when it was last confirmed, so that
    /// replies go back through it (CT-5).
    #[must_use]
    pub const fn redirect(&self) -> RedirectId {
        self.redirect
    }
}

/// What [`Conntrack::confirm`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Confirmed {
    /// A connection was remembered.
    Created,
    /// A known connection lives on.
    Renewed,
    /// The packet belongs to nothing that is tracked: ICMP other than echoes, an echo reply
    /// that nobody asked for, a fragment without ports.
    Untracked,
    /// There was no place for the connection: its replies will not be recognised.
    Full,
}

/// A connection, as [`Conntrack::iter`] lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConntrackEntry {
    /// The zone.
    pub zone: CtZone,
    /// The tuple of the packets from the side that opened it.
    pub tuple: Tuple,
    /// Whether the other side answered.
    pub answered: bool,
    /// The proxy that it is redirected to.
    pub redirect: RedirectId,
    /// When it is forgotten, by the caller's clock.
    pub expires: Duration,
}

/// A table of connections with a fixed number of places.
///
/// `now` is the time by any clock of the caller that does not go back, such as the time since
/// start. Nothing is allocated after construction. An operation takes constant time: it looks at 16
/// places.
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use netpol_core::RedirectId;
/// use netpol_core::conntrack::{Conntrack, ConntrackConfig, CtState, CtZone};
/// use netpol_core::packet::parse_ip;
///
/// let query = [
///     0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 1, 2, 10, 0, 2, 3, // 10.0.1.2 to 10.0.2.3
///     0x9c, 0x40, 0, 53, 0, 8, 0, 0, // 40000 to 53
/// ];
/// let answer = [
///     0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 2, 3, 10, 0, 1, 2, // and back
///     0, 53, 0x9c, 0x40, 0, 8, 0, 0,
/// ];
/// let (query, answer) = (parse_ip(&query), parse_ip(&answer));
/// let (query, answer) = (query.headers().unwrap(), answer.headers().unwrap());
///
/// let mut conntrack = Conntrack::new(ConntrackConfig::default());
/// let now = Duration::from_secs(1000);
/// let state = |conntrack: &Conntrack, packet| conntrack.lookup(CtZone::DEFAULT, packet, now).state();
/// assert_eq!(state(&conntrack, query), CtState::New); // policy is asked, and allows it
/// conntrack.confirm(CtZone::DEFAULT, query, RedirectId::NONE, now);
/// assert_eq!(state(&conntrack, query), CtState::Established);
/// assert_eq!(state(&conntrack, answer), CtState::Reply);
/// ```
pub struct Conntrack {
    // INVARIANT: a power of two of buckets, and `PLACES` entries for each.
    buckets: Box<[Bucket]>,
    entries: Box<[Option<Entry>]>,
    timeouts: ConntrackTimeouts,
    seed: foldhash::fast::RandomState,
}

/// Where the connection of a key may be.
#[derive(Clone, Copy)]
struct Spot {
    buckets: [usize; 2],
    tag: u16,
}

impl Conntrack {
    /// Returns a table without connections, allocating all it will ever use.
    #[must_use]
    pub fn new(config: ConntrackConfig) -> Self {
        let places = config.capacity.clamp(2 * PLACES, 1 << 27).next_power_of_two();
        Self {
            buckets: alloc::vec![Bucket::EMPTY; places / PLACES].into(),
            entries: alloc::vec![None; places].into(),
            timeouts: config.timeouts,
            seed: foldhash::fast::RandomState::default(),
        }
    }

    /// Returns what a packet is to the connections known. Changes nothing.
    #[must_use]
    pub fn lookup(&self, zone: CtZone, packet: &Headers, now: Duration) -> CtLookup {
        let now = seconds(now);
        if let Transport::Icmp(IcmpMessage { about: Some(about), .. }) = packet.transport {
            return match self.find(&Key::new(zone, &about).0, now) {
                Some((_, entry)) => CtLookup { state: CtState::Related, redirect: entry.redirect },
                None => CtLookup::NEW, // CT-3
            };
        }
        if !is_tracked(packet) {
            return CtLookup::NEW;
        }
        let (key, from) = Key::new(zone, &packet.tuple);
        match self.find(&key, now) {
            None => CtLookup::NEW,
            Some((_, entry)) if entry.reopens(packet.transport) => CtLookup::NEW,
            Some((_, entry)) => CtLookup {
                state: match from == entry.opener {
                    true => CtState::Established,
                    false if asks_for_echo(packet) => CtState::New,
                    false => CtState::Reply,
                },
                redirect: entry.redirect,
            },
        }
    }

    /// Notes a packet that is let through; `redirect` is where policy sends it, if it was asked.
    ///
    /// It must not be called for packets that are denied: their replies would pass.
    pub fn confirm(
        &mut self,
        zone: CtZone,
        packet: &Headers,
        redirect: RedirectId,
        now: Duration,
    ) -> Confirmed {
        if !is_tracked(packet) {
            return Confirmed::Untracked;
        }
        let now = seconds(now);
        let (key, from) = Key::new(zone, &packet.tuple);
        match self.find(&key, now) {
            Some((_, entry)) if from != entry.opener && asks_for_echo(packet) => {
                Confirmed::Untracked
            }
            Some((index, mut entry)) => {
                if entry.reopens(packet.transport) {
                    entry.opener = from;
                }
                if from == entry.opener {
                    entry.redirect = redirect;
                }
                entry.note(from, packet.transport);
                self.renew(index, entry, now);
                Confirmed::Renewed
            }
            None if !opens(packet) => Confirmed::Untracked,
            None => match self.place(&key, from, now) {
                Some((index, place)) => {
                    let entry = Entry::new(key, from, packet.transport, redirect);
                    self.put(index, place, entry, now);
                    Confirmed::Created
                }
                None => Confirmed::Full,
            },
        }
    }

    /// Forgets the connection of a packet or of its replies; returns `false` if there is none.
    pub fn remove(&mut self, zone: CtZone, tuple: &Tuple) -> bool {
        let found = self.find(&Key::new(zone, tuple).0, 0);
        if let Some((index, _)) = found
            && let Some(bucket) = self.buckets.get_mut(index / PLACES)
        {
            bucket.clear(index % PLACES);
        }
        found.is_some()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.buckets.fill(Bucket::EMPTY);
    }

    /// Returns the connections that have not expired, in no particular order.
    pub fn iter(&self, now: Duration) -> impl Iterator<Item = ConntrackEntry> {
        let now = seconds(now);
        let buckets = self.buckets.iter().zip(self.entries.chunks(PLACES));
        buckets.flat_map(move |(bucket, entries)| {
            bucket.places(now).filter_map(|(n, place)| {
                let entry = entries.get(n)?.as_ref()?;
                Some(ConntrackEntry {
                    zone: entry.key.zone(),
                    tuple: entry.key.tuple(entry.opener),
                    answered: entry.phase != Phase::Opening,
                    redirect: entry.redirect,
                    expires: Duration::from_secs(place.expires.into()),
                })
            })
        })
    }

    /// Returns the number of connections that have not expired. Counts them: O(capacity).
    #[must_use]
    pub fn len(&self, now: Duration) -> usize {
        let now = seconds(now);
        self.buckets.iter().map(|bucket| bucket.used(now)).sum()
    }

    /// Tells whether there is no connection that has not expired.
    #[must_use]
    pub fn is_empty(&self, now: Duration) -> bool {
        self.len(now) == 0
    }

    /// Returns how many connections there is room for.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.entries.len()
    }

    /// Returns how many bytes the table has allocated.
    #[must_use]
    pub const fn memory_usage(&self) -> usize {
        size_of::<Self>()
            + self.buckets.len() * size_of::<Bucket>()
            + self.entries.len() * size_of::<Option<Entry>>()
    }

    fn spot(&self, key: &Key) -> Spot {
        let hash = key.hash(&self.seed);
        let mask = self.buckets.len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "parts of the hash are wanted")]
        let (first, second, tag) = (hash as usize, (hash >> 24) as usize, (hash >> 48) as u16);
        // The second one is never the first, of which there are two at least.
        let (first, step) = (first & mask, second & mask | 1);
        Spot { buckets: [first, first ^ step], tag }
    }

    /// Returns the connection and its place, counted through all buckets.
    fn find(&self, key: &Key, now: u32) -> Option<(usize, Entry)> {
        let Spot { buckets, tag } = self.spot(key);
        for number in buckets {
            let mut matching = self.buckets.get(number)?.matching(tag, now);
            while matching != 0 {
                let index = number * PLACES + matching.trailing_zeros() as usize;
                if let Some(Some(entry)) = self.entries.get(index)
                    && entry.key == *key
                {
                    return Some((index, *entry));
                }
                matching &= matching - 1;
            }
        }
        None
    }

    /// Returns a place for a new connection, and what its bucket has to know.
    fn place(&self, key: &Key, from: Side, now: u32) -> Option<(usize, Place)> {
        let Spot { buckets: [first, second], tag } = self.spot(key);
        let source = key.source(from, &self.seed);
        let (a, b) = (self.buckets.get(first)?, self.buckets.get(second)?);
        let (number, bucket) = if a.used(now) <= b.used(now) { (first, a) } else { (second, b) };
        let index = match bucket.free(now) {
            Some(n) => number * PLACES + n,
            None => {
                let places = |number: usize, bucket: &'_ Bucket| {
                    let mut all = [None; PLACES];
                    bucket.places(now).for_each(|(n, place)| {
                        if let Some(slot) = all.get_mut(n) {
                            *slot = Some((number * PLACES + n, place));
                        }
                    });
                    all
                };
                displaced(&[places(first, a), places(second, b)], source)?
            }
        };
        Some((index, Place { tag, expires: 0, phase: Phase::Opening, source, rank: 0 }))
    }

    fn put(&mut self, index: usize, place: Place, entry: Entry, now: u32) {
        let (phase, expires) = (entry.phase, self.expiry(&entry, now));
        if let Some(bucket) = self.buckets.get_mut(index / PLACES) {
            bucket.set(index % PLACES, Place { expires, phase, ..place });
        }
        if let Some(slot) = self.entries.get_mut(index) {
            *slot = Some(entry);
        }
    }

    fn renew(&mut self, index: usize, entry: Entry, now: u32) {
        let expires = self.expiry(&entry, now);
        if let Some(bucket) = self.buckets.get_mut(index / PLACES) {
            bucket.renew(index % PLACES, entry.phase, expires);
        }
        if let Some(slot) = self.entries.get_mut(index) {
            *slot = Some(entry);
        }
    }

    /// Returns the second from which on the connection is forgotten.
    fn expiry(&self, entry: &Entry, now: u32) -> u32 {
        // The present second has begun already, so it does not count.
        let timeout = seconds(entry.timeout(&self.timeouts).saturating_add(ALMOST_A_SECOND));
        now.saturating_add(timeout).saturating_add(1)
    }
}

impl fmt::Debug for Conntrack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { timeouts, .. } = self;
        f.debug_struct("Conntrack")
            .field("capacity", &self.capacity())
            .field("timeouts", timeouts)
            .finish_non_exhaustive()
    }
}

const ALMOST_A_SECOND: Duration = Duration::from_nanos(999_999_999);

/// Returns whole seconds, cut off.
fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX - 1)
}

/// Tells whether a packet can belong to a connection by its own tuple.
fn is_tracked(packet: &Headers) -> bool {
    match packet.transport {
        Transport::Missing => false,
        Transport::Icmp(IcmpMessage { kind, .. }) => {
            IcmpMessage::is_echo(packet.tuple.protocol, kind)
        }
        _ => true,
    }
}

/// Tells whether a packet that is tracked can open a connection. An echo reply cannot: echo requests
/// of the other side would pass as its replies.
fn opens(packet: &Headers) -> bool {
    !matches!(packet.transport, Transport::Icmp(_)) || asks_for_echo(packet)
}

/// Tells whether a packet is an echo request, which is nobody's reply. Tuples tell that as well,
/// but for identifier 0.
fn asks_for_echo(packet: &Headers) -> bool {
    match packet.transport {
        Transport::Icmp(IcmpMessage { kind, .. }) => {
            matches!((packet.tuple.protocol, kind), (Protocol::ICMP, 8) | (Protocol::ICMPV6, 128))
        }
        _ => false,
    }
}

/// Returns which of the places, all in use, a new connection from `source` displaces.
fn displaced(buckets: &[[Option<(usize, Place)>; PLACES]; 2], source: u8) -> Option<usize> {
    let all = || buckets.iter().flatten().flatten();
    let weak = |place: &Place| place.phase != Phase::Answered;
    let share = |of: &Place, counts: &dyn Fn(&Place) -> bool| {
        all().filter(|(_, place)| place.source == of.source && counts(place)).count()
    };
    let by_age = |(_, place): &&(usize, Place)| core::cmp::Reverse((place.expires, place.rank));
    let unanswered = all()
        .filter(|(_, place)| weak(place))
        .max_by_key(|item| (share(&item.1, &weak), by_age(item)));
    let greedy = || {
        let answered = all().filter(|(_, place)| place.source != source);
        answered.filter(|(_, place)| share(place, &|_| true) > PLACES).max_by_key(by_age)
    };
    unanswered.or_else(greedy).map(|(index, _)| *index)
}
