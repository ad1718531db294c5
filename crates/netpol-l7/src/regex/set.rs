//! Many regular expressions, tested together against one whole value.
//!
//! Two engines, both linear in the value:
//!
//! 1. **One dense automaton** for all expressions, if it stays within [`DENSE_SIZE`]. A test is one
//!    table lookup for each byte. Nothing is allocated, ever.
//! 2. **Lazy automata**, for sets (or expressions) whose automaton would be too large. Each expression
//!    is filed under a literal text that all its matches contain, the one that the fewest others share;
//!    one pass with Aho-Corasick finds the expressions that can match at all, and each of these is
//!    tested on its own. Expressions without such a literal run together in an automaton of their own.
//!    Lazy automata build their states while they run, into a cache that the caller's scratch owns and
//!    whose size is bounded; they allocate only when a value leads to a state that the cache does not
//!    hold.

mod lazy;

pub(crate) use self::lazy::LazyCaches;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::{Anchored, Input, MatchKind};

use self::lazy::LazySet;
use super::{MAX_REGEX_TOTAL, Regex, emit};
use crate::bits::Bits;

/// The largest dense automaton, in bytes.
const DENSE_SIZE: usize = 512 * 1024;

/// The memory that building a dense automaton may take, in bytes. This bounds the time too.
const DENSE_BUILD_SIZE: usize = 1024 * 1024;

/// The largest program from which a dense automaton is tried to be built, in instructions.
const DENSE_PROGRAM_SIZE: usize = 20_000;

/// The memory of the program of a whole set, in bytes.
const PROGRAM_SIZE: usize = 256 * 1024 * 1024;

/// A set of regular expressions. The number of an expression is its place in the list it was built from.
#[derive(Debug)]
pub(crate) struct RegexSet {
    engine: Engine,
}

#[derive(Debug)]
enum Engine {
    Empty,
    Dense(Box<dense::DFA<Vec<u32>>>),
    Lazy(Box<LazySet>),
}

impl RegexSet {
    /// Compiles a set. The error says what is too large.
    pub(crate) fn new(regexes: &[&Regex]) -> Result<Self, String> {
        if regexes.is_empty() {
            return Ok(Self { engine: Engine::Empty });
        }
        let size = regexes.iter().map(|regex| regex.size).fold(0, usize::saturating_add);
        if size > MAX_REGEX_TOTAL {
            return Err(format!(
                "the regular expressions have {size} instructions together, more than {MAX_REGEX_TOTAL}"
            ));
        }
        let nfa = program(regexes)?;
        let dense = if size <= DENSE_PROGRAM_SIZE { dense(&nfa) } else { None };
        let engine = match dense {
            Some(dfa) => Engine::Dense(Box::new(dfa)),
            None => Engine::Lazy(Box::new(LazySet::new(nfa, regexes)?)),
        };
        Ok(Self { engine })
    }

    /// Calls `found` with the number of each expression that matches all of `value`, once each.
    ///
    /// `seen` is scratch memory.
    pub(crate) fn for_each_match(
        &self,
        value: &[u8],
        seen: &mut Bits,
        caches: &mut LazyCaches,
        found: impl FnMut(usize),
    ) {
        match &self.engine {
            Engine::Empty => {}
            Engine::Dense(dfa) => for_each_dense(dfa, value, found),
            Engine::Lazy(set) => set.for_each_match(value, seen, caches, found),
        }
    }

    #[cfg(test)]
    pub(super) fn is_dense(&self) -> bool {
        matches!(self.engine, Engine::Dense(_))
    }
}

/// Walks the automaton over the value. What is accepted at its end, matches it whole (HTTP-2).
fn for_each_dense(dfa: &dense::DFA<Vec<u32>>, value: &[u8], mut found: impl FnMut(usize)) {
    let input = Input::new(value).anchored(Anchored::Yes);
    let Ok(mut state) = dfa.start_state_forward(&input) else {
        return;
    };
    for &byte in value {
        state = dfa.next_state(state, byte);
        if dfa.is_dead_state(state) {
            return;
        }
    }
    state = dfa.next_eoi_state(state);
    if dfa.is_match_state(state) {
        for i in 0..dfa.match_len(state) {
            found(dfa.match_pattern(state, i).as_usize());
        }
    }
}

/// Compiles the program that all engines run.
fn program(regexes: &[&Regex]) -> Result<NFA, String> {
    let texts: Vec<_> = regexes.iter().map(|regex| emit::emit(&regex.node)).collect();
    thompson::Compiler::new()
        .syntax(emit::config())
        .configure(
            thompson::Config::new()
                .which_captures(WhichCaptures::None)
                .nfa_size_limit(Some(PROGRAM_SIZE)),
        )
        .build_many(&texts)
        .map_err(|error| format!("the regular expressions cannot be compiled: {error}"))
}

/// Builds the dense automaton if it stays within the limits.
fn dense(nfa: &NFA) -> Option<dense::DFA<Vec<u32>>> {
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored)
        .accelerate(false)
        .dfa_size_limit(Some(DENSE_SIZE))
        .determinize_size_limit(Some(DENSE_BUILD_SIZE));
    dense::Builder::new().configure(config).build_from_nfa(nfa).ok()
}
