//! Places in the text.

use crate::Span;

/// A place that moves forward, and knows its line and column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// How many characters precede it in what the parser is given.
    pub(super) index: usize,
    /// How many bytes precede it in the source.
    pub(super) offset: usize,
    pub(super) line: u32,
    /// Counted from 1, in characters.
    pub(super) column: u32,
}

impl Spot {
    /// Returns the span from here to an offset.
    pub(super) fn to(self, end: usize) -> Span {
        Span { start: self.offset, end: end.max(self.offset), line: self.line, column: self.column }
    }

    /// Returns the span of the character here.
    pub(super) fn to_next(self, text: &str) -> Span {
        self.to(self.offset + self.peek(text).map_or(0, char::len_utf8))
    }

    /// Returns the place before the character with this index, if that is further on.
    pub(super) fn at_index(self, text: &str, index: usize) -> Self {
        let n = index.saturating_sub(self.index);
        let passed = self.rest(text).as_bytes().get(..n);
        let is_simple = |byte: &u8| byte.is_ascii() && *byte != b'\n';
        if passed.is_some_and(|passed| passed.iter().all(is_simple)) {
            let column = self.column.saturating_add(u32::try_from(n).unwrap_or(u32::MAX));
            return Self { index: self.index + n, offset: self.offset + n, column, ..self };
        }
        self.ahead(text, |spot, _| spot.index < index)
    }

    /// Returns the place before the byte at this offset, if that is further on.
    pub(super) fn at_offset(self, text: &str, offset: usize) -> Self {
        self.ahead(text, |spot, _| spot.offset < offset)
    }

    /// Returns the place behind blanks, ends of lines and comments.
    pub(super) fn behind_space(mut self, text: &str) -> Self {
        loop {
            self = self.ahead(text, |_, c| is_space(c));
            if self.peek(text) != Some('#') {
                return self;
            }
            self = self.behind_line(text);
        }
    }

    /// Returns the place behind an indicator, if that is what is here.
    pub(super) fn behind(self, text: &str, indicator: char) -> Option<Self> {
        let mut rest = self.rest(text).chars();
        let is_here = rest.next() == Some(indicator);
        // A dash or question mark may also begin a word.
        let is_apart = matches!(indicator, ':' | ',') || rest.next().is_none_or(is_space);
        (is_here && is_apart).then(|| self.at_index(text, self.index + 1))
    }

    /// Returns the place at the end of the line.
    pub(super) fn behind_line(self, text: &str) -> Self {
        self.ahead(text, |_, c| c != '\n')
    }

    /// Returns the place behind a word, which a blank or bracket ends.
    pub(super) fn behind_word(self, text: &str) -> Self {
        self.ahead(text, |_, c| !is_space(c) && !matches!(c, ',' | '[' | ']' | '{' | '}'))
    }

    pub(super) fn peek(self, text: &str) -> Option<char> {
        self.rest(text).chars().next()
    }

    pub(super) fn rest(self, text: &str) -> &str {
        text.get(self.offset..).unwrap_or_default()
    }

    fn ahead(mut self, text: &str, mut goes_on: impl FnMut(&Self, char) -> bool) -> Self {
        for c in self.rest(text).chars() {
            if !goes_on(&self, c) {
                break;
            }
            self.index += 1;
            self.offset += c.len_utf8();
            self.column = self.column.saturating_add(1);
            if c == '\n' {
                self.line = self.line.saturating_add(1);
                self.column = 1;
            }
        }
        self
    }
}

/// Tells whether a character separates tokens.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}
