//! Where the reader stands in the text.

use crate::Span;

/// A place in the text, kept until it is known how far the thing that begins there reaches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) offset: usize,
    pub(super) line: u32,
    /// Counted from 1, in characters.
    pub(super) column: u32,
}

impl Mark {
    /// Returns the span from here to an offset.
    pub(super) fn to(self, end: usize) -> Span {
        Span { start: self.offset, end, line: self.line, column: self.column }
    }
}

/// A position that moves forward through a part of a text and knows its line and column.
///
/// Columns are counted from the last one asked for, so that they cost nothing but one pass over
/// the text, however long its lines are.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'t> {
    /// The text up to the end of the part.
    text: &'t str,
    pos: usize,
    line: u32,
    line_start: usize,
    /// An offset in this line and the number of characters of the line before it.
    counted: (usize, u32),
}

impl<'t> Cursor<'t> {
    /// Returns the cursor at `pos` in the line `line`, which begins at `line_start`.
    pub(super) fn new(text: &'t str, pos: usize, line: u32, line_start: usize) -> Self {
        Self { text, pos, line, line_start, counted: (line_start, 0) }
    }

    pub(super) fn pos(&self) -> usize {
        self.pos
    }

    pub(super) fn line(&self) -> u32 {
        self.line
    }

    /// Returns how many bytes precede the position in its line. Before the first token of a line
    /// these are blanks and dashes, so this is the indentation.
    pub(super) fn indent(&self) -> usize {
        self.indent_of(self.pos)
    }

    /// Returns how many bytes precede an offset in this line.
    pub(super) fn indent_of(&self, offset: usize) -> usize {
        offset.saturating_sub(self.line_start)
    }

    /// Returns the place of the position.
    pub(super) fn mark(&mut self) -> Mark {
        let (from, count) = self.counted;
        let passed = self.slice(from, self.pos).chars().count();
        let count = count.saturating_add(u32::try_from(passed).unwrap_or(u32::MAX));
        self.counted = (self.pos, count);
        Mark { offset: self.pos, line: self.line, column: count.saturating_add(1) }
    }

    /// Returns the byte at the position, or `None` at the end.
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    /// Returns the byte `n` behind the position.
    pub(super) fn peek_nth(&self, n: usize) -> Option<u8> {
        self.text.as_bytes().get(self.pos + n).copied()
    }

    /// Returns the character at the position.
    pub(super) fn peek_char(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Tells whether the byte `n` behind the position separates tokens: a blank, an end of line
    /// or the end.
    pub(super) fn is_separator(&self, n: usize) -> bool {
        self.peek_nth(n).is_none_or(is_separator)
    }

    /// Tells whether a comment may begin here: at the beginning of a line or behind a blank.
    pub(super) fn is_apart(&self) -> bool {
        let before = self.pos.checked_sub(1);
        self.pos == self.line_start
            || before
                .and_then(|before| self.text.as_bytes().get(before))
                .is_some_and(|byte| is_separator(*byte))
    }

    pub(super) fn rest(&self) -> &'t str {
        self.slice(self.pos, self.text.len())
    }

    /// Returns what precedes the position in its line.
    pub(super) fn line_so_far(&self) -> &'t str {
        self.slice(self.line_start, self.pos)
    }

    /// Returns the bytes behind the position.
    pub(super) fn rest_bytes(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.pos..).unwrap_or_default()
    }

    /// Returns a stretch of the text; both ends must be where characters begin.
    pub(super) fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Moves forward by `n` bytes, which must not hold an end of line.
    pub(super) fn skip(&mut self, n: usize) {
        self.pos += n;
    }

    /// Moves behind the end of the line that begins here, if there is one.
    pub(super) fn skip_line_end(&mut self) -> bool {
        let n = match self.peek() {
            Some(b'\n') => 1,
            Some(b'\r') if self.peek_nth(1) == Some(b'\n') => 2,
            _ => return false,
        };
        self.pos += n;
        self.line = self.line.saturating_add(1);
        self.line_start = self.pos;
        self.counted = (self.pos, 0);
        true
    }

    /// Moves behind spaces and tells how many there were.
    pub(super) fn skip_spaces(&mut self) -> usize {
        self.skip_while(|byte| byte == b' ')
    }

    /// Moves behind spaces and tabs.
    pub(super) fn skip_blanks(&mut self) -> usize {
        self.skip_while(|byte| byte == b' ' || byte == b'\t')
    }

    /// Moves to the end of the line, before the characters that end it.
    pub(super) fn skip_to_line_end(&mut self) {
        let rest = self.rest();
        let line = rest.find('\n').map_or(rest, |end| self.slice(self.pos, self.pos + end));
        self.pos += line.strip_suffix('\r').unwrap_or(line).len();
    }

    /// Moves over blanks, ends of lines and comments.
    pub(super) fn skip_space(&mut self) {
        loop {
            self.skip_blanks();
            if self.peek() == Some(b'#') && self.is_apart() {
                self.skip_to_line_end();
            }
            if !self.skip_line_end() {
                return;
            }
        }
    }

    /// Moves behind bytes that are wanted, which must not be ends of lines.
    pub(super) fn skip_while(&mut self, wanted: impl Fn(u8) -> bool) -> usize {
        let rest = self.rest_bytes();
        let n = rest.iter().position(|byte| !wanted(*byte)).unwrap_or(rest.len());
        self.pos += n;
        n
    }

    /// Tells whether the line ends here.
    pub(super) fn at_line_end(&self) -> bool {
        matches!(self.peek(), None | Some(b'\n' | b'\r'))
    }
}

/// Tells whether a byte separates tokens.
pub(super) fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
