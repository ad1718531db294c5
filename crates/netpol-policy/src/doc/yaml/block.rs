//! Block collections: lists and mappings by indentation.

use super::cursor::Mark;
use super::flaw::{Flaw, Parsed};
use super::parser::Parser;
use super::resolve::{Kind, kind, resolve};
use super::scalar::Place;
use crate::doc::codes;
use crate::doc::node::{Key, Node, Value};

impl Parser<'_> {
    /// Reads the node at the cursor, which stands at a token. What belongs to it is indented by at
    /// least `min`.
    pub(super) fn block_node(&mut self, min: usize) -> Parsed<Node> {
        let start = self.cursor.mark();
        match self.cursor.peek() {
            Some(b'-') if self.cursor.is_separator(1) => self.sequence(),
            Some(b'&') => self.anchored_block(min),
            Some(b'|' | b'>') => self.block_scalar(min),
            Some(b'"' | b'\'') => {
                let text = self.quoted(Place::Block(min))?;
                let end = self.cursor.pos();
                if self.at_colon() {
                    let key = self.quoted_key(start, end, text)?;
                    return self.mapping(start, key);
                }
                self.finish_line()?;
                self.node_to(start, end, Value::String(text))
            }
            Some(b'[' | b'{' | b'*') => {
                let node = self.inline_node(min)?;
                if self.at_colon() {
                    return Err(self.no_string_key(node.span));
                }
                self.finish_line()?;
                Ok(node)
            }
            _ => self.plain_or_mapping(start, min),
        }
    }

    fn plain_or_mapping(&mut self, start: Mark, min: usize) -> Parsed<Node> {
        self.check_plain()?;
        let text = self.plain_line(Place::Block(min));
        if self.at_colon() {
            let key = self.plain_key(start, text);
            return self.mapping(start, key);
        }
        self.plain_node(start, text, min)
    }

    /// Makes a node of the plain scalar whose first line has been read.
    fn plain_node(&mut self, start: Mark, first: &str, min: usize) -> Parsed<Node> {
        let value = self.plain_value(start, first, Place::Block(min))?;
        let end = self.cursor.pos();
        self.finish_line()?;
        self.node_to(start, end, value)
    }

    /// Reads a node that begins on the line of its key or dash: anything but a block collection.
    fn inline_node(&mut self, min: usize) -> Parsed<Node> {
        match self.cursor.peek() {
            Some(b'[' | b'{') => self.flow(),
            Some(b'*') => self.alias(),
            Some(b'"' | b'\'') => {
                let start = self.cursor.mark();
                let text = self.quoted(Place::Block(min))?;
                self.node(start, Value::String(text))
            }
            Some(b'|' | b'>') => self.block_scalar(min),
            _ => {
                let start = self.cursor.mark();
                self.check_plain()?;
                let first = self.plain_line(Place::Block(min));
                self.plain_node(start, first, min)
            }
        }
    }

    /// Reads the list whose first dash is at the cursor.
    fn sequence(&mut self) -> Parsed<Node> {
        let start = self.cursor.mark();
        self.enter(start)?;
        let indent = self.cursor.indent();
        let mut items = Vec::new();
        let mut end;
        loop {
            self.cursor.skip(1);
            end = self.cursor.pos();
            let item = self.item(indent + 1)?;
            end = end.max(item.span.end);
            items.push(item);
            match self.next_token()? {
                Some(column) if column == indent && self.at_dash() => {}
                Some(column) if column > indent => return Err(self.misplaced()),
                _ => break,
            }
        }
        self.leave();
        self.node_to(start, end, Value::Sequence(items))
    }

    /// Reads what stands behind a dash.
    fn item(&mut self, min: usize) -> Parsed<Node> {
        self.cursor.skip_spaces();
        if self.cursor.peek() == Some(b'\t') {
            let tab = self.here(1);
            return Err(Flaw::new(codes::SYNTAX, tab, "a tab behind a dash").help("write a space"));
        }
        if self.line_is_done() {
            return self.node_below(min);
        }
        self.block_node(min)
    }

    /// Reads the mapping whose first key has been read; the cursor is before its colon.
    fn mapping(&mut self, start: Mark, first: Key) -> Parsed<Node> {
        self.enter(start)?;
        let indent = self.cursor.indent_of(start.offset);
        self.levels.open(indent);
        let mut fields = Vec::new();
        let mut key = first;
        let mut end;
        loop {
            self.levels.name(&key);
            self.cursor.skip_blanks();
            self.cursor.skip(1);
            end = self.cursor.pos();
            let value = self.field_value(indent)?;
            end = end.max(value.span.end);
            fields.push((key, value));
            match self.next_token()? {
                Some(column) if column == indent => key = self.key()?,
                Some(column) if column > indent => return Err(self.misplaced()),
                _ => break,
            }
        }
        self.levels.close();
        self.leave();
        self.check_duplicates(&fields);
        self.node_to(start, end, Value::Mapping(fields))
    }

    /// Reads what stands behind the colon of a key that is indented by `indent`.
    fn field_value(&mut self, indent: usize) -> Parsed<Node> {
        self.cursor.skip_blanks();
        if self.line_is_done() {
            return self.field_below(indent);
        }
        match self.cursor.peek() {
            Some(b'&') => {
                let start = self.cursor.mark();
                self.enter(start)?;
                let (name, span) = self.anchor()?;
                let node = self.field_value(indent)?;
                self.keep(name, span, &node)?;
                self.leave();
                Ok(node)
            }
            Some(b'-') if self.cursor.is_separator(1) => {
                let span = self.here(1);
                let message = "a list cannot begin on the line of its key";
                Err(Flaw::new(codes::SYNTAX, span, message)
                    .help("begin the list on the next line, or write it as `[a, b]`"))
            }
            Some(b'|' | b'>') => self.block_scalar(indent + 1),
            _ => {
                let node = self.inline_node(indent + 1)?;
                self.finish_line()?;
                Ok(node)
            }
        }
    }

    /// Reads the value of a field on the lines below its key. A list may stand at the key's own
    /// indentation.
    fn field_below(&mut self, indent: usize) -> Parsed<Node> {
        let empty = self.empty_here();
        match self.next_token()? {
            Some(column) if column > indent => self.block_node(indent + 1),
            Some(column) if column == indent && self.at_dash() => self.sequence(),
            _ => self.empty_at(empty),
        }
    }

    /// Reads the node on the lines below a dash or anchor.
    fn node_below(&mut self, min: usize) -> Parsed<Node> {
        let empty = self.empty_here();
        match self.next_token()? {
            Some(column) if column >= min => self.block_node(min),
            _ => self.empty_at(empty),
        }
    }

    /// Returns where a node would stand that is not there.
    fn empty_here(&mut self) -> Mark {
        self.cursor.mark()
    }

    fn empty_at(&mut self, place: Mark) -> Parsed<Node> {
        self.node_to(place, place.offset, Value::Null)
    }

    /// Reads an anchor and the node it names.
    fn anchored_block(&mut self, min: usize) -> Parsed<Node> {
        let start = self.cursor.mark();
        self.enter(start)?;
        let (name, span) = self.anchor()?;
        self.cursor.skip_blanks();
        let line = self.cursor.line();
        let node = if self.line_is_done() { self.node_below(min)? } else { self.block_node(min)? };
        if node.span.line == line && self.is_block(&node) {
            let message = "an anchor on the line on which a list or mapping begins";
            return Err(Flaw::new(codes::UNSUPPORTED_YAML, span, message)
                .help("put the anchor on the line before"));
        }
        self.keep(name, span, &node)?;
        self.leave();
        Ok(node)
    }

    /// Tells whether a node is a list or mapping without brackets.
    pub(super) fn is_block(&self, node: &Node) -> bool {
        let first = self.cursor.slice(node.span.start, node.span.start + 1);
        match node.value {
            Value::Mapping(_) => first != "{",
            Value::Sequence(_) => first != "[",
            _ => false,
        }
    }

    /// Tells whether nothing but a comment is left on the line.
    fn line_is_done(&mut self) -> bool {
        self.cursor.at_line_end() || self.cursor.peek() == Some(b'#') && self.cursor.is_apart()
    }

    fn at_dash(&self) -> bool {
        self.cursor.peek() == Some(b'-') && self.cursor.is_separator(1)
    }

    /// Reads a key of a mapping that has some already.
    fn key(&mut self) -> Parsed<Key> {
        let start = self.cursor.mark();
        match self.cursor.peek() {
            Some(b'-') if self.cursor.is_separator(1) => Err(self.item_among_keys()),
            Some(b'"' | b'\'') => {
                let min = self.cursor.indent() + 1;
                let text = self.quoted(Place::Block(min))?;
                let end = self.cursor.pos();
                if !self.at_colon() {
                    return Err(self.no_field(start.to(end), &text));
                }
                self.quoted_key(start, end, text)
            }
            Some(b'[' | b'{' | b'*' | b'&') => {
                let span = self.here(1);
                Err(self.no_string_key(span))
            }
            _ => {
                self.check_plain()?;
                let text = self.plain_line(Place::Block(0));
                if !self.at_colon() {
                    return Err(self.no_field(start.to(self.cursor.pos()), text));
                }
                Ok(self.plain_key(start, text))
            }
        }
    }

    fn quoted_key(&mut self, start: Mark, end: usize, text: String) -> Parsed<Key> {
        let span = start.to(end);
        if self.cursor.line() != start.line {
            let message = "a key must be on one line";
            return Err(Flaw::new(codes::SYNTAX, span, message));
        }
        Ok(Key { span, text })
    }

    /// Returns a plain key. One that is no string is a flaw, as is the merge key.
    pub(super) fn plain_key(&mut self, start: Mark, text: &str) -> Key {
        let span = start.to(start.offset + text.len());
        let kind = kind(text);
        if text == "<<" {
            let message = "merge keys are not part of Kubernetes documents";
            let flaw = Flaw::new(codes::UNSUPPORTED_YAML, span, message)
                .help("write the fields out, or use an alias for a whole value");
            self.flaws.push(*flaw);
        } else if kind != Kind::String {
            let what = resolve(text).kind();
            let message = format!("the key `{text}` is {what}, not a string");
            let flaw = Flaw::new(codes::KEY_TYPE, span, message);
            self.flaws.push(*flaw.help(format!("quote it: \"{text}\"")));
        }
        Key { span, text: text.to_owned() }
    }

    /// Reports keys that stand twice in one mapping.
    pub(super) fn check_duplicates(&mut self, fields: &[(Key, Node)]) {
        /// Up to this many keys it is faster to compare them all.
        const FEW: usize = 12;
        let mut sorted: Vec<&Key>;
        if fields.len() <= FEW {
            let is_unique = fields.iter().enumerate().all(|(index, (key, _))| {
                let before = fields.iter().take(index);
                before.into_iter().all(|(earlier, _)| earlier.text != key.text)
            });
            if is_unique {
                return;
            }
        }
        sorted = fields.iter().map(|(key, _)| key).collect();
        sorted.sort_by(|a, b| (&a.text, a.span.start).cmp(&(&b.text, b.span.start)));
        for pair in sorted.chunk_by(|a, b| a.text == b.text) {
            let Some((first, others)) = pair.split_first() else {
                continue;
            };
            for other in others {
                let message = format!("the key `{}` stands here a second time", other.text);
                let help = format!("it stands first in line {}: remove one", first.span.line);
                let flaw = Flaw::new(codes::DUPLICATE_KEY, other.span, message).help(help);
                self.flaws.push(*flaw);
            }
        }
    }
}
