//! The head of eight places: what has to be known to find one, or to choose one to give up.

use super::entry::Phase;

/// The number of places of a bucket.
pub(super) const PLACES: usize = 8;

/// The head of a bucket: one cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Bucket {
    /// Some bits of the hash.
    tags: [u16; PLACES],
    /// When the connection is forgotten, in seconds; 0 if there is none.
    expires: [u32; PLACES],
    /// The phase in the lower bits; above, how many of the eight were taken before this one.
    states: [u8; PLACES],
    /// What stands for the networks that the connections were opened from.
    sources: [u8; PLACES],
}

/// What a bucket knows of one place.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) tag: u16,
    pub(super) expires: u32,
    pub(super) phase: Phase,
    pub(super) source: u8,
    /// How many of the places of the bucket were taken before this one: 0 to 7.
    pub(super) rank: u8,
}

const RANK_SHIFT: u32 = 2;
const PHASE_BITS: u8 = (1 << RANK_SHIFT) - 1;

impl Bucket {
    pub(super) const EMPTY: Self = Self {
        tags: [0; PLACES],
        expires: [0; PLACES],
        states: [
            0 << RANK_SHIFT,
            1 << RANK_SHIFT,
            2 << RANK_SHIFT,
            3 << RANK_SHIFT,
            4 << RANK_SHIFT,
            5 << RANK_SHIFT,
            6 << RANK_SHIFT,
            7 << RANK_SHIFT,
        ],
        sources: [0; PLACES],
    };

    /// Returns the places with this tag that have not expired, as bits.
    #[inline]
    pub(super) fn matching(&self, tag: u16, now: u32) -> u32 {
        let mut mask = 0;
        for (n, (other, expires)) in self.tags.iter().zip(&self.expires).enumerate() {
            mask |= u32::from(*other == tag && *expires > now) << n;
        }
        mask
    }

    /// Returns the first place that holds nothing, or something that has expired.
    pub(super) fn free(&self, now: u32) -> Option<usize> {
        self.expires.iter().position(|expires| *expires <= now)
    }

    /// Returns how many places are in use.
    pub(super) fn used(&self, now: u32) -> usize {
        self.expires.iter().filter(|expires| **expires > now).count()
    }

    /// Returns the places in use.
    pub(super) fn places(&self, now: u32) -> impl Iterator<Item = (usize, Place)> {
        (0..PLACES).filter_map(move |n| Some((n, self.get(n)?)).filter(|(_, p)| p.expires > now))
    }

    /// Takes a place; its rank is the last one then.
    pub(super) fn set(&mut self, n: usize, place: Place) {
        let Self { tags, expires, states, sources } = self;
        let before = states.get(n).map_or(0, |state| state >> RANK_SHIFT);
        for state in states.iter_mut().filter(|state| **state >> RANK_SHIFT > before) {
            *state -= 1 << RANK_SHIFT;
        }
        if let (Some(t), Some(e), Some(p), Some(s)) =
            (tags.get_mut(n), expires.get_mut(n), states.get_mut(n), sources.get_mut(n))
        {
            let last = (PLACES as u8 - 1) << RANK_SHIFT;
            (*t, *e, *p, *s) = (place.tag, place.expires, last | place.phase as u8, place.source);
        }
    }

    /// Sets what changes with a packet.
    pub(super) fn renew(&mut self, n: usize, phase: Phase, expires: u32) {
        if let (Some(e), Some(state)) = (self.expires.get_mut(n), self.states.get_mut(n)) {
            (*e, *state) = (expires, *state & !PHASE_BITS | phase as u8);
        }
    }

    /// Forgets what is at a place.
    pub(super) fn clear(&mut self, n: usize) {
        if let Some(expires) = self.expires.get_mut(n) {
            *expires = 0;
        }
    }

    fn get(&self, n: usize) -> Option<Place> {
        Some(Place {
            tag: *self.tags.get(n)?,
            expires: *self.expires.get(n)?,
            phase: Phase::from_bits(self.states.get(n)? & PHASE_BITS),
            rank: self.states.get(n)? >> RANK_SHIFT,
            source: *self.sources.get(n)?,
        })
    }
}
