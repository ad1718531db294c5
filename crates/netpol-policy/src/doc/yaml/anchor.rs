//! Anchors and aliases: values written once and used again, within limits.

use super::flaw::{Flaw, Parsed};
use super::spot::Spot;
use super::tree::Tree;
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

impl Tree<'_> {
    /// Keeps the value of an anchor.
    pub(super) fn keep(&mut self, anchor: usize, node: &Node) -> Parsed<()> {
        let size = size(node);
        self.count_copy(size, node.span)?;
        self.anchors.insert(anchor, Anchor { value: node.value.clone(), size });
        Ok(())
    }

    /// Returns a copy of the value that an alias stands for. What is inside keeps the place where
    /// it is written.
    pub(super) fn copy(&mut self, anchor: usize, start: Spot, span: Span) -> Parsed<Node> {
        let Some(size) = self.anchors.get(&anchor).map(|anchor| anchor.size) else {
            return Err(no_anchor(self.text, span));
        };
        self.check_depth(self.open.len().saturating_add(size.depth), start)?;
        self.count_copy(size, span)?;
        let anchor = self.anchors.get(&anchor);
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

/// Returns the error for an alias of nothing.
pub(super) fn no_anchor(text: &str, span: Span) -> Box<Flaw> {
    let name = text.get(span.start + 1..span.end).unwrap_or_default();
    let message = format!("there is no anchor `{name}` before this");
    Flaw::new(codes::SYNTAX, span, message).help("quote a value that begins with `*`")
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
