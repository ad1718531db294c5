//! What the parser is given: a text, and no more of it at a time than memory allows.

use std::cell::Cell;

use saphyr_parser::Input;

/// A text that seems to end when the parser has read as many characters as it may before it
/// comes to a result.
///
/// The parser keeps what it has seen of a list or mapping in brackets, as long as that may turn
/// out to be a key.
#[derive(Debug)]
pub(super) struct Feed<'t> {
    rest: &'t str,
    looked_ahead: usize,
    n_allowed: &'t Cell<usize>,
}

impl<'t> Feed<'t> {
    /// Returns the feed that ends when the number of characters allowed has fallen to zero.
    pub(super) fn new(text: &'t str, n_allowed: &'t Cell<usize>) -> Self {
        Self { rest: text, looked_ahead: 0, n_allowed }
    }

    fn take(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next()?;
        self.rest = chars.as_str();
        let n_allowed = self.n_allowed.get().saturating_sub(1);
        self.n_allowed.set(n_allowed);
        if n_allowed == 0 {
            self.rest = "";
        }
        Some(next)
    }
}

impl Input for Feed<'_> {
    fn lookahead(&mut self, count: usize) {
        self.looked_ahead = self.looked_ahead.max(count);
    }

    fn buflen(&self) -> usize {
        self.looked_ahead
    }

    fn bufmaxlen(&self) -> usize {
        128
    }

    fn raw_read_ch(&mut self) -> char {
        self.take().unwrap_or('\0')
    }

    fn raw_read_non_breakz_ch(&mut self) -> Option<char> {
        match self.peek_opt()? {
            '\n' | '\r' | '\0' => None,
            _ => self.take(),
        }
    }

    fn skip(&mut self) {
        self.take();
    }

    fn skip_n(&mut self, count: usize) {
        for _ in 0..count {
            self.take();
        }
    }

    fn peek(&self) -> char {
        self.peek_opt().unwrap_or('\0')
    }

    fn peek_nth(&self, n: usize) -> char {
        self.rest.chars().nth(n).unwrap_or('\0')
    }

    fn peek_opt(&self) -> Option<char> {
        self.rest.chars().next()
    }
}
