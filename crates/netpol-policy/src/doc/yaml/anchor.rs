//! Anchors and aliases: values written once and used again, within limits.

use super::flaw::{Flaw, Parsed};
use super::parser::Parser;
use super::scalar::is_flow_indicator;
use crate::Span;
use crate::doc::codes;
use crate::doc::node::{Node, Value};

/// A value that can be used again.
pub(super) struct Anchor {
    value: Value,
    size: Size,
}

/// What a copy of a value costs.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    n_nodes: usize,
    n_bytes: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    /// Reads the anchor at the cursor, which a node follows.
    pub(super) fn anchor(&mut self) -> Parsed<(&'t str, Span)> {
        let anchor = self.anchor_name()?;
        let mut ahead = self.cursor.clone();
        ahead.skip_space();
        if matches!(ahead.peek(), Some(b'&' | b'*')) {
            let message = "a value has one name, and an alias has none";
            return Err(Flaw::new(codes::SYNTAX, anchor.1, message).help("remove this one"));
        }
        Ok(anchor)
    }

    /// Reads the name behind `&` or `*`, at which the cursor stands.
    fn anchor_name(&mut self) -> Parsed<(&'t str, Span)> {
        let start = self.cursor.mark();
        self.cursor.skip(1);
        let is_name = |byte: u8| !byte.is_ascii_whitespace() && !is_flow_indicator(byte);
        self.cursor.skip_while(is_name);
        let span = start.to(self.cursor.pos());
        let name = self.cursor.slice(start.offset + 1, span.end);
        if name.is_empty() {
            let message = "`&` and `*` begin the name of an anchor, which is missing";
            return Err(Flaw::new(codes::SYNTAX, span, message)
                .help("quote a value that begins with one of them"));
        }
        Ok((name, span))
    }

    /// Keeps a value for use under a name; a later value replaces an earlier one.
    pub(super) fn keep(&mut self, name: &'t str, span: Span, node: &Node) -> Parsed<()> {
        let size = size(node);
        self.count_copy(size, span)?;
        let value = node.value.clone();
        self.anchors.insert(name, Anchor { value, size });
        Ok(())
    }

    /// Returns a copy of the value that the alias at the cursor names. What is inside keeps the
    /// place where it is written.
    pub(super) fn alias(&mut self) -> Parsed<Node> {
        let start = self.cursor.mark();
        let (name, span) = self.anchor_name()?;
        let Some(size) = self.anchors.get(name).map(|anchor| anchor.size) else {
            let message = format!("there is no anchor `{name}` before this");
            return Err(
                Flaw::new(codes::SYNTAX, span, message).help("quote a value that begins with `*`")
            );
        };
        self.check_depth(self.depth.saturating_add(size.depth), start)?;
        self.count_copy(size, span)?;
        let anchor = self.anchors.get(name);
        let value = anchor.map_or(Value::Null, |anchor| anchor.value.clone());
        Ok(Node { span, value })
    }

    fn count_copy(&mut self, size: Size, span: Span) -> Parsed<()> {
        self.count_nodes(size.n_nodes, span)?;
        self.n_copied = self.n_copied.saturating_add(size.n_bytes);
        let max = self.limits.max_bytes;
        if self.n_copied <= max {
            return Ok(());
        }
        let message = format!("anchors and aliases stand for more than {max} bytes");
        Err(Flaw::new(codes::LIMIT, span, message))
    }
}

/// Returns what a copy costs. The depth of nodes is bounded, so this recursion is.
fn size(node: &Node) -> Size {
    let mut size = Size { n_nodes: 1, ..Size::default() };
    match &node.value {
        Value::Null | Value::Bool(_) | Value::Integer(_) => {}
        Value::Float(text) | Value::String(text) => size.n_bytes = text.len(),
        Value::Sequence(items) => {
            size.depth = 1;
            items.iter().for_each(|item| size.add(self::size(item)));
        }
        Value::Mapping(fields) => {
            size.depth = 1;
            for (key, value) in fields {
                size.n_bytes = size.n_bytes.saturating_add(key.text.len());
                size.add(self::size(value));
            }
        }
    }
    size
}

impl Size {
    /// Adds what is one level down.
    fn add(&mut self, inner: Self) {
        self.n_nodes = self.n_nodes.saturating_add(inner.n_nodes);
        self.n_bytes = self.n_bytes.saturating_add(inner.n_bytes);
        self.depth = self.depth.max(inner.depth + 1);
    }
}
