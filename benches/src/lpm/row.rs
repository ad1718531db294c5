//! What one library costs with one table.

use std::hint::black_box;
use std::rc::Rc;

use super::{Table, dependent_sum};
use crate::clock::{quantile, timed};
use crate::heap::measured;
use crate::input::{Addr, Input};
use crate::table::Entry;

/// How a library looks up addresses that are known beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One by one.
    Single,
    /// With a call for many.
    Bulk,
}

type Sum<A> = Box<dyn Fn(&[A]) -> u64>;

/// One library with one table.
pub struct Row<A> {
    /// What it is called.
    pub name: &'static str,
    /// How it looks up independent addresses.
    pub kind: Kind,
    /// The memory of the table.
    pub bytes: usize,
    /// What building it took: nanoseconds for each prefix.
    pub build: f64,
    // Nanoseconds for each of many independent addresses, of each pass.
    independent: Vec<f64>,
    // Nanoseconds for each address when it is known only after the last value, of each pass.
    dependent: Vec<f64>,
    sums: [Sum<A>; 2],
}

impl<A: Addr> Row<A> {
    /// Returns the row of a library, without measured passes; `None` if it cannot hold the table.
    #[must_use]
    pub fn new<T: Table<A> + 'static>(input: &Input<A>) -> Option<Self> {
        let ((table, build), bytes) = measured(|| timed(|| T::build(&input.prefixes)));
        let table = Rc::new(table?);
        let bytes = bytes + table.foreign_bytes();
        let same = Rc::clone(&table);
        Some(Self {
            name: T::NAME,
            kind: T::KIND,
            bytes,
            build: build / input.prefixes.len() as f64,
            independent: Vec::new(),
            dependent: Vec::new(),
            sums: [
                Box::new(move |keys| table.sum(keys)),
                Box::new(move |keys| dependent_sum(&*same, keys)),
            ],
        })
    }

    /// Returns the median for independent addresses.
    #[must_use]
    pub fn independent(&self) -> Entry {
        Entry::with_bytes(self.name, quantile(&self.independent, 0.5), self.bytes)
    }

    /// Returns the median for dependent addresses.
    #[must_use]
    pub fn dependent(&self) -> Entry {
        Entry::with_bytes(self.name, quantile(&self.dependent, 0.5), self.bytes)
    }

    /// Times one pass over the keys, or warms up; returns the sums.
    pub(super) fn pass(&mut self, keys: &[A], counts: bool) -> [u64; 2] {
        let Self { independent, dependent, sums, .. } = self;
        let pass = |sum: &Sum<A>, times: &mut Vec<f64>| {
            let (sum, time) = timed(|| sum(black_box(keys)));
            times.extend(counts.then_some(time / keys.len() as f64));
            sum
        };
        let [first, second] = sums;
        [pass(first, independent), pass(second, dependent)]
    }
}
