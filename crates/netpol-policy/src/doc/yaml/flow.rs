//! Flow collections: lists and mappings in brackets, JSON among them.

use super::cursor::Mark;
use super::flaw::{Flaw, Parsed};
use super::parser::Parser;
use super::scalar::{Place, is_flow_indicator};
use crate::doc::codes;
use crate::doc::node::{Key, Node, Value};

impl Parser<'_> {
    /// Reads the list or mapping whose bracket is at the cursor.
    pub(super) fn flow(&mut self) -> Parsed<Node> {
        let start = self.cursor.mark();
        self.enter(start)?;
        if self.cursor.rest_bytes().starts_with(b"{{") {
            return Err(template(start));
        }
        let is_list = self.cursor.peek() == Some(b'[');
        self.cursor.skip(1);
        let value = if is_list {
            Value::Sequence(self.flow_items(start)?)
        } else {
            let fields = self.flow_fields(start)?;
            self.check_duplicates(&fields);
            Value::Mapping(fields)
        };
        self.leave();
        self.node(start, value)
    }

    fn flow_items(&mut self, start: Mark) -> Parsed<Vec<Node>> {
        let mut items = Vec::new();
        loop {
            self.cursor.skip_space();
            match self.cursor.peek() {
                Some(b']') => break,
                Some(b',') => return Err(self.nothing_before_comma()),
                _ => items.push(self.flow_item(start)?),
            }
            if !self.flow_continues(start, b']')? {
                break;
            }
        }
        self.cursor.skip(1);
        Ok(items)
    }

    /// Reads an item of a list; `a: b` is a mapping of one field.
    fn flow_item(&mut self, list: Mark) -> Parsed<Node> {
        let start = self.cursor.mark();
        let item = self.flow_node(list)?;
        self.cursor.skip_space();
        if self.cursor.peek() != Some(b':') {
            return Ok(item);
        }
        // The next line was not meant to be in here.
        if self.cursor.line() != start.line {
            return Err(self.unclosed(list));
        }
        self.enter(start)?;
        let key = self.flow_key(item, list)?;
        let value = self.flow_value(list)?;
        self.leave();
        let end = value.span.end;
        self.node_to(start, end, Value::Mapping(vec![(key, value)]))
    }

    fn flow_fields(&mut self, start: Mark) -> Parsed<Vec<(Key, Node)>> {
        let mut fields = Vec::new();
        loop {
            self.cursor.skip_space();
            match self.cursor.peek() {
                Some(b'}') => break,
                Some(b',') => return Err(self.nothing_before_comma()),
                _ => fields.push(self.flow_field(start)?),
            }
            if !self.flow_continues(start, b'}')? {
                break;
            }
        }
        self.cursor.skip(1);
        Ok(fields)
    }

    fn flow_field(&mut self, mapping: Mark) -> Parsed<(Key, Node)> {
        let node = self.flow_node(mapping)?;
        self.cursor.skip_space();
        if self.cursor.peek() != Some(b':') {
            return Err(self.no_flow_field(&node, mapping));
        }
        let key = self.flow_key(node, mapping)?;
        let value = self.flow_value(mapping)?;
        Ok((key, value))
    }

    /// Makes a node the key of the colon at the cursor.
    fn flow_key(&mut self, node: Node, collection: Mark) -> Parsed<Key> {
        let span = node.span;
        let written = self.cursor.slice(span.start, span.end);
        // A key of several lines: the next line was not meant to be in here.
        if written.contains('\n') {
            return Err(self.unclosed(collection));
        }
        match node.value {
            Value::Sequence(_) | Value::Mapping(_) => Err(self.no_string_key(span)),
            _ if written.starts_with(['*', '&']) => Err(self.no_string_key(span)),
            Value::String(text) if written.starts_with(['"', '\'']) => Ok(Key { span, text }),
            _ => {
                let start = Mark { offset: span.start, line: span.line, column: span.column };
                Ok(self.plain_key(start, written))
            }
        }
    }

    /// Reads the colon at the cursor and what stands behind it.
    fn flow_value(&mut self, collection: Mark) -> Parsed<Node> {
        self.cursor.skip(1);
        self.cursor.skip_space();
        match self.cursor.peek() {
            Some(b',' | b'}' | b']') => self.empty(),
            _ => self.flow_node(collection),
        }
    }

    fn flow_node(&mut self, collection: Mark) -> Parsed<Node> {
        let start = self.cursor.mark();
        match self.cursor.peek() {
            None => Err(self.unclosed(collection)),
            Some(b'[' | b'{') => self.flow(),
            Some(b'*') => self.alias(),
            Some(b'&') => {
                self.enter(start)?;
                let (name, span) = self.anchor()?;
                self.cursor.skip_space();
                let node = self.flow_node(collection)?;
                self.keep(name, span, &node)?;
                self.leave();
                Ok(node)
            }
            Some(b'"' | b'\'') => {
                let text = self.quoted(Place::Flow)?;
                self.node(start, Value::String(text))
            }
            // A plain scalar, but for what follows.
            Some(b'-' | b'?' | b':') if self.cursor.peek_nth(1).is_some_and(is_flow_indicator) => {
                Err(self.unexpected())
            }
            Some(b':') if !self.cursor.is_separator(1) => self.flow_plain(start),
            Some(b'-') if self.cursor.is_separator(1) => Err(self.dash_in_flow()),
            Some(b'}' | b']' | b',' | b':') => Err(self.unexpected()),
            _ => self.flow_plain(start),
        }
    }

    fn flow_plain(&mut self, start: Mark) -> Parsed<Node> {
        self.check_plain()?;
        let first = self.plain_line(Place::Flow);
        let value = self.plain_value(start, first, Place::Flow)?;
        self.node(start, value)
    }

    /// Moves over a comma and tells whether there was one; else the bracket that closes must be
    /// here.
    fn flow_continues(&mut self, start: Mark, closing: u8) -> Parsed<bool> {
        self.cursor.skip_space();
        match self.cursor.peek() {
            Some(b',') => {
                self.cursor.skip(1);
                Ok(true)
            }
            Some(byte) if byte == closing => Ok(false),
            None => Err(self.unclosed(start)),
            Some(_) => Err(self.no_comma(start)),
        }
    }

    /// Returns the error for a bracket that is never closed, at that bracket.
    #[cold]
    fn unclosed(&mut self, start: Mark) -> Box<Flaw> {
        let bracket = self.cursor.slice(start.offset, start.offset + 1);
        let closing = if bracket == "[" { "]" } else { "}" };
        let span = start.to(start.offset + 1);
        let message = format!("the `{bracket}` that stands here is not closed");
        Flaw::new(codes::SYNTAX, span, message).help(format!("add `{closing}`"))
    }

    #[cold]
    fn dash_in_flow(&mut self) -> Box<Flaw> {
        let span = self.here(1);
        let message = "items between brackets have no dashes";
        Flaw::new(codes::SYNTAX, span, message).help("separate them with commas")
    }

    #[cold]
    fn nothing_before_comma(&mut self) -> Box<Flaw> {
        let span = self.here(1);
        Flaw::new(codes::SYNTAX, span, "nothing stands before this comma").help("remove the comma")
    }

    #[cold]
    fn no_comma(&mut self, start: Mark) -> Box<Flaw> {
        let bracket = self.cursor.slice(start.offset, start.offset + 1);
        let (closing, what) = match bracket {
            "[" => ("]", "list"),
            _ => ("}", "mapping"),
        };
        let span = self.here(self.cursor.peek_char().map_or(0, char::len_utf8));
        let message = format!(
            "a comma or `{closing}` should stand here, in the {what} that begins in line {}",
            start.line
        );
        Flaw::new(codes::SYNTAX, span, message)
    }

    /// Returns the error for a field of a mapping in braces that has no colon.
    #[cold]
    fn no_flow_field(&mut self, node: &Node, mapping: Mark) -> Box<Flaw> {
        if self.cursor.peek().is_none() {
            return self.unclosed(mapping);
        }
        let written = self.cursor.slice(node.span.start, node.span.end);
        self.no_field(node.span, written)
    }
}

/// Returns the error for two braces, which begin no document but a placeholder.
#[cold]
fn template(start: Mark) -> Box<Flaw> {
    let message = "this looks like a template, not like a document";
    Flaw::new(codes::SYNTAX, start.to(start.offset + 2), message)
        .help("render the template first, and read what comes out")
}
