//! Sets whose automaton is too large to be built in advance.

use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::HashMap;

use aho_corasick::AhoCorasick;
use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson::NFA;
use regex_automata::{Anchored, Input, MatchKind, PatternID};

use super::program;
use crate::bits::Bits;
use crate::regex::{Regex, shape};

/// The memory of the states of one lazy automaton, in bytes. Programs of many thousand instructions
/// have a higher minimum.
const CACHE_SIZE: usize = 4 * 1024 * 1024;

/// How many lazy automata a scratch keeps states for; the one used next takes the place of another.
const MAX_CACHES: usize = 8;

/// A literal that more expressions than this have in common does not tell them apart.
const MAX_SHARED: usize = 64;

/// Regular expressions, filed under literals.
#[derive(Debug)]
pub(super) struct LazySet {
    /// All expressions; the filed ones are tested one at a time with it.
    all: Lazy,
    /// Finds the literals in a value.
    literals: AhoCorasick,
    /// The expressions filed under each literal.
    filed: Vec<Vec<PatternID>>,
    /// The expressions that are not filed, as an automaton of their own, and their numbers.
    others: Option<(Lazy, Vec<usize>)>,
}

/// A lazy automaton and the number by which its cache is found.
#[derive(Debug)]
struct Lazy {
    id: u64,
    dfa: DFA,
}

/// The states of lazy automata, owned by a scratch.
#[derive(Debug, Default)]
pub(crate) struct LazyCaches {
    slots: Vec<(u64, Cache)>,
    next: usize,
}

impl LazySet {
    pub(super) fn new(nfa: NFA, regexes: &[&Regex]) -> Result<Self, String> {
        let literals: Vec<_> =
            regexes.iter().map(|regex| shape::required_literals(&regex.node)).collect();
        let mut shared: HashMap<&str, usize> = HashMap::new();
        for literal in literals.iter().flatten() {
            *shared.entry(literal).or_default() += 1;
        }
        let mut filed: HashMap<&str, Vec<PatternID>> = HashMap::new();
        let mut others = Vec::new();
        for (number, literals) in literals.iter().enumerate() {
            let rarest =
                literals.iter().min_by_key(|text| (shared[text.as_str()], usize::MAX - text.len()));
            match (rarest, PatternID::new(number)) {
                (Some(text), Ok(id)) if shared[text.as_str()] <= MAX_SHARED => {
                    filed.entry(text).or_default().push(id);
                }
                _ => others.push(number),
            }
        }
        let (texts, filed): (Vec<&str>, Vec<_>) = filed.into_iter().unzip();
        let literals = AhoCorasick::new(&texts)
            .map_err(|error| format!("the regular expressions cannot be compiled: {error}"))?;
        Ok(Self { all: Lazy::new(nfa)?, literals, filed, others: Self::others(&others, regexes)? })
    }

    fn others(numbers: &[usize], regexes: &[&Regex]) -> Result<Option<(Lazy, Vec<usize>)>, String> {
        if numbers.is_empty() {
            return Ok(None);
        }
        let regexes: Vec<_> =
            numbers.iter().filter_map(|&number| regexes.get(number).copied()).collect();
        Ok(Some((Lazy::new(program(&regexes)?)?, numbers.to_vec())))
    }

    pub(super) fn for_each_match(
        &self,
        value: &[u8],
        seen: &mut Bits,
        caches: &mut LazyCaches,
        mut found: impl FnMut(usize),
    ) {
        seen.resize(self.filed.len());
        if !self.filed.is_empty() {
            let cache = caches.get(&self.all);
            for literal in self.literals.find_overlapping_iter(value) {
                let literal = literal.pattern().as_usize();
                // A literal may occur many times; testing once keeps the time linear.
                if !seen.insert(literal) {
                    continue;
                }
                for &id in self.filed.get(literal).into_iter().flatten() {
                    self.all.for_each_match(cache, Anchored::Pattern(id), value, &mut found);
                }
            }
            seen.clear();
        }
        if let Some((others, numbers)) = &self.others {
            let cache = caches.get(others);
            others.for_each_match(cache, Anchored::Yes, value, |i| {
                numbers.get(i).copied().into_iter().for_each(&mut found);
            });
        }
    }
}

impl Lazy {
    fn new(nfa: NFA) -> Result<Self, String> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        let config = Config::new()
            .match_kind(MatchKind::All)
            .starts_for_each_pattern(true)
            .cache_capacity(CACHE_SIZE)
            .skip_cache_capacity_check(true);
        let dfa = DFA::builder()
            .configure(config)
            .build_from_nfa(nfa)
            .map_err(|error| format!("the regular expressions cannot be compiled: {error}"))?;
        Ok(Self { id: NEXT_ID.fetch_add(1, Ordering::Relaxed), dfa })
    }

    /// Calls `found` for each expression that accepts all of `value`.
    ///
    /// The automaton is set up not to give up. If it did, nothing would match: what cannot be evaluated
    /// does not allow.
    fn for_each_match(
        &self,
        cache: &mut Cache,
        anchored: Anchored,
        value: &[u8],
        mut found: impl FnMut(usize),
    ) {
        let Self { id: _, dfa } = self;
        let input = Input::new(value).anchored(anchored);
        let Ok(mut state) = dfa.start_state_forward(cache, &input) else {
            return;
        };
        for &byte in value {
            match dfa.next_state(cache, state, byte) {
                Ok(next) if !next.is_dead() => state = next,
                _ => return,
            }
        }
        let Ok(state) = dfa.next_eoi_state(cache, state) else {
            return;
        };
        if state.is_match() {
            for i in 0..dfa.match_len(cache, state) {
                found(dfa.match_pattern(cache, state, i).as_usize());
            }
        }
    }
}

impl LazyCaches {
    /// Returns the cache of an automaton, a fresh one if there is none.
    fn get(&mut self, lazy: &Lazy) -> &mut Cache {
        let Lazy { id, dfa } = lazy;
        let place = match self.slots.iter().position(|(owner, _)| owner == id) {
            Some(place) => place,
            None if self.slots.len() < MAX_CACHES => {
                self.slots.push((*id, dfa.create_cache()));
                self.slots.len() - 1
            }
            None => {
                self.next = (self.next + 1) % MAX_CACHES;
                self.slots[self.next] = (*id, dfa.create_cache());
                self.next
            }
        };
        &mut self.slots[place].1
    }
}
