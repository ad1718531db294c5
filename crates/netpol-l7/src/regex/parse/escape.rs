//! What may follow a backslash, and what may stand between brackets.

use super::Parser;
use crate::regex::ast::{Look, Node};
use crate::regex::class::{Class, Part, Property, perl, posix};
use crate::regex::syntax_error::{Problem, SyntaxError};

impl Parser<'_> {
    /// Reads a token that begins with a backslash.
    pub(super) fn backslash(&mut self) -> Result<(), SyntaxError> {
        match self.rest().chars().nth(1) {
            Some('A') => self.push(2, Node::Look(Look::TextStart)),
            Some('z') => self.push(2, Node::Look(Look::TextEnd)),
            Some('b') => self.push(2, Node::Look(Look::WordBoundary)),
            Some('B') => self.push(2, Node::Look(Look::NotWordBoundary)),
            Some('Q') => self.quoted(),
            _ => self.class_or_character(),
        }
    }

    /// Reads `\Q..\E`, or `\Q..` to the end.
    fn quoted(&mut self) -> Result<(), SyntaxError> {
        self.pos += 2;
        let rest = self.rest();
        let (text, closing) = match rest.split_once("\\E") {
            Some((text, _)) => (text, 2),
            None => (rest, 0),
        };
        for c in text.chars() {
            self.literal(c.len_utf8(), c)?;
        }
        self.pos += closing;
        Ok(())
    }

    fn class_or_character(&mut self) -> Result<(), SyntaxError> {
        let fold = self.flags.fold;
        if let Some(parts) = self.class_escape()? {
            return self.push(0, Node::Class(Class::of(parts, fold)));
        }
        let code = self.character_escape()?;
        match char::from_u32(code) {
            Some(c) => self.literal(0, c),
            // A surrogate: no text has it.
            None => self.push(0, Node::Class(Class::of(vec![Part::Range(code, code)], fold))),
        }
    }

    /// Reads `[..]`.
    pub(super) fn bracket(&mut self) -> Result<(), SyntaxError> {
        let start = self.pos;
        self.pos += 1;
        let negated = self.eat("^");
        let mut class = Class { parts: Vec::new(), negated, fold: self.flags.fold };
        let mut first = true; // a bracket is a literal in front
        while first || !self.rest().starts_with(']') {
            first = false;
            if self.rest().is_empty() {
                return Err(self.error(start, self.pos, Problem::MissingBracket));
            }
            class.parts.append(&mut self.bracket_item(start)?);
        }
        self.push(1, Node::Class(class))
    }

    /// Reads one item between brackets: a class, a character or a range.
    fn bracket_item(&mut self, bracket: usize) -> Result<Vec<Part>, SyntaxError> {
        if let Some(parts) = self.posix_class()? {
            return Ok(parts);
        }
        if let Some(parts) = self.class_escape()? {
            return Ok(parts);
        }
        let start = self.pos;
        let first = self.bracket_character(bracket)?;
        let rest = self.rest();
        // A dash before the closing bracket is a literal.
        if rest.len() < 2 || !rest.starts_with('-') || rest.starts_with("-]") {
            return Ok(vec![Part::Range(first, first)]);
        }
        self.pos += 1;
        let last = self.bracket_character(bracket)?;
        if last < first {
            return Err(self.error(start, self.pos, Problem::Range));
        }
        Ok(vec![Part::Range(first, last)])
    }

    fn bracket_character(&mut self, bracket: usize) -> Result<u32, SyntaxError> {
        match self.peek() {
            None => Err(self.error(bracket, self.pos, Problem::MissingBracket)),
            Some('\\') => self.character_escape(),
            Some(c) => {
                self.pos += c.len_utf8();
                Ok(c.into())
            }
        }
    }

    /// Reads `[:name:]`. Without `:]` somewhere behind, the bracket is a literal.
    fn posix_class(&mut self) -> Result<Option<Vec<Part>>, SyntaxError> {
        let Some((name, _)) =
            self.rest().strip_prefix("[:").and_then(|inner| inner.split_once(":]"))
        else {
            return Ok(None);
        };
        let length = name.len() + 4;
        let Some(parts) = posix(name) else {
            return Err(self.error_here(length, Problem::NamedClass));
        };
        self.pos += length;
        Ok(Some(parts))
    }

    /// Reads `\d` and the like, `\pN`, `\p{Greek}`, `\P{^Greek}`.
    fn class_escape(&mut self) -> Result<Option<Vec<Part>>, SyntaxError> {
        let Some(letter) = self.rest().strip_prefix('\\').and_then(|rest| rest.chars().next())
        else {
            return Ok(None);
        };
        if matches!(letter, 'p' | 'P') {
            return self.property(letter == 'P').map(Some);
        }
        let parts = perl(letter);
        if parts.is_some() {
            self.pos += 2;
        }
        Ok(parts)
    }

    fn property(&mut self, negated: bool) -> Result<Vec<Part>, SyntaxError> {
        let rest = self.rest();
        let tail = rest.get(2..).unwrap_or_default();
        let (length, name) = match tail.strip_prefix('{') {
            Some(inner) => match inner.split_once('}') {
                Some((name, _)) => (name.len() + 4, name),
                None => return Err(self.error_here(rest.len(), Problem::NamedClass)),
            },
            None => {
                let letter = tail.chars().next().map_or(0, char::len_utf8);
                (2 + letter, tail.get(..letter).unwrap_or_default())
            }
        };
        let (name, inverted) = match name.strip_prefix('^') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let Some(property) = Property::named(name) else {
            return Err(self.error_here(length, Problem::NamedClass));
        };
        self.pos += length;
        Ok(vec![Part::Property { property, negated: negated != inverted }])
    }

    /// Reads an escape that stands for one character.
    fn character_escape(&mut self) -> Result<u32, SyntaxError> {
        let rest = self.rest();
        let tail = rest.get(1..).unwrap_or_default();
        let Some(c) = tail.chars().next() else {
            return Err(self.error_here(1, Problem::TrailingBackslash));
        };
        let (length, code) = match c {
            'a' => (2, 0x07),
            'f' => (2, 0x0c),
            'n' => (2, 0x0a),
            'r' => (2, 0x0d),
            't' => (2, 0x09),
            'v' => (2, 0x0b),
            'x' => self.hexadecimal(tail)?,
            '0'..='7' => self.octal(tail)?,
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => (2, c.into()),
            _ => return Err(self.error_here(1 + c.len_utf8(), Problem::Escape)),
        };
        self.pos += length;
        Ok(code)
    }

    /// Reads `0` to `377`, at most three digits. One digit other than 0 is a back reference.
    fn octal(&self, tail: &str) -> Result<(usize, u32), SyntaxError> {
        let digits = tail.bytes().take(3).take_while(|b| matches!(b, b'0'..=b'7'));
        let (count, code) =
            digits.fold((0, 0), |(n, code), digit| (n + 1, code * 8 + u32::from(digit - b'0')));
        if count == 1 && code != 0 {
            return Err(self.error_here(2, Problem::BackReference));
        }
        Ok((1 + count, code))
    }

    /// Reads `x41` or `x{1F600}`.
    fn hexadecimal(&self, tail: &str) -> Result<(usize, u32), SyntaxError> {
        let (length, digits) = match tail.strip_prefix("x{") {
            Some(inner) => match inner.split_once('}') {
                Some((digits, _)) => (digits.len() + 4, digits),
                None => (1 + tail.len(), ""),
            },
            None => (4, tail.get(1..3).unwrap_or_default()),
        };
        let valid = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let code = u32::from_str_radix(digits.trim_start_matches('0'), 16).or_else(|error| {
            if digits.trim_start_matches('0').is_empty() { Ok(0) } else { Err(error) }
        });
        match code {
            Ok(code) if valid && code <= u32::from(char::MAX) => Ok((length, code)),
            _ => Err(self.error_here(length.min(1 + tail.len()), Problem::Escape)),
        }
    }

    /// Skips `text` if it comes next.
    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.pos += text.len();
        }
        found
    }
}
