//! Scalars: plain and quoted, on one line or folded over several.

use super::cursor::{Mark, is_separator};
use super::flaw::{Flaw, Parsed};
use super::parser::Parser;
use super::resolve::resolve;
use crate::doc::codes;
use crate::doc::node::Value;

/// Where a scalar stands, which decides how far it may reach.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In a block: further lines are indented by at least this much.
    Block(usize),
    /// Between brackets: the characters `,[]{}` end it, and the indentation does not count.
    Flow,
}

impl<'t> Parser<'t> {
    /// Reads one line of a plain scalar and returns it without blanks at its end. The cursor is
    /// left behind it, before the `: `, ` #` or end of line that ended it.
    pub(super) fn plain_line(&mut self, place: Place) -> &'t str {
        let start = self.cursor.pos();
        let bytes = self.cursor.rest_bytes();
        let in_flow = matches!(place, Place::Flow);
        // The end so far, without trailing blanks.
        let mut end = 0;
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b' ' | b'\t' => {}
                b'\n' | b'\r' => break,
                b':' if ends_key(bytes.get(at + 1), in_flow) => break,
                b'#' if end < at => break,
                b',' | b'[' | b']' | b'{' | b'}' if in_flow => break,
                _ => end = at + 1,
            }
        }
        self.cursor.skip(end);
        self.cursor.slice(start, start + end)
    }

    /// Reads a plain scalar whose first line is behind the cursor, and gives it its type. Only one
    /// on a single line can be anything but a string.
    pub(super) fn plain_value(&mut self, start: Mark, first: &str, place: Place) -> Parsed<Value> {
        let mut rest = None;
        loop {
            let end = self.cursor.clone();
            let Some(n_empty) = self.next_plain_line(place) else {
                self.cursor = end;
                return Ok(rest.map_or_else(|| resolve(first), Value::String));
            };
            let line_start = self.cursor.mark();
            let line = self.plain_line(place);
            if matches!(place, Place::Block(_)) && self.at_colon() {
                return Err(self.key_in_scalar(start, line_start, line));
            }
            let text = rest.get_or_insert_with(|| first.to_owned());
            fold(text, n_empty);
            text.push_str(line);
        }
    }

    /// Moves to the line that continues a plain scalar, and returns how many empty lines were
    /// between; `None` if no line does.
    fn next_plain_line(&mut self, place: Place) -> Option<usize> {
        self.cursor.skip_blanks();
        if !self.cursor.skip_line_end() {
            return None;
        }
        let (n_empty, indent) = self.skip_empty_lines();
        let next = self.cursor.peek()?;
        let continues = match place {
            Place::Block(min) => min <= indent && next != b'#',
            Place::Flow => match next {
                b'#' => false,
                b':' => !ends_key(self.cursor.rest_bytes().get(1), true),
                next => !is_flow_indicator(next),
            },
        };
        continues.then_some(n_empty)
    }

    /// Moves behind lines without content and the blanks of the line after them. Returns how many
    /// they were, and by how many spaces the line after them is indented, tabs not counted.
    fn skip_empty_lines(&mut self) -> (usize, usize) {
        let mut n_empty = 0;
        loop {
            let indent = self.cursor.skip_spaces();
            self.cursor.skip_blanks();
            if !self.cursor.skip_line_end() {
                return (n_empty, indent);
            }
            n_empty += 1;
        }
    }

    /// Reads a scalar in quotes, at the first of which the cursor stands.
    pub(super) fn quoted(&mut self, place: Place) -> Parsed<String> {
        let start = self.cursor.mark();
        let quote = self.cursor.peek().unwrap_or(b'"');
        self.cursor.skip(1);
        let mut text = String::new();
        // What stands before this offset of `text` is not trimmed.
        let mut kept = 0;
        loop {
            text.push_str(self.quoted_run(quote));
            match self.cursor.peek() {
                None => return Err(unclosed(start, quote)),
                Some(b'\n' | b'\r') => {
                    trim_end(&mut text, kept);
                    let n_empty = self.next_quoted_line(start, quote, place)?;
                    fold(&mut text, n_empty);
                    kept = text.len();
                }
                Some(b'\\') => {
                    self.escape(&mut text, start, place)?;
                    kept = text.len();
                }
                Some(_) if quote == b'\'' && self.cursor.peek_nth(1) == Some(b'\'') => {
                    self.cursor.skip(2);
                    text.push('\'');
                }
                Some(_) => {
                    self.cursor.skip(1);
                    return Ok(text);
                }
            }
        }
    }

    /// Reads what stands for itself in a quoted scalar.
    fn quoted_run(&mut self, quote: u8) -> &'t str {
        let start = self.cursor.pos();
        self.cursor.skip_while(|byte| match byte {
            b'\n' | b'\r' => false,
            b'\\' => quote == b'\'',
            byte => byte != quote,
        });
        self.cursor.slice(start, self.cursor.pos())
    }

    /// Moves to the next line of a quoted scalar that has content, and returns how many empty
    /// lines were between.
    fn next_quoted_line(&mut self, start: Mark, quote: u8, place: Place) -> Parsed<usize> {
        self.cursor.skip_line_end();
        let (n_empty, indent) = self.skip_empty_lines();
        match place {
            // A line at the level of the keys around belongs to them: the quote was forgotten.
            Place::Block(min) if indent < min => Err(unclosed(start, quote)),
            _ => Ok(n_empty),
        }
    }

    /// Reads a backslash and what belongs to it.
    fn escape(&mut self, text: &mut String, start: Mark, place: Place) -> Parsed<()> {
        self.cursor.skip(1);
        if matches!(self.cursor.peek(), Some(b'\n' | b'\r')) {
            // The end of the line is left out, empty lines count.
            let n_empty = self.next_quoted_line(start, b'"', place)?;
            text.extend(std::iter::repeat_n('\n', n_empty));
            return Ok(());
        }
        let n_digits = match self.cursor.peek() {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => 0,
        };
        let character = if n_digits == 0 {
            self.cursor.peek_char().and_then(simple_escape)
        } else {
            self.cursor.skip(1);
            self.code_point(n_digits)
        };
        let Some(character) = character else {
            return Err(self.no_escape());
        };
        if n_digits == 0 {
            self.cursor.skip(1);
        }
        text.push(character);
        Ok(())
    }

    /// Reads a character written as `n_digits` hexadecimal digits; as in JSON, one beyond 0xFFFF
    /// may be written as two surrogates.
    fn code_point(&mut self, n_digits: usize) -> Option<char> {
        let first = self.hex(n_digits)?;
        if !(0xD800..0xDC00).contains(&first) || n_digits != 4 {
            return char::from_u32(first);
        }
        if !self.cursor.rest_bytes().starts_with(b"\\u") {
            return None;
        }
        self.cursor.skip(2);
        let second = self.hex(4)?.checked_sub(0xDC00)?;
        let both = 0x1_0000 + ((first - 0xD800) << 10) + second;
        (second < 0x400).then(|| char::from_u32(both)).flatten()
    }

    fn hex(&mut self, n_digits: usize) -> Option<u32> {
        let digits = self.cursor.rest_bytes().get(..n_digits)?;
        let mut number = 0;
        for digit in digits {
            number = number << 4 | char::from(*digit).to_digit(16)?;
        }
        self.cursor.skip(n_digits);
        Some(number)
    }

    /// Returns the error for a backslash before the cursor that begins nothing.
    #[cold]
    fn no_escape(&mut self) -> Box<Flaw> {
        let span = self.here(self.cursor.peek_char().map_or(0, char::len_utf8));
        Flaw::new(codes::SYNTAX, span, "a backslash that begins no escape")
            .help("write two backslashes, or use single quotes")
    }
}

/// Returns the error for a quote that is never closed, at that quote.
#[cold]
fn unclosed(start: Mark, quote: u8) -> Box<Flaw> {
    let quote = char::from(quote);
    let span = start.to(start.offset + 1);
    let message = "the quote that begins here is not closed";
    Flaw::new(codes::SYNTAX, span, message).help(format!("write {quote} at the end of the value"))
}

/// Tells whether a `:` before this byte ends a key.
fn ends_key(next: Option<&u8>, in_flow: bool) -> bool {
    next.is_none_or(|next| is_separator(*next) || in_flow && is_flow_indicator(*next))
}

/// Tells whether a byte ends plain scalars between brackets.
pub(super) fn is_flow_indicator(byte: u8) -> bool {
    matches!(byte, b',' | b'[' | b']' | b'{' | b'}')
}

/// Adds what an end of line stands for: a space, or as many ends of lines as lines are empty.
fn fold(text: &mut String, n_empty: usize) {
    match n_empty {
        0 => text.push(' '),
        n => text.extend(std::iter::repeat_n('\n', n)),
    }
}

/// Removes blanks from the end of a text, but none before `kept`.
fn trim_end(text: &mut String, kept: usize) {
    let n_trimmed = text.trim_end_matches([' ', '\t']).len();
    text.truncate(n_trimmed.max(kept));
}

/// Returns the character that a backslash and this one stand for.
fn simple_escape(character: char) -> Option<char> {
    Some(match character {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        ' ' | '"' | '/' | '\\' => character,
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        _ => return None,
    })
}
